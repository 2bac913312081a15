# Instance attributes: shapes that change, dictionaries that appear, slots, and many classes meeting one access.
# expect-compiled: read, write, Point.norm, loop_sum
# expect-deopts: 1
from _support import attempt, probe, repeat, show


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def norm(self):
        return self.x * self.x + self.y * self.y

    def move(self, dx):
        self.x += dx
        return self


class Slotted:
    __slots__ = ("x", "y")

    def __init__(self, x=None):
        if x is not None:
            self.x = x


class Other:
    def __init__(self, x):
        self.w = 0
        self.x = x


class Inherits(Point):
    pass


def read(p):
    return p.x


def write(p, value):
    p.x = value
    return p.x


def loop_sum(points):
    total = 0
    for p in points:
        total += p.x
    return total


def add_new(p, value):
    p.fresh = value
    p.x = value
    return p.fresh


def delete(p):
    del p.x


p = Point(1, 2)
probe(read, (p,), (Point("s", 0),), (Slotted(5),), (Slotted(),), (Other(2.5),), (Inherits(7, 8),), (5,), (None,), (Point,), (read,), (1j,))
probe(write, (p, 3), (p, "text"), (Slotted(), 4), (Other(1), 2**70), (5, 1), (object(), 1), (Point, 9), ("s", 2))
del Point.x
probe(read, (Slotted(3),), (p,), (Slotted(),), (5,))
repeat(p.norm)
repeat(Point(1.5, 2).norm)
attempt(Point("a", 1).norm)
repeat(loop_sum, [Point(i, i) for i in range(5)])
repeat(loop_sum, [Point(0.5, 0), Slotted(1), Other(2), Inherits(3, 3)])
q = Point(1, 1)
repeat(q.move, 1)
show(q.x)
repeat(q.move, 0.5)
attempt(q.move, "s")
q.__dict__["x"] = "by dict"
repeat(read, q)
q.__dict__ = {"x": "new dict", "z": 0}
repeat(read, q)
attempt(q.norm)
del q.__dict__
attempt(read, q)
repeat(write, q, 1)
r = Point(1, 2)
repeat(add_new, r, 5)
vars(r)["late"] = 1
repeat(add_new, r, 6)
show(vars(r))
attempt(delete, r)
attempt(delete, r)
attempt(read, r)
attempt(delete, Slotted(1))
attempt(delete, Slotted())
attempt(delete, 5)
r.x = 1
for name in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ":
    setattr(r, name, name)
repeat(read, r)
show(len(vars(r)), list(vars(r))[:4])
