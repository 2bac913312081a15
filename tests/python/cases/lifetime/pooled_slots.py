# Instances with slots that die in machine code and of whose memory others are made: attributes, order of deaths, tracking, bases with slots
# of their own, weak references, classes that change.
# expect-compiled: make, chain, loud, several, partly, rings, changed, fresh_classes
import gc
import sys
import tracemalloc
import weakref

from _support import Loud, attempt, repeat, show


class Point:
    __slots__ = ("y", "x")

    def __init__(self, x, y):
        self.x = x
        self.y = y


class Node:
    __slots__ = ("rest", "value")

    def __init__(self, value, rest):
        self.value, self.rest = value, rest


class Third(Point):
    """Slots of its own besides those of its base."""

    __slots__ = ("a", "z")

    def __init__(self, x):
        self.x, self.y, self.z = x, x, x


class Same(Point):
    """No more than its base has."""

    __slots__ = ()


class Referred:
    __slots__ = ("__weakref__", "x")

    def __init__(self, x):
        self.x = x


class WithDict(Point):
    pass


class Empty:
    __slots__ = ()


class Private(Point):
    __slots__ = ("__hidden",)

    def __init__(self, x):
        self.__hidden = x

    def hidden(self):
        return self.__hidden


class Finalized:
    __slots__ = ("x",)

    def __init__(self, x):
        self.x = x

    def __del__(self):
        if self.x % 10 == 0:
            print("deleted", self.x)


def make(n):
    total = 0
    for i in range(n):
        p = Point(i, i + 1)
        q = Same(i, i)
        total += p.x + p.y + q.x
        if i % 7 == 0:
            assert gc.is_tracked(p) and not hasattr(p, "__dict__") and sys.getsizeof(p) == sys.getsizeof(q)
        if i % 11 == 0:
            p.x = p
            del p.y
            p = None
    return total


def chain(length):
    node = None
    for i in range(length):
        node = Node(i, node)
    seen = node.value
    node = None
    return seen


def loud(n):
    for i in range(n):
        p = Point(Loud(f"x{i}"), Loud(f"y{i}"))
        p = Node((Loud("in tuple"), 1.5), Point(Loud("inner"), None))
        t = Third(Loud(f"same {i}"))
        t.a = Loud(f"a {i}")
        t = None
    return p.rest.y


def several(n):
    total = 0
    for i in range(n):
        t, r, d, e, h, f = Third(i), Referred(i), WithDict(i, i), Empty(), Private(i), Finalized(i)
        d.more = i
        w = weakref.ref(r)
        total += t.z + r.x + d.y + h.hidden() + f.x + (e is not None)
        r = None
        assert w() is None
    return total


def partly(n):
    """New ones have none of the attributes that dead ones had."""
    seen = []
    for i in range(n):
        p = Point.__new__(Point)
        if i % 2:
            p.x = i
        seen.append((hasattr(p, "x"), hasattr(p, "y")))
        p.y = i
        p = Point(i, i)
    return sorted(set(seen))


def rings(n):
    for i in range(n):
        p = Point(i, None)
        p.y = Point(p, i)
    return p.y.y


def changed(n):
    class Local:
        __slots__ = ("x",)

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


def fresh_classes(n):
    """Each goes with its last instance."""
    refs = []
    for i in range(n):
        cls = type(f"Fresh{i}", (), {"__slots__": ("a", "b", "c")[: 1 + i % 3]})
        for _ in range(5):
            made = cls()
            made.a = i
        refs.append(weakref.ref(cls))
        del cls, made
    gc.collect()
    return sum(ref() is not None for ref in refs)


for _ in range(8):
    show(make(50), chain(100), several(25), partly(10), rings(10))
attempt(loud, 3)
repeat(loud, 1)
show(repeat(changed, 9), repeat(fresh_classes, 6, times=20))
show(chain(20_000))
gc.collect()
refs = sys.getrefcount(Point)
show(make(30), gc.collect() > 0, sys.getrefcount(Point) - refs)
gc.collect()
before = len([o for o in gc.get_objects() if type(o) in (Point, Node)])
kept = [Point(i, i) for i in range(40)]
counts = gc.get_count()[0]
for i in range(40):
    kept[i] = None
show(len([o for o in gc.get_objects() if type(o) in (Point, Node)]) - before, gc.get_count()[0] - counts < 5)
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
show(make(30), rings(30), several(30))
