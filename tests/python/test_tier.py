"""When functions and loops are compiled, what rjit's own functions say about it, and how everything is given back.

Each case runs in a process of its own: the compiler's state belongs to the process.
"""

import os
import subprocess
import sys
import textwrap

import pytest

pytest.importorskip("rjit", reason="rjit is not installed here")

PRELUDE = """
import sys, rjit
def compiled(name):
    return any(e.qualname == name and e.kind == "function" for e in rjit.executables())
def entries(name):
    return sum(e.entries for e in rjit.executables() if e.qualname == name)
"""


def run(source, **environment):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RJIT")} | environment
    script = PRELUDE + textwrap.dedent(source)
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


CASES = {}


def case(function):
    """Register the docstring-named source that the function returns."""
    CASES[function.__name__] = function()
    return function


@case
def functions_are_compiled_at_the_call_that_was_asked_for():
    return """
    rjit.enable(calls=5, loops=10**6)
    def f(a): return a + 1
    for i in range(4): f(i)
    assert not compiled("f") and rjit.explain(f)["calls"] == 4
    assert f(4) == 5
    assert compiled("f") and entries("f") == 0
    assert [f(i) for i in range(10)] == list(range(1, 11))
    assert entries("f") == 10, entries("f")
    assert rjit.explain(f)["compiled"] and rjit.stats()["compiled"] == ["f"]
    """


@case
def with_one_call_new_functions_are_compiled_at_their_first():
    return """
    rjit.enable(calls=1)
    def f(a): return a + 1
    assert not compiled("f")
    assert f(1) == 2
    assert compiled("f") and entries("f") == 1
    """


@case
def closures_get_the_entry():
    return """
    def make(n):
        def add(x): return x + n
        return add
    early = [make(i) for i in range(3)]
    rjit.enable(calls=3, loops=10**6)
    for i in range(5): assert early[0](i) == i
    assert compiled("make.<locals>.add")
    before = entries("make.<locals>.add")
    late = make(7)
    assert list(map(late, range(3))) == [7, 8, 9]
    assert entries("make.<locals>.add") == before + 3
    before += 3
    assert list(map(early[1], range(4))) == [1, 2, 3, 4]
    assert entries("make.<locals>.add") == before + 3, "the first start installs the entry"
    """


@case
def loops_are_compiled_while_they_run():
    return """
    rjit.enable(calls=10**6, loops=100)
    total = 0
    for i in range(1000):
        total += i
    assert total == 499500
    [loop] = [e for e in rjit.executables() if e.kind == "loop"]
    assert loop.qualname == "<module>" and loop.entries >= 1
    """


@case
def an_exception_leaves_a_compiled_loop_where_it_was_raised():
    return """
    import traceback
    rjit.enable(calls=10**6, loops=100)
    def f(values):
        total = 0
        for v in values:
            try:
                total += 10 // v
            except ZeroDivisionError:
                total += 1000
        for v in values:
            total += 10 // v
        return total
    values = [1] * 500 + [0] + [1] * 500
    try:
        f(values)
    except ZeroDivisionError as error:
        assert traceback.extract_tb(error.__traceback__)[-1].line in ("total += 10 // v", ""), error
    else:
        raise AssertionError
    """


@case
def what_cannot_be_compiled_is_refused_once_with_its_reason():
    return """
    rjit.enable(calls=1)
    async def c(): pass
    async def ag(): yield 1
    for _ in range(3):
        c().close()
        try: c().send(None)
        except StopIteration: pass
    story = rjit.explain(c)
    assert not story["compiled"] and story["reason"] == "coroutine", story
    assert rjit.stats()["refusal_reasons"]["coroutine"] == 1
    for function, reason in (c, "coroutine"), (ag, "asynchronous generator"):
        try:
            rjit.compile(function)
        except rjit.NotCompilable as error:
            assert error.reason == reason
            assert error.filename == function.__code__.co_filename
            assert error.line == function.__code__.co_firstlineno
            assert reason in str(error) and function.__qualname__ in str(error)
        else:
            raise AssertionError(reason)
    """


@case
def compile_works_at_once_and_without_enable():
    return """
    class C:
        def method(self, x): return x * 2
    double = lambda x: x * 2
    rjit.compile(double)
    rjit.compile(C().method)
    assert not rjit.is_enabled()
    assert double(4) == 8 and C().method(5) == 10
    assert entries("<lambda>") == 1 and entries("C.method") == 1
    rjit.compile(double)
    assert rjit.stats()["compiles"] == 2
    for wrong in (1, len, C, "f", property(double)):
        try:
            rjit.compile(wrong)
        except TypeError as error:
            assert "function or method is needed" in str(error)
        else:
            raise AssertionError(wrong)
    """


@case
def disable_gives_everything_back():
    return """
    rjit.enable(calls=2)
    def f(): return 1
    for _ in range(9): f()
    handle = rjit.executables()[0]
    before = rjit.stats()["entries"]
    rjit.disable()
    assert not rjit.is_enabled() and rjit.executables() == []
    assert sys.monitoring.get_tool(5) is None
    for _ in range(9): assert f() == 1
    assert rjit.stats()["entries"] == before and rjit.stats()["code_bytes"] == 0
    assert handle.qualname == "f" and handle.code is f.__code__ and "f" in repr(handle) and handle.hir()
    rjit.disable()
    rjit.enable(calls=2)
    for _ in range(9): f()
    assert compiled("f")
    """


@case
def disable_inside_compiled_code_lets_it_finish():
    return """
    rjit.enable(calls=2, loops=50)
    def f(n):
        if n == 5: rjit.disable()
        return n + 1
    assert [f(i) for i in range(9)] == list(range(1, 10))
    assert sys.monitoring.get_tool(5) is None
    rjit.enable(calls=10**6, loops=50)
    def loop():
        for i in range(1000):
            if i == 500: rjit.disable()
            if i == 700: raise KeyError(i)
    try:
        loop()
    except KeyError as error:
        assert error.args == (700,)
    else:
        raise AssertionError
    assert sys.monitoring.get_tool(5) is None
    """


@case
def enable_again_changes_the_options():
    return """
    rjit.enable(calls=1000, loops=1000)
    rjit.enable(calls=3)
    stats = rjit.stats()
    assert (stats["enabled"], stats["calls"], stats["loops"]) == (True, 3, 600), stats
    assert stats["monitoring"] == "on"
    """


@case
def bad_options_are_errors():
    return """
    for keywords in {"calls": 0}, {"loops": -1}, {"calls": 2**40}:
        try:
            rjit.enable(**keywords)
        except ValueError as error:
            [(name, value)] = keywords.items()
            assert str(error) == f"{name} must be a whole number from 1 to 4294967295, not {value}"
        else:
            raise AssertionError(keywords)
    try:
        rjit.enable(calls="many")
    except TypeError:
        pass
    else:
        raise AssertionError
    assert not rjit.is_enabled()
    """


@case
def a_taken_tool_id_is_named_and_the_rest_goes_on():
    return """
    import warnings
    sys.monitoring.use_tool_id(5, "somebody")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        rjit.enable(calls=1)
    [warning] = caught
    assert warning.category is RuntimeWarning and "'somebody'" in str(warning.message).replace('"', "'")
    assert rjit.is_enabled() and rjit.stats()["monitoring"] == "taken by somebody"
    def f(): return 1
    f(); f()
    assert compiled("f")
    rjit.disable()
    assert sys.monitoring.get_tool(5) == "somebody"
    sys.monitoring.free_tool_id(5)
    rjit.enable(calls=1)
    assert rjit.stats()["monitoring"] == "on"
    """


@case
def events_pause_while_others_listen():
    return """
    rjit.enable(calls=3)
    def state(): return rjit.stats()["monitoring"]
    def f(): return 1
    paused = "paused while other tools get events"
    sys.settrace(lambda *_: None)
    assert state() == paused and sys.monitoring.get_events(5) == 0
    for _ in range(5): f()
    sys.settrace(None)
    assert state() == "on" and sys.monitoring.get_events(5) != 0
    sys.monitoring.use_tool_id(3, "another")
    sys.monitoring.set_events(3, sys.monitoring.events.LINE)
    assert state() == paused
    rjit.disable()
    assert state() == "off"
    rjit.enable(calls=3)
    assert state() == paused and not compiled("f")
    sys.monitoring.free_tool_id(3)
    assert state() == "on"
    for _ in range(5): f()
    assert compiled("f")
    """


@case
def new_code_of_a_function_is_new():
    return """
    rjit.enable(calls=2)
    def f(): return 1
    def g(): return 2
    for _ in range(5): f()
    f.__code__ = g.__code__
    assert [f() for _ in range(5)] == [2] * 5
    def h(a, b=1, *, c=10): return a + b + c
    for _ in range(5): assert h(0) == 11
    h.__defaults__ = (5,)
    assert h(0) == 15
    h.__kwdefaults__ = {"c": 20}
    assert h(0) == 25
    h.__defaults__ = None
    try:
        h(0)
    except TypeError as error:
        assert "missing 1 required positional argument: 'b'" in str(error)
    else:
        raise AssertionError
    """


@case
def guesses_that_keep_failing_are_dropped():
    return """
    rjit.enable(calls=10, loops=10**6)
    def add(a, b): return a + b
    for i in range(100): add(i, 1)
    assert compiled("add")
    for i in range(100):
        assert add(f"{i}", "x") == f"{i}x"
        assert add(i, 0.5) == i + 0.5
    story, stats = rjit.explain(add), rjit.stats()
    assert 1 <= story["recompilations"] <= 3, story
    assert sum(count for _, _, count in story["deopts"]) == stats["deopts"] > 0
    assert sum(stats["deopt_reasons"].values()) == stats["deopts"]
    assert stats["invalidations"] >= 1
    before = stats["deopts"]
    for i in range(1000): add("a", "b")
    assert rjit.stats()["deopts"] - before < 100, "it must settle"
    """


@case
def compiled_code_runs_again_after_each_kind_of_tool():
    return """
    import bdb, cProfile, pdb, threading
    rjit.enable(calls=2, loops=20)
    def callee(x): return x + 1
    def f(n):
        total = 0.5
        for i in range(n): total += callee(i)
        return total
    for _ in range(9): f(30)
    def tool(on, off):
        on()
        assert f(30) == 465.5
        before = entries("f") + entries("callee")
        f(5)
        during = entries("f") + entries("callee") - before
        off()
        assert during == 0, (on, during)
        # Enough for all that changes to be compiled anew.
        for _ in range(60): assert f(30) == 465.5
        before = entries("f")
        f(5)
        assert entries("f") == before + 1, on
    mon = sys.monitoring
    mon.use_tool_id(3, "tool")
    E = mon.events
    for event in (E.LINE, E.CALL, E.PY_RETURN, E.INSTRUCTION, E.RAISE, E.JUMP | E.BRANCH_LEFT):
        tool(lambda: mon.set_events(3, event), lambda: mon.set_events(3, 0))
    def local(events):
        for code in (f.__code__, callee.__code__): mon.set_local_events(3, code, events)
    for event in (E.LINE, E.CALL, E.PY_RETURN):
        tool(lambda: local(event), lambda: local(0))
    tool(lambda: sys.settrace(lambda *args: None), lambda: sys.settrace(None))
    tool(lambda: sys.setprofile(lambda *args: None), lambda: sys.setprofile(None))
    tool(lambda: threading.settrace_all_threads(lambda *args: None), lambda: threading.settrace_all_threads(None))
    profiler = cProfile.Profile()
    tool(profiler.enable, profiler.disable)
    debugger = bdb.Bdb()
    debugger.reset()
    tool(lambda: sys.settrace(debugger.trace_dispatch), lambda: sys.settrace(None))
    """


@case
def tracers_see_everything():
    return """
    rjit.enable(calls=2, loops=50)
    def f(n):
        n += 1
        return n
    for i in range(9): f(i)
    lines = []
    def trace(frame, event, arg):
        if frame.f_code is f.__code__: lines.append((event, frame.f_lineno - f.__code__.co_firstlineno))
        return trace
    before = entries("f")
    sys.settrace(trace)
    f(1)
    sys.settrace(None)
    assert lines == [("call", 0), ("line", 1), ("line", 2), ("return", 2)], lines
    assert entries("f") == before
    for i in range(3): f(i)  # the interpreter takes the tracing instructions out when it runs the code once more
    assert entries("f") >= before + 2
    """


@case
def restarted_events_are_answered_at_once():
    return """
    rjit.enable(calls=3, loops=10**6)
    async def c(): pass
    def events(times=100):
        before = rjit.stats()["events"]
        for _ in range(times):
            try: c().send(None)
            except StopIteration: pass
        return rjit.stats()["events"] - before
    events(5)
    assert 100 <= events() < 110, "those of the loop"
    sys.monitoring.restart_events()
    assert 100 <= events() < 110
    assert rjit.stats()["refusals"] == 1
    """


@case
def code_that_dies_takes_its_machine_code_along():
    return """
    import gc
    rjit.enable(calls=10**6)
    for i in range(50):
        scope = {}
        exec(f"def f{i}(x): return x + {i}", scope)
        f = scope.pop(f"f{i}")
        rjit.compile(f)
        assert f(1) == i + 1
        assert len(rjit.executables()) == 1
        del f, scope
        gc.collect()
    assert rjit.executables() == []
    stats = rjit.stats()
    assert stats["compiles"] == 50 and stats["retirements"] >= 49 and stats["entries"] == 50, stats
    """


@case
def forked_children_count_for_themselves():
    return """
    import os
    rjit.enable(calls=2)
    def f(): return 1
    for _ in range(9): f()
    parent = rjit.stats()["entries"]
    child = os.fork()
    if not child:
        try:
            for _ in range(3): f()
            ok = rjit.stats()["entries"] == 3 and compiled("f")
        finally:
            os._exit(0 if ok else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert rjit.stats()["entries"] == parent
    with open(f"/tmp/perf-{os.getpid()}.map") as file:
        assert "py::f:" in file.read()
    os.unlink(f"/tmp/perf-{os.getpid()}.map")
    """


@case
def callbacks_survive_anything():
    return """
    rjit.enable(calls=2)
    for event in sys.monitoring.events.PY_START, sys.monitoring.events.JUMP, sys.monitoring.events.INSTRUCTION:
        callback = sys.monitoring.register_callback(5, event, None)
        sys.monitoring.register_callback(5, event, callback)
        code = compiled.__code__
        for arguments in (), (1,), (code,), (code, "x"), (code, 2**70, 0), (code, -1, 0), (code, 10, 0), (code, 0):
            assert callback(*arguments) is None
    def f(): return 1
    for _ in range(9): f()
    assert compiled("f")
    """


@case
def exceptions_that_leave_a_loop_are_no_wrong_guesses():
    return """
    rjit.enable(calls=10**6, loops=50)
    def f(n):
        for i in range(n):
            pass
        raise ValueError(n)
    for i in range(300):
        try:
            f(100)
        except ValueError as error:
            assert error.args == (100,)
        else:
            assert False
    story = rjit.explain(f)
    assert story["recompilations"] == 0, story
    assert [loop["compiled"] for loop in story["loops"]] == [True], story
    """


@case
def appending_to_a_string_grows_it_in_place():
    return """
    def f(n):
        text = ""
        for i in range(n):
            text += "ab"
        return text
    for i in range(50): f(20)
    rjit.compile(f)
    assert f(1000) == "ab" * 1000
    assert "call unicode_append" in rjit.executables()[0].hir()
    """


@case
def a_replaced_set_local_events_is_told():
    return """
    original = sys.monitoring.set_local_events
    sys.monitoring.set_local_events = lambda *args: original(*args)
    rjit.enable(calls=2)
    assert any("set_local_events" in warning for warning in rjit.stats()["warnings"])
    def f(): return 1
    assert [f() for _ in range(5)] == [1] * 5 and compiled("f")
    """


@pytest.mark.parametrize("name", CASES)
def test(name):
    run(CASES[name])


def test_options_come_from_the_environment():
    run(
        "rjit.enable(); s = rjit.stats(); assert (s['calls'], s['loops']) == (7, 9), s",
        RJIT_CALLS="7",
        RJIT_LOOPS="9",
    )
    run(
        """
        try:
            rjit.enable()
        except ValueError as error:
            message = "RJIT_CALLS=many is not a whole number from 1 to 4294967295; "
            assert str(error) == message + "correct it, or unset it to use 60", error
        else:
            raise AssertionError
        """,
        RJIT_CALLS="many",
    )


def test_machine_code_is_in_use_until_it_is_replaced():
    run("""
    import collections, time
    class A:
        def __init__(self): self.x = 1
    class B:
        def __init__(self): self.y = self.x = 2
    def get(it): return it.x
    def work(items):
        # Called from C each time, so that nothing else has it among its own code.
        collections.deque(map(get, items), 0)
    def story(): return rjit.explain(get)
    deadline = time.monotonic() + 60
    rjit.enable()
    while not compiled("get"):
        work([A()] * 100)
        assert time.monotonic() < deadline, story()
    def machine_code():
        [found] = [e for e in rjit.executables() if e.qualname == "get"]
        return found
    first = machine_code().hir()
    while machine_code().hir() == first:
        work([A(), B()] * 5)
        assert time.monotonic() < deadline, story()
    assert story()["recompilations"] == 1, story()
    new = machine_code()
    work([A(), B()] * 100)
    assert new.deopts == 0, new.deopts
    """)


def test_code_with_many_wrong_guesses_keeps_the_others():
    run("""
    import rjit
    rjit.enable(calls=10, loops=10**6)
    scope = {}
    names = [f"x{i}" for i in range(10)]
    sums = "; ".join(f"{name} + {name}" for name in names)
    exec(f"def callee(x): return x - 1\\ndef many({', '.join(names)}, y): {sums}; return callee(y) * 2", scope)
    many, callee = scope["many"], scope["callee"]
    for _ in range(30): callee(1)
    for _ in range(60): many(*range(11))
    for i in range(8):
        for _ in range(100): assert many(*["text" if name <= i else name for name in range(10)], 3) == 4
    story = rjit.explain(many)
    assert story["compiled"] and story["recompilations"] >= 8, story
    [machine_code] = [e for e in rjit.executables() if e.code is many.__code__]
    assert [name for name, *_ in machine_code.inlined] == ["callee"]
    """)


MANY_CALLEES = """
import rjit, time
scope = {}
exec("\\n".join(f"def callee{i}(x): return x + {i} + (x & 3) - (x | 1) + (x ^ 7) - x" for i in range(10)), scope)
exec("def caller(x): return " + " + ".join(f"callee{i}(x)" for i in range(10)), scope)
exec("def loop(n):\\n  total = 0\\n  for x in range(n):\\n    total += caller(x)\\n  return total", scope)
caller, loop = scope["caller"], scope["loop"]
expected = loop(100)
def inlined(function):
    return [len(e.inlined) for e in rjit.executables() if e.code is function.__code__]
"""


def test_callees_are_inlined_in_two_steps():
    # Few at first; all of them where the machine code stays in use.
    run(
        MANY_CALLEES
        + """
rjit.enable()
end = time.monotonic() + 60
seen = set()
while 10 not in inlined(caller) and time.monotonic() < end:
    for _ in range(10): assert loop(100) == expected
    seen.update(inlined(caller))
assert 10 in inlined(caller) and min(seen) < 10, (seen, inlined(caller))
"""
    )


def test_callees_are_inlined_at_once_with_low_thresholds():
    run(
        MANY_CALLEES
        + """
rjit.enable(calls=10, loops=10**6)
for _ in range(10): loop(100)
assert inlined(caller) == [10], inlined(caller)
"""
    )


def test_a_wrong_guess_at_an_operator_says_something_of_those_beside_it():
    run("""
    import rjit
    class Vector:
        def __init__(self, x, y, z): self.x, self.y, self.z = x, y, z
    def on_one_line(a, b): return a.x + b.x, a.y + b.y, a.z + b.z
    def on_three(a, b):
        return (a.x + b.x,
                a.y + b.y,
                a.z + b.z)
    def far_away(a, b):
        x = a.x + b.x


        y = a.y + b.y


        return x, y, a.z + b.z
    rjit.enable(calls=10, loops=10**6)
    floats, ints = Vector(1.5, 2.5, 3.5), Vector(1, 2, 3)
    found = []
    for function in on_one_line, on_three, far_away:
        for _ in range(60): function(floats, floats)
        for _ in range(200): assert function(floats, ints) == (2.5, 4.5, 6.5) and function(ints, ints) == (2, 4, 6)
        found.append(rjit.explain(function)["recompilations"])
    assert found == [1, 1, 3], found
    """)


def test_callees_without_machine_code_at_the_moment_are_inlined():
    run("""
    import rjit
    def callee(x): return x - 1
    def caller(x): return callee(x) * 2
    # The interpreter never runs the callee, so its bytecode says nothing.
    rjit.compile(callee)
    for i in range(30): caller(i)
    rjit.disable()
    rjit.compile(caller)
    assert caller(4) == 6
    [machine_code] = [e for e in rjit.executables() if e.code is caller.__code__]
    assert [name for name, *_ in machine_code.inlined] == ["callee"]
    """)


def test_what_is_on_its_way_is_made_anew_with_what_is_learned_meanwhile():
    run("""
    import time
    rjit.enable()
    def row(n):
        bits = 0
        for x in range(n):
            # About shifts the interpreter says nothing.
            bits <<= 1
            if x & 1: bits |= 1
            if bits > 1000: bits = 0
        return bits
    def made():
        found = [e for e in rjit.executables() if e.code is row.__code__]
        return {e.kind: "binary_op" in e.hir() for e in found}
    end = time.monotonic() + 60
    while made().get("function", True) and time.monotonic() < end:
        for _ in range(20): row(120)
    assert made()["function"] is False, made()
    """)


def test_functions_may_die_while_they_are_compiled():
    run("""
    import collections, gc, time
    rjit.enable()
    source = '''
def callee(x):
    return x + 1
def hot(x):
    # References to the code are told: being compiled must add none.
    return callee(x) * 2 + callee(-x)
'''
    deadline = time.monotonic() + 60
    seen = set()
    for count in range(10000):
        scope = {}
        exec(source, scope)
        hot, callee = scope["hot"], scope["callee"]
        end = time.monotonic() + 0.005 * (count % 7)
        while time.monotonic() < end:
            collections.deque(map(hot, range(100)), 0)
            seen.add((sys.getrefcount(hot.__code__), sys.getrefcount(callee.__code__)))
        assert [hot(x) for x in range(4)] == [2, 4, 6, 8]
        del scope, hot, callee
        gc.collect()
        if count >= 60 and rjit.stats()["compiles"] >= 10 or time.monotonic() > deadline:
            break
    assert rjit.stats()["compiles"] >= 10, rjit.stats()
    assert len(seen) == 1, seen
    """)


def test_code_that_becomes_hot_later_gets_a_profile():
    run("""
    import rjit
    def phases(n, late):
        items, total, extra = list(range(n)), 0, [3]
        for i in items:
            if i < late:
                total += 1
            else:
                total = total + extra[0]
        return total
    rjit.enable(calls=20, loops=20)
    for _ in range(60):
        assert phases(100, 1000) == 100
    def hirs():
        of_phases = [e for e in rjit.executables() if e.code is phases.__code__]
        return [e.hir() for e in of_phases if e.kind == "function"]
    assert any("exit Unreached" in hir and "binary_op" not in hir for hir in hirs()), hirs()
    for _ in range(100):
        assert phases(100, 10) == 10 + 3 * 90
    assert hirs() and not any("binary_op" in hir for hir in hirs()), hirs()
    assert rjit.stats()["invalidations"] <= 6, rjit.stats()
    """)
