# Decorators: order, arguments, wrappers, on methods and classes, with state, from functools.
# expect-compiled: fibonacci, logged.<locals>.wrapper
import functools

from _support import attempt, probe, repeat, show

calls = []


def logged(func):
    @functools.wraps(func)
    def wrapper(*args, **kwargs):
        calls.append(func.__name__)
        return func(*args, **kwargs)

    return wrapper


def times(n):
    def decorate(func):
        def wrapper(*args):
            return [func(*args) for _ in range(n)]

        return wrapper

    return decorate


@logged
@times(2)
def add(a, b):
    return a + b


@functools.lru_cache(maxsize=None)
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


@functools.lru_cache(maxsize=2)
def cached(x):
    calls.append(("cached", x))
    return [x]


@functools.singledispatch
def kind(x):
    return "object", x


@kind.register
def _(x: int):
    return "int", x + 1


@kind.register(list)
@kind.register(tuple)
def _(x):
    return "sequence", [kind(y) for y in x]


class Registry:
    def __init__(self):
        self.names = {}

    def __call__(self, func):
        self.names[func.__name__] = func
        return func


registry = Registry()


@registry
def first(x):
    return x


@(lambda f: lambda *a: ("wrapped", f(*a)))
def second(x):
    return registry.names["first"](x)


@functools.total_ordering
class Version:
    def __init__(self, n):
        self.n = n

    def __eq__(self, other):
        return self.n == other.n

    def __lt__(self, other):
        return self.n < other.n

    @property
    @logged
    def doubled(self):
        return self.n * 2

    @functools.cached_property
    def expensive(self):
        calls.append("expensive")
        return self.n**2

    @classmethod
    @logged
    def parse(cls, text):
        return cls(int(text))

    @staticmethod
    @times(2)
    def static(x):
        return x

    @functools.partialmethod
    def part(self, x=1):
        return self.n + x

    @functools.singledispatchmethod
    def only(self, x):
        return "any"

    @only.register
    def _(self, x: str):
        return "str"


def use_version(n, text):
    v, w = Version(n), Version.parse(text)
    return v < w, v >= w, v == w, v.doubled, v.expensive, v.expensive, Version.static(n), v.only("s"), v.only(1)


probe(add, (1, 2), ("a", "b"), (1, "x"), (1.5, 2))
attempt(add, 1)
repeat(fibonacci, 60)
fibonacci.cache_clear()
repeat(fibonacci, 90)
for x in (1, 2, 3, 1, 2) * 10:
    cached(x)
show(cached.cache_info(), len(calls))
attempt(cached, [])
probe(kind, (1,), ("s",), ([1, "a", (2,)],), (True,), (2.5,))
repeat(second, 5)
probe(use_version, (1, "2"), (5, "2"), (2.5, "2"), (1, "x"))
show(len(calls), add.__name__, add.__wrapped__.__name__)
