# What bodies of generators do between their items, and what they keep meanwhile.
# expect-compiled: numbers, handles, managed, nested, operands, attributes, small, uses_small, counts_references
import sys

from _support import Loud, attempt, probe, repeat, show


def numbers(n, start):
    total, real, index = start, 0.25, 0
    while index < n:
        total += index * 3
        real = real * 1.5 + index
        index += 1
        yield total
        yield real
    return total


def everything(make, *args):
    return list(make(*args))


def handles(n, log):
    for i in range(n):
        try:
            log.append(("try", i, sys.exception()))
            sent = yield i
            if i % 3 == 2:
                raise KeyError(i)
            log.append(("sent", sent))
        except KeyError as error:
            log.append(("caught", repr(error), repr(error.__context__), repr(sys.exception())))
            yield "handled"
            log.append(("still", repr(sys.exception())))
        finally:
            log.append(("finally", i, repr(sys.exception())))


def with_log(n):
    log = []
    return list(handles(n, log)), log


def in_handler(n):
    """What the caller handles is what a generator sees while it runs, and only then."""
    log = []
    made = handles(n, log)
    items = [next(made)]
    try:
        raise ValueError("outside")
    except ValueError:
        items += made
    return items, log


class Manager:
    def __init__(self, log):
        self.log = log

    def __enter__(self):
        self.log.append("enter")
        return self

    def __exit__(self, *what):
        self.log.append(("exit", what[0] and what[0].__name__))
        return what[0] is KeyError


def managed(n, log):
    for i in range(n):
        with Manager(log):
            yield i
            if i == 2:
                raise KeyError(i)
    yield "end"


def with_managers(n):
    log = []
    return list(managed(n, log)), log


def left_early(n):
    log = []
    for item in managed(9, log):
        if item == n:
            break
    log.append("left")
    return log


def nested(rows, columns):
    for row in range(rows):
        for column in range(columns):
            if (row + column) % 2:
                continue
            yield row, column
        yield row


def operands(n):
    """Operands that wait on the stack."""
    total = 0
    for i in range(n):
        total += i * 2.5 + len([i, (yield i), i]) + (0 if (yield) is None else 1000)
    yield total


class Holder:
    def __init__(self):
        self.value, self.real = 0, 0.5

    def attributes(self, n):
        for i in range(n):
            self.value += i
            self.real *= 1.25
            yield self.value, self.real


def attributes(n):
    holder = Holder()
    return list(holder.attributes(n)), holder.value, holder.real


def small(a, b):
    return a * b + 1


def uses_small(values, factor):
    for value in values:
        yield small(value, factor) - small(factor, value)
        yield small(value, 2)


def by_small(values, factor):
    return list(uses_small(values, factor))


def counts_references(n):
    item = object()
    for _ in range(n):
        pair = (item, item)
        yield sys.getrefcount(item), sys.getrefcount(pair)
        del pair


def dies(n, log):
    loud = Loud(f"loud {n}")
    yield loud.name
    loud = Loud(f"second {n}")
    yield loud.name
    del loud
    yield "deleted"


def dying(n):
    made = dies(n, [])
    items = [next(made) for _ in range(n)]
    print("drop")
    del made
    return items


def unbound(n):
    for i in range(n):
        if i:
            yield value  # noqa: F821
        yield i
        if i > 1:
            value = i
            yield value
            del value


def closed_over(n):
    total = 0

    def add(value):
        nonlocal total
        total += value
        return total

    for i in range(n):
        yield add(i)
    yield total


def many_arguments(a, /, b=2, *rest, c=3, **more):
    yield a, b, rest, c, sorted(more.items())
    yield from rest


def fib(n):
    a, b = 0, 1
    for _ in range(n):
        yield a
        a, b = b, a + b


def searching(values, wanted):
    found = any(value == wanted for value in values)
    everywhere = all(value < wanted for value in values)
    return found, everywhere, sum(v * 2 for v in values), max((v for v in values), default=None)


repeat(everything, numbers, 7, 1)
probe(everything, (numbers, 5, 2), (numbers, 5, 2.5), (numbers, 5, 2**62), (numbers, 3, "x"), (numbers, 1.5, 0))
repeat(with_log, 7)
repeat(in_handler, 5)
repeat(with_managers, 5)
probe(left_early, (1,), (0,), (2,), ("end",))
repeat(everything, nested, 3, 4)
repeat(everything, operands, 5)
sending = operands(3)
show(next(sending), [sending.send(value) for value in (1, 2, None, None)])
repeat(attributes, 6)
probe(by_small, ([1, 2, 3], 4), ([1.5, 2], 4), (["a", "b"], 2), ([None], 1), (iter([4]), 2**70))
repeat(everything, counts_references, 3)
for count in (0, 1, 2, 3):
    repeat(dying, count, times=4)
attempt(everything, unbound, 2)
repeat(everything, unbound, 1)
repeat(everything, closed_over, 6)
probe(
    everything,
    (many_arguments, 1, 2, 3, 4),
    (many_arguments, 1),
    (many_arguments,),
    (lambda: many_arguments(1, c=5, d=6),),
    (lambda: many_arguments(1, a=5),),
)
repeat(everything, fib, 120)
probe(searching, ([1, 2, 3, 4], 3), ([], 1), ([1.5, 0], 7), (["a"], 3), (range(20), 19))
