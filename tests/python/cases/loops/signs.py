# Counters with and without a sign, divided and used as indexes.
# expect-compiled: divided, indexed, mixed, far, advanced
from array import array

from _support import attempt, repeat, show


def divided(start, stop, step):
    seen = []
    for i in range(start, stop, step):
        seen.append((i // 3, i % 3, i // 7, i % 8, i // 1, i % 5, (i * 2 + 1) // 5, (i & 6) % 5))
    return seen


def upwards(n):
    total = 0
    for i in range(n):
        total += i // 3 - i % 7 + (i + 1) // (i % 4 + 1) - (n - i) % (i + 1)
    return total


def downwards(n):
    total = 0
    for i in range(n, -n, -1):
        total += i // 3 - i % 7
    return total


def indexed(items, n):
    found = []
    for i in range(n):
        found.append(items[i])
        found.append(items[i - 2])
        found.append(items[-i])
    for i in range(-n, n):
        found.append(items[i])
    return found


def mixed(n):
    sign, total = 1, 0
    for i in range(2, n):
        sign = -sign
        step = sign * i
        total += step // 3 + step % 3 + (total // 7) % 5
    return total


def far(top):
    seen = []
    for i in range(0, top, top // 2 + 1):
        seen.append((i // 10, i % 10))
    for i in range(top - 2, top):
        seen.append((i // 10, i % 10, (i - top) // 10))
    return seen


def advanced(n):
    numbers, seen = iter(range(n)), []
    for i in numbers:
        seen.append(i // 3)
        if i == 4:
            numbers.__setstate__(7)
        if i == 12:
            numbers.__setstate__(-3)
    return seen


for arguments in ((0, 20, 1), (-20, 20, 3), (20, -20, -3), (1, 30, 7)):
    show(repeat(divided, *arguments))
show(repeat(upwards, 60), repeat(downwards, 60), repeat(mixed, 60))
for items in ([*range(8)], tuple(range(8)), array("q", range(8)), bytes(range(8))):
    show(repeat(indexed, items, 8))
    attempt(indexed, items, 9)
show(repeat(far, 2**63 - 1), repeat(far, 2**63 + 5))
show(repeat(advanced, 20))
