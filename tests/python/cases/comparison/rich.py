# Rich comparison of user classes: results that are no bool, NotImplemented, reflection, errors, identity.
# expect-compiled: lt, eq, chain
from _support import attempt, probe, repeat, show


def lt(a, b):
    return a < b


def eq(a, b):
    return a == b


def branch_eq(a, b):
    if a == b:
        return "same"
    return "other"


def chain(a, b, c):
    return a < b < c


def branch_chain(a, b, c):
    if a <= b <= c != a:
        return "inside"
    return "outside"


def long_chain(a, b, c, d):
    return a < b == c > d is not None


class Vector:
    def __init__(self, *values):
        self.values = values

    def __lt__(self, other):
        return [a < b for a, b in zip(self.values, other.values)]

    def __eq__(self, other):
        return NotImplemented

    def __repr__(self):
        return f"Vector{self.values}"


class Logged:
    def __init__(self, value):
        self.value = value

    def __lt__(self, other):
        print("lt", self.value, getattr(other, "value", other))
        return self.value < other.value

    def __gt__(self, other):
        print("gt", self.value, other)
        return "reflected"

    def __eq__(self, other):
        print("eq", self.value)
        return Undecided()


class Undecided:
    def __bool__(self):
        raise RuntimeError("undecided")

    def __repr__(self):
        return "Undecided()"


probe(lt, (1, 2), (Vector(1, 5), Vector(2, 3)), (Vector(1), 5), (5, Vector(1)), (Logged(1), Logged(2)), (1, Logged(2)), (None, None))
probe(eq, (1, 2), (Vector(1), Vector(1)), (Logged(1), 2), (2, Logged(1)), (None, None), (eq, eq))
probe(branch_eq, (1, 2), (Vector(1), Vector(1)), (Logged(1), 2), ("a", "a"), (None, None))
probe(chain, (1, 2, 3), (2, 1, 3), (1, 2, 2), (1.5, 2, "a"), (2, 1, "a"), (Vector(0), Vector(1), Vector(2)), (Vector(), Vector(), "never seen"))
probe(branch_chain, (1, 2, 3), (3, 2, 1), (1, 1, 1), ("a", "b", "c"), (1, "b", 2), (1, 2, Logged(3)))
probe(long_chain, (1, 2, 2, 0), (1, 2, 3, 0), ("a", "b", "b", "a"), (1, 2, 2, None))
nan = float("nan")
show([nan] == [nan], nan == nan, (nan,) < (nan,), nan in [nan])


class Late:
    def __repr__(self):
        return "Late()"


def less(a, b):
    return a < b


attempt(less, Late(), Late())
Late.__lt__ = lambda self, other: "now"
repeat(less, Late(), Late())
Late.__lt__ = None
attempt(less, Late(), Late())
