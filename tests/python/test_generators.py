"""That generators run in machine code, by what the compiler tells of itself. What they do is compared by the cases."""

import textwrap

import pytest
from test_tier import run

pytest.importorskip("rjit", reason="rjit is not installed here")

PRELUDE = """
# A namespace whose keys change makes guesses fail.
before = made = items = rounds = ran = making = code = mine = story = seen = scope = None
def count(n):
    i = 0
    while i < n:
        yield i
        i += 1
def twice(it):
    for x in it:
        yield x * 2
def tree(depth):
    if depth:
        yield from tree(depth - 1)
        yield depth
        yield from tree(depth - 1)
def found(function, kind="generator"):
    return [e for e in rjit.executables() if e.code is function.__code__ and e.kind == kind]
def entries(function):
    return sum(e.entries for e in found(function))
def text(function, kind="generator"):
    return "".join(e.hir() for e in found(function, kind))
"""

CASES = {}


def case(function):
    CASES[function.__name__] = function()
    return function


@case
def each_item_that_c_code_asks_for_comes_from_machine_code():
    return """
    rjit.enable(calls=3)
    for _ in range(5): sum(count(10))
    before = entries(count)
    assert sum(count(1000)) == 499500
    # Each item and the end.
    assert entries(count) - before == 1001
    assert "yield v" in text(count) and all(e.deopts == 0 for e in found(count))
    """


@case
def compiled_loops_ask_machine_code_for_items():
    return """
    def total(n):
        t = 0
        for x in twice(count(n)): t += x
        return t
    rjit.enable(calls=20)
    for _ in range(60): total(10)
    before = entries(count), entries(twice)
    assert total(500) == 249500
    assert (entries(count) - before[0], entries(twice) - before[1]) == (501, 501)
    """


@case
def generators_are_made_in_machine_code():
    return """
    rjit.enable(calls=3)
    for _ in range(20): list(count(3))
    assert "return_generator" in text(count, "function"), text(count, "function")
    [making] = found(count, "function")
    made = [count(2) for _ in range(10)]
    assert found(count, "function")[0].entries - making.entries == 10
    assert [list(it) for it in made] == [[0, 1]] * 10
    """


@case
def generator_expressions_are_made_and_run_in_machine_code():
    return """
    def squares(n): return sum(x * x for x in range(n))
    def own(): return [e for e in rjit.executables() if e.code is code]
    rjit.enable(calls=20)
    for _ in range(60): squares(4)
    [code] = [c for c in squares.__code__.co_consts if hasattr(c, "co_name")]
    assert "generator" in {e.kind for e in own()}, own()
    before = sum(e.entries for e in own())
    assert squares(100) == 328350
    # A hundred items and the end: to make it no machine code of its own is entered.
    assert sum(e.entries for e in own()) - before == 101
    """


@case
def those_that_delegate_are_not_run_for_items_that_pass_through():
    return """
    def walk(): return [*tree(6)]
    rjit.enable(calls=20)
    for _ in range(60): items = walk()
    assert len(items) == 63
    before, rounds = entries(tree), 10
    for _ in range(rounds): walk()
    ran = (entries(tree) - before) / rounds
    # Each of 127 generators is started; 63 of them go on behind their item, and behind two that they have delegated to, if these
    # were not done at once. Had all that delegate been run for each item, it would be hundreds more.
    assert 127 + 63 < ran <= 127 + 63 + 2 * 63, ran
    """


@case
def what_is_sent_and_thrown_is_the_interpreters():
    return """
    def echo():
        got = None
        while True:
            try: got = yield got
            except ValueError as error: got = str(error)
    rjit.enable(calls=2)
    for _ in range(10):
        it = echo()
        assert [next(it), next(it)] == [None, None]
        assert it.send(5) == 5 and next(it) is None and it.throw(ValueError("thrown")) == "thrown"
    assert entries(echo) > 10
    """


@case
def a_watched_generator_runs_in_the_interpreter():
    return """
    rjit.enable(calls=2)
    for _ in range(5): list(count(5))
    seen = []
    sys.monitoring.use_tool_id(4, "watcher")
    sys.monitoring.register_callback(4, sys.monitoring.events.PY_YIELD, lambda *args: seen.append(args[2]))
    sys.monitoring.set_local_events(4, count.__code__, sys.monitoring.events.PY_YIELD)
    before = entries(count)
    assert list(count(5)) == [0, 1, 2, 3, 4] == seen
    assert entries(count) == before
    sys.monitoring.free_tool_id(4)
    list(count(5))
    assert entries(count) > before
    """


@case
def other_interpreters_run_their_generators_themselves():
    return """
    from concurrent import interpreters
    rjit.enable(calls=1)
    sum(count(9))
    other = interpreters.create()
    for _ in range(3):
        before = rjit.stats()["entries"], len(rjit.executables())
        other.exec("def own(n):\\n for i in range(n): yield i\\nassert sum(own(9)) + sum(i for i in own(9)) == 72")
    assert len(rjit.executables()) - before[1] < 5
    assert not [e for e in rjit.executables() if e.qualname in ("own", "<genexpr>") and e.filename == "<string>"]
    other.close()
    assert sum(count(9)) == 36
    """


@case
def explain_tells_where_generators_go_on():
    return """
    rjit.enable(calls=3)
    for _ in range(2): list(twice([1]))
    story = rjit.explain(twice)
    assert not story["compiled"] and [place["items"] for place in story["resumes"]] == [2, 2], story
    for _ in range(2): list(twice([1]))
    story = rjit.explain(twice)
    first = twice.__code__.co_firstlineno
    assert story["compiled"] and story["reason"] is None
    assert [place["line"] for place in story["resumes"]] == [first, first + 2], story
    assert all(place["compiled"] for place in story["resumes"])
    """


@case
def compile_takes_generators():
    return """
    rjit.compile(twice)
    assert not rjit.explain(twice)["compiled"]
    assert list(twice([1, 2])) == [2, 4]
    assert rjit.explain(twice)["compiled"] and entries(twice) == 3
    """


@case
def guesses_that_fail_are_made_anew():
    return """
    rjit.enable(calls=3)
    for _ in range(10): list(twice([1, 2]))
    for _ in range(30): assert list(twice(["a", 1.5])) == ["aa", 3.0]
    story = rjit.explain(twice)
    assert story["recompilations"] in (1, 2, 3) and story["compiled"], story
    deopts = sum(e.deopts for e in found(twice))
    list(twice(["a", 1.5, 1, None and 1, "b"][:3]))
    assert sum(e.deopts for e in found(twice)) == deopts
    """


@case
def hot_generators_are_found_with_the_usual_thresholds():
    return """
    import time
    rjit.enable()
    end = time.monotonic() + 60
    while not (rjit.explain(twice)["compiled"] and rjit.explain(count)["compiled"]):
        sum(twice(count(5000)))
        assert time.monotonic() < end
    """


@case
def machine_code_of_generators_goes_with_their_code():
    return """
    import gc
    rjit.enable(calls=2)
    for i in range(30):
        scope = {}
        exec(f"def gen(n):\\n for i in range(n): yield i + {i}", scope)
        for _ in range(4): assert list(scope["gen"](3)) == [i, i + 1, i + 2]
    del scope
    gc.collect()
    left = [e for e in rjit.executables() if e.qualname == "gen"]
    assert not left, left
    """


@case
def places_of_a_generator_beyond_a_bound_are_refused_with_the_reason():
    return """
    lines = "".join(f"    yield {i}\\n" for i in range(50))
    exec("def many():\\n" + lines)
    rjit.enable(calls=2)
    for _ in range(10): assert list(many()) == list(range(50))
    places = rjit.explain(many)["resumes"]
    assert len(places) == 51 and sum(place["compiled"] for place in places) == 32
    refused = {place["reason"] for place in places if not place["compiled"]}
    assert refused == {"generator that goes on at more than 32 places"}, refused
    """


@pytest.mark.parametrize("name", CASES)
def test(name):
    run(PRELUDE + textwrap.dedent(CASES[name]))
