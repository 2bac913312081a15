# settrace, setprofile and sys.monitoring switched on below a running compiled caller, and off again.
# expect-compiled: target, caller
import sys

from _support import repeat, show

events = []


def target(x):
    y = x + 1
    for i in range(2):
        y += i
    return y


def raiser(x):
    try:
        return 1 // x
    except ZeroDivisionError:
        return "zero"


def trace(frame, event, arg):
    if frame.f_code.co_filename == __file__:
        events.append((frame.f_code.co_name, event, frame.f_lineno, arg if isinstance(arg, int) else type(arg).__name__))
    return trace


def profile(frame, event, arg):
    if frame.f_code.co_filename == __file__:
        events.append((frame.f_code.co_name, event, getattr(arg, "__name__", arg)))


def switch(setter, func):
    setter(func)


def caller(setter, func, x):
    switch(setter, func)
    result = target(x), raiser(x), len([x])
    switch(setter, None)
    return result


def take():
    taken = events[:]
    events.clear()
    return taken


repeat(target, 1)
repeat(raiser, 0)
repeat(raiser, 1)
for setter, func in ((sys.settrace, trace), (sys.setprofile, profile)):
    for x in (1, 0):
        for _ in range(10):
            take()
            result = caller(setter, func, x)
        taken = take()
        show(result)
        for event in taken:
            print(*event)
    repeat(target, 1)
    show(take())


def on_start(code, offset):
    events.append(("start", code.co_name))


def on_line(code, line):
    events.append(("line", code.co_name, line))


tool = sys.monitoring.DEBUGGER_ID
sys.monitoring.use_tool_id(tool, "test")
sys.monitoring.register_callback(tool, sys.monitoring.events.PY_START, on_start)
sys.monitoring.register_callback(tool, sys.monitoring.events.LINE, on_line)


def monitored(x):
    sys.monitoring.set_local_events(tool, target.__code__, sys.monitoring.events.PY_START | sys.monitoring.events.LINE)
    result = target(x)
    sys.monitoring.set_local_events(tool, target.__code__, 0)
    return result


for _ in range(10):
    take()
    monitored(1)
for event in take():
    print(*event)
repeat(target, 1)
show(take())


def loop_switching(n):
    total = 0
    for i in range(n):
        if i == n - 2:
            sys.settrace(trace)
        total += target(i)
    sys.settrace(None)
    return total


take()
show(loop_switching(300))
for event in take():
    print(*event)


def traced_caller(n):
    total = 0
    for i in range(n):
        total += set_caller_trace(i == n - 2)
    sys.settrace(None)
    return total


def set_caller_trace(now):
    if now:
        sys.settrace(trace)
        sys._getframe(1).f_trace = trace
    return 1


show(traced_caller(200))
for event in take():
    print(*event)


# Opcodes are traced right after the call that asks for it.
def record_opcodes(frame, event, arg):
    opcodes.append((event, frame.f_lineno - frame.f_code.co_firstlineno, frame.f_lasti))
    return record_opcodes


def ask_for_opcodes():
    frame = sys._getframe(1)
    frame.f_trace_opcodes = True
    frame.f_trace = record_opcodes
    sys.settrace(record_opcodes)


def asking():
    x = 1
    ask_for_opcodes()
    y = 2
    return x + y


for _ in range(4):
    opcodes = []
    asking()
    sys.settrace(None)
    print(opcodes)
