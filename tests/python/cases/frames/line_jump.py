# A debugger's jump: f_lineno of a running caller assigned by its trace function, inside and around a hot loop.
# expect-compiled: straight, looping
import sys

from _support import repeat, show

plan = {}


def straight(x):
    steps = []
    marker(0)
    steps.append("one")
    steps.append("two")
    steps.append("three")
    return steps, x


def looping(n):
    total = 0
    for i in range(n):
        marker(i)
        total += 1
        total += 10
        total += 100
    return total, i


def marker(i):
    if i in plan:
        caller = sys._getframe(1)
        caller.f_trace = jumper
        sys.settrace(lambda *args: None)


def jumper(frame, event, arg):
    if event == "line":
        offset = frame.f_lineno - frame.f_code.co_firstlineno
        if offset in jumps:
            target = jumps.pop(offset)
            try:
                frame.f_lineno = frame.f_code.co_firstlineno + target
                log.append(("jumped", offset, target))
            except ValueError as exc:
                log.append((str(exc), offset, target))
        if not jumps:
            frame.f_trace = None
            sys.settrace(None)
    return jumper


def run(func, arg, at, **wanted):
    global jumps
    plan.clear()
    plan[at] = True
    jumps = {int(key[1:]): value for key, value in wanted.items()}
    result = func(arg)
    sys.settrace(None)
    plan.clear()
    return result


log, jumps = [], {}
repeat(straight, 1)
repeat(looping, 10)
for _ in range(5):
    log.clear()
    results = [
        run(straight, 1, 0, _3=5),
        run(straight, 1, 0, _5=6),
        run(straight, 1, 0, _4=3),
        run(straight, 1, 0, _3=900),
        run(looping, 10, 5, _4=6),
        run(looping, 300, 250, _5=7),
        run(looping, 300, 299, _6=4),
        run(looping, 10, 3, _4=7),
        run(looping, 10, 3, _4=1),
    ]
show(*results)
for entry in log:
    print(*entry)
repeat(straight, 2)
repeat(looping, 10)
