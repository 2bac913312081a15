# Loops over ranges are left in the middle in every way there is, and go on where they were.
# expect-compiled: left, shared, handled, nested, changing, given, stepped, tried
# expect-deopts: 1
# expect-osr: 1
import sys

from _support import attempt, probe, repeat, show


def left(n, at, how):
    seen = []
    for i in range(n):
        for j in range(10, 10 + n, 2):
            if i == at and j == 14:
                if how == "break":
                    break
                if how == "return":
                    return seen, i, j
                if how == "raise":
                    raise ValueError(i, j)
                if how == "continue":
                    continue
            seen.append((i, j))
    else:
        seen.append("else")
    return seen, i, j


def shared(n):
    it = iter(range(n))
    seen = []
    for i in it:
        seen.append(i)
        if i % 3 == 0:
            seen.append(next(it, "end"))
        if i % 5 == 4:
            seen.append(it.__length_hint__())
            seen.append(it.__reduce__()[2])
    return seen, list(it)


def given(it, limit):
    total = 0
    for i in it:
        total += i
        if i == limit:
            break
    return total, list(it)


def handled(n):
    seen = []
    for i in range(n):
        try:
            for j in range(i, i + 4):
                if j % 3 == 2:
                    raise KeyError(j)
                seen.append(j)
        except KeyError as error:
            seen.append(error.args)
            continue
        finally:
            seen.append("f")
        seen.append(i)
    return seen


def tried(items, n):
    total = 0
    for i in range(n):
        try:
            total += items[i]
        except (IndexError, TypeError) as error:
            total += len(str(error)) + error.__traceback__.tb_lasti % 2
    return total, i


def nested(n):
    total = 0
    for i in range(n):
        for j in range(i):
            for k in range(j, 0, -1):
                if k == 3:
                    break
                total += i * j + k
            else:
                total -= 1
        if i == n - 2:
            continue
        total += 1
    return total


def changing(n, change):
    total = 0
    for i in range(n):
        if i == change:
            total = total + 0.5
        total += i
        if i == change + 3:
            total = int(total)
    return total


def stepped(start, stop, step):
    seen = []
    for i in range(start, stop, step):
        seen.append(i)
        if len(seen) > 20:
            break
    return seen


class Odd:
    def __init__(self, seen):
        self.seen = seen

    def __add__(self, other):
        self.seen.append(("add", other, sys._getframe(1).f_lineno))
        return self.seen[-1][1]

    __radd__ = __add__


def odd(n, items):
    total = 0
    for i in range(n):
        total = i + items[i % len(items)]
    return total


def main():
    for how in ("no", "break", "return", "continue", "raise"):
        for at in (0, 2, 5):
            for _ in range(12):
                left(6, 9, "no")
            attempt(left, 6, at, how)
    repeat(shared, 40)
    probe(given, (range(10), 99), (iter(range(10)), 4), (iter(range(10)), 4), ([1, 2, 3], 2), ((4, 5), 4), ({1: 2}, 1))
    for _ in range(40):
        it = iter(range(3, 40, 4))
        next(it)
        result = given(it, 19), given(it, 100), next(it, None)
    show(result)
    repeat(handled, 8)
    probe(tried, ([1, 2, 3, 4], 4), ([1, 2], 6), ([1, None, 3], 3), ({0: 1, 1: 2}, 2))
    repeat(nested, 9)
    for change in (1000, 500, 1000, 3, 1000, 998):
        repeat(changing, 1000, change, times=8)
    big = 2**62
    for args in ((0, 5, 1), (5, 0, -2), (big - 3, big + 5, 2), (-big, -big - 5, -1), (0, 2**70, 2**68), (5, 5, 1)):
        attempt(stepped, *args)
        repeat(stepped, 0, 30, 3)
    for args in ((2**63 - 5, 2**63 - 1, 1), (2**63 - 9, 2**63 - 1, 3), (-(2**63), -(2**63) + 4, 1), (2**63 - 2, 2**63 + 2, 1)):
        attempt(stepped, *args)
    seen = []
    probe(odd, (20, [1, 2, 3]), (20, [1, Odd(seen)]), (20, [1, 2.5]), (20, [2**70, 1]))
    show(seen[-3:])


main()
