# Calls of callables that are no plain functions, star calls mixed in every way, and recursion.
# expect-compiled: apply, apply_star, ackermann, is_even
import functools
import operator

from _support import attempt, probe, repeat, show


def apply(f, x):
    return f(x)


def apply_kw(f, x):
    return f(x, key=x)


def apply_star(f, args, kwargs):
    return f(*args, **kwargs)


def apply_mixed(f, a, args, kwargs):
    return f(a, *args, "mid", *args, z=1, **kwargs, y=2)


def collect(*args, **kwargs):
    return args, list(kwargs.items())


class Callable:
    def __call__(self, *args, **kwargs):
        return ("Callable", args, kwargs)


class Method:
    def method(self, *args, **kwargs):
        return ("method", args, kwargs)


class ClassCall:
    __call__ = Callable()


partial = functools.partial(collect, 0, key="partial")
TARGETS = [
    collect,
    Callable(),
    Method().method,
    ClassCall(),
    partial,
    list,
    int,
    repr,
    abs,
    len,
    operator.neg,
    operator.itemgetter(0),
    "{}".format,
    [].append,
    lambda x, key=None: (x, key),
    dict.fromkeys,
    max,
    None,
    5,
]
for usual in (collect, len, list, Method().method, Callable(), partial):
    probe(apply, (usual, [1, 2]), *[(target, x) for target in TARGETS for x in ([3], 4)])
probe(apply_kw, (collect, 1), *[(target, 4) for target in TARGETS])
probe(
    apply_star,
    (collect, (1, 2), {"a": 1}),
    (collect, [1], {}),
    (collect, "ab", {}),
    (collect, iter([1]), {}),
    (collect, (), None),
    (collect, 5, {}),
    (collect, (), {1: 2}),
    (collect, (), 5),
    (len, ([],), {}),
    (len, (), {}),
    (int, ("12",), {"base": 3}),
    (Callable(), {}, {}),
)
probe(apply_mixed, (collect, 1, (2, 3), {"x": 0}), (collect, 1, [], {}), (collect, 1, (), {"z": 5}), (collect, 1, (), {"y": 5}), (None, 1, (), {}), (print, 1, (), {}))


class Keys:
    def keys(self):
        return ["one", "two"]

    def __getitem__(self, key):
        return key.upper()


class BadKeys(Keys):
    def __getitem__(self, key):
        raise RuntimeError(key)


repeat(apply_star, collect, (), Keys())
attempt(apply_star, collect, (), BadKeys())


def exploding():
    yield 1
    raise OSError("in generator")


attempt(apply_star, collect, exploding(), {})


def ackermann(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def is_even(n):
    return True if n == 0 else is_odd(n - 1)


def is_odd(n):
    return False if n == 0 else is_even(n - 1)


def hanoi(n, a="a", b="b", c="c"):
    return 0 if n == 0 else hanoi(n - 1, a, c, b) + 1 + hanoi(n - 1, c=a, a=c, b=b)


repeat(ackermann, 2, 3)
probe(is_even, (10,), (7,), (2.0,), (True,))
repeat(hanoi, 5)


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


show([fib(n) for n in range(15)], fib(12.0))
attempt(fib, "x")
