# Frames that outlive their calls: through tracebacks, kept frame objects, generators; their locals, clear(), and what dies when.
# expect-compiled: keeper, failing
import sys

from _support import Loud, attempt, repeat, show


def keeper(x):
    y = x * 2
    frame = sys._getframe()
    z = [x, y]
    del frame
    return sys._getframe(), z


def failing(n, items):
    local = n * 2
    for i in range(n):
        local += i
        items[i]
    return local


def kept(n):
    try:
        failing(n, [0] * (n - 1))
    except IndexError as exc:
        frame = exc.__traceback__.tb_next.tb_frame
        return frame.f_code.co_name, sorted(frame.f_locals.items(), key=str), frame.f_lineno - frame.f_code.co_firstlineno, frame.f_back is None


def clear_it(x):
    frame, z = keeper(x)
    before = sorted(frame.f_locals)
    frame.clear()
    return before, sorted(frame.f_locals), z


def clear_running():
    try:
        sys._getframe().clear()
    except RuntimeError as exc:
        return str(exc)


def write_after(x):
    frame, _ = keeper(x)
    frame.f_locals["y"] = "written"
    return frame.f_locals["y"], frame.f_locals["x"]


def holds(name):
    loud = Loud(name)
    return sys._getframe()


def raises(name):
    loud = Loud(name)
    raise ValueError(name)


def lifetime():
    frame = holds("frame")
    print("returned")
    frame.clear()
    print("cleared")
    frame = holds("dropped frame")
    print("dropping")
    frame = None
    print("dropped")
    try:
        raises("error")
    except ValueError as exc:
        print("caught", exc)
        kept = exc
    print("still there")
    kept.__traceback__ = None
    print("traceback gone")
    try:
        raises("unnamed")
    except ValueError:
        print("in handler")
    print("after handler")


def chain(n):
    return sys._getframe() if n == 0 else chain(n - 1)


def walk(n):
    frame = chain(n)
    names = []
    while frame is not None and frame.f_code.co_name in ("chain", "walk"):
        names.append((frame.f_code.co_name, frame.f_locals.get("n")))
        frame = frame.f_back
    return names


frame, z = repeat(lambda: keeper(3)[1]) and keeper(3)
show(frame.f_locals["x"], frame.f_locals["y"], frame.f_lineno - frame.f_code.co_firstlineno)
repeat(kept, 5)
attempt(failing, 3, "ab")
repeat(clear_it, 2)
repeat(clear_running)
repeat(write_after, 2)
for _ in range(5):
    lifetime()
repeat(walk, 3)


def closure_frame():
    value = 1

    def bump():
        nonlocal value
        value += 1
        return value

    return sys._getframe(), bump


for _ in range(10):
    frame, bump = closure_frame()
    bump()
    frame.f_locals["value"] = 10
show(bump(), frame.f_locals["value"])
