# Booleans where integers are usual, and complex numbers where floats are.
# expect-compiled: count, fold
from _support import probe, repeat


def count(flags):
    total = 0
    for flag in flags:
        total += flag
    return total


def fold(a, b):
    return a & b, a | b, a ^ b, a + b, a - b, a * b


def mandel(c, limit):
    z = 0j
    n = 0
    while abs(z) <= 2 and n < limit:
        z = z * z + c
        n += 1
    return n, z


def average(values):
    total = 0
    for value in values:
        total = total + value
    return total / len(values)


repeat(count, [True, False, True])
probe(count, ([1, 2, 3],), ([True, 2.5],), ([1j],), (["a"],), ([None],), ([2**62, 2**62, True],))
probe(fold, (True, False), (1, True), (True, 1), (False, 2**80), (True, 1.5), (True, None))
probe(fold, (6, 3), (True, True), (True, 3), (6, False))
repeat(mandel, 0.1 + 0.2j, 30)
repeat(mandel, 1 + 1j, 30)
repeat(mandel, 0.25, 30)
probe(average, ([1, 2, 3, 4],), ([1.5, 2],), ([1j, 2],), ([True, True],), ([],), ([2**64, 1],))
