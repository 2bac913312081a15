# Generators made and driven by compiled code: for, next, send, throw, close, yield from, and their life cycle.
# expect-compiled: drive, consume, close_early
from _support import Loud, attempt, probe, repeat, show


def count(n):
    for i in range(n):
        yield i


def echo():
    received = None
    while True:
        try:
            received = yield received
        except ValueError as exc:
            received = f"caught {exc}"


def delegating(n):
    result = yield from inner(n)
    yield ("result", result)


def inner(n):
    for i in range(n):
        yield i
    return "inner done"


def guarded(log):
    try:
        yield 1
        yield 2
    finally:
        log.append("closed")


def consume(make, n):
    return [x for x in make(n)], sum(make(n)) if make is count else None, list(make(n))


def drive(values):
    g = echo()
    next(g)
    out = [g.send(value) for value in values]
    out.append(g.throw(ValueError("thrown")))
    g.close()
    return out


def close_early(n):
    log = []
    for value in guarded(log):
        if n == value:
            break
    log.append("after loop")
    return log


def interleaved(n):
    a, b = count(n), count(n + 1)
    out = []
    for x in a:
        out.append((x, next(b)))
    out.append(next(b, "end"))
    out.append(next(b, "end"))
    return out


def exhausted(n):
    g = count(n)
    for _ in g:
        pass
    return next(g)


def expression(n):
    lazy = (x * n for x in range(n))
    n = 1000
    return list(lazy)


def raising(n):
    yield n
    raise StopIteration("inside")


def unpacks(make, n):
    a, b, *c = make(n)
    return a, b, c


def fibonacci():
    a, b = 0, 1
    while True:
        yield a
        a, b = b, a + b


def take(n):
    out = []
    for value in fibonacci():
        if value > n:
            return out
        out.append(value)


def kept_alive():
    def gen():
        loud = Loud("in generator")
        yield loud.name

    g = gen()
    value = next(g)
    del g
    print("dropped")
    return value


probe(consume, (count, 4), (delegating, 3), (raising, 1), (count, "x"), (range, 3))
probe(drive, ([1, 2],), (["a", None],), ([],))
probe(close_early, (1,), (5,), (2,))
repeat(interleaved, 4)
attempt(exhausted, 3)
repeat(expression, 4)
probe(unpacks, (count, 4), (count, 1), (delegating, 2))
repeat(take, 100)
for _ in range(4):
    kept_alive()


def tree(depth):
    if depth:
        yield from tree(depth - 1)
        yield depth
        yield from tree(depth - 1)


repeat(lambda: list(tree(5)))
g = count(3)
attempt(g.send, 5)
show(list(g), g.gi_frame, attempt(next, g))
