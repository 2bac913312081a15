"""Calls native functions that have frames. Each function `check_*` is one test, run in a process of
its own: `native.py FOLDER NAME [compiled]`. FOLDER is where the extension modules are.
"""

import faulthandler
import gc
import importlib.util
import inspect
import json
import operator
import os
import select
import signal
import sys
import threading
import time
import traceback
import warnings

sys.path.insert(0, sys.argv[1])

import native_checks  # noqa: E402
import queens  # noqa: E402


def names_and_lines(frame):
    stack = []
    while frame:
        stack.append((frame.f_code.co_name, frame.f_lineno))
        frame = frame.f_back
    return stack


def check_frames_are_on_the_stack():
    stacks = []
    native_checks.descend(2, lambda depth: stacks.append(names_and_lines(sys._getframe(1))))
    own = names_and_lines(sys._getframe(1))
    for depth, stack in enumerate(stacks):
        native = [("descend", 120)] + [("descend", 110)] * (2 - depth)
        assert stack[: len(native)] == native, stack
        assert stack[len(native)][0] == "check_frames_are_on_the_stack"
        assert stack[len(native) + 1 :] == own
    assert sys._getframe().f_code.co_name == "check_frames_are_on_the_stack"


def check_nobody_looks_nothing_is_told():
    def outer(depth):
        native_checks.each(3, lambda number: names_and_lines(sys._getframe()))
        sys._getframe(1).f_code, sys._getframe(1).f_globals, sys._getframe(1).f_builtins
        gc.collect()

    native_checks.descend(5, outer)
    sys._current_frames()
    assert native_checks.looks() == 0


def check_each_look_sees_current_values():
    seen = []
    kept = []

    def look(number):
        frame = sys._getframe(1)
        seen.append((frame.f_lineno, dict(frame.f_locals)))
        if not kept:
            kept.append(frame.f_locals)
        # The proxy of the first look.
        assert kept[0]["number"] == number
        assert kept[0].get("text") == f"number {number}"
        assert repr(kept[0]) == repr({"number": number, "text": f"number {number}"})
        assert list(kept[0]) == list(kept[0].keys()) == ["number", "text"]
        assert list(kept[0].values()) == [number, f"number {number}"]
        assert kept[0].copy() == kept[0] | {} == {} | kept[0] == dict(kept[0].items())
        assert kept[0] == frame.f_locals and len(kept[0]) == 2 and "number" in kept[0]
        assert kept[0].__contains__("number") and list(reversed(kept[0])) == ["text", "number"]

    native_checks.each(4, look)
    assert seen == [(100 + n, {"number": n, "text": f"number {n}"}) for n in range(4)]
    # The last moment.
    assert kept[0] == {"number": 3, "text": "number 3"}


def check_each_way_of_reading_alone_sees_current_values():
    """Every reading through an old proxy is the only look in its round."""
    text = "number {}".format
    readers = [
        lambda p, n: p["number"] == n,
        lambda p, n: p.get("number") == n,
        lambda p, n: p.__getitem__("number") == n,
        lambda p, n: repr(p) == repr({"number": n, "text": text(n)}),
        lambda p, n: p == {"number": n, "text": text(n)},
        lambda p, n: {"number": n, "text": text(n)} == p,
        lambda p, n: p.copy()["number"] == n,
        lambda p, n: list(p.values()) == [n, text(n)],
        lambda p, n: list(p.items()) == [("number", n), ("text", text(n))],
        lambda p, n: (p | {})["number"] == n,
        lambda p, n: ({} | p)["number"] == n,
        lambda p, n: p.setdefault("number", 77) == n,
    ]
    proxies = []

    def read(number):
        if not proxies:
            proxies.append(sys._getframe(1).f_locals)
        before = native_checks.looks()
        assert readers[number](proxies[0], number), number
        assert native_checks.looks() > before, number

    native_checks.each(len(readers), read)


def check_unbound_variables():
    seen = []
    native_checks.descend(1, lambda depth: seen.append(set(sys._getframe(1).f_locals)))
    assert seen == [{"depth", "function"}, {"depth", "result", "function"}]


def check_frame_objects_outlive_the_call():
    frames = []

    def keep(depth):
        frames.append(sys._getframe(1))

    native_checks.descend(3, keep)
    assert native_checks.looks() == 4
    for depth, frame in enumerate(frames):
        expected = {"depth": depth, "function": keep}
        if depth:
            expected["result"] = depth - 1
        assert frame.f_locals == expected, frame.f_locals
        assert frame.f_lineno == 120
        assert frame.f_code.co_name == "descend"
        assert inspect.getargvalues(frame).locals == expected
    assert frames[0].f_back is frames[1]
    assert native_checks.looks() == 4
    frames[0].clear()


def check_exceptions():
    def fail(depth):
        raise KeyError(depth)

    try:
        native_checks.descend(2, fail)
    except KeyError as error:
        caught = error
    frames = [(f.f_code.co_name, line) for f, line in traceback.walk_tb(caught.__traceback__)]
    assert frames[1:4] == [("descend", 110), ("descend", 110), ("descend", 120)]
    assert frames[4][0] == "fail" and len(frames) == 5
    told = [f.f_locals for f, _ in traceback.walk_tb(caught.__traceback__)][1:4]
    assert [locals["depth"] for locals in told] == [2, 1, 0]
    text = "".join(traceback.format_exception(caught))
    assert 'File "native.rs", line 120, in descend\n' in text
    text = "".join(
        traceback.TracebackException.from_exception(caught, capture_locals=True).format()
    )
    assert "    depth = 1\n" in text


def check_traceback_of_the_example():
    try:
        queens.solve(0, print)
    except ValueError as error:
        text = "".join(traceback.format_exception(error))
    assert 'native_frames/src/lib.rs", line' in text and ", in solve\n    return Err(" in text
    assert queens.solve(6, lambda queens: None) == 4


def check_exceptions_that_are_handled_in_between():
    def handle(depth):
        if depth:
            try:
                native_checks.each(3, fail)
            except ZeroDivisionError as error:
                assert error.__traceback__.tb_next.tb_frame.f_locals["number"] == 1
            assert sys._getframe(1).f_locals["depth"] == depth

    def fail(number):
        1 / (1 - number)

    assert native_checks.descend(9, handle) == 8


def check_deep_recursion():
    depths = []
    before = sys._getframe().f_back
    native_checks.descend(900, lambda depth: depths.append(len(names_and_lines(sys._getframe(1)))))
    below = len(names_and_lines(before))
    assert depths == [901 - depth + below + 1 for depth in range(901)]
    proxies = []
    native_checks.descend(700, lambda depth: proxies.append(sys._getframe(1).f_locals))
    assert [proxy["depth"] for proxy in proxies] == list(range(701))

    def endless(number):
        native_checks.each(1, endless)

    try:
        native_checks.each(1, endless)
    except RecursionError as error:
        assert error.__traceback__ is not None
    else:
        raise AssertionError("no RecursionError")
    try:
        native_checks.descend(10_000_000, print)
    except RecursionError:
        pass
    else:
        raise AssertionError("no RecursionError")


def check_looks_from_another_thread():
    enough = threading.Event()
    thread = threading.Thread(target=native_checks.count, args=(enough.is_set,))
    thread.start()
    counts = []
    try:
        deadline = time.monotonic() + 30
        while len(set(counts)) < 5:
            assert time.monotonic() < deadline, counts
            frame = sys._current_frames()[thread.ident]
            while frame and frame.f_code.co_name != "count":
                frame = frame.f_back
            if frame:
                assert frame.f_lineno in (100, 150)
                counts.append(frame.f_locals["counted"])
    finally:
        enough.set()
        thread.join()
    assert counts == sorted(counts)


def check_leaving_waits_for_looks():
    """A reifier that lets other threads run does not lose its function."""
    inside, left = threading.Event(), threading.Event()
    frames = []

    def slow():
        inside.set()
        left.wait(0.2)
        return "told"

    def give():
        frames.append(sys._getframe(1))
        inside.wait(30)

    def look():
        while not frames:
            time.sleep(0.001)
        looked.append(frames[0].f_locals["value"])

    looked = []
    thread = threading.Thread(target=look)
    thread.start()
    native_checks.told_by(slow, give)
    left.set()
    thread.join()
    assert looked == ["told"]
    assert frames[0].f_locals == {"value": "told"}


def check_threads():
    def work(number):
        for _ in range(50):
            native_checks.descend(20, look)

    def look(depth):
        if depth % 7 == 0:
            assert sys._getframe(1).f_locals["depth"] == depth
        for frame in sys._current_frames().values():
            while frame:
                if frame.f_code.co_name == "descend":
                    assert frame.f_locals.get("depth", 0) in range(21)
                frame = frame.f_back

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(interval)


def check_assignments():
    def assign():
        frame = sys._getframe(1)
        proxy = frame.f_locals
        assert "value" not in proxy
        assert proxy.setdefault("value", 1) == 1
        proxy["value"] += 1
        proxy.update({"value": proxy["value"] * 10})
        proxy |= {"value": proxy["value"] + 1, "extra": "kept"}
        assert proxy["value"] == 21 and frame.f_locals["extra"] == "kept"
        for refused in (
            lambda: operator.setitem(proxy, "constant", 1),
            lambda: proxy.update(constant),
            lambda: proxy.setdefault("constant"),
        ):
            try:
                refused()
            except ValueError as error:
                assert str(error) == "constant is constant"
            else:
                raise AssertionError("constant was assigned to")
        try:
            del proxy["value"]
        except ValueError:
            pass
        else:
            raise AssertionError("a local was removed")
        native_checks.each(1, refuse)

    def refuse(number):
        try:
            sys._getframe(1).f_locals["number"] = 7
        except TypeError as error:
            assert "'number'" in str(error)
        else:
            raise AssertionError("number was assigned to")
        assert sys._getframe(1).f_locals["number"] == 0

    constant = {"constant": 2}
    assert native_checks.assignable(assign) == 21


def check_reifiers_that_fail():
    def fails():
        raise LookupError("not now")

    def look():
        try:
            assert not sys._getframe(1).f_locals
        except LookupError as error:
            assert str(error) == "not now"
        else:
            raise AssertionError("no error")
        return "done"

    assert native_checks.told_by(fails, look) == "done"

    unraisable = []
    sys.unraisablehook = lambda info: unraisable.append(info.exc_value)
    frame = native_checks.told_by(fails, lambda: sys._getframe(1))
    assert [str(error) for error in unraisable] == ["not now"]
    assert frame.f_locals == {}
    del unraisable[:]
    native_checks.told_by(lambda: None, lambda: sys._getframe(1))
    assert [type(error) for error in unraisable] == [RuntimeError]


def check_reifiers_that_look():
    frames = []

    def look_again():
        # The reader is in between.
        frames.append(dict(sys._getframe(2).f_locals))
        return len(frames)

    def look():
        assert sys._getframe(1).f_locals["value"] == len(frames)

    native_checks.told_by(look_again, look)
    # The getter was the first look, the subscription the second.
    assert frames == [{}, {"value": 1}]


def check_panics():
    try:
        native_checks.panic()
    except BaseException as error:
        assert type(error).__name__ == "PanicException"
    assert names_and_lines(sys._getframe())[0][0] == "check_panics"
    native_checks.descend(3, lambda depth: None)


def check_mistakes_are_told():
    for mistake, text in (
        ("order", "'push_and_pop' was popped while it is not the thread's innermost"),
        ("dropped", "dropped instead of popped"),
        ("line", "line 7 is not one of the 100 lines from 100"),
    ):
        for _ in range(20):
            try:
                native_checks.push_and_pop(mistake)
            except BaseException as error:
                assert text in str(error), error
            else:
                raise AssertionError(f"nobody noticed {mistake}")
            native_checks.descend(3, lambda depth: sys._getframe(1).f_locals)
            gc.collect()
    try:
        native_checks.push_and_pop("as it should be")
    except ValueError as error:
        frames = [frame.f_code.co_name for frame, _ in traceback.walk_tb(error.__traceback__)]
    assert frames[1:] == ["push_and_pop"] * 2


def check_references_are_balanced():
    class Thing:
        pass

    thing = Thing()

    def look(depth):
        sys._getframe(1).f_locals, sys._getframe(1).f_locals.get("function")

    def fail(depth):
        raise KeyError(thing)

    def work():
        native_checks.descend(5, look)
        native_checks.told_by(lambda: thing, lambda: sys._getframe(1).f_locals["value"])
        frame = native_checks.told_by(lambda: thing, lambda: sys._getframe(1))
        assert frame.f_locals["value"] is thing
        try:
            native_checks.descend(5, fail)
        except KeyError:
            pass
        return frame.f_code

    code = work()
    counts = []
    for _ in range(3):
        for _ in range(200):
            work()
        gc.collect()
        counts.append((sys.getrefcount(thing), sys.getrefcount(look), sys.getrefcount(code)))
        counts[-1] += (len(gc.get_objects()),)
    assert counts[1] == counts[2], counts
    assert counts[2][:2] == (2, 2), counts


def check_collections_while_frames_run():
    def look(number):
        cycle = [sys._getframe(1)]
        cycle.append(cycle)
        cycle.append(sys._getframe(1).f_locals)
        gc.collect()

    native_checks.each(10, look)
    gc.collect()


def check_two_copies():
    """A module that has a copy of the library of its own, which makes its frames and its looks."""
    spec = importlib.util.spec_from_file_location(
        "native_checks", os.path.join(sys.argv[1], "copy", "native_checks.so")
    )
    other = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(other)
    assert other.looks is not native_checks.looks
    looks = []

    def look(number):
        inner = sys._getframe(1)
        outer = inner.f_back.f_back
        assert (inner.f_code.co_name, outer.f_code.co_name) == ("each", "descend")
        looks.append((inner.f_locals["number"], outer.f_locals["depth"]))

    native_checks.descend(2, lambda depth: other.each(2, look))
    other.descend(2, lambda depth: native_checks.each(2, look))
    assert looks == [(number, depth) for depth in range(3) for number in range(2)] * 2
    assert native_checks.looks() == other.looks() == 24


def check_compiled_callers_and_callees():
    def outer(n):
        total = 0
        for i in range(n):
            total += middle(i)
        return total

    def middle(i):
        seen = []
        native_checks.each(2, lambda number: seen.append(inner(number, i)))
        return sum(seen)

    def inner(number, i):
        if i % 10 == 0:
            frame = sys._getframe(2)
            assert frame.f_code.co_name == "each" and frame.f_locals["number"] == number
            assert frame.f_back.f_code.co_name == "middle" and frame.f_back.f_locals["i"] == i
            frame.f_back.f_locals["seen"].append(0)
        return number * i

    assert outer(300) == sum(range(300))
    if "compiled" in sys.argv[3:]:
        compiled = {executable.qualname for executable in rjit.executables()}
        name = "check_compiled_callers_and_callees.<locals>."
        assert {name + "outer", name + "middle", name + "inner"} <= compiled, compiled


def check_tracing():
    events = []

    def trace(frame, event, argument):
        events.append((frame.f_code.co_name, event))
        assert "number" in frame.f_back.f_locals
        return trace

    def traced(number):
        return number

    sys.settrace(trace)
    native_checks.each(2, traced)
    sys.settrace(None)
    assert events.count(("traced", "call")) == 2 and events.count(("traced", "return")) == 2
    assert not any(name == "each" for name, _ in events)

    def warn(number):
        warnings.warn("as asked", stacklevel=2)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        native_checks.each(2, warn)
    assert [(w.filename, w.lineno) for w in caught] == [("native.rs", 100), ("native.rs", 101)]


def check_imports_and_namespaces():
    def use(number):
        frame = sys._getframe(1)
        assert eval("number + 1", frame.f_globals, frame.f_locals) == number + 1
        assert eval("len(text)", frame.f_globals, frame.f_locals) == len(f"number {number}")
        import this_is_not_there  # noqa: F401

    try:
        native_checks.each(1, use)
    except ImportError:
        pass


def check_builtin_locals():
    """`locals()` of a native function, which C code makes past the getter."""
    assert native_checks.told_by(lambda: 5, locals) == {"value": 5}
    assert native_checks.told_by(lambda: 5, globals)["__name__"] == "told_by"
    assert native_checks.told_by(lambda: 5, dir) == ["value"]


def check_running_the_code():
    code = native_checks.told_by(lambda: 5, lambda: sys._getframe(1)).f_code
    try:
        exec(code, {})
    except AssertionError, TypeError:
        pass
    else:
        raise AssertionError("it ran")
    assert [line for *_, line in code.co_lines() if line][:3] == [100, 101, 102]


def wait(depth):
    if depth == 0:
        print(json.dumps({"compiled": ["wait"]}), flush=True)
        while not select.select([sys.stdin], [], [], 0.01)[0]:
            pass


def watch():
    """Waits below three native functions for whoever looks."""
    faulthandler.register(signal.SIGUSR1, all_threads=False)
    native_checks.descend(2, wait)
    print("done", flush=True)


if __name__ == "__main__":
    if "compiled" in sys.argv[3:]:
        import rjit

        # Its wrappers go around those of the native functions here, and below them where RJIT=1.
        native_checks.each(0, print)
        rjit.enable(calls=1, loops=1)
    globals()[sys.argv[2]]()
