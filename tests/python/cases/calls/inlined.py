# Small functions whose code becomes a part of their callers': frames, exceptions, observers and deaths are those of calls.
# expect-compiled: numbers, exceptions, observers, methods, deaths
import sys

from _support import show, show_error

SEEN = []


def where():
    """The stack from the caller on, with lines relative to each function and with locals."""
    frame, found = sys._getframe(1), []
    while frame is not None and frame.f_code.co_name != "main":
        line = frame.f_lineno - frame.f_code.co_firstlineno
        found.append((frame.f_code.co_name, line, sorted(frame.f_locals)))
        frame = frame.f_back
    return found


def add(a, b):
    return a + b


def twice(a):
    return add(a, a)


def thrice(a):
    b = twice(a)
    return add(b, a)


def pick(flag, a, b):
    if flag:
        return a
    return b


def with_default(a, b=10):
    c = a * b
    return c + 1


def first(items):
    return items[0]


def divide(a, b):
    return a / b


def look(a):
    inner = a + 1
    return where() if a == 50 else inner


def look_from(a):
    outer = a
    return look(outer)


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        frame = sys._getframe(1)
        print("dies", self.name, frame.f_code.co_name, frame.f_lineno)


class Point:
    def __init__(self, x):
        self.x = x

    def get(self):
        return self.x

    def moved(self, by):
        return self.get() + by


def make_adder(n):
    def adder(a):
        return a + n

    return adder


def numbers():
    for item in [*range(60), 1.5, -0.0, 2**70, "s", True, [1]]:
        show(thrice(item))
        show(pick(item == 3, item, None), with_default(item) if not isinstance(item, str | list) else 0)
    total = 0
    for i in range(300):
        total = add(total, i)
        total = with_default(total, 1) - 1
    show(total)


def exceptions():
    for item in [*[(i, i + 1) for i in range(40)], (1, 0), ("s", 1), (1, None), (2.0, 0.0)]:
        try:
            show(divide(*item), divide(item[0], item[1]))
        except (ZeroDivisionError, TypeError) as error:
            show_error(error)
    for item in [*[[i] for i in range(40)], [], (), {0: "zero"}, None]:
        try:
            show(first(item))
        except (IndexError, TypeError) as error:
            show_error(error)


def observers():
    for i in range(60):
        show(look_from(i))

    def poke(a):
        if a == 45:
            sys._getframe(1).f_locals["value"] = "poked"
        return a

    def poked(value):
        poke(value)
        return value

    for i in range(60):
        show(poked(i))


def methods():
    points = [Point(i) for i in range(40)] + [Point("s"), Point(1.5)]
    for point in points:
        try:
            show(point.get(), point.moved(3))
        except TypeError as error:
            show_error(error)
    three, adders = make_adder(3), [make_adder(n) for n in range(3)]
    for i in range(40):
        show(three(i), adders[i % 3](i))


def deaths():
    def take(a):
        b = a
        return b is a

    def drop(a):
        a = None
        return a

    for i in range(40):
        show(take(Noisy(i)))
        show(drop(Noisy(i)), "dropped")
        noisy = Noisy(i)
        show(take(noisy), sys.getrefcount(noisy))
    del noisy


def tracing():
    def tracer(frame, event, arg):
        if frame.f_code.co_name in ("add", "twice", "switch"):
            SEEN.append((frame.f_code.co_name, event, frame.f_lineno - frame.f_code.co_firstlineno))
        return tracer

    def switch(a):
        if a == 41:
            sys.settrace(tracer)
        if a == 43:
            sys.settrace(None)
        return a

    for i in range(60):
        switch(twice(i) // 2)
    sys.settrace(None)
    show(SEEN)


def depth():
    def leaf(n):
        return n + 1

    def down(n):
        return down(leaf(n)) if n < 5000 else n

    for i in range(40):
        leaf(i)
    for _ in range(3):
        try:
            down(0)
        except RecursionError as error:
            tb, count = error.__traceback__, 0
            while tb:
                tb, count = tb.tb_next, count + 1
            show(count)


def changing():
    def target(a):
        return a + 1

    def other(a):
        return a * 100

    def use(a):
        return target(a)

    for i in range(60):
        if i == 45:
            target.__code__ = other.__code__
        show(use(i))


def main():
    for test in (numbers, exceptions, observers, methods, deaths, tracing, depth, changing):
        for _ in range(3):
            test()


main()
