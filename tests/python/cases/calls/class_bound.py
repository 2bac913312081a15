"""Class methods and static methods, looked up on classes and on instances, and all that may change about them."""
# expect-compiled: by_class, by_instance, by_cls, by_several, static_by_class, static_by_instance, held, dies

import sys
from abc import ABC

from _support import Loud, attempt, probe, repeat, show


class Strength:
    def __init__(self, number):
        self.number = number

    @classmethod
    def weaker(cls, one, other):
        return cls.__name__, one.number < other.number

    @classmethod
    def weakest(cls, one, other=None):
        return one if other is None or cls.weaker(one, other)[1] else other

    @classmethod
    def counted(cls, text):
        return sys.getrefcount(cls), sys.getrefcount(text), sys._getframe().f_locals.keys()

    @staticmethod
    def twice(number):
        return number + number

    @staticmethod
    def shown(*numbers, **named):
        return numbers, named


class Stronger(Strength):
    pass


class Slotted:
    __slots__ = ("number",)

    @classmethod
    def named(cls, *more):
        return cls.__name__, more

    @staticmethod
    def twice(number):
        return number * 2


class Meta(type):
    def weaker(cls, *more):
        return "of the metaclass", more


class Abstract(ABC):
    @classmethod
    def weaker(cls, one, other):
        return cls.__name__, "abstract"


class Odd(metaclass=Meta):
    @classmethod
    def weaker(cls, one, other):
        return cls.__name__, "odd"


ONE, TWO = Strength(1), Strength(2)
SLOTTED = Slotted()


def by_class(one, other):
    return Strength.weaker(one, other), Strength.weakest(one, other).number, Stronger.weakest(one).number


def by_instance(one, other):
    return one.weaker(one, other), one.weakest(other).number


def by_cls(cls, one, other):
    return cls.weaker(one, other)


def by_several(owner):
    return owner.twice(3), owner.twice("ab")


def static_by_class(number):
    return Strength.twice(number), Strength.shown(number, key=number), Slotted.twice(number)


def static_by_instance(one, slotted):
    return one.twice(4), slotted.twice(4), slotted.named(1), one.shown(*[1, 2])


def held(one, text):
    counts = Strength.counted(text), one.counted(text)
    return [(first > 3, second, list(names)) for first, second, names in counts]


def dies(name):
    return Loud(name), LoudBound(name).bound(Loud(name + " argument")), LoudBound(name + " again").free(1)


class LoudBound(Loud):
    @classmethod
    def bound(cls, value):
        print("in", cls.__name__)
        value = None
        return value

    @staticmethod
    def free(value):
        print("in free")
        return value


def counts(one, cls):
    """References to a class while one of its methods is called in each way."""
    return [
        Strength.counted("text")[0] - sys.getrefcount(Strength),
        cls.counted("text")[0] - sys.getrefcount(cls),
        one.counted("text")[0] - sys.getrefcount(Strength),
    ]


probe(by_class, (ONE, TWO), (TWO, ONE), (1, 2), (ONE, Stronger(0)))
probe(by_instance, (ONE, TWO), (Stronger(3), TWO), (Strength, Strength), (None, ONE))
probe(by_cls, (Strength, ONE, TWO), (Stronger, ONE, TWO), (ONE, ONE, TWO), (Abstract, 1, 2), (Odd, 1, 2), (5, 1, 2))
probe(by_several, (ONE,), (SLOTTED,), (Strength,), (Slotted,), (Stronger(2),), (7,))
probe(static_by_class, (3,), ("x",), (None,))
probe(static_by_instance, (ONE, SLOTTED), (Stronger(1), SLOTTED), (SLOTTED, ONE))
repeat(held, ONE, "some text")
repeat(counts, ONE, Strength)
for _ in range(3):
    show(dies("x"))


def abstract(one):
    return Abstract.weaker(one, one), Odd.weaker(one, one)


probe(abstract, (ONE,))

# What a class method calls is replaced, without any change of the class.
Strength.__dict__["weaker"].__init__(lambda cls, one, other: ("replaced", cls.__name__))
Strength.__dict__["twice"].__init__(lambda number: ("replaced", number))
show(by_class(ONE, TWO), by_instance(ONE, TWO), static_by_class(1), by_several(ONE))

# An instance hides it, and then the class has another one, or none.
TWO.weaker = lambda *arguments: "hidden"
show(by_instance(TWO, ONE), by_instance(ONE, TWO))
Strength.weaker = classmethod(lambda cls, one, other: "new")
Strength.twice = staticmethod(len)
show(by_class(ONE, TWO), by_instance(ONE, TWO))
attempt(static_by_class, "abc")
attempt(static_by_class, 1)
del Strength.weaker
attempt(by_class, ONE, TWO)
attempt(by_instance, ONE, TWO)
Meta.weaker = classmethod(lambda cls, *more: "of the metaclass's class")
attempt(abstract, ONE)
