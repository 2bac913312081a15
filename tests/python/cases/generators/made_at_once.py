# Generators that are made without a frame for the call: what is in them, what they hold, and calls that cannot do without.
# expect-compiled: tuples, sums, closes_over, never_started, by_variable, looks_inside, nested, strange
import inspect
import sys

from _support import Loud, attempt, repeat, show


def tuples(items, add):
    return tuple(item + add for item in items)


def sums(items):
    return sum(item for item in items), any(item > 2 for item in items), [*(x for x in items)]


def closes_over(items, n):
    made = [(item + n for item in items)]
    n += 1
    return [list(generator) for generator in made]


def never_started(items):
    generator = (item for item in items)
    counts = sys.getrefcount(items), sys.getrefcount(generator)
    del generator
    return counts, sys.getrefcount(items)


def simple(a, b=2):
    yield a
    yield b


def with_cell(a):
    yield lambda: a


def by_variable(function, *args):
    made = [f(*args) for f in (function, function)]
    made += [f(1) for f in (simple, with_cell)]
    return [[x for x in generator if not callable(x)] for generator in made]


def by_position(function, a, b):
    return [list(f(a, b)) for f in (function, function)]


def looks_inside(items, k):
    generator = (item * k for item in items)
    frame = generator.gi_frame
    before = (
        inspect.getgeneratorstate(generator),
        generator.__name__,
        generator.__qualname__,
        frame.f_lineno - looks_inside.__code__.co_firstlineno,
        frame.f_lasti,
        frame.f_back,
        sorted(frame.f_locals),
        type(frame.f_locals[".0"]).__name__,
        generator.gi_yieldfrom,
        generator.gi_running,
    )
    first = next(generator)
    return before, first, sorted(frame.f_locals), frame.f_locals["item"], [*generator], generator.gi_frame


def nested(rows):
    return [sum(x * y for x in row for y in row) for row in rows], sum(sum(x for x in row) for row in rows)


class Strange:
    def __init__(self, how):
        self.how = how

    def __iter__(self):
        if self.how == "raises":
            raise ValueError(self.how)
        if self.how == "looks":
            return iter([sys._getframe(1).f_code.co_name, sys._getframe(2).f_code.co_name])
        return 5


def strange(items):
    return list(item for item in items)


kinds = [[1, 2, 3], (1, 2, 3), range(1, 4), {1: 2, 3: 4}, {7}, iter([4, 5]), bytearray(b"ab"), (x for x in [1])]
for items in kinds[:5]:
    repeat(tuples, items, 3)
    repeat(sums, items)
    repeat(closes_over, items, 1)
    repeat(never_started, items)
    repeat(looks_inside, items, 2)
for items in kinds[5:]:
    show(tuples(items, 1), tuples(items, 1))
repeat(tuples, "abc", "d")
repeat(tuples, [], 0)
attempt(tuples, [1, "x"], 1)
repeat(nested, [[1, 2], (3, 4), range(3)])
for items in (5, None, Strange("raises"), Strange("looks"), Strange("none"), [1]):
    attempt(strange, items)
repeat(by_variable, simple, 1)
repeat(by_position, simple, 1, 5)
attempt(by_position, with_cell, 1, 5)
attempt(by_position, simple, 1, 5)
attempt(by_variable, simple, 1, 2, 3)


def dies(items):
    print("made")
    generator = (item.name for item in items)
    del items
    print(next(generator))
    generator.close()
    print("closed")
    return sum(1 for item in [Loud("inner")])


for _ in range(6):
    show(dies([Loud("first"), Loud("second")]))


def deep(n, items):
    return sum(x for x in items) if n == 0 else deep(n - 1, items)


limit = sys.getrecursionlimit()
for _ in range(4):
    show(deep(5, [1, 2]))
sys.setrecursionlimit(120)
reached = []
for n in range(60, 125):
    try:
        deep(n, [1, 2])
        reached.append(n)
    except RecursionError as error:
        show(str(error))
        break
sys.setrecursionlimit(limit)
show(len(reached) > 20, reached == [*range(60, 60 + len(reached))], reached[-1])
