# expect-compiled: total, store, both, moving, failing
# expect-osr: 1
"""Classes with `__getitem__` and `__setitem__`, whose methods compiled code enters without asking the class each time."""

import sys

from _support import attempt, repeat, show


class Ring:
    def __init__(self, *items):
        self.items = list(items)

    def __getitem__(self, index):
        return self.items[index % len(self.items)]

    def __setitem__(self, index, value):
        self.items[index % len(self.items)] = value


class Counting(Ring):
    def __getitem__(self, index):
        return sys.getrefcount(index) < 100, Ring.__getitem__(self, index)

    def __setitem__(self, index, value):
        Ring.__setitem__(self, index, [sys.getrefcount(value), value])


class Defaults:
    def __getitem__(self, index, more=1):
        return index + more

    def __setitem__(self, *args):
        self.seen = args


class Hidden:
    pass


class Loud:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("gone", self.name)


class Letting:
    def __setitem__(self, index, value):
        print("before", index.name, value.name)
        del index, value
        print("after")


def total(container, n):
    result = 0
    for i in range(n):
        result += container[i]
    return result


def store(container, n):
    for i in range(n):
        container[i] = i * 1.5
        container[i, i] = container
    return container


def both(container, n):
    seen = []
    for i in range(n):
        container[i] = i + 1000
        seen.append(container[i])
        value = object
        container[i] = value
        seen.append(container[i])
    return seen


def moving(container, n):
    seen = []
    for i in range(n):
        seen.append(container[i])
        if i == n // 2:
            type(container).__getitem__ = lambda self, index: -index
            type(container).__setitem__ = lambda self, index, value: seen.append((index, value))
        container[i] = i
    return seen


class Failing:
    def __getitem__(self, index):
        return 10 // (5 - index)

    def __setitem__(self, index, value):
        value[index] = index


def failing(container, n):
    for i in range(n):
        container[i]
        container[i + n] = {}
        if i == n - 1:
            container[0] = ()
    return "done"


def letting(container, n):
    for i in range(n):
        container[Loud(i)] = Loud(-i)
    return n


def deep(container, n):
    return container[n]


class Deep:
    def __getitem__(self, n):
        return 0 if n == 0 else 1 + deep(self, n - 1)


class Tagged(Ring):
    __getitem__ = len
    __setitem__ = print


repeat(total, Ring(1, 2, 3), 50)
repeat(total, Ring(1.5, 2.5), 50)
attempt(total, Defaults(), 50)
attempt(total, Hidden(), 5)
attempt(total, [1, 2, 3], 3)
try:
    total(Tagged(), 3)
except TypeError as error:
    show(str(error))
ring = Ring(*range(5))
attempt(store, Ring(*range(5)), 2)
show(repeat(both, ring, 6))
show(repeat(both, Counting(*range(4)), 6))
for size in (3, 40):
    show(repeat(lambda n: moving(type("Moving", (Ring,), {})(*range(4)), n), size))
attempt(failing, Failing(), 3)
attempt(failing, Failing(), 8)
for _ in range(20):
    repeat(deep, Deep(), 30)
attempt(letting, Letting(), 3)
show(store(Defaults(), 20).seen[0])

hidden = Hidden()
hidden.__getitem__ = lambda index: 7
attempt(total, hidden, 5)
Hidden.__getitem__ = lambda self, index: index
attempt(total, hidden, 50)
del Hidden.__getitem__
attempt(total, hidden, 50)
