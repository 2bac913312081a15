# Construction: __init__, __new__, metaclasses, inherited and missing constructors, results that are not None.
# expect-compiled: build, Pair.__init__, build_two
from _support import attempt, probe, repeat, show


class Pair:
    def __init__(self, a, b=2):
        self.a = a
        self.b = b

    def __repr__(self):
        return f"{type(self).__name__}({self.a}, {self.b})"


class Child(Pair):
    pass


class Deeper(Child):
    def __init__(self, a, b=3):
        super().__init__(a, b)
        self.c = a


class NewOnly:
    def __new__(cls, a, b=0):
        self = super().__new__(cls)
        self.sum = a + b
        return self

    def __repr__(self):
        return f"NewOnly({self.sum})"


class Singleton:
    one = None

    def __new__(cls, *args):
        if cls.one is None:
            cls.one = object.__new__(cls)
            cls.count = 0
        return cls.one

    def __init__(self, *args):
        type(self).count += 1

    def __repr__(self):
        return "Singleton"


class Elsewhere:
    def __new__(cls, *args):
        return ("not an instance", args)

    def __init__(self, *args):
        raise AssertionError("must not be called")


class Raises:
    def __init__(self, *args):
        raise LookupError(args)


class Returns:
    def __init__(self, *args):
        return args[0]


class Bare:
    def __repr__(self):
        return "Bare"


class MyInt(int):
    def __new__(cls, a, *rest):
        return super().__new__(cls, a * 2)


class NoInit:
    __init__ = None


def build(cls, a):
    return cls(a)


def build_two(cls, a, b):
    return cls(a, b), cls(a, b=b)


def empty(cls):
    return cls()


CLASSES = [Pair, Child, Deeper, NewOnly, Singleton, Elsewhere, Raises, Returns, Bare, MyInt, NoInit, int, float, str, list, tuple, dict, bool, type, object, len, repr]
for usual in (Pair, Deeper, NewOnly, int, Elsewhere, type):
    probe(build, (usual, 4), *[(cls, a) for cls in CLASSES for a in (5, "7", None)])
probe(build_two, (Pair, 1, 2), (Deeper, 1, 2), (NewOnly, 1, 2), (NewOnly, "a", 2), (Bare, 1, 2), (MyInt, 1, 2))
probe(empty, (Bare,), (Pair,), (NewOnly,), (int,), (dict,), (object,), (Singleton,))
show(Singleton.count)
Pair.__init__ = lambda self, a, b=9: setattr(self, "a", a) or setattr(self, "b", b)
repeat(build, Pair, 1)
repeat(build, Child, 1)
Pair.__new__ = lambda cls, *args, **kw: object.__new__(Bare)
repeat(build, Pair, 1)
del Pair.__init__
attempt(build, Child, 1)
