# expect-compiled: power, inverse, squares, by_int
# expect-deopts: 4
"""Powers of floats, which are computed in place for positive bases and ordinary results."""

from _support import attempt, probe, repeat


def power(x, y):
    x = x * 1.0
    y = y * 1.0
    result = x**y
    return result.hex()


def inverse(x, y, z):
    return ((x * x + y * y + z * z) ** -1.5).hex()


def squares(n):
    total = 0.0
    for i in range(n):
        x = i + 0.5
        total += x**2 + x**0.5
        total **= 0.999
    return total.hex()


def by_int(x, n):
    x += 0.25
    return (x**n).hex()


special = (0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -3.0, 1e-308, 5e-324, 1e308, 1e154)
special += (float("inf"), float("-inf"), float("nan"), 709.7, -745.2, 1e16 + 2)
for _ in range(2):
    for x in special:
        for y in special:
            attempt(power, x, y)
for x in (0.1, 1e-20, 1e150, 3.0):
    repeat(inverse, x, x * 0.5, -x)
probe(inverse, (1.0, 2.0, 3.0), (0.0, -0.0, 0.0), (1e-200, 0.0, 0.0), (1e200, 1.0, 1.0), (float("nan"), 1.0, 1.0))
repeat(squares, 300)
probe(by_int, (1.5, 3), (1.5, -3), (1.5, 2**70), (-1.5, 2), (-0.25, -1), (1.5, True), (2.5, 1024), (0.5, -(2**63)), (-1.0, 0.5))
