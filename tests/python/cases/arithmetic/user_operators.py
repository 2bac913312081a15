# Operators of user classes: reflected ones, subclasses first, NotImplemented, results of any type, errors inside.
# expect-compiled: add, Vec.__add__
from _support import attempt, probe, repeat


def add(a, b):
    return a + b


def sub(a, b):
    return a - b


def many(a, b):
    return a * b, a @ b, a % b, divmod(a, b), a**b


class Vec:
    def __init__(self, x):
        self.x = x

    def __add__(self, other):
        if isinstance(other, Vec):
            return Vec(self.x + other.x)
        return NotImplemented

    def __radd__(self, other):
        return ("radd", other, self)

    def __mul__(self, other):
        return ("mul", other)

    def __matmul__(self, other):
        return None

    def __mod__(self, other):
        return self

    def __divmod__(self, other):
        return other

    def __pow__(self, other, mod=None):
        return ("pow", other, mod)

    def __repr__(self):
        return f"{type(self).__name__}({self.x})"


class SubVec(Vec):
    def __radd__(self, other):
        return ("SubVec.radd", other, self)


class Bad:
    def __add__(self, other):
        raise KeyError("in add")

    def __rsub__(self, other):
        return 1 / 0


class IntLike(int):
    def __add__(self, other):
        return f"IntLike.add {other}"

    def __rsub__(self, other):
        return "IntLike.rsub"


probe(add, (1, 2), (Vec(1), Vec(2)), (1, Vec(3)), (Vec(3), 1), (Vec(1), SubVec(2)), (SubVec(1), Vec(2)), (Bad(), 1), (1, Bad()), (IntLike(4), 1), (1, IntLike(4)))
probe(add, (Vec(1), Vec(2)), (1, 2), (1.5, 2), (Bad(), 3), ("a", Vec(1)), (Vec(1), object))
probe(sub, (5, 3), (5, Bad()), (Bad(), 5), (IntLike(5), 3), (3, IntLike(5)), (Vec(1), Vec(1)))
repeat(many, Vec(1), 5)
attempt(many, 3, Vec(1))


def grow_later(value):
    return value + value


class Late:
    def __repr__(self):
        return "Late()"


repeat(grow_later, 21)
attempt(grow_later, Late())
Late.__add__ = lambda self, other: "added later"
repeat(grow_later, Late())
Late.__add__ = lambda self, other: "replaced"
repeat(grow_later, Late())
del Late.__add__
attempt(grow_later, Late())
