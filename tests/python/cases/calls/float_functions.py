# expect-compiled: length, size, whole, renamed
# expect-deopts: 4
"""math.sqrt, math.fabs and abs of floats, which need no call."""

import math
from math import fabs, sqrt

from _support import attempt, probe, repeat, show


class Float(float):
    def __abs__(self):
        return "abs of a subclass"


def length(x, y):
    return sqrt(x * x + y * y)


def size(x):
    y = x * 2.0
    return abs(y), fabs(y), abs(-y), math.fabs(y), math.sqrt(y * y)


def whole(n):
    m = n * n
    return sqrt(m), fabs(n - m), abs(n - m)


def root(x):
    return sqrt(x * 1.0)


def renamed(x):
    return sqrt(x + 0.0)


for args in ((3.0, 4.0), (0.0, -0.0), (1e-320, 0.0), (1e200, 1e200), (float("inf"), 1.0), (2.0, float("nan"))):
    show(repeat(length, *args))
probe(length, (3.0, 4.0), (3, 4), (True, 2.5), (2**600, 1.0), (None, 1.0), (Float(3), Float(4)), (1j, 2.0))
for x in (0.1, -0.1, 0.0, -0.0, float("inf"), float("-inf"), float("nan"), 5e-324):
    result = repeat(size, x)
    show(*[value.hex() for value in result])
probe(size, (1.5,), (Float(-1.5),), (-3,), ("ab",))
probe(whole, (7,), (2**40,), (-3,), (2**31,), (True,), (0.5,))
probe(root, (2.0,), (-1.0,), (-0.0,), (float("-inf"),), (float("nan"),), (-1,))
for _ in range(30):
    attempt(root, -2.0)

repeat(renamed, 2.25)
sqrt = fabs
repeat(renamed, -2.25)
sqrt = len
attempt(renamed, 1.0)
del sqrt
attempt(renamed, 1.0)
