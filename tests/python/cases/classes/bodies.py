# Class bodies: names, order, loops, closures, private names, annotations, decorators, class cells, __set_name__, keywords.
# expect-compiled: make, Outer.method
from _support import attempt, probe, repeat, show


def make(base, scale):
    class Made(base):
        """Doc."""

        factor = scale
        table = {i: i * scale for i in range(3)}

        def get(self):
            return self.factor, scale, __class__.__name__

        def __private(self):
            return "private"

        def call_private(self):
            return self.__private()

        squares = []
        for value in range(3):
            squares.append(value * value)
        del value

    return Made


def use(base, scale):
    cls = make(base, scale)
    obj = cls()
    return obj.get(), obj.call_private(), cls.squares, cls.table, cls.__doc__, cls.__qualname__, sorted(k for k in vars(cls) if "private" in k)


class Named:
    def __set_name__(self, owner, name):
        self.where = (owner.__name__, name)


class BadName:
    def __set_name__(self, owner, name):
        raise RuntimeError("set_name")


class Hook:
    seen = []

    def __init_subclass__(cls, /, tag=None, **kwargs):
        super().__init_subclass__(**kwargs)
        Hook.seen.append((cls.__name__, tag))


def hooks(tag):
    class Sub(Hook, tag=tag):
        attr = Named()

    return Sub.attr.where, Hook.seen[-1]


x = "global x"


def scopes(x):
    class A:
        first = x
        x = "class x"
        second = x

        def method(self):
            return x

        inner = [x for _ in range(1)]

    return A.first, A.second, A().method(), A.inner


def free_and_global():
    class A:
        global made_global
        made_global = "made"
        x = x  # noqa: F821

    return A.x, made_global


def nonlocal_in_class():
    counter = 0

    class A:
        nonlocal counter
        counter = 5
        counter += 1

    return counter, hasattr(A, "counter")


def failing(which):
    class A:
        if which == 1:
            missing_name  # noqa: F821, B018
        elif which == 2:
            del nothing  # noqa: F821
        elif which == 3:
            bad = BadName()
        value = 1 // (4 - which)

    return A.value


def bad_bases(*bases, **kw):
    class A(*bases, **kw):
        pass

    return A.__mro__[1].__name__


class Outer:
    level = 1

    class Inner:
        def method(self):
            return __class__.__qualname__

    def method(self):
        class Local(type(self)):
            def method(self):
                return "Local", super().method() if False else self.level

        return Local().method(), self.Inner().method(), Local.__qualname__


class Meta(type):
    @classmethod
    def __prepare__(mcls, name, bases):
        return Recorder()

    def __new__(mcls, name, bases, space):
        return super().__new__(mcls, name, bases, dict(space))


class Recorder(dict):
    def __setitem__(self, key, value):
        if not key.startswith("__"):
            print("set", key)
        super().__setitem__(key, value)

    def __missing__(self, key):
        if key == "invented":
            return "invented value"
        raise KeyError(key)


class Recorded(metaclass=Meta):
    a = 1
    b = invented  # noqa: F821
    c: int = 5


probe(use, (object, 2), (dict, 1.5), (Exception, "s"), (bool, 1), (5, 1), (object, None))
probe(hooks, ("t",), (None,))
repeat(scopes, "argument")
repeat(free_and_global)
repeat(nonlocal_in_class)
probe(failing, (0,), (1,), (2,), (3,), (4,))
probe(bad_bases, (object,), (int, str), (bool,), (object, object), (None,), (type,), (int,))
attempt(bad_bases, metaclass=5)
attempt(bad_bases, unknown=1)
attempt(bad_bases, metaclass=Meta)
repeat(Outer().method)
show(Recorded.b, len(Hook.seen), getattr(Recorded, "a"))
