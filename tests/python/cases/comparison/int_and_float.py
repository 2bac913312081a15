# expect-compiled: compare, below, signs, countdown
"""Comparisons of ints with floats go by the values, which are not always those of doubles."""

from _support import attempt, probe, repeat, show


def compare(i, x):
    i = i + 0
    x = x * 1.0
    return i < x, i <= x, i == x, i != x, i > x, i >= x, x < i, x <= i, x == i, x != i, x > i, x >= i


def below(x, n):
    count = 0
    for i in range(n):
        if i < x:
            count += 1
        x *= 0.99
    return count


def signs(x):
    x = x * 1.0
    return x < 0, x <= 0, x == 0, x != 0, x > 0, x >= 0, x < 9007199254740993, 9007199254740991 < x


def countdown(x):
    rounds = 0
    while x > 0:
        x = x - 0.125
        rounds += 1
    return rounds, x


exact = 2**53
ints = (0, 1, -1, exact - 1, exact, exact + 1, -exact, -exact - 1, 2**62, 2**63 - 1, -(2**63), 2**63, 2**1030, True)
floats = (0.0, -0.0, 0.5, 1.0, -1.0, float(exact), float(exact + 2), -float(exact), 2.0**62, 2.0**63, -(2.0**63))
floats += (float("inf"), float("-inf"), float("nan"), 1e308, 5e-324)
for i in ints:
    for x in floats:
        attempt(compare, i, x)
repeat(compare, 3, 2.5)
repeat(below, 30.0, 400)
for x in floats:
    repeat(signs, x)
repeat(countdown, 5.0)
probe(countdown, (3.0,), (4,), (True,), (-1.5,), (float("nan"),))
probe(below, (3.0, 5), (5, 3), (2**70, 3), ("x", 2))
show(below(float("inf"), 10))
