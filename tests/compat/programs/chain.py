"""Calls that end in a loop, with locals of several kinds in each frame.

`forever`: the loop at the end does not end, so whoever looks finds the same frames.
`rounds`: the loop is entered and left all the time, over two ways, until a line comes in
on standard input; then the result is printed.

SIGUSR1 has faulthandler dump the stack to standard error.
"""

import faulthandler
import select
import signal
import sys

from witness import ready

ENDLESS = 10**15
SHORT = 2_000


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y


def leaf(limit, step):
    count = 0
    half = 0.0
    label = "leaf"
    big = 1 << 70
    for i in range(limit):
        count = count + step
        half = half + 0.5
        if count < i:
            return label, big
    return count


def middle(limit, factor):
    weight = factor * 0.25
    origin = Point(1, 2)
    pair = (factor, "seven")
    result = leaf(limit, 3)
    return result + int(weight) + origin.x + len(pair)


def other(limit):
    flag = True
    nothing = None
    result = leaf(limit, 2)
    return result if flag and nothing is None else 0


def outer(limit, way):
    words = ["some", "words"]
    table = {"key": 12}
    negative = -5
    if way:
        result = middle(limit, 7)
    else:
        result = other(limit)
    return result + len(words) + len(table) + negative


def told_to_stop():
    return bool(select.select([sys.stdin], [], [], 0)[0])


def rounds():
    """Pairs of rounds until told to stop; the same sum for each pair."""
    pairs = 0
    total = 0
    while not told_to_stop():
        for _ in range(50):
            total += outer(SHORT, True)
            total += outer(SHORT, False)
            pairs += 1
    return total == pairs * (outer(SHORT, True) + outer(SHORT, False)), outer(SHORT, True)


def main(what):
    faulthandler.register(signal.SIGUSR1, all_threads=False)
    for _ in range(20):
        outer(20, True)
        outer(20, False)
    ready()
    if what == "forever":
        outer(ENDLESS, True)
    else:
        print(*rounds(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
