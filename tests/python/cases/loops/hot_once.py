# Long loops in functions called once: taken over while running, in each place a loop can stand, with values on the stack.
# expect-osr: 1
# expect-compiled: single, in_loop, in_handler, in_finally, in_with
from _support import attempt, show


def single(n):
    a, b, text = 0, 1.5, "s"
    for i in range(n):
        a += i
        b *= 1.001
        if i % 100 == 0:
            text += str(i)
    return a, b, text


def in_loop(n):
    out = []
    for i in range(3):
        for letter in "ab":
            total = 0
            for j in range(n):
                total += j * i
            k = 0
            while k < n:
                k += 1
                total ^= k
            out.append((i, letter, total))
    return out


def in_handler(n):
    try:
        raise ValueError("first")
    except ValueError as exc:
        total = 0
        for i in range(n):
            total += i
        try:
            for i in range(n):
                total += 10 // (n // 2 - i)
        except ZeroDivisionError as second:
            for i in range(n):
                total -= i
            return total, i, str(exc), second.__context__ is exc
    return "no error"


def in_finally(n):
    trail = []
    try:
        for i in range(n):
            if i == n - 5:
                raise KeyError(i)
    except KeyError as exc:
        trail.append(exc.args)
    finally:
        for i in range(n):
            pass
        trail.append(i)
    return trail


def in_with(n):
    class Manager:
        def __enter__(self):
            return self

        def __exit__(self, *args):
            total = 0
            for i in range(n):
                total += i
            print("exit", args[0].__name__ if args[0] else None, total)
            return True

    with Manager() as manager:
        for i in range(n):
            if i == n - 1:
                raise OSError(i)
    return i, type(manager).__name__


def in_expression(n):
    return [sum([j for j in range(n)]) for i in range(3)] + [max(k * k for k in range(n))], {i: i for i in range(n)}[n - 1]


def returns_inside(n):
    for i in range(n):
        for j in range(n):
            if i * j > n * 2:
                return i, j
    return None


def type_flip(n):
    x = 0
    for i in range(n):
        if i == n // 2:
            x = float(x)
        elif i == n - 3:
            x = str(x)
        x = x + (1 if not isinstance(x, str) else "1")
    return x


def generator_inside(n):
    def gen():
        for i in range(n):
            yield i

    total = 0
    for value in gen():
        total += value
    return total


def fails(n):
    items = list(range(n)) + ["x"]
    total = 0
    for item in items:
        total = total + item
    return total


def fails_nested(n):
    for i in range(3):
        try:
            for j in range(n):
                if i == 2 and j == n - 2:
                    [][j]
        except KeyError:
            print("never")
    return i


def unbound_later(n):
    for i in range(n):
        if i == n - 1:
            del i
    return i


N = 3000
for func in (single, in_loop, in_handler, in_finally, in_with, in_expression, returns_inside, type_flip, generator_inside, fails, fails_nested, unbound_later):
    print(func.__name__)
    attempt(func, N)
show(N)
