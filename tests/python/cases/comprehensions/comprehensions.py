# Comprehensions: inlined and not, nested, filtered, shadowing, with exceptions and closures inside.
# expect-compiled: lists, nested, shadow
# expect-deopts: 1
from _support import probe, repeat, show


def lists(items):
    return [x * 2 for x in items], {x for x in items}, {x: -x for x in items}


def filtered(items, low):
    return [x for x in items if x > low if x % 2 == 0], {k: v for k, v in enumerate(items) if v}


def nested(n):
    return [[i * j for j in range(i)] for i in range(n)], [i + j for i in range(n) for j in range(n) if i != j]


def shadow(x):
    y = [x for x in range(3)]
    z = {x: x for x in "ab"}
    return x, y, z


def shadow_unbound(flag):
    result = [item for item in range(3)]
    if flag:
        item = 5
    return result, item


def shadow_with_error(x):
    try:
        [1 // x for x in (1, 0)]
    except ZeroDivisionError:
        return x


def with_cells(n):
    functions = [lambda: i for i in range(n)]
    kept = [lambda i=i: i * n for i in range(n)]
    return [f() for f in functions], [f() for f in kept]


def own_cell(x):
    def inner():
        return x

    a = [x for x in range(3)]
    return inner(), a, [inner() + x for x in (1, 2)]


def walrus(items):
    found = [last := x for x in items if (double := x * 2) > 2]
    return found, last, double


def unpacking(rows):
    return [*row for row in rows], {*row for row in rows}


def unpacking_dicts(tables):
    return {**table for table in tables}


def locals_seen():
    a = 1
    return [sorted(locals()) for b in range(2)], a


def conditional(items):
    return ["even" if not x % 2 else "odd" for x in items]


def generator_argument(items):
    return sum(x * x for x in items), max((x for x in items), default=None), list(y for x in items for y in range(x))


def first_iterable(x):
    return [x for x in x]


class Body:
    items = [1, 2, 3]
    doubled = [x * 2 for x in items]
    pairs = [(a, b) for a in items for b in (1, 2)]
    functions = [lambda: x for x in range(3)]
    kinds = [[__name__ for _ in range(1)], __qualname__]


probe(lists, ([1, 2, 3],), ((),), ([1.5, 2],), ("ab",), ([2**62],), (5,), ([[1]],), ([None],))
probe(filtered, ([1, 2, 3, 4], 1), ([0.5, 2], 0), ([1, "x"], 0), ("ab", "a"), ([4], 2**70))
repeat(nested, 4)
probe(shadow, ("kept",), (None,), (5,))
probe(shadow_unbound, (True,), (False,))
repeat(shadow_with_error, "kept")
repeat(with_cells, 3)
repeat(own_cell, 7)
probe(walrus, ([1, 2, 3],), ([0],), ([],), ([1.5],))
probe(unpacking, ([[1, 2], (3,)],), ([],), (["ab", {1: 2}],), ([1],), ([[[]]],))
probe(unpacking_dicts, ([{1: 2}, {3: 4}],), ([],), ([[]],), ([5],))
repeat(locals_seen)
probe(conditional, ([1, 2],), ([1.5],), (["x"],), (["%d"],))
probe(generator_argument, ([1, 2, 3],), ([],), ([True, 2],), (["x"],))
probe(first_iterable, ([1],), ("ab",), (5,))
show(Body.doubled, Body.pairs, [f() for f in Body.functions], Body.kinds)
top = [x for x in range(5)]
show("x" in globals(), top, [y for y in [z for z in top if z] if y % 2])
