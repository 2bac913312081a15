# One variable holding one type after another, inside a loop and across branches: what is known of it must be forgotten in time.
# expect-compiled: carousel, widening, swap_types
from _support import attempt, probe, repeat


def carousel(n):
    value = 0
    seen = []
    for i in range(n):
        seen.append(value)
        if i % 5 == 0:
            value = i
        elif i % 5 == 1:
            value = i / 2
        elif i % 5 == 2:
            value = str(i)
        elif i % 5 == 3:
            value = None
        else:
            value = [i]
    return seen


def widening(n, step):
    value = 0
    for i in range(n):
        if i == n // 2:
            value = float(value)
        value = value + step
    return value


def swap_types(n):
    a, b = 1, 2.5
    for _ in range(n):
        a, b = b, a + b
    return a, b


def join(flag, a, b):
    if flag:
        x = a
    else:
        x = b
    y = x
    x = y + y
    return x, y


def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def collatz(n):
    steps = 0
    while n != 1:
        n = 3 * n + 1 if n & 1 else n >> 1
        steps += 1
    return steps


def arguments_replaced(a, b=None):
    if b is None:
        b = a
    a = (a, b)
    a, b = b, a
    return a, b


repeat(carousel, 20)
probe(widening, (10, 1), (10, 0.5), (10, 2**62), (10, True), (3, "x"), (10, 1j))
repeat(swap_types, 7)
probe(join, (True, 1, 2.5), (False, 1, 2.5), (True, "a", 1), (False, "a", None), (False, 1, [1]))
repeat(fibonacci, 10)
repeat(fibonacci, 150)
repeat(collatz, 27)
repeat(collatz, 2**62 - 1)
probe(collatz, (7,), (3.0,), (1.0,), (1,))
probe(arguments_replaced, (1,), (1, 2), ("x",), (None, None))
attempt(fibonacci, "x")
