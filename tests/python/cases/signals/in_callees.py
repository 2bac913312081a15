# Signals served in loops of functions that loops call.
# expect-compiled: outer, outer_raising, outer_nested
import os
import signal
import sys

from _support import repeat, show


class Alarm(Exception):
    pass


seen = set()


def looking(number, frame):
    names = []
    while frame is not None:
        found = frame.f_locals
        if frame.f_code.co_name.startswith(("outer", "inner", "middle")):
            names.append((frame.f_code.co_name, type(found.get("total")).__name__, found["limit"]))
        frame = frame.f_back
    depth = 0
    frame = sys._getframe()
    while frame is not None:
        depth += 1
        frame = frame.f_back
    seen.add((tuple(names), depth))


def raising(number, frame):
    raise Alarm(frame.f_code.co_name)


def inner(limit, at):
    total = 0
    for i in range(limit):
        total += i
        if i == at:
            os.kill(os.getpid(), signal.SIGUSR1)
    return total


def outer(limit):
    total = 0
    for k in range(limit):
        total += inner(limit, -1)
    return total


def outer_raising(limit, at):
    total = 0
    for k in range(limit):
        total += inner(limit, at)
    return total


def inner_float(limit, step):
    total = 0.0
    i = 0
    while i < limit:
        total += step
        i += 1
    return total


def middle(limit, step):
    total = 0.0
    for i in range(limit):
        total += inner_float(limit, step)
    return total


def outer_nested(limit):
    total = 0.0
    for k in range(limit):
        total += middle(limit, k)
    return total


signal.signal(signal.SIGUSR1, looking)
show(repeat(outer, 30))
show(repeat(outer_nested, 12))
show(repeat(outer_raising, 9, 5))
show(sorted(seen))

# In the middle of a long loop, at any place.
signal.signal(signal.SIGALRM, looking)
seen.clear()
signal.setitimer(signal.ITIMER_REAL, 0.003, 0.003)
totals = set()
while len(seen) < 3:
    totals |= {outer_nested(40), outer(300)}
signal.setitimer(signal.ITIMER_REAL, 0)
show(sorted(totals))
names = {names for names, _ in seen}
chains = {tuple(name for name, _, _ in chain) for chain in names}
allowed = [("outer",), ("inner", "outer"), ("outer_nested",), ("middle", "outer_nested"), ("inner_float", "middle", "outer_nested"), ()]
show([chain for chain in chains if chain not in allowed], bool(chains))
kinds = {(name, kind) for chain in names for name, kind, _ in chain if kind != "NoneType"}
show([found for found in kinds if found[1] != ("int" if found[0] in ("inner", "outer") else "float")])

signal.signal(signal.SIGUSR1, raising)
for _ in range(3):
    try:
        outer_raising(9, 4)
    except Alarm as error:
        chain, here = [], error.__traceback__
        while here is not None:
            chain.append((here.tb_frame.f_code.co_name, here.tb_frame.f_locals.get("i"), here.tb_frame.f_locals.get("k")))
            here = here.tb_next
        show(str(error), chain)
signal.signal(signal.SIGUSR1, looking)
seen.clear()
# The limit on recursion counts each call once, whatever a handler has looked at.
limit = sys.getrecursionlimit()


def deep(n):
    return n if n == 0 else deep(n - 1)


for _ in range(5):
    outer_raising(9, 4)
show(repeat(deep, limit // 2))
try:
    deep(limit + 10)
except RecursionError:
    show("too deep")
