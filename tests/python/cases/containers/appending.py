# Appending to lists and storing slices of them: in place where there is room, with the same counts, order and errors.
import gc
import sys

from _support import Loud, attempt, probe, repeat, show


def filled(n):
    items = []
    for i in range(n):
        items.append(i * 1.5)
        items.append(items)
        items.append(None)
    squares = [i * i for i in range(n)]
    pairs = [(x, y) for x in squares for y in (x, 2000)]
    return len(items), items[::3], squares, pairs[-3:], items[1] is items


probe(filled, (3,), (0,), (1,), (40,))


def kept(value, n):
    items = [value for _ in range(n)]
    for _ in range(n):
        items.append(value)
    more = [item for item in items if item is value]
    return sys.getrefcount(value) - 3 * n, len(gc.get_referrers(value)) > 1, len(more)


repeat(kept, Loud("kept"), 9)
repeat(kept, "a text of some length", 9)


class Bag(list):
    def append(self, item):
        print("own append", item)
        super().append(item)


class Plain(list):
    pass


def add(items, item):
    return items.append(item), items


def add_all(items, more):
    append = items.append
    for item in more:
        append(item)
    return items


probe(add, ([], 1), (Bag(), 2), (Plain(), 3), ([0], Loud("in a list")), (bytearray(), 4), (None, 5))
probe(add_all, ([], [1, 2]), (Bag(), [2]), (Plain([1]), "ab"), ([0], range(20)))


def dying(n):
    [].append(Loud(f"only {n}"))
    print("appended")
    items = [Loud(f"made {n} {i}") for i in range(3)]
    print("made")
    items.append(items.pop())
    items[0:2] = [Loud("in a slice")]
    print("stored")
    del items[:]
    return items


repeat(dying, 1, times=9)


def fails(items, n):
    made = []
    try:
        for item in items:
            made.append(n // item)
    except ZeroDivisionError:
        made.append("failed")
    return made, [n // item for item in items]


probe(fails, ([1, 2], 10), ([1, 0, 2], 10), (["a"], 1))


def grows(items):
    for item in items:
        if len(items) < 50:
            items.append(item + 1)
    return items[-1], sum(items)


repeat(lambda: grows([1]))


def slices(items, value, i, j):
    items[i:j] = value
    items[:1] = value
    items[j:] = items
    items[:] = items[i:j] + list(value)
    return items


class Index:
    def __init__(self, value):
        self.value = value

    def __index__(self):
        print("index", self.value)
        return self.value


for i in (0, 1, -1, -20, 20, None):
    for j in (0, 2, -1, -20, 20, None):
        show(slices([1, 2, 3, 4, 5], [7, 8, 9], i, j), slices([1, 2, 3], "xy", i, j))
probe(slices, ([1, 2, 3, 4], [7], 1, 2), ([1, 2], [7], Index(0), Index(1)), ([1, 2], (i for i in "ab"), 0, 1), ([1], 5, 0, 1))
probe(slices, ([1], [2], 0, 1), ([1], [2], 2**70, -(2**70)), ([1], [2], "a", 1), ([1], [2], 1.5, None), (Plain([1]), [2], 0, 1))
probe(slices, ([1], [2], 0, 1), ((1,), [2], 0, 1), (bytearray(b"abc"), b"xy", 0, 1), ([1, 2], [3], True, False))


class Odd:
    def __init__(self, items):
        self.items = items

    def __iter__(self):
        self.items.clear()
        return iter([1, 2])

    def __del__(self):
        print("odd dies", self.items)


def changing(items):
    items[1:3] = Odd(items)
    return items


probe(changing, ([1, 2, 3, 4],), ([],))


def tracer(frame, event, argument):
    if frame.f_code.co_name == "traced":
        print(event, frame.f_lineno - frame.f_code.co_firstlineno)
    return tracer


class Starts:
    def __init__(self, is_on):
        self.is_on = is_on

    def __del__(self):
        if self.is_on:
            sys.settrace(tracer)
            sys._getframe(1).f_trace = tracer


def traced(is_on):
    items = [Starts(False), Starts(is_on)]
    items[0:2] = [1]
    items.append(2)
    sys.settrace(None)
    return items


probe(traced, (False,), (True,))
attempt(traced, True)
