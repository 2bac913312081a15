# Every event of sys.monitoring, switched on by a callee in mid-run and off again, for each tool id: none is lost or invented.
# expect-compiled: subject, helper
import sys

from _support import repeat

mon = sys.monitoring
E = mon.events
NAMES = (
    "PY_START",
    "PY_RESUME",
    "PY_RETURN",
    "PY_YIELD",
    "CALL",
    "LINE",
    "INSTRUCTION",
    "JUMP",
    "BRANCH_LEFT",
    "BRANCH_RIGHT",
    "STOP_ITERATION",
    "RAISE",
    "EXCEPTION_HANDLED",
    "PY_UNWIND",
    "PY_THROW",
    "RERAISE",
)
OURS = ("subject", "helper", "generator", "fails")

events = []


def switch(at, now):
    if at == now and pending:
        kind, tool, event, code = pending.pop()
        if kind == "on" and code is None:
            mon.set_events(tool, event)
        elif kind == "on":
            mon.set_local_events(tool, code, event)


def helper(x):
    if x % 2:
        return x * 1.5
    return x + 3000


def generator(n):
    for i in range(n):
        yield helper(i)


def fails(x):
    y = x + 5000
    try:
        return [][y]
    finally:
        y = None


def subject(n, at):
    real, number = 0.5, 2000
    for i in range(n):
        switch(at, i)
        real += helper(i)
        number += i
        if number % 3:
            number += 1
        try:
            fails(i)
        except IndexError:
            real += 1.0
        for value in generator(2):
            real += value
        while real > 100.0:
            real -= 50.0
    return real, number


def place(code, argument):
    if type(argument) is int:
        for start, end, line in code.co_lines():
            if start <= argument < end:
                return f"{argument}:{line}"
    if isinstance(argument, BaseException):
        return type(argument).__name__
    if callable(argument):
        return getattr(argument, "__name__", "?")
    return repr(argument) if type(argument) in (int, float, str, type(None)) else type(argument).__name__


def recorder(name):
    def record(code, *arguments):
        if name in ("RAISE", "PY_UNWIND"):
            # The interpreter gives other offsets when a function that it has not called itself raises.
            arguments = arguments[1:]
        if code.co_name in OURS and len(events) < 400:
            events.append((name, code.co_name, *[place(code, it) for it in arguments]))

    return record


def run(tool, names, local):
    mon.use_tool_id(tool, "test")
    wanted = 0
    for name in names:
        event = getattr(E, name)
        mon.register_callback(tool, event, recorder(name))
        wanted |= event
    code = subject.__code__ if local else None
    if local:
        # These are only for all code.
        wanted &= ~(E.RAISE | E.EXCEPTION_HANDLED | E.PY_UNWIND | E.PY_THROW | E.RERAISE)
    pending.append(("on", tool, wanted, code))
    result = subject(6, 3)
    if local:
        mon.set_local_events(tool, code, 0)
    mon.set_events(tool, 0)
    after = len(events)
    subject(3, 9)
    for name in names:
        mon.register_callback(tool, getattr(E, name), None)
    mon.free_tool_id(tool)
    print(tool, "local" if local else "global", names if len(names) < 3 else "all", result, len(events), len(events) - after)
    for event in events:
        print("  ", *event)
    events.clear()


pending = []
repeat(subject, 5, 9)
for local in (False, True):
    for name in NAMES:
        run(2, (name,), local)
        subject(20, 99)
for tool in (0, 1, 3, 4):
    run(tool, NAMES, False)
    run(tool, ("LINE", "CALL"), True)
    subject(20, 99)
repeat(subject, 5, 9)
