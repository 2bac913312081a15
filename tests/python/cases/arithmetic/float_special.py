# Floats: signed zero, nan, infinities, division by zero, and loops whose sum stays unboxed.
# expect-compiled: combine, horner, norm
import math

from _support import attempt, probe, repeat, show

SPECIAL = [0.0, -0.0, 1.0, -1.5, 5e-324, 1.7976931348623157e308, math.inf, -math.inf, math.nan]


def combine(a, b):
    return a + b, a - b, a * b


def quotient(a, b):
    return a / b


def floor_and_mod(a, b):
    return a // b, a % b


def power(a, b):
    return a**b


def horner(x, coefficients):
    result = 0.0
    for c in coefficients:
        result = result * x + c
    return result


def norm(n):
    total = 0.0
    i = 0
    while i < n:
        total += (i * 0.5) * (i * 0.5)
        i += 1
    return total**0.5


def mixed_sum(n):
    total = 0
    for i in range(n):
        total += i / 3
        total -= i
    return total


for func in (combine, quotient, floor_and_mod, power):
    repeat(func, 3.5, 1.25)
    for a in SPECIAL:
        for b in SPECIAL:
            print(func.__name__, a, b, end=" ")
            attempt(func, a, b)
repeat(horner, 1.0001, [1.5, -2.5, 3.5] * 10)
repeat(horner, 2, [1, 2, 3])
repeat(horner, 0.5, [1, 2.0, True])
repeat(norm, 100)
repeat(mixed_sum, 100)
probe(quotient, (1.0, 2.0), (1, 2), (1.0, 0), (1, 0.0), (1, 0), (True, False), (2**2000, 1.0), (1.0, 2**2000), ("a", 1.0))
probe(power, (2.0, 3.0), (2, -1), (0, -1), (0.0, -1), (-8.0, 1 / 3), (-8, 0.5), (2, 100), (10.0, 400), (1j, 2))
show(-0.0 + 0, -0.0 - 0.0, 0.0 * -1, -0.0 == 0.0)
