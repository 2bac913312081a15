# Lambdas: as values, keys, defaults, closures, in containers, and calling one another.
# expect-compiled: <lambda>, compose.<locals>.<lambda>
from _support import attempt, probe, repeat, show


def compose(f, g):
    return lambda *args, **kw: f(g(*args, **kw))


def ordering(items):
    return sorted(items, key=lambda x: (-len(x), x)), max(items, key=lambda x: x[-1]), list(map(lambda x, y: x + y, items, items))


def curry(a):
    return lambda b: lambda c: (a, b, c)


def conditional(flag):
    return (lambda x: x + 1) if flag else (lambda x: x - 1)


def immediate(x):
    return (lambda y, z=x: y * z)(x) + (lambda: 1)()


add = lambda a, b=2, *rest, k=3, **kw: (a, b, rest, k, sorted(kw))  # noqa: E731
fix = lambda f: (lambda x: x(x))(lambda x: f(lambda *args: x(x)(*args)))  # noqa: E731
factorial = fix(lambda self: lambda n: 1 if n < 2 else n * self(n - 1))
repeat(compose(lambda x: x + 1, lambda x: x * 2), 5)
attempt(compose(lambda x: x + 1, lambda x: x * 2), "a")
probe(ordering, (["bb", "a", "ccc"],), (["a"],), ([(1, 2), (3,)],), ([],), ([5],))
repeat(lambda: curry(1)("2")(3.0))
probe(lambda flag: conditional(flag)(10), (True,), (False,), (None,))
probe(immediate, (3,), (1.5,), ("x",), (True,))
repeat(add, 1, 2, 3, k=4, z=5)
attempt(add)
repeat(factorial, 12)
repeat(factorial, 25)
table = {"+": lambda a, b: a + b, "/": lambda a, b: a / b, "[]": lambda a, b: a[b]}
for op, a, b in [("+", 1, 2), ("/", 1, 2), ("[]", [1, 2], 1)] * 30 + [("+", "a", "b"), ("/", 1, 0), ("[]", {}, 1)]:
    try:
        result = table[op](a, b)
    except Exception as exc:
        result = repr(exc)
print(result)
makers = [(lambda: n) for n in range(3)]
show([make() for make in makers], (lambda: (yield))().__class__.__name__)
names = [(lambda: 0).__name__, (lambda: 0).__qualname__, curry(1).__qualname__]
show(names)
