# Instances that die in machine code and of whose memory others are made: attributes, order of deaths, tracking, dicts, weak references.
# expect-compiled: make, chain, names, loud, replaced, rings, pairs
import gc
import sys
import tracemalloc
import weakref

from _support import Loud, attempt, repeat, show


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y


class Node:
    def __init__(self, value, rest):
        self.value, self.rest = value, rest


class Wide:
    def __init__(self, count):
        self.first = count
        if count % 3:
            self.second = count + 0.5
        if count % 5 == 0:
            self.third = self.first


class Slotted(Point):
    __slots__ = ("z",)

    def __init__(self, x):
        self.x, self.y, self.z = x, x, x


def make(n):
    total = 0
    for i in range(n):
        p = Point(i, i + 1)
        q = Slotted(i)
        total += p.x + p.y + q.z
        if i % 7 == 0:
            assert gc.is_tracked(p) and p.__dict__ == {"x": i, "y": i + 1}
        if i % 11 == 0:
            w = weakref.ref(p)
            p = q = None
            assert w() is None
    return total


def chain(length):
    node = None
    for i in range(length):
        node = Node(i, node)
    seen = node.value
    node = None
    return seen


def names(n):
    found = set()
    for i in range(n):
        w = Wide(i)
        w = Wide(i)
        found.add(tuple(w.__dict__) if i % 2 else hasattr(w, "third"))
        w.other = i
        del w.first
        found.add(tuple(vars(w)))
    return sorted(map(str, found))


def loud(n):
    for i in range(n):
        p = Point(Loud(f"x{i}"), Loud(f"y{i}"))
        p.z = Loud(f"z{i}")
        p = Node((Loud("in tuple"), 1.5), Point(Loud("inner"), None))
    return p.rest.y


def replaced(n):
    class Local:
        def __init__(self, x):
            self.x = x

    made = []
    for i in range(n):
        a = Local(i)
        if i == n // 2:
            Local.extra = 5
        made.append(a.x + getattr(a, "extra", 0))
        if i == n - 2:
            Local.__del__ = lambda self: print("deleted", self.x)
    return made[-3:]


def rings(n):
    for i in range(n):
        p = Point(i, None)
        p.y = Point(p, i)
    return p.y.y


def pairs(n):
    kept = ()
    for i in range(n):
        kept = (i, [i], (i, Point(i, kept[:1])))
    return kept[0], kept[2][1].x


for _ in range(8):
    show(make(50), chain(100), names(20), rings(10), pairs(30))
attempt(loud, 3)
repeat(loud, 1)
show(repeat(replaced, 9))
show(chain(20_000))
refs = sys.getrefcount(Point)
show(make(30), sys.getrefcount(Point) - refs)
gc.collect()
before = len([o for o in gc.get_objects() if type(o) in (Point, Node, Wide)])
kept = [Point(i, i) for i in range(40)]
counts = gc.get_count()[0]
for i in range(40):
    kept[i] = None
show(len([o for o in gc.get_objects() if type(o) in (Point, Node, Wide)]) - before, gc.get_count()[0] - counts < 5)
tracemalloc.start()
show(make(30), chain(50))
p = Point(1, 2)
show(tracemalloc.get_object_traceback(p) is not None)
tracemalloc.stop()
show(make(30), chain(50))
gc.disable()
show(make(3000), rings(3000))
gc.enable()
gc.collect()
show(make(30), rings(30))
