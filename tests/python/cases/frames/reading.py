# Frames read by a callee: locals of running callers, lines, names, globals; all as the interpreter would show them.
# expect-compiled: caller, loop, nested
import inspect
import sys

from _support import attempt, caller_locals, repeat


def peek(depth=1):
    frame = sys._getframe(depth)
    return frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno, dict(frame.f_locals)


def caller(a, b=2.5):
    c = a + 1
    first = peek()
    d = c * b
    del c
    second = peek()
    return first, second, d


def loop(n):
    total = 0
    x = 0.5
    out = []
    for i in range(n):
        total += i
        x *= 2
        if i in (3, n - 1):
            out.append(caller_locals(2) if i == 3 else peek())
    return len(out), out[-1][:2], out[-1][2]["total"], out[-1][2]["x"], out[-1][2]["i"]


def nested(n):
    if n == 0:
        names = []
        frame = sys._getframe()
        while frame and frame.f_code.co_name == "nested":
            names.append((frame.f_locals["n"], frame.f_lineno - frame.f_code.co_firstlineno))
            frame = frame.f_back
        return names
    return nested(n - 1)


def cells(x):
    def inner():
        return x, y

    y = x * 2
    before = peek()
    y = "later"
    return [before[2]["x"], before[2]["y"], sorted(before[2])], inner(), peek()[2]["y"]


def arguments(a, /, b, *rest, k=1, **more):
    return peek()[2]


def in_comprehension(n):
    return [peek()[0:2] + (sorted(peek()[2]),) for i in range(n)]


def in_handler(x):
    try:
        return 1 // x
    except ZeroDivisionError as exc:
        return peek()[0:2], sorted(peek()[2]), exc.__traceback__.tb_frame is sys._getframe()


def same_frame():
    return sys._getframe() is sys._getframe(), peek()[1]


def f_back_chain():
    return [(info.function, info.lineno - info.frame.f_code.co_firstlineno) for info in inspect.stack(0)[:2]]


def names_of(frame):
    return frame.f_code.co_name, frame.f_globals is globals(), frame.f_builtins is __builtins__.__dict__, frame.f_trace, frame.f_lasti > 0, frame.f_lasti % 2


def via_names():
    return names_of(sys._getframe()), names_of(sys._getframe(1))


def introspect(a, b):
    local = locals()
    c = 5
    return sorted(local), sorted(locals()), sorted(vars()), dir(), eval("a + c"), eval("[a for _ in range(2)]")


def executes(a):
    exec("a = 100; made = a + 1")
    return a, "made" in locals(), eval("a", {"a": "other"})


class WithClass:
    def method(self):
        return peek()[0], __class__.__name__, sorted(peek()[2])


repeat(caller, 1)
repeat(caller, 2**70, 1)
attempt(caller, "s")
repeat(loop, 10)
repeat(nested, 5)
repeat(cells, 3)
repeat(arguments, 1, 2, 3, k=4, z=5)
repeat(in_comprehension, 2)
repeat(in_handler, 0)
repeat(in_handler, 4)
repeat(same_frame)
repeat(f_back_chain)
repeat(via_names)
repeat(introspect, 1, 2.5)
repeat(executes, 1)
repeat(WithClass().method)
attempt(sys._getframe, 500)
