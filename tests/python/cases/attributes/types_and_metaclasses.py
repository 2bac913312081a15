# Attributes of classes, found through metaclasses, and slots declared by several classes.
# expect-compiled: read, make
from _support import attempt, probe, repeat, show


class Meta(type):
    registry = []
    value = "meta level"

    def __new__(mcls, name, bases, space, **kwargs):
        cls = super().__new__(mcls, name, bases, space)
        mcls.registry.append((name, sorted(kwargs.items())))
        return cls

    def __init__(cls, name, bases, space, **kwargs):
        super().__init__(name, bases, space)
        cls.options = kwargs

    def __call__(cls, *args):
        instance = super().__call__(*args)
        instance.made_by = cls.__name__
        return instance

    def __getattr__(cls, name):
        if name.startswith("dyn"):
            return f"{cls.__name__}.{name}"
        raise AttributeError(name)

    @property
    def computed(cls):
        return f"computed for {cls.__name__}"

    def __len__(cls):
        return 42

    def __prepare__(name, bases, **kwargs):
        return {"prepared": True}


class A(metaclass=Meta, flavour="a"):
    pass


class B(A, flavour="b"):
    value = "class level"


def read(cls):
    return cls.value


def read_computed(cls):
    return cls.computed, cls.dynamic


def make(cls):
    return cls().made_by


def sizes(cls):
    return len(cls), bool(cls)


probe(read, (B,), (A,), (B(),), (Meta,), (int,), (A(),))
probe(read_computed, (A,), (B,), (B(),), (int,))
probe(make, (A,), (B,), (int,))
probe(sizes, (A,), (B,), (Meta,))
B.value = "changed"
repeat(read, B)
del B.value
repeat(read, B)
Meta.value = property(lambda cls: "meta property")
repeat(read, B)
del Meta.value
attempt(read, B)
A.value = "base"
repeat(read, B)
show(Meta.registry, A.options, B.prepared)


class S1:
    __slots__ = ("a",)


class S2(S1):
    __slots__ = ("b", "__dict__")


class S3(S2):
    pass


def fill(obj):
    obj.a = 1
    obj.b = 2
    obj.c = 3
    return obj.a, obj.b, obj.c, sorted(vars(obj))


probe(fill, (S2(),), (S3(),), (S1(),))


class Wrong:
    __slots__ = ("a",)
    hijack = S1.a


attempt(lambda: Wrong().hijack)
attempt(lambda: S1.a.__get__(Wrong()))
