# Immortal objects keep their counts, whoever drops the last reference that compiled code made. The counts would take
# long to run out, but then an int that everybody uses would be freed.
# expect-compiled: computed, text, pair, left_behind
import sys

from _support import probe


def suspended(value):
    """Is interpreted, and closes its argument when the generator goes."""
    yield value


def computed(n):
    for i in range(n):
        suspended(i & 3)


def text(words):
    for word in words:
        suspended(word[0])


def pair(n):
    for i in range(n):
        suspended((i,)[1:])


def left_behind(a, b):
    c = a - 2
    return a * 1 + (c + b)


def drift(value, func, *args):
    before = sys.getrefcount(value)
    func(*args)
    return sys.getrefcount(value) - before


for _ in range(5):
    print(drift(3, computed, 400), drift("a", text, ["abc", "b"] * 200), drift((), pair, 400))
print(drift(5, probe, left_behind, (5, 7), (5, 2.5), (7, 2.5), (5, 2**63)))
