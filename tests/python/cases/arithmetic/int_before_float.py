# Locals that are ints before a loop and floats in it: what they are in the first round, after no round, and in between.
# expect-compiled: total, none, looks, product, difference, compared, skipping, nested, quotient, grows, alternates
# expect-osr: 1
from _support import attempt, probe, repeat, show


def total(items):
    result = 0
    for item in items:
        result += item
    return result


def scaled(n):
    result = 0
    for i in range(n):
        result += i * 0.5
    return result


def none(n, flag):
    result = 0
    for i in range(n):
        if flag:
            result = result + 0.25
    return result, type(result).__name__


def looks(n):
    result, seen = 7, []
    for i in range(n):
        seen.append((type(result).__name__, result, f"{result}", result == 7, result is seen, result // 2, -result))
        result += i + 0.5
    return seen, result


def product(n, factor):
    result = 1
    for _ in range(n):
        result *= factor
        result = factor * result
    return result


def difference(n):
    result = 3
    for i in range(n):
        result = 0.5 - result
    return result


def compared(n):
    result, best = 0, 0
    for i in range(n):
        value = (i * 7 % 11) * 0.5
        if value > best:
            best = value
        result += best
    return result, best


def skipping(n, first):
    result = 0
    for i in range(n):
        if i < first:
            continue
        result += i / 4.0
    return result


def nested(n):
    result = 0
    for i in range(n):
        inner = 0
        for j in range(i):
            inner += j * 0.25
        result += inner
    return result


def quotient(n):
    result = 10**6
    for i in range(n):
        result /= 1.0 + i
    return result


def grows(start, n):
    result = start
    for i in range(n):
        result += 1.0
        result = result * 2.0
    return result


def alternates(n):
    result = 0
    for i in range(n):
        result += 0.5
        if i % 10 == 9:
            result = int(result)
    return result


def module_loop():
    space = {}
    exec("total = 0\nfor i in range(3000):\n    total += i * 0.5\n", space)
    return space["total"]


def main():
    probe(total, ([1.5, 2.5],), ([],), ([1, 2, 3],), ([0.1] * 10,), ([1, 2.5, 3],), ([-0.0],), ([2**70, 0.5],), (["x"],))
    repeat(scaled, 700)
    repeat(scaled, 0)
    repeat(scaled, 1)
    for n, flag in ((5, True), (5, False), (0, True), (1, True), (1, False)):
        repeat(none, n, flag)
    repeat(looks, 5)
    probe(product, (5, 0.5), (0, 0.5), (3, 2), (3, float("inf")), (3, float("nan")), (2, True))
    repeat(difference, 9)
    repeat(compared, 30)
    for first in (0, 3, 100):
        repeat(skipping, 20, first)
    repeat(nested, 8)
    repeat(quotient, 6)
    borders = [0, -1, 2**53, 2**53 + 1, -(2**53) - 1, 2**62 + 1, 2**63 - 1, 2**63, -(2**63), 2**64 + 1]
    probe(grows, (3, 5), *[(start, 3) for start in borders], (2**1024, 2), (True, 2), (0.5, 2), (None, 1))
    repeat(alternates, 45)
    show(module_loop())
    attempt(grows, "x", 1)


main()
