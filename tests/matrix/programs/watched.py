"""The program that every tool looks at: three calls, a loop that fills an int and a float, and a gate.

What happens at the gate is `hooks`, called in order by C code out of the line in `leaf`, until one of
them returns something. Whoever looks meanwhile has to find that line and the values that the loop left.
"""

import sys
from collections import deque
from operator import call

ROOM = 300_000

hooks = deque()
# Defined here, since a global that is new when the functions are warm would make them look anew.
observer = None
gate = map(call, iter(hooks.popleft, None))


class Thing:
    pass


def leaf(rounds, step, word):
    count = 0
    half = 0.0
    thing = Thing()
    room = bytearray(ROOM)
    for _ in range(rounds):
        count = count + step
        half = half + 0.5
    while next(gate) is None:
        pass
    return count, half, thing, room, word


def middle(rounds):
    weight = rounds * 0.25
    result = leaf(rounds, 3, "word")
    return result, weight


def outer(rounds):
    result = middle(rounds)
    return result


if __name__ == "__main__":
    from session import Session

    with Session(sys.argv[1], hooks, (outer, middle, leaf)) as observer, observer.around:
        outer(observer.rounds)
