# Generators that delegate to others: items that pass through many levels, results, exceptions on all levels.
# expect-compiled: tree, results, chain, lists, guarded, level, failing, looking
import inspect
import sys

from _support import Loud, attempt, probe, repeat, show


def tree(depth, left=True):
    if depth:
        yield from tree(depth - 1)
        yield depth, left
        yield from tree(depth - 1, False)
    return depth


def everything(make, *args):
    return list(make(*args))


def results(n):
    out = []
    for i in range(n):
        result = yield from tree(i)
        out.append(result)
        yield ("result", result)
    return out


def outer(n):
    final = yield from results(n)
    yield ("final", final)


def chain(depth, n):
    if depth:
        return (yield from chain(depth - 1, n)) + 1
    for i in range(n):
        yield i
    return 0


def chained(depth, n):
    made = chain(depth, n)
    items = []
    while True:
        try:
            items.append(next(made))
        except StopIteration as stop:
            return items, stop.value


class Counting:
    """An iterator that is no generator."""

    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        if not self.n:
            raise StopIteration("counted")
        self.n -= 1
        return self.n


def lists(*iterables):
    for iterable in iterables:
        result = yield from iterable
        yield ("done", result)


def failing(n, where):
    for i in range(n):
        if i == where:
            raise ValueError(i)
        yield i
    return "not failed"


def level(n, where, depth):
    try:
        if depth:
            got = yield from level(n, where, depth - 1)
        else:
            got = yield from failing(n, where)
    except ValueError as error:
        if depth % 3 == 1:
            yield ("caught", depth, str(error))
            raise KeyError(depth) from error
        raise
    except KeyError as error:
        yield ("key", depth, repr(error), repr(error.__cause__))
        got = depth
    finally:
        yield ("finally", depth)
    return got


def stops(n):
    yield n
    raise StopIteration("wrong")


def guarded(log, depth):
    try:
        if depth:
            yield from guarded(log, depth - 1)
        else:
            while True:
                log.append((yield len(log)))
    except ValueError as error:
        log.append((depth, str(error)))
        yield "caught"
        if depth == 1:
            raise
    finally:
        log.append(("closed", depth))


def driven(depth):
    log = []
    made = guarded(log, depth)
    items = [next(made), next(made), made.send("sent"), next(made), made.throw(ValueError("thrown"))]
    items.append(next(made, "end"))
    made.close()
    return items, log


def closed(depth):
    log = []
    made = guarded(log, depth)
    items = [next(made) for _ in range(5)]
    made.close()
    return items, log


def dropped(depth):
    log = []
    made = guarded(log, depth)
    items = [next(made) for _ in range(5)]
    del made
    return items, log


def looking(depth):
    if depth:
        yield from looking(depth - 1)
        return
    for _ in range(3):
        frame, seen = sys._getframe(), []
        while frame.f_code.co_name != "repeat":
            generator = frame.f_generator
            told = (frame.f_code.co_name, frame.f_lineno, frame.f_locals.get("depth"))
            waits = generator and generator.gi_yieldfrom and generator.gi_yieldfrom.gi_code.co_name
            seen.append((*told, waits, generator and inspect.getgeneratorstate(generator)))
            frame = frame.f_back
        yield seen


def itself(made):
    yield 1
    yield from made[0]


def recursive():
    made = []
    made.append(itself(made))
    return list(made[0])


def shared(n):
    """Two that delegate to one."""
    inner = iter(failing(n, None))

    def delegate(name):
        result = yield from inner
        yield (name, result)

    a, b = delegate("a"), delegate("b")
    out = []
    for _ in range(n):
        out.append((next(a, "end"), next(b, "end")))
    return out, list(a), list(b)


def changing(n):
    """Somebody changes a local of one that waits."""
    inner = failing(n, None)

    def delegate(total):
        yield from inner
        yield total

    made = delegate(5)
    items = [next(made)]
    made.gi_frame.f_locals["total"] = "changed"
    return items + list(made)


def loud(depth):
    own = Loud(f"level {depth}")
    if depth:
        yield from loud(depth - 1)
    else:
        yield own.name
    yield f"after {own.name}"


repeat(everything, tree, 4)
repeat(everything, outer, 4)
for depth in (1, 3, 10, 63, 64, 65, 130, 200):
    repeat(chained, depth, 3, times=8)
sys.setrecursionlimit(500)
attempt(chained, 600, 2)
repeat(chained, 60, 2, times=8)
sys.setrecursionlimit(1000)
probe(
    everything,
    (lists, [1, 2], (3, 4)),
    (lists, range(3), "ab", Counting(2)),
    (lists, {5: 6}, [], Counting(0)),
    (lists, chain(2, 2), 7),
    (lists, (x for x in [8, 9]), iter([1])),
)
for depth in (0, 1, 2, 5):
    probe(everything, (level, 3, None, depth), (level, 3, 1, depth), (level, 3, 0, depth))
attempt(everything, lists, stops(1))
for depth in (0, 1, 4):
    repeat(driven, depth, times=20)
    repeat(closed, depth, times=20)
    repeat(dropped, depth, times=20)
repeat(everything, looking, 3, times=20)
attempt(recursive)
repeat(shared, 5)
repeat(changing, 4)
for _ in range(4):
    repeat(everything, loud, 3, times=3)


def failures(n):
    for _ in range(n):
        attempt(everything, level, 4, 2, 3)
        made = level(4, 2, 3)
        show(next(made), attempt(made.throw, TypeError("thrown")))
        attempt(list, made)


failures(12)
