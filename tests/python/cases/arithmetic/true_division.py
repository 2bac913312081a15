# Quotients of ints are floats, rounded once, whatever the size of the ints.
# expect-compiled: known, mean, through
from _support import probe, repeat


def known(a, b):
    """Both are known as ints where they are divided."""
    c = a + 1
    d = b - 1
    return c / d, d / c


def mean(values):
    total = 0
    count = 0
    for value in values:
        total += value
        count += 1
    return total / count


def through(i, j):
    return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1)


repeat(known, 4, 8)
repeat(mean, [1, 2, 4])
repeat(through, 3, 4)
EDGE = 2**53
BORDERS = [EDGE - 2, EDGE - 1, EDGE, EDGE + 1, EDGE + 2, 2**62, 2**63 - 2, 2**64, 10**400]
probe(known, *[(sign * a, 4) for a in BORDERS for sign in (1, -1)])
probe(known, *[(7, sign * a) for a in BORDERS for sign in (1, -1)])
probe(known, (4, 8), (-1, 8), (-1, -8), (0, 1), (-1, 1), (3, True), (1.5, 2), (1, 2.5), (None, 1), (1, 1j + 1))
probe(mean, ([1, 2],), ([],), ([0],), ([-3, 3],), ([2**53, 1],), ([2**70],), ([0.5, 1],), ([True],), (["a"],))
probe(through, (3, 4), (-1, 1), (0, 0), (-1, 0), (2**40, 2**40), (1.5, 2), (2, 1.5), (True, False))
