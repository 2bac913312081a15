# Frames of generators, coroutines and asynchronous generators, while what drives them is compiled.
# expect-compiled: drives, throws, closes, awaits, collects, delegates, look
import sys

from _support import repeat, show


def look(depth):
    """Everything about the callers' frames that has a name."""
    frame = sys._getframe(depth)
    seen = []
    while frame is not None and frame.f_code.co_name != "repeat":
        generator = frame.f_generator
        seen.append((frame.f_code.co_name, frame.f_lineno, getattr(generator, "__name__", None)))
        frame = frame.f_back
    return seen


def produces(n, seen):
    real, number = 0.5, 5000
    try:
        for i in range(n):
            real += 1.0
            number += 1
            seen.append(look(1))
            sent = yield real, number
            if sent:
                number += sent
    except ValueError as error:
        seen.append((str(error), sys._getframe().f_locals["number"]))
        yield "caught"
    finally:
        seen.append("closed")


def state(generator):
    frame = generator.gi_frame
    if frame is None:
        return None
    values = {name: frame.f_locals[name] for name in ("real", "number", "i") if name in frame.f_locals}
    back = frame.f_back.f_code.co_name if frame.f_back else None
    return frame.f_lineno, values, generator.gi_running, generator.gi_suspended, back


def drives(n):
    seen, states = [], []
    generator = produces(n, seen)
    states.append(state(generator))
    total = 0.0
    for real, number in generator:
        total += real
        states.append(state(generator))
    states.append(state(generator))
    return total, seen, states


def throws(n):
    seen = []
    generator = produces(n, seen)
    number = 100
    next(generator)
    number += generator.send(7)[1]
    caught = generator.throw(ValueError(f"thrown {number}"))
    rest = list(generator)
    try:
        generator.throw(KeyError("late"))
    except KeyError as error:
        tb = error.__traceback__
        lines = []
        while tb is not None:
            lines.append((tb.tb_frame.f_code.co_name, tb.tb_lineno))
            tb = tb.tb_next
    return number, caught, rest, seen, lines


def closes(n):
    seen = []
    count = 3000
    for i in range(n):
        generator = produces(n, seen)
        next(generator)
        count += 1
        generator.close()
        seen.append((generator.gi_frame, count))
    del generator
    return seen


class Waits:
    def __await__(self):
        got = yield "waits"
        return got


async def inner(n):
    number = n * 2000
    number += 1
    return number + await Waits()


async def outer(n):
    real = 0.5
    for _ in range(n):
        real += await inner(n)
    return real


def awaits(n):
    coroutine = outer(n)
    seen = []
    try:
        value = coroutine.send(None)
        while True:
            frame = coroutine.cr_frame
            chain = []
            awaited = coroutine.cr_await
            while awaited is not None:
                chain.append(getattr(awaited, "__name__", None) or type(awaited).__name__)
                awaited = getattr(awaited, "cr_await", None)
            seen.append((value, frame.f_lineno, frame.f_locals["real"], chain))
            value = coroutine.send(10)
    except StopIteration as stop:
        return stop.value, seen, coroutine.cr_frame


async def counts(n):
    real = 0.25
    for i in range(n):
        real *= 2.0
        yield real, look(1)


def collects(n):
    generator = counts(n)
    seen = []
    while True:
        step = generator.__anext__()
        try:
            step.send(None)
        except StopIteration as stop:
            frame = generator.ag_frame
            seen.append((stop.value, frame.f_lineno, frame.f_locals["real"]))
        except StopAsyncIteration:
            return seen, generator.ag_frame


def outer_generator(n, seen):
    number = 1000
    yield from produces(n, seen)
    number += 1
    yield number


def delegates(n):
    seen = []
    generator = outer_generator(n, seen)
    inner_states = []
    for value in generator:
        inner = generator.gi_yieldfrom
        inner_states.append((value, inner and state(inner), state(generator)))
    return inner_states, seen


for function in (drives, throws, closes, awaits, collects, delegates):
    repeat(function, 3)
show(look(0)[0][0])
