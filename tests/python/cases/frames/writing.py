# Locals of running callers changed by a callee through f_locals; the caller must go on with the new values.
# expect-compiled: victim, loop_victim
import sys

from _support import attempt, repeat, show


def poke(**changes):
    frame = sys._getframe(1)
    frame.f_locals.update(changes)


def poke_once(when, now, **changes):
    if when == now:
        sys._getframe(1).f_locals.update(changes)


def victim(a, poking):
    b = 2
    if poking:
        poke(a="changed", b=10.5)
    return a, b


def loop_victim(n, when):
    total = 0
    for i in range(n):
        poke_once(when, i, total=1000.5)
        total += i
    return total


def loop_variable_victim(n, when):
    seen = []
    for i in range(n):
        poke_once(when, i, i="poked")
        seen.append(i)
    return seen


def while_victim(n, when):
    i = 0
    rounds = 0
    while i < n:
        poke_once(when, rounds, i=n - 1)
        i += 1
        rounds += 1
    return i, rounds


def extra_names():
    poke(never_declared=1, x=2)
    frame = sys._getframe()
    return sorted(frame.f_locals), frame.f_locals["never_declared"]


def unbound_victim(poking):
    if poking:
        poke(late=5)
    else:
        late = 1
    return late  # noqa: F821


def cell_victim(poking):
    x = 1

    def inner():
        return x

    if poking:
        poke(x="through the cell")
    return x, inner()


def two_levels(n):
    return deeper(n), n


def deeper(n):
    sys._getframe(1).f_locals["n"] = "two levels up"
    return n


def argument_victim(*args, **kw):
    poke(args="replaced", kw=None)
    return args, kw


def deleting():
    x = 1
    try:
        del sys._getframe().f_locals["x"]
    except Exception as exc:
        return type(exc).__name__, str(exc), x
    return "deleted"


def keeps_reference():
    x = 1
    view = sys._getframe().f_locals
    x = 2
    first = view["x"]
    view["x"] = 3
    second = x
    x = "four"
    return first, second, view["x"], dict(view) is not view


def snapshot_is_not_view():
    x = 1
    snapshot = locals()
    snapshot["x"] = 99
    return x, snapshot["x"], locals()["x"]


repeat(victim, 1, False)
for _ in range(5):
    result = victim(1, True)
show(result)
repeat(victim, 1, False)
repeat(loop_victim, 10, -1)
repeat(loop_victim, 10, 5)
show(loop_victim(500, 450), loop_victim(500, 0), loop_victim(500, -1))
repeat(loop_variable_victim, 5, 3)
repeat(while_victim, 10, -1)
repeat(while_victim, 10, 4)
repeat(extra_names)
repeat(unbound_victim, False)
repeat(unbound_victim, True)
repeat(cell_victim, True)
repeat(cell_victim, False)
repeat(two_levels, 1)
repeat(argument_victim, 1, k=2)
repeat(deleting)
repeat(keeps_reference)
repeat(snapshot_is_not_view)
total = 0
for i in range(300):
    if i == 200:
        sys._getframe().f_locals["total"] = -1.5
        globals()["i"] = 7
    total += 1
show(total, i)
attempt(victim, 1, poke)
