# expect-compiled: convert, share, same, in_expression, renamed
"""float() of numbers that are known to be such."""

import sys

from _support import attempt, probe, repeat, show


class Sub(float):
    def __float__(self):
        return 0.5


def convert(n):
    n = n * 3
    return float(n).hex(), float(n * 0.5).hex()


def share(n):
    total = 0.0
    for i in range(n):
        total += float(i) / n
        total = float(total)
    return total.hex()


def same(x):
    x = x + 1.0
    y = float(x)
    return y is x, sys.getrefcount(x) - sys.getrefcount(y)


def in_expression(n):
    x = 0.5
    seen = []
    for _ in range(n):
        seen.append((float(x), (x := x + 1.0), float(x)))
        seen.append(float(x) + (x := x * 2.0))
    return seen


def renamed(n):
    n = n + 0
    return float(n)


probe(convert, (1,), (-5,), (2**53 + 1,), (2**62 + 1,), (2**61 - 1,), (2**1024,), (0.1,), (True,), ("4",), (Sub(2),))
repeat(share, 300)
repeat(same, 0.5)
repeat(in_expression, 6)
repeat(renamed, 5)
float = int
repeat(renamed, 5)
del float
attempt(renamed, 2**70)
show(renamed(7))
