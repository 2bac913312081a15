# Line and column of errors in each part of long expressions and statements, by the traceback module's own rendering.
# expect-compiled: attribute, call, index, operator, several
import traceback

from _support import repeat


def attribute(a):
    return a.real + a.imag + a.conjugate().real.missing if a == 5 else a.real


def call(f, x):
    return (
        f(x) +
        f(x + 1)
    )  # fmt: skip


def index(a, i):
    return [a[0][i], a[1][i]]


def operator(a, b, c):
    return a + b * c - (a / b) ** c


def several(x):
    y = x; z = y.bit_length(); return z + len(x)  # fmt: skip  # noqa: E702


def unpack(x):
    (a, b), c = x
    return a


def store(x, y):
    x.value, y[0] = 1, 2


def delete(x):
    del x.first, x.second


def compare(a, b, c):
    return a < b < c


def augmented(a, b):
    a[b] += a[b + 1]


def comprehension(items):
    return [x / y for x in items for y in items if x]


def keyword(f):
    return f(1, 2, key="value", other=[1, 2, 3])


def conditional(a):
    return "yes" if a > 0 else "no"


def unary(a):
    return not -a


def formatted(a):
    return f"{a!r} {a:d} {a.x}"


def subscript_call(table, key):
    return table[key](1)[2]


def multi_line(a, b):
    total = a.first(
        b,
    ).second
    return total


def raised(a):
    if a:
        raise ValueError(
            f"multi {a}"
            "line",
        )


def with_statement(a):
    with a as b:
        return b


def iterate(a):
    for x in a:
        pass
    return x


def imported():
    from math import nothing_like_it

    return nothing_like_it


def asserted(a):
    assert a == 1, f"a is {a}"


CALLS = [
    (attribute, 5), (call, [].__getitem__, 0), (call, lambda x: 1 // (1 - x), 0), (index, [[1], []], 0), (index, [[], 1], 1), (index, 5, 1),
    (operator, 1, 0, 2), (operator, 1, "a", 2), (operator, [], 1, 2), (operator, 2.0, 10.0, 1e400), (several, 5), (several, "s"), (unpack, (5, 1)), (unpack, 5), (unpack, ((1, 2), 3, 4)),
    (store, 5, []), (store, store, []), (delete, store), (compare, 1, 2, "x"), (compare, "x", 1, 1), (augmented, [1], 0), (augmented, ["a", 1], 0),
    (comprehension, [1, 0]), (comprehension, 5), (keyword, print), (keyword, 5), (conditional, "s"), (unary, "s"), (formatted, 5), (formatted, "s"),
    (subscript_call, {1: len}, 1), (subscript_call, {1: str}, 1), (subscript_call, {}, 1), (multi_line, 5, 1), (raised, "x"), (with_statement, 5), (iterate, 5), (iterate, []), (imported,), (asserted, 2),
]  # fmt: skip
repeat(attribute, 4)
for func, *args in CALLS:
    for _ in range(6):
        try:
            func(*args)
        except Exception:
            text = traceback.format_exc()
    print(text)
