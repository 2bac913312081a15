# The copy of a code object does not say which of its locals are parameters: they are bound and given up all the same.
# expect-compiled: overwrites, reads, several
import sys

from _support import show


class Held:
    pass


def overwrites(a, b, c=None):
    c = a
    return b


def reads(a, b=5):
    total = a + b
    b = total
    return total, b


def several(first, *rest, key=None, **others):
    first, key = key, first
    rest = len(rest)
    others = sorted(others)
    return first, key, rest, others


for function in (overwrites, reads, several):
    function.__code__ = function.__code__.replace()


def main():
    held = Held()
    before = sys.getrefcount(held)
    for number in range(60):
        overwrites(number, held, held)
        several(held, held, held, key=held, other=held)
    show(sys.getrefcount(held) - before)
    for number in (1, 30, 60):
        show(reads(number), reads(number, 7), overwrites(1, number))
        show(several(number, 2, 3, key="k", z=1, a=2))


main()
