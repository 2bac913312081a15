"""Instances that are made, asked for something and dropped: nobody else gets to see most of them."""

import gc
import sys
import weakref

from _support import Loud, attempt, repeat, show


class Vector:
    def __init__(self, x, y, z):
        self.x = x
        self.y = y
        self.z = z

    def __sub__(self, other):
        return Vector(self.x - other.x, self.y - other.y, self.z - other.z)

    def __mul__(self, factor):
        scaled = Vector(self.x * factor, self.y * factor, self.z * factor)
        return scaled

    def dot(self, other):
        return self.x * other.x + self.y * other.y + self.z * other.z

    def seen(self, is_rare):
        if is_rare:
            frame = sys._getframe()
            caller = frame.f_back
            return list(vars(frame.f_locals["self"]).items()), sorted(caller.f_locals)
        return self.z


def along(a, b):
    return (a - b).dot(a)


def scaled_along(a, b):
    return ((a - b) * 2.0).dot(a)


def summed(a, b, count):
    total = 0
    for number in range(count):
        total += (a - b).dot(a) * number
    return total


floats = Vector(1.5, 2.5, 3.5), Vector(0.25, -1.0, 8.0)
ints = Vector(1, 2, 3), Vector(10, -20, 30)
large = Vector(2**62, 3, 2**70), Vector(-(2**62), 1, 5)
words = Vector("a", "b", "c"), Vector("d", "e", "f")
mixed = Vector(1, 2.5, 2**65), Vector(0.5, 7, 1)
short = Vector(1.0, 2.0, 3.0)
del short.z

for function in (along, scaled_along):
    repeat(function, *floats, times=200)
    for pair in (ints, large, mixed, words, (floats[0], None), (short, floats[0]), (floats[0], short)):
        attempt(function, *pair)
        repeat(function, *floats, times=20)
repeat(summed, *floats, 300)
attempt(summed, *ints, 300)
attempt(summed, *large, 300)
attempt(summed, *words, 300)


# ---- who looks at the frames finds it


def looked_at(a, b, is_rare):
    return (a - b).seen(is_rare)


for is_rare in [False] * 100 + [True] + [False] * 10 + [True]:
    result = looked_at(*floats, is_rare)
    if is_rare:
        show(*result)


class Fails(Vector):
    def __init__(self, x, y):
        self.y = y
        self.x = x

    def divided(self):
        return self.x / self.y


def divided(x, y):
    return Fails(x, y).divided()


repeat(divided, 3.5, 2.0, times=200)
for x, y in [(1.0, 0.0), (1, 0), (1, 2), ("a", 1.0), (2**80, 3.0)]:
    try:
        show(divided(x, y))
    except (ArithmeticError, TypeError) as error:
        frame = error.__traceback__.tb_next.tb_next.tb_frame
        show(type(error), vars(frame.f_locals["self"]), list(vars(frame.f_locals["self"])))


# ---- objects as attributes: identity, counts, deaths


class Pair:
    def __init__(self, first, second):
        self.second = second
        self.first = first

    def swapped(self):
        return self.second, self.first

    def left(self):
        return self.first


def left_of(first, second):
    return Pair(first, second).left()


number, text = 1234.5, "text" * 3
for first in (number, text, 10**30, None, True, [1]):
    assert all(left_of(first, second) is first for second in [0, "b", None] * 40)
    before = sys.getrefcount(first)
    for _ in range(50):
        left_of(first, first)
    show(sys.getrefcount(first) == before)


def loud_pair():
    print("before")
    kept = Pair(Loud("a"), Loud("b")).left()
    print("between")
    del kept
    print("after")


def loud_deaths():
    return Pair(Loud("a"), Loud("b")).left() is None


for _ in range(40):
    loud_pair()
    loud_deaths()


def swapped(first, second):
    return Pair(first, second).swapped()


repeat(swapped, 1.5, "b", times=200)
attempt(swapped, [1], {2})


# ---- slots, defaults, keywords, no `__init__`


class Slotted:
    __slots__ = ("low", "high")

    def __init__(self, low, high=10):
        self.high = high
        self.low = low

    def width(self):
        return self.high - self.low


class Bare:
    def get(self):
        return 7

    def name(self):
        return type(self).__name__


def width(low):
    return Slotted(low).width() + Slotted(low, high=20).width()


repeat(width, 3, times=200)
repeat(width, 2.5, times=100)
attempt(width, 2**70)
attempt(width, "low")


def bare():
    return Bare().get(), Bare().name()


repeat(bare, times=200)


# ---- classes that change


class Changes:
    def __init__(self, value):
        self.value = value

    def get(self):
        return self.value


def gotten(value):
    return Changes(value).get()


repeat(gotten, 1.5, times=200)
Changes.__del__ = lambda self: print("gone with", self.value)
repeat(gotten, 2.5, times=3)
del Changes.__del__
repeat(gotten, 3.5, times=100)
Changes.get = lambda self: weakref.ref(self)() is self
repeat(gotten, 4.5, times=100)
Changes.get = lambda self: gc.is_tracked(self)
repeat(gotten, 5.5, times=100)


# ---- what gets away now and then

kept = []


def kept_sometimes(number):
    pair = Pair(number, -number)
    if number % 50 == 49:
        kept.append(pair)
    return pair.left()


show(sum(kept_sometimes(number) for number in range(300)), [vars(pair) for pair in kept])


# ---- at the recursion limit


def deep(number):
    if number == 0:
        return 0
    return Pair(number, deep(number - 1)).left()


repeat(deep, 50, times=20)
sys.setrecursionlimit(120)
for depth in range(40, 120):
    try:
        deep(depth)
    except RecursionError:
        print("too deep", depth > 50)
        break
sys.setrecursionlimit(1000)


def at_limit(depth):
    if depth:
        return at_limit(depth - 1)
    return along(*floats)


def fails_at(depth):
    try:
        at_limit(depth)
    except RecursionError:
        return True
    return False


sys.setrecursionlimit(150)
limits = [fails_at(depth) for depth in range(100, 150)]
sys.setrecursionlimit(1000)
show(limits.count(True) > 0, sorted(limits) == limits)


# ---- in a generator, and in a comprehension


def lengths(pairs):
    for a, b in pairs:
        yield (a - b).dot(b)


show(sum(lengths([floats] * 300)), [(a - b).dot(a) for a, b in [floats, ints] * 100][-2:])


# ---- in locals of callees


def product(a, b):
    difference = a - b
    scaled = difference * 2.0
    return scaled.dot(difference)


def middle(a, b, is_rare):
    made = Pair(a, b)
    if is_rare:
        frame = sys._getframe()
        print(sorted(frame.f_locals), vars(frame.f_locals["made"]))
        later = Pair(b, a)
        print(sorted(frame.f_locals), vars(frame.f_locals["later"]))
    other = made
    return other.left() + made.first


def returned(a, b):
    made = Pair(a, b)
    return made


def guarded(a, b):
    made = Pair(a, b)
    try:
        return made.left() / b
    except ZeroDivisionError:
        return made.second, made.first


def chosen(a, b):
    made = Pair(a, b)
    if a > b:
        made = Pair(b, a)
    return made.left()


def deleted(a, b):
    made = Pair(a, b)
    first = made.left()
    del made
    return first, sorted(locals())


def calls(a, b, is_rare=False):
    vectors = Vector(a, b, 1.5), Vector(b, a, 2.5)
    total = product(*vectors) + middle(a, b, is_rare) + returned(a, b).left()
    return total, guarded(a, b), chosen(a, b), deleted(a, b)


repeat(calls, 1.5, 2.5, times=300)
for a, b in [(3.5, 2.0), (3, 2), (1, 0), (2**70, 1.0), (1.0, 2**70), (True, 0.5)]:
    attempt(calls, a, b)
    attempt(calls, a, b, True)
    repeat(calls, 1.5, 2.5, times=20)
attempt(calls, "a", "b")
attempt(calls, "a", 1)


def loud_middle(is_rare):
    made = Pair(Loud("first"), Loud("second"))
    if is_rare:
        print(sorted(sys._getframe(1).f_locals))
    other = Pair(made.left(), Loud("third"))
    return other.left()


def loud_calls(is_rare):
    print("in")
    loud = loud_middle(is_rare)
    print("out")
    return loud is None


for is_rare in [False] * 60 + [True, False]:
    loud_calls(is_rare)


def counted(value):
    made = Pair(value, 0)
    return made.left()


def counts(value):
    before = sys.getrefcount(value)
    found = counted(value)
    return sys.getrefcount(value) - before, found is value


for value in (1234.5, [1], 10**30):
    repeat(counts, value, times=100)
