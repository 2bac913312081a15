# Operators that classes define by functions: found at once where nothing else has a say, with all that can go wrong.
# expect-compiled: subtract, add, multiply
import sys

from _support import Loud, attempt, repeat, show


class Point:
    def __init__(self, x):
        self.x = x

    def __sub__(self, other):
        if isinstance(other, (Point, Vector)):
            return type(self)(self.x - other.x)
        return NotImplemented

    def __add__(self, other):
        return "Point.__add__", type(other).__name__

    def __mul__(self, other):
        raise ValueError(self.x)

    def __repr__(self):
        return f"Point({self.x})"


class Vector:
    """Knows no reflected form of -, but one of +."""

    def __init__(self, x):
        self.x = x

    def __sub__(self, other):
        return NotImplemented

    def __radd__(self, other):
        return "Vector.__radd__"

    def __repr__(self):
        return f"Vector({self.x})"


class Below(Point):
    def __rsub__(self, other):
        return "Below.__rsub__"


class BelowPlain(Point):
    pass


class Items(list):
    def __add__(self, other):
        return NotImplemented


class Real(float):
    def __sub__(self, other):
        return NotImplemented


class Nothing:
    pass


def subtract(a, b):
    return a - b


def add(a, b):
    return a + b


def multiply(a, b):
    return a * b


values = [Point(1), Vector(2), Below(3), BelowPlain(4), Items([5]), Real(6.0), Nothing(), 7, 8.5, [9]]
for function in (subtract, add, multiply):
    show(repeat(subtract, Point(3), Point(1)), repeat(add, Point(1), Point(2)))
    for left in values:
        for right in values:
            attempt(function, left, right)


class Counting:
    def __sub__(self, other):
        return sys.getrefcount(self), sys.getrefcount(other), sys.getrefcount(Counting.__sub__)


def count(a, b):
    return a - b


def count_temporaries():
    return Counting() - Counting()


show("counts", repeat(count, Counting(), Counting()), repeat(count_temporaries))


class Dropping:
    def __init__(self, name):
        self.loud = Loud(name)

    def __sub__(self, other):
        print("in")
        self = other = None
        print("out")
        return 1


def drop():
    return Dropping("left") - Dropping("right")


for _ in range(4):
    show(drop())


class Deep:
    def __sub__(self, other):
        return 1 + (self - (other - 1)) if other else 0

    def __rsub__(self, other):
        return 0


class Depth:
    def __init__(self, left):
        self.left = left

    def __sub__(self, other):
        global reached
        reached += 1
        return self - other


for _ in range(4):
    attempt(subtract, Deep(), 3)
sys.setrecursionlimit(300)
for _ in range(4):
    reached = 0
    try:
        Depth(1) - Depth(2)
    except RecursionError as error:
        show(reached, str(error))
sys.setrecursionlimit(1000)

show(repeat(subtract, Point(3), Point(1)))
Point.__sub__ = lambda self, other: "changed"
show(repeat(subtract, Point(3), Point(1)))
del Point.__sub__
attempt(subtract, Point(1), Point(2))
