# Instances that live for one expression: what is read of them, who else has them, what they hold, and when it dies.
# expect-compiled: projects, aliased, branches, replaces, keeps, in_place, looked_at, chained, rounds, swapped, older
import sys

from _support import Loud, attempt, repeat, show


class Vector:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __sub__(self, other):
        return Vector(self.x - other.x, self.y - other.y)

    def dot(self, other):
        return self.x * other.x + self.y * other.y

    def scaled(self, factor):
        self.x *= factor
        self.y *= factor
        return self

    def locals_of_caller(self, look):
        if look:
            frame = sys._getframe(1)
            seen.append((frame.f_code.co_name, sorted(frame.f_locals), self.x, sys.getrefcount(self.x)))
        return self


class Known:
    """Puts the instance, or something else, elsewhere before it is complete."""

    def __init__(self, x, other=None):
        self.x = x
        last[0] = self
        if other is not None:
            other.y = self
            other.x = x + 1
        self.z = last[0].x


class Partial:
    def __init__(self, x, both):
        self.x = x
        if both:
            self.y = x


seen = []
last = [None]


def projects(a, b):
    return (a - b).dot(b), (a + b - b).dot(a)


def aliased(a, x):
    made = Known(x, a)
    before = last[0].x
    made.x = before + 1
    return made.x, last[0].x, a.x, a.y is made, made.z, a.y.x


def branches(x, both):
    made = Partial(x, both)
    if both:
        made.x = made.y + 1
    return made.x, made.y


def replaces(a, x):
    made = Vector(x, x)
    made.x = a
    made.x = made.y
    made.y = a.x
    return made.x, made.y, a.x


def keeps(x):
    made = Vector(x, [x])
    held = made.y
    made.y = None
    made = None
    return held, sys.getrefcount(held), sys.getrefcount(x)


def in_place(x):
    made = Vector(x + 0.5, x + 1.5)
    kept = made.x
    made.x += 1.0
    again = made.x
    made.x += 1.0
    other = Vector(made.x, kept).scaled(2.0)
    return kept, again, made.x, made.scaled(3.0).x, again, other.x, other.y, made.y


def looked_at(x, look):
    number = x + 0.25
    made = Vector(number, x).locals_of_caller(look)
    return made.dot(Vector(x + 1.0, x).locals_of_caller(look))


def chained(a, b, c):
    return ((a - b) + (b - c) + Vector(0.5, 0.25) - a).dot(a + b)


def rounds(a, n):
    total = Vector(0.0, 0.0)
    for i in range(n):
        total = total + (a - Vector(i, i))
        if total.x > 1e6:
            total = Vector(total.y, total.x)
    return total.x, total.y


def swapped(a):
    made = Vector(a.x, a.y)
    made.x, made.y = made.y, made.x
    made.x, a.x = a.x, made.x
    return made.x, made.y, a.x


def older(items, x):
    """The list's item is the instance from some time on."""
    old = items[0].x
    made = Vector(x, x)
    items[0] = made
    made.x = x + 1
    return old, items[0].x, items[0].y, made.x


a, b, c = Vector(1.5, 2.5), Vector(0.5, 0.25), Vector(-1.0, 1e300)
repeat(projects, a, b)
repeat(projects, Vector(1, 2), Vector(3, 4))
repeat(projects, c, Vector(2**70, True))
attempt(projects, a, Vector("x", 1))
attempt(projects, Vector(1, 2), Vector([1], 2))
repeat(aliased, Vector(1, 2), 3)
repeat(aliased, Vector(1, 2), 1.5)
repeat(branches, 1.5, True)
attempt(branches, 1.5, False)
repeat(replaces, Vector(7.5, 8), 2.5)
repeat(replaces, Vector([7], 8), "s")
repeat(keeps, 3.25)
repeat(keeps, 2**40)
repeat(in_place, 3.0)
repeat(in_place, 3)
repeat(looked_at, 1.0, False)
for look in (True, False, True):
    show(looked_at(1.0, look), seen)
    seen.clear()
repeat(chained, a, b, c)
repeat(chained, a, b, Vector(1, 1))
repeat(rounds, a, 50)
repeat(rounds, Vector(1e5, -1e5), 50)
repeat(swapped, Vector(1.5, 2.5))
repeat(swapped, Vector("p", None))
repeat(older, [Vector(5, 6)], 7)


class LoudVector(Vector, Loud):
    def __init__(self, x, y):
        self.x = x
        self.y = y
        self.name = "vector"


def dies(x):
    print(Vector(Loud("first"), x).y, Vector(x, Loud("second")).x)
    made = Vector(Loud("third"), Loud("fourth"))
    made.y = x
    print("replaced")
    made = LoudVector(made, Loud("fifth"))
    print("made")
    return made.y.name


for _ in range(6):
    show(dies(1.5))


def slow_class(x):
    made = Vector(x, x)
    return made.dot(made)


repeat(slow_class, 1.5)
original = Vector.dot
Vector.dot = lambda self, other: "changed"
repeat(slow_class, 1.5)
Vector.dot = original
Vector.__init__ = lambda self, x, y: setattr(self, "x", y) or setattr(self, "y", x + 1)
repeat(slow_class, 1.5)
repeat(projects, a, b)
Vector.__init__ = lambda self, x, y: None
attempt(slow_class, 1.5)
attempt(projects, a, b)
