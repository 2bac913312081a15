# expect-compiled: raising, handling, reraising, leaving
"""Tools that are switched on by what raises see how the exception goes on, in frames that run compiled."""

import sys
from _support import attempt

MONITORING = sys.monitoring
TOOL = 4
NAMES = ("RAISE", "RERAISE", "EXCEPTION_HANDLED", "PY_UNWIND", "LINE", "PY_RETURN")
MONITORING.use_tool_id(TOOL, "watcher")
turn = 0


def report(name):
    def callback(code, place, *details):
        if code.co_filename != __file__:
            return
        shown = place if name == "LINE" else [type(detail).__name__ for detail in details]
        print("  ", name, code.co_name, shown)

    return callback


for name in NAMES:
    MONITORING.register_callback(TOOL, getattr(MONITORING.events, name), report(name))


def tracer(frame, event, arg):
    if frame.f_code.co_filename != __file__:
        return None
    print("  ", "trace", event, frame.f_code.co_name, frame.f_lineno)
    return tracer


def profiler(frame, event, arg):
    if frame.f_code.co_filename == __file__:
        print("  ", "profile", event, frame.f_code.co_name, frame.f_lineno)


def trace():
    frame = sys._getframe(2)
    while frame is not None:
        frame.f_trace = tracer
        frame = frame.f_back
    sys.settrace(tracer)


def monitor():
    MONITORING.set_events(TOOL, sum(getattr(MONITORING.events, name) for name in NAMES))


SWITCHES = {10: trace, 12: monitor, 14: lambda: sys.setprofile(profiler)}


def off():
    sys.settrace(None)
    sys.setprofile(None)
    MONITORING.set_events(TOOL, 0)


def raising():
    SWITCHES.get(turn, int)()
    raise ValueError(turn)


def leaving():
    return raising() + 1


def handling():
    try:
        leaving()
    except ValueError as exc:
        first = exc
        last = first
    return last


def reraising():
    try:
        try:
            leaving()
        except ValueError:
            raise
    except TypeError:
        print("never")
    finally:
        print("finally")


class Switch:
    """Switches a tool on where nothing is called, as far as one can see."""

    def __add__(self, other):
        SWITCHES.get(turn, int)()
        return 1

    def __setattr__(self, name, value):
        SWITCHES.get(turn, int)()

    def __setitem__(self, key, value):
        SWITCHES.get(turn - 1, int)()


def adding(switch):
    total = switch + 1
    total = total * 2
    total = total * 3
    return total


def storing(switch):
    switch.x = 1
    first = 2
    switch[0] = 3
    second = 4
    return first, second


for func, args in (
    (leaving, ()),
    (handling, ()),
    (reraising, ()),
    (adding, (Switch(),)),
    (storing, (Switch(),)),
):
    for turn in range(16):
        attempt(func, *args)
        off()
