# expect-compiled: move, count, put_first, double, add_all, swap
# expect-deopts: 50
"""Numbers stored into attributes and items, where they may be written into the object that is there, or may not."""

import sys

from _support import Loud, attempt, probe, repeat, show


class Float(float):
    pass


class Int(int):
    pass


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y


class Slots:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y


def move(point, dx, dy):
    point.x += dx * 0.5
    point.y = point.y - dy * 0.25
    return point.x, point.y


def count(point, by):
    point.x += by
    point.y = point.x * 3
    return point.x, point.y


def put_first(kind, x):
    made = kind.__new__(kind)
    made.y = x * 2.0
    made.x = x * 3
    made.y += 0.5
    return made.x, made.y


def double(items, index):
    items[index] = items[index] * 2.0
    return items[index]


def add_all(items, by):
    for index in range(len(items)):
        items[index] += by
    return items


def swap(items, i, j):
    items[i], items[j] = items[j] * 1.5, items[i] * 2.5


def held(kind):
    """What somebody has taken stays as it was."""
    point, kept, items = kind(1.0, 2.0), [], [0.5, 1.5]
    total = 1.0
    for round in range(40):
        before = point.x
        move(point, round, 1)
        kept.append((before, point.x, point.y))
        items[0] = point.x + total
        first = items[0]
        items[0] = first * 0.5
        items[1] = items[0] + first
        total += items[1] * 1e-3
        kept.append((first, items[0], items[1], total))
    return kept


def references(kind):
    """Nothing is lost and nothing is kept."""
    point = kind(1.5, 2.5)
    for _ in range(80):
        move(point, 1, 1)
        held = point.x
    counts = [sys.getrefcount(point.x), sys.getrefcount(held)]
    point.x = 1e9 * held
    return counts, sys.getrefcount(point.x), sys.getrefcount(held)


for kind in (Point, Slots):
    probe(
        move,
        (kind(1.0, 2.0), 3, 4),
        (kind(1, 2.0), 3, 4),
        (kind(None, 2.0), 3, 4),
        (kind(Float(1), Float(2)), 3, 4),
        (kind(2**70, True), 3, 4.5),
        (kind(float("nan"), -0.0), 0, 0),
        (kind(1.0, Loud("y")), 3, 4),
    )
    replaced = kind(Loud("x"), Loud("y"))
    for _ in range(3):
        attempt(count, replaced, 3)
        replaced.x, replaced.y = 3, Loud("again")
    point = kind(0, 0)
    for by in [1, 100, 255, -256, -5, 2**29, 2**30 - 1, 2**30, 2**31, 2**62, -(2**63), 2**63, True, Int(7), 0.5]:
        probe(count, (point, 1), (point, by))
        show(point.x, point.y)
        point.x = 3
    repeat(put_first, kind, 4)
    repeat(put_first, kind, 2**40)
    show(*held(kind))
    show(references(kind))

probe(
    double,
    ([1.0, 2.0], 1),
    ([1, 2], 1),
    ([1.0, None], 1),
    ([Loud("item"), 2.5], 1),
    ([Float(2), 1.0], 0),
    ([1.0], 3),
    ([0.5] * 3, -1),
    ((1.0, 2.0), 0),
)
same = [0.25] * 4
double(same, 2)
show(same)
numbers = [0, 254, 255, 256, -5, -6, 2**30 - 1, 2**30, -(2**30), 2**60]
for _ in range(60):
    add_all(numbers, 1)
kept = list(numbers)
for _ in range(600):
    add_all(numbers, 3)
show(kept, numbers)
for by in (2**62, -1, 0.5, True):
    attempt(add_all, numbers, by)
pair = [1.0, 3.0]
for _ in range(60):
    swap(pair, 0, 1)
show(pair)
