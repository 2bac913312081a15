# Cells: shared by closures, rebound by nonlocal, deleted, empty, in loops, in classes, and behind arguments.
# expect-compiled: counter.<locals>.bump, loop_closures, use_cell_argument
from _support import attempt, probe, repeat, show


def counter():
    n = 0

    def bump(by=1):
        nonlocal n
        n += by
        return n

    def read():
        return n

    return bump, read


bump, read = counter()
repeat(bump)
repeat(read)
repeat(bump, 0.5)
attempt(bump, "s")
repeat(bump, 2**70)
show([counter()[0]() for _ in range(5)])


def loop_closures(n):
    made = []
    for i in range(n):
        made.append(lambda: i)
    fixed = [lambda i=i: i for i in range(n)]
    return [f() for f in made], [f() for f in fixed]


def use_cell_argument(x, y):
    def inner():
        return x + y

    x = x * 2
    first = inner()
    y = x
    return first, inner()


def empty_cell(flag):
    def inner():
        return value

    if flag:
        value = 1
    return inner()


def deleted_cell(flag):
    value = 1

    def inner():
        return value

    if flag:
        del value
    return inner()


def deletes_in_inner(times):
    value = 1

    def remove():
        nonlocal value
        del value

    for _ in range(times):
        remove()
    return value


def own_cell_unbound(flag):
    if flag:
        value = 1
    inner = lambda: value  # noqa: E731
    return value, inner


def deep(a):
    def one(b):
        def two(c):
            def three(d):
                nonlocal a
                a += d
                return a, b, c, d

            return three

        return two

    return one(2)(3)(4), a


def recursive(n):
    def fact(k):
        return 1 if k <= 1 else k * fact(k - 1)

    return fact(n)


def starred_cells(*args, key=1, **kw):
    def inner():
        return args, key, kw

    args = args[::-1]
    return inner()


repeat(loop_closures, 4)
probe(use_cell_argument, (1, 2), ("a", "b"), (1.5, 2), ([1], [2]), (1, "x"))
probe(empty_cell, (True,), (False,))
probe(deleted_cell, (False,), (True,))
probe(deletes_in_inner, (0,), (1,), (2,))
probe(lambda flag: own_cell_unbound(flag)[0], (True,), (False,))
repeat(deep, 1)
repeat(recursive, 10)
repeat(recursive, 30)
repeat(starred_cells, 1, 2, key=3, z=4)


def outside():
    value = "before"

    def inner():
        return value

    return inner


inner = outside()
repeat(inner)
inner.__closure__[0].cell_contents = 42
repeat(inner)
del inner.__closure__[0].cell_contents
attempt(inner)
inner.__closure__[0].cell_contents = [1]
repeat(inner)


def many_cells():
    a, b, c = 1, 2.0, "c"
    total = 0

    def step():
        nonlocal a, b, c, total
        a, b, c = b, a, c + "!"
        total += a
        return total

    for _ in range(50):
        step()
    return total, a, b, len(c)


repeat(many_cells, times=5)
