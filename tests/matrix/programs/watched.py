"""The program that every tool looks at: three calls, a loop that fills an int and a float, a gate in it.

Each round calls the next of `hooks` at the gate, by C code. That of the last round has somebody look,
who has to find the gate's line and the values of that round. The gate stays shut for as long as hooks
return None.
"""

import sys
from collections import deque
from operator import call

ROOM = 300_000

hooks = deque()
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

    session = Session(sys.argv[1], hooks, (outer, middle, leaf))
    # No global is assigned from here on: engines may rely on what they have.
    with session, session.around:
        outer(session.rounds)
