# Loops over ranges that are made for them: all forms of bounds and steps, and what is no range.
# expect-compiled: forms, nested, steps, bounds, shadowed, leaving
from _support import show, show_error

BIG = 2**63


def forms(a, b, c):
    found = []
    for i in range(a):
        found.append(i)
    for i in range(a, b):
        found.append(i)
    for i in range(b, a, -c):
        found.append(i)
    for i in range(a, b, c):
        found.append(i)
    return found


for _ in range(30):
    result = forms(2, 7, 2)
show(result, forms(0, 0, 1), forms(-3, 3, 5), forms(True, 4, 1))
for bad in ((1.5, 2, 1), (1, "x", 1), (1, 2, 0), (1, 2, 1.0)):
    try:
        show(forms(*bad))
    except (TypeError, ValueError) as error:
        show_error(error)


def nested(n):
    total = 0
    for i in range(n):
        for j in range(i, n):
            for k in range(j):
                total += i * j - k
    return total


show(nested(12), nested(0), nested(-1))


def steps(step):
    return [i for i in range(0, 10, step)], sum(1 for _ in range(10, 0, -step))


show([steps(step) for step in (1, 2, 3, 10, 11, 2**40, 2**62)] * 2)
try:
    steps(0)
except ValueError as error:
    show_error(error)


def bounds(start, stop, step):
    found = []
    for i in range(start, stop, step):
        found.append(i)
        if len(found) == 3:
            break
    return found


for _ in range(30):
    bounds(1, 5, 1)
show(bounds(BIG - 2, BIG + 2, 1), bounds(BIG - 3, BIG - 1, 1), bounds(-BIG, BIG - 1, BIG - 1))
show(bounds(BIG - 1, BIG - 2, -1), bounds(-BIG + 1, -BIG, -1), bounds(-BIG, BIG - 1, 2**62), bounds(0, 2**70, 2**69))
show(bounds(BIG - 1, -BIG, -BIG), bounds(-BIG, -BIG - 3, -1), bounds(5, 5, -BIG))


class Index:
    def __init__(self, value):
        self.value = value

    def __index__(self):
        return self.value


def shadowed(bound):
    total = 0
    for i in range(bound):
        total += i
    return total


for _ in range(30):
    shadowed(10)
show(shadowed(10), shadowed(Index(5)), shadowed(2**3))


def leaving(n):
    """The iterator, when something else looks at the frame."""
    import sys

    for i in range(n):
        if i == 3:
            frame = sys._getframe()
            frame.f_locals["n"] = 100
        if i == 5:
            break
    else:
        return "all", n
    return i, n


show([leaving(n) for n in range(8)] * 6)
range = lambda bound: [bound, bound]  # noqa: E731, A001
show(shadowed(10))
