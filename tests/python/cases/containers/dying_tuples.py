# Tuples that die in compiled code, of all sizes, with items that die with them, and with tuples in them.
# expect-compiled: of_numbers, of_strings, nested, many_sizes, shared, unpacked, tracked
import gc
import sys

from _support import repeat, show

LOG = []


class Quiet(int):
    """An int that the garbage collector need not know, with a finalizer."""

    __slots__ = ()

    def __del__(self):
        LOG.append((int(self), sys._getframe(1).f_code.co_name))


def of_numbers(n):
    total = 0
    for i in range(n):
        pair = (i * 100_003, i + 0.5)
        total += pair[0] + pair[1]
        pair = None
    return total


def of_strings(words):
    found = []
    for word in words:
        pair = (word + "!", word * 2)
        found.append(pair[0])
        pair = word
    return found


def nested(n):
    total = 0
    for i in range(n):
        outer = ((i, i + 100_000), (i * 1.5,), ((),))
        total += outer[0][1] + outer[1][0]
        outer = i
    return total


def many_sizes(a, b):
    sizes = []
    for _ in range(3):
        t = (a,)
        t = (a, b)
        t = (a, b, a)
        t = (a, b, a, b, a, b, a, b, a, b, a, b, a, b, a, b, a, b, a, b)
        t = (a, b, a, b, a, b, a, b, a, b, a, b, a, b, a, b, a, b, a, b, a)
        sizes.append(len(t))
        t = a
    return sizes, t


def shared(value):
    kept = []
    for i in range(5):
        pair = (value, value)
        kept.append(pair)
        other = (value, i)
        other = pair
        pair = None
    return kept, other, sys.getrefcount(value)


def dies(n):
    for i in range(n):
        t = (Quiet(i), i + 500_000)
        t = i
    return t


def unpacked(n):
    a, b = 1.5, 2.5
    for i in range(n):
        t = (b, a + i)
        a, b = t
        t = None
    return a, b


def deep(levels):
    t = (1.5,)
    for _ in range(levels):
        t = (t,)
    t = None
    return t


show(repeat(of_numbers, 30), repeat(of_strings, ["a", "bc"] * 9), repeat(nested, 20))
show(repeat(many_sizes, 1_000_000, 2.5), repeat(many_sizes, "x", None))
show(repeat(shared, 123_456_789), repeat(shared, 7))
show(repeat(unpacked, 20))
for _ in range(30):
    dies(4)
show(len(LOG), LOG[-4:])
for _ in range(20):
    deep(10)
show(deep(200_000))


def tracked(a, b):
    """What the garbage collector knows of."""
    return gc.is_tracked((a, b)), gc.is_tracked((a, (b,))), hash((a, 1)) == hash(tuple([a, 1]))


show(repeat(tracked, 1_000_000, 2.5), repeat(tracked, "a", []), repeat(tracked, (), None))
