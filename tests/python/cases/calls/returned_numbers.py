"""Functions that return numbers: as numbers where the caller computes with them, as the very objects where they are objects."""
# expect-compiled: fibonacci, ackermann, halved, permutations

import sys

from _support import Loud, attempt, repeat, show


def fibonacci(n):
    if n < 2:
        return n
    return fibonacci(n - 1) + fibonacci(n - 2)


def ackermann(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def halved(n, x):
    if n == 0:
        return x * 0.5
    return halved(n - 1, x) + halved(n - 1, x * 0.25)


def permutations(items, k, n):
    if k == n:
        return 1
    total = 0
    for i in range(k, n):
        items[k], items[i] = items[i], items[k]
        total += permutations(items, k + 1, n)
        items[k], items[i] = items[i], items[k]
    return total


def factorial(n):
    if n <= 1:
        return 1
    return n * factorial(n - 1)


def chosen(n, x):
    if n == 0:
        return x
    if n > 100:
        return n * 3
    return chosen(n - 1, x)


def chosen_float(n, x, own):
    if own:
        return x * 1.5
    if n == 0:
        return x
    y = x
    if n == 1:
        return y
    return chosen_float(n - 1, x, own)


def zero_or_more(x):
    for _ in range(2):
        x *= 2.0
    if x < 1.0:
        return 0.0
    return x


def sometimes(n):
    for i in range(3):
        if n == i:
            return i + 5000
    if n > 10:
        return None
    if n > 8:
        return n > 9
    return n * 1.5


def summed(items):
    total = 0
    for item in items:
        total += item
    return total


def averaged(items):
    total = 0.0
    for item in items:
        total += item
    return total / len(items)


def noisy(n):
    loud = Loud(f"noisy {n}")
    for _ in range(2):
        n += 700
    if loud is None:
        return 3
    return n * 2


class Number(int):
    pass


class Counter:
    def __init__(self):
        self.kept = []
        self.value = 0

    def count(self, n):
        for i in range(2):
            n += i
        self.value = n
        return n + 1000

    def keeps(self, x):
        y = x * 2.5
        for _ in range(2):
            y += 1.0
        self.kept.append(y)
        return y


def recursion():
    for n in (0, 1, 5, 12):
        repeat(fibonacci, n)
    repeat(ackermann, 2, 3)
    repeat(halved, 4, 3.5)
    repeat(permutations, [1, 2, 3, 4], 0, 4)
    repeat(factorial, 5)
    for n in (12, 19, 20, 21, 25, 30, 60):
        show(factorial(n))
    show(fibonacci(-7), fibonacci(-(10**30)), fibonacci(True), fibonacci(1.5), fibonacci(Number(1)))
    for n in (10**12, -6, -5, 1024, 1025, 2**62, 2**63, 2**64):
        show(ackermann(0, n), fibonacci(min(n, 1)))
    attempt(fibonacci, "x")
    attempt(fibonacci, None)
    attempt(factorial, [])
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(120)
    try:
        factorial(400)
    except RecursionError as exc:
        print(exc)
    finally:
        sys.setrecursionlimit(limit)


def identities():
    big, small, real = 10**9, 77, 2.75

    def objects(n):
        return [chosen(n, big) is big, chosen(n, small) is small, chosen(n, real) is real]

    repeat(objects, 3, times=80)
    repeat(objects, 0, times=80)
    show(chosen(2, "text"), chosen(101, 1), chosen(2, True), chosen(2, Number(4)))

    def floats(n):
        value = chosen_float(n, real, False)
        other = chosen_float(n, real, True)
        return value is real, value + other, chosen_float(n, real, False) + 1.0

    for n in (3, 1, 0):
        repeat(floats, n, times=80)

    def constants(x):
        return zero_or_more(x) + zero_or_more(x), zero_or_more(0.0) is zero_or_more(0.125)

    repeat(constants, 3.0, times=80)
    repeat(constants, 0.0, times=80)

    counter = Counter()

    def kept(x):
        value = counter.keeps(x)
        return value is counter.kept[-1], value * 2.0, counter.keeps(x) + 1.0

    repeat(kept, 1.25, times=80)

    def counted(n):
        return counter.count(n) + 1, counter.value, counter.count(n) is counter.count(n)

    repeat(counted, 6, times=80)
    repeat(counted, 10**10, times=80)


def users():
    def mixed(n):
        result = []
        for i in range(n):
            result.append(sometimes(i))
            value = sometimes(i % 3)
            result.append(value + 1)
            result.append([value, value * 1.0, -value, value == 5001, not value, f"{value}"])
        return result

    repeat(mixed, 13, times=40)

    def computed(items):
        found = {summed(items): 1, averaged(items): 2}
        first, second = summed(items), averaged(items)
        if summed(items) > 10 and averaged(items) < 1e9:
            found[summed(items) * 2] = averaged(items) - summed(items)
        third = max(summed(items), 3), abs(averaged(items)), divmod(summed(items), 7)
        return found, first, second, third, items[summed(items) % len(items)]

    repeat(computed, [4, 5, 6], times=80)
    repeat(computed, [4000, 5000, 10**15], times=20)
    repeat(computed, [0.5, 0.25], times=5) if summed([1, 2]) == 0 else None
    attempt(computed, [0.5, 5, 10**30])
    attempt(computed, ["x"])
    attempt(computed, [])
    show(*map(summed, [[1], [2000, 1], [1.5]]), sorted([[3], [1], [2]], key=summed))

    def items(count):
        for i in range(count):
            yield summed([i, 900]) + averaged([i, 1])
            yield summed((i,))

    def all_items(count):
        return list(items(count))

    repeat(all_items, 12, times=40)

    def guarded(value):
        try:
            return summed(value) + 1
        except TypeError as exc:
            return str(exc)
        finally:
            summed([])

    repeat(guarded, [3000, 1], times=80)
    repeat(guarded, [1, ""], times=20)
    repeat(guarded, [1.5, 2.5], times=20)
    repeat(guarded, [2**70], times=20)


def events():
    def loudly(n):
        value = noisy(n) + 1
        print("then", value)
        return value

    for n in range(6):
        loudly(n)
    for _ in range(70):
        noisy(3)
    for n in range(3):
        loudly(n)

    seen = []

    def tracer(frame, event, arg):
        if event == "return":
            seen.append((frame.f_code.co_name, arg))
        return tracer

    sys.settrace(tracer)
    try:
        value = fibonacci(3) + summed([2000, 1])
    finally:
        sys.settrace(None)
    show(value, seen)

    def peeks(n):
        total = 0
        for _ in range(2):
            total += n
        if n == 5:
            sys._getframe().f_locals["total"] = "changed"
            return total
        if n == 6:
            sys._getframe(1).f_locals["x"] = "changed, too"
        return total + 1

    def asks(n):
        x = 1
        value = peeks(n)
        other = peeks(n + 10) + 1
        return x, value, other

    for n in [1] * 80 + [5, 6, 5, 6, 1]:
        result = asks(n)
        if n != 1:
            show(result)
    show(result)


def changes():
    def step(n):
        for _ in range(2):
            n += 1
        return n * 3

    def other(n):
        for _ in range(2):
            n += 1
        return str(n)

    def real(n):
        for _ in range(2):
            n += 1
        return n * 0.5

    def calls(n):
        return [step(n), step(n) * 2, step(n) == 9]

    repeat(calls, 1, times=80)
    code = step.__code__
    step.__code__ = other.__code__
    repeat(calls, 1, times=80)
    step.__code__ = real.__code__
    repeat(calls, 1, times=80)
    step.__code__ = code
    repeat(calls, 1, times=80)
    repeat(calls, 1.5, times=80)
    repeat(calls, 10**25, times=80)


recursion()
identities()
users()
events()
changes()
