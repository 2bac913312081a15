# Mixed operands and bits that the interpreter specializes by its table of special cases: only the profile knows their types.
# expect-compiled: minus, times, over, bits, knots
from _support import probe, repeat


class Held:
    def __init__(self, value):
        self.value = value


def minus(a, b):
    return a.value - b.value, b.value - a.value


def times(a, b):
    return a.value * b.value, b.value + a.value


def over(a, b):
    return a.value / b.value, b.value / a.value


def bits(a, b):
    return a.value & b.value, a.value | b.value, a.value ^ b.value


def knots(items, i, u):
    return (items[i + 1] - u) / (items[i + 1] - items[i]), (u - items[i]) / 2


FLOAT, INT = Held(2.5), Held(4)
ODD = [Held(value) for value in (0, -0.0, 2**53 + 1, 2**62, 2**80, 10**400, float("nan"), 1e308, True, 1j, None, "s", [1])]
for function in (minus, times, over):
    repeat(function, FLOAT, INT)
    probe(function, (FLOAT, INT), *[(FLOAT, odd) for odd in ODD], *[(odd, INT) for odd in ODD])
probe(bits, (INT, Held(6)), *[(INT, odd) for odd in ODD], *[(odd, INT) for odd in ODD])
probe(knots, ([0, 1, 2, 3], 1, 1.5), ([0, 1, 2, 3], 1, 1), ([1, 1], 0, 0.5), ([0.5, 1.5], 0, 1), ([2**60, 2**61], 0, 0.1))
