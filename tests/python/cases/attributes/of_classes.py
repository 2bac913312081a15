# expect-deopts: 1
# Attributes of classes, of such with a metaclass, too: loaded, compared and called.
import enum

from _support import Loud, attempt, probe, repeat


class Kind(enum.Enum):
    BIG = 1
    SMALL = 2


class Meta(type):
    pass


class Made(metaclass=Meta):
    value = 5
    held = Loud("held")

    @staticmethod
    def static(x):
        return "static", x

    @classmethod
    def of_class(cls, x):
        return cls.__name__, x

    def method(self, x):
        return "method", self, x


class Derived(Made):
    pass


class Plain:
    value = 6

    def method(self, x):
        return "plain", self, x

    static = len
    of_class = staticmethod(repr)


def is_big(thing):
    return thing is Kind.BIG, thing == Kind.BIG, Kind.SMALL.name


probe(is_big, (Kind.BIG,), (Kind.SMALL,), (1,))


def value_of(cls):
    return cls.value


def calls(cls, x):
    return cls.method(7, x), cls.static(x), cls.of_class(x)


OTHERS = [(Made,), (Derived,), (Plain,), (Made(),), (Kind,), (None,), (type,)]
for usual in (Made, Derived, Plain):
    function = type(value_of)(value_of.__code__, globals())
    probe(function, (usual,), *OTHERS)
    function = type(calls)(calls.__code__, globals())
    probe(function, (usual, "ab"), *[(*other, "ab") for other in OTHERS], (usual, 5))


def named(x):
    return Made.method(1, x), Made.static(x), Plain.method(2, x), list.copy(x), dict.fromkeys(x), str.join("-", x)


probe(named, (["a", "b"],), (["a", 1],), ([],), (("a",),), (None,))
repeat(value_of, Made)
Made.value = 6
repeat(value_of, Made, times=5)
Meta.value = property(lambda cls: "from the metaclass")
repeat(value_of, Made, times=5)
del Meta.value
Meta.__getattribute__ = lambda cls, name: ("hooked", name)
repeat(value_of, Made, times=5)
del Meta.__getattribute__
repeat(value_of, Made)
Made.method = lambda *args: ("new", args)
Made.static = "no function"
attempt(named, ["a"])
attempt(calls, Made, "ab")
Made.static = staticmethod(len)
repeat(calls, Made, "ab")
del Made.value
attempt(value_of, Made)


def dies():
    cls = Meta("Dying", (), {"value": Loud("value"), "run": lambda x: x})
    first = cls.value
    del cls.value
    print("deleted")
    kept = cls.run(cls)
    cls.run = None
    return first, kept.__name__


repeat(dies, times=12)
