# Instances with a method `__call__`, and bound methods that are called by a name, at places where the same came by for a long time:
# references, deaths, errors, depth, changes of class, method and function.
# expect-compiled: count, deaths, fail, default, deep, by_class, named, of_attribute, inherited
import sys

from _support import Loud, attempt, show

ROUNDS = 600


def settle(function, *args):
    """Calls until nothing new is to be learned."""
    for _ in range(ROUNDS):
        result = function(*args)
    return result


class Counting:
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, item, more=5):
        return sys.getrefcount(self), sys.getrefcount(item), sys.getrefcount(more), self.factor


def count(called, item):
    return called(item, [item]), called([item])


class Dropping:
    def __call__(self, item, other):
        item = None
        print("dropped", other)
        return Loud("result")


def deaths(n):
    dropping = Dropping()
    for i in range(n):
        dropping(Loud((n, i)), i)
        Dropping()(Loud("a"), Loud("b"))
    return n


class Failing:
    def __call__(self, value):
        if value > 2:
            raise ValueError(value)
        return 10 // value


def fail(called, value):
    try:
        return called(value)
    except ValueError as error:
        return error.args


def default(called):
    return called(1), called(1, 2), called(1, more=3)


class Deep:
    def __call__(self, n):
        if n == 0:
            return 0
        return self(n - 1) + 1


def deep(n):
    return Deep()(n)


class Meta(type):
    def __call__(cls, *args):
        return cls.__name__, args


class MetaOne(type):
    def __call__(cls, arg):
        return type.__call__(cls), arg


class ByMeta(metaclass=Meta):
    pass


class ByMetaOne(metaclass=MetaOne):
    def __repr__(self):
        return "ByMetaOne()"


def by_class(cls, arg):
    return cls(arg)


class Owner:
    def __init__(self, name):
        self.name = name
        self.call = Counting(name)

    def method(self, a, b=2):
        return self.name, sys.getrefcount(self), a, b

    def other(self, a, b=3):
        return "other", self.name, a, b


owner = Owner("first")
bound = owner.method


def named(a):
    return bound(a), bound(a, a)


def of_attribute(it):
    return it.call(it.name)


class Listed(list):
    def __call__(self, index):
        return self[index]


class Below(Listed):
    pass


def inherited(called):
    return called(0)


counting = Counting(3)
show(settle(count, counting, "x" * 3))
show(settle(count, Counting(4), 1.5))
deaths(3)
settle(lambda: Dropping()(0, 1) and None)
attempt(deaths, 2)
failing = Failing()
show(settle(fail, failing, 2))
for value in (0, 1, 3, None, "x"):
    attempt(fail, failing, value)
show(settle(default, counting))
attempt(default, Failing())
attempt(count, failing, 1)
attempt(count, None, 1)
attempt(count, int, "7")
show(settle(deep, 5))
limit = sys.getrecursionlimit()
for spare in (60, 61, 62):
    sys.setrecursionlimit(spare)
    try:
        for n in range(20, 60):
            try:
                deep(n)
            except RecursionError as error:
                print("too deep", spare, n, error)
                break
    finally:
        sys.setrecursionlimit(limit)
for cls in (ByMeta, ByMetaOne, ByMeta):
    show(settle(by_class, cls, 3))
show(settle(named, 1))
bound = Owner("second").method
show(settle(named, 2))
bound = owner.other
show(settle(named, 3))
bound = [].append
attempt(named, 4)
bound = owner.method


def method(self, a, b=9):
    return "replaced", a, b


show(settle(named, 5))
Owner.method.__code__ = method.__code__
attempt(named, 6)
Owner.method.__defaults__ = (7,)
attempt(named, 7)
Owner.method.__defaults__ = None
attempt(named, 8)
show(settle(of_attribute, owner))
owner.call = lambda name: ("lambda", name)
attempt(of_attribute, owner)
show(settle(inherited, Below("ab")))
Below.__call__ = lambda self, index: "new"
attempt(inherited, Below("ab"))
del Below.__call__
attempt(inherited, Below("cd"))
Listed.__call__ = None
attempt(inherited, Below("cd"))


class Late:
    pass


late = Late()
attempt(inherited, late)
Late.__call__ = Counting.__call__
late.factor = 1
show(settle(inherited, late))
late.__class__ = Failing
attempt(inherited, late)
