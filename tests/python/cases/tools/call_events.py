# CALL, C_RETURN and C_RAISE events: Python functions that are compiled must not be reported as C functions, neither while
# a tool listens everywhere nor in one function only; afterwards compiled code runs again.
# expect-compiled: work, inner, failing
import sys

from _support import repeat, show

TOOL = 3
monitoring = sys.monitoring
E = monitoring.events


class Thing:
    def __init__(self, size):
        self.size = inner(size)

    def method(self, *args, **kwargs):
        return inner(len(args)) + self.size


def inner(a, b=2):
    return a + b


def failing(text):
    return int(text)


def work(n):
    total = inner(n) + inner(b=n, a=1) + inner(*(n, n))
    thing = Thing(n)
    total += thing.method(1, x=2) + thing.method(*[1, 2], **{"y": 3})
    total += len([inner(i) for i in range(2)])
    try:
        failing("no number")
    except ValueError:
        total += 1
    return total


def name_of(thing):
    return getattr(thing, "__qualname__", type(thing).__name__)


def argument(thing):
    return "missing" if thing is monitoring.MISSING else type(thing).__name__


def report(switch_on, switch_off):
    seen = []
    for event in (E.CALL, E.C_RETURN, E.C_RAISE):
        word = {E.CALL: "call", E.C_RETURN: "c_return", E.C_RAISE: "c_raise"}[event]

        def listen(code, offset, callee, arg0, word=word):
            seen.append((word, code.co_name, name_of(callee), argument(arg0)))

        monitoring.register_callback(TOOL, event, listen)
    switch_on()
    result = work(7)
    switch_off()
    work(7)
    for event in (E.CALL, E.C_RETURN, E.C_RAISE):
        monitoring.register_callback(TOOL, event, None)
    for line in seen:
        print(*line)
    print(result, len(seen))


def everywhere(events):
    return lambda: monitoring.set_events(TOOL, events)


def here(events):
    return lambda: monitoring.set_local_events(TOOL, work.__code__, events)


show(repeat(work, 7))
monitoring.use_tool_id(TOOL, "case")
report(everywhere(E.CALL), everywhere(E.NO_EVENTS))
show(repeat(work, 7))
report(here(E.CALL), here(E.NO_EVENTS))
report(here(E.CALL), lambda: monitoring.clear_tool_id(TOOL))
report(everywhere(E.CALL | E.PY_START), lambda: monitoring.free_tool_id(TOOL))
show(repeat(work, 7))

# Arguments die at the same moment under a profile function.
counts = []


def count(thing):
    counts.append(sys.getrefcount(thing))


def profiled():
    for _ in range(30):
        count(object())


sys.setprofile(lambda *args: None)
profiled()
sys.setprofile(None)
profiled()
print(counts)
