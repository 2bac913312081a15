# Numbers that come from the interpreter's free lists are told to tracemalloc, and dead ones go back there.
# expect-compiled: floats, ints, freed, passed, summed
import sys
import tracemalloc

from _support import show


class Held:
    pass


def floats(held, x):
    held.a = x * 1.5
    held.b = x + 0.25
    return x * 2.0


def ints(held, x):
    held.a = x * 3
    held.b = x + 5000
    return x * -7


def passed(n, x):
    if n == 0:
        return x * 2.5
    return passed(n - 1, x)


def summed(n, x):
    if n == 0:
        return x * 5
    return summed(n - 1, x) + summed(n - 1, x)


def freed(n):
    kept = []
    for i in range(n):
        a = i * 1.5
        b = [a, i * 100_000]
        kept.append(a)
        if len(kept) > 150:
            kept.clear()
        a = b = None
    return len(kept)


def lines(function, *objects):
    found = []
    for each in objects:
        trace = tracemalloc.get_object_traceback(each)
        found.append(trace and trace[-1].lineno - function.__code__.co_firstlineno)
    return found


def main():
    held = Held()
    for _ in range(60):
        floats(held, 1.5)
        ints(held, 700_000)
        passed(3, 1.5)
        summed(2, 700_000)
    freed(2000)
    kept = [(i + 0.5, i + 2000) for i in range(300)]
    tracemalloc.start()
    # The free lists are empty: what comes there now is traced, so that it is told whose it becomes.
    spare = [(i + 0.5, i + 2000) for i in range(300)]
    del spare
    for _ in range(3):
        held = Held()
        result = floats(held, 2.5)
        show(lines(floats, held.a, held.b, result))
        result = ints(held, 800_000)
        show(lines(ints, held.a, held.b, result))
        show(lines(passed, passed(3, 2.5)), lines(summed, summed(2, 800_000)))
    tracemalloc.stop()
    del kept
    show(freed(5000), sys.getrefcount(held.a) - sys.getrefcount(held.b))
    numbers = []
    for i in range(400):
        held = Held()
        numbers.append(floats(held, i + 0.5))
        numbers.append(ints(held, i + 600_000))
    show(sum(numbers), len({id(each) for each in numbers}))


main()
