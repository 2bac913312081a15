# Tools that are switched on and off, and debuggers that look, while generators run.
# expect-compiled: inner, outer, watched, monitored, traced
import sys

from _support import repeat, show

monitoring = sys.monitoring
TOOL = 3
log = []


def inner(n, act):
    for i in range(n):
        if i == 2:
            act()
        yield i
    return n


def outer(n, act):
    result = yield from inner(n, act)
    yield ("result", result)


def nothing():
    pass


def tracer(frame, event, arg):
    if frame.f_code.co_filename == __file__:
        log.append((frame.f_code.co_name, event, frame.f_lineno - frame.f_code.co_firstlineno))
        return tracer


def switch_on():
    sys.settrace(tracer)


def traced(n, make):
    log.clear()
    items = []
    for item in make(n, switch_on):
        items.append(item)
    sys.settrace(None)
    return items, log[:]


def on_event(name):
    def callback(code, *args):
        if code.co_filename == __file__ and code.co_name in ("inner", "outer"):
            log.append((name, code.co_name))

    return callback


def monitor():
    monitoring.use_tool_id(TOOL, "watched")
    events = 0
    for name in ("PY_START", "PY_RESUME", "PY_YIELD", "PY_RETURN", "PY_UNWIND", "STOP_ITERATION"):
        event = getattr(monitoring.events, name)
        monitoring.register_callback(TOOL, event, on_event(name))
        events |= event
    monitoring.set_events(TOOL, events)


def monitored(n, make):
    log.clear()
    items = list(make(n, monitor))
    if monitoring.get_tool(TOOL):
        monitoring.free_tool_id(TOOL)
    return items, log[:]


def monitor_one():
    monitoring.use_tool_id(TOOL, "watched")
    for name in ("PY_START", "PY_RESUME", "PY_YIELD", "PY_RETURN"):
        event = getattr(monitoring.events, name)
        monitoring.register_callback(TOOL, event, on_event(name))
    events = monitoring.events
    monitoring.set_local_events(
        TOOL, inner.__code__, events.PY_RESUME | events.PY_YIELD | events.PY_RETURN
    )


def monitored_one(n, make):
    log.clear()
    items = list(make(n, monitor_one))
    if monitoring.get_tool(TOOL):
        monitoring.set_local_events(TOOL, inner.__code__, 0)
        monitoring.free_tool_id(TOOL)
    return items, log[:]


def change_caller():
    """Like a debugger that changes a local of a frame that runs."""
    frame = sys._getframe(1)
    frame.f_locals["n"] = "changed"


def change_callers_caller():
    sys._getframe(2).f_locals["act"] = "changed"


def profiled(n, make):
    log.clear()

    def profile(frame, event, arg):
        if frame.f_code.co_name in ("inner", "outer"):
            log.append((frame.f_code.co_name, event))

    items = list(make(n, lambda: sys.setprofile(profile)))
    sys.setprofile(None)
    return items, log[:]


def watched(n, make, act):
    made = make(n, act)
    items = list(made)
    return items, made.gi_frame, made.gi_running


for make in (inner, outer):
    for n in (1, 3, 5):
        repeat(watched, n, make, nothing)
    for act in (change_caller, change_callers_caller):
        repeat(watched, 4, make, act, times=12)
    for use in (traced, monitored, monitored_one, profiled):
        for n in (2, 4):
            repeat(use, n, make, times=12)
            repeat(watched, n, make, nothing, times=12)
    half = make(6, nothing)
    show(next(half), next(half))
    sys.settrace(tracer)
    log.clear()
    show(next(half))
    sys.settrace(None)
    show(log, list(half))
