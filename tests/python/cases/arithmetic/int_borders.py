# Integers crossing every size that a compiler might think in: small, compact, one and two digits, machine words.
# expect-compiled: add, sub, mul, accumulate
from _support import attempt, probe, repeat

BORDERS = [0, 1, -1, 255, 256, 257, 2**29, 2**30 - 1, 2**30, 2**31, 2**32, 2**53, 2**59, 2**60 - 1, 2**60, 2**61, 2**62 - 1, 2**62]
BORDERS += [2**63 - 1, 2**63, 2**64 - 1, 2**64, 2**90, 2**120 - 1]
BORDERS += [-value for value in BORDERS if value > 1]


def add(a, b):
    return a + b


def sub(a, b):
    return a - b


def mul(a, b):
    return a * b


def divide(a, b):
    return a // b, a % b


def bits(a, b):
    return a & b, a | b, a ^ b


def chain(a, b):
    c = a * 3 + b
    d = c - a * b
    return (c + d) - (c - d) * 2


def accumulate(start, step, times):
    total = start
    for _ in range(times):
        total += step
    return total


def double(start, times):
    values = []
    for _ in range(times):
        start *= 2
        values.append(start)
    return values


for func in (add, sub, mul, bits, chain, divide):
    repeat(func, 7, 3)
    for a in BORDERS:
        for b in BORDERS:
            if func is divide and not b:
                continue
            print(func.__name__, a, b, func(a, b))
    repeat(func, 7, 3)

repeat(accumulate, 0, 1, 50)
for border in (2**30, 2**60, 2**62, 2**63):
    print(accumulate(border - 20, 1, 50), accumulate(20 - border, -1, 50), accumulate(-border, border // 7, 20))
repeat(double, 1, 100)
repeat(double, -1, 100)
probe(add, (1, 2), (2**62, 2**62), (True, 2), (1.5, 2), ("a", 1), (None, 1), (1, []))
attempt(divide, 1, 0)
attempt(divide, 2**70, 0)
