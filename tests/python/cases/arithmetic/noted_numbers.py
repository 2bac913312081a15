# Arithmetic and comparisons that the interpreter specializes for nothing, at places where the same numbers came by for so long that
# machine code computes with them in place.
# expect-compiled: divide, ratio, compare, below, power, square, cube, floor, remainder, either
from _support import attempt, show

ROUNDS = 600


def settle(function, *args):
    """Calls until nothing new is to be learned."""
    for _ in range(ROUNDS):
        result = function(*args)
    return result


class Pair:
    def __init__(self, a, b):
        self.a, self.b = a, b


class Odd:
    def __init__(self, value):
        self.value = value

    def __truediv__(self, other):
        return ("div", self.value)

    def __rtruediv__(self, other):
        return ("rdiv", other)

    def __pow__(self, other):
        return ("pow", other)

    def __rpow__(self, other):
        return ("rpow", other)

    def __lt__(self, other):
        return []

    def __gt__(self, other):
        return "greater"


def told(value):
    return value.hex() if type(value) is float else value


def divide(pair):
    return told(pair.a / pair.b)


def ratio(pair):
    return told((pair.a + 0.5) / pair.b)


def compare(pair):
    return pair.a < pair.b, pair.a <= pair.b, pair.a == pair.b, pair.a != pair.b, pair.a > pair.b, pair.a >= pair.b


def below(pair):
    count = 0
    if pair.a * 1.0 < pair.b:
        count += 1
    if pair.b > pair.a:
        count += 2
    while pair.a >= pair.b:
        count += 4
        break
    return count


def power(pair):
    return told(pair.a**pair.b)


def square(pair):
    return told(pair.a**2)


def cube(pair):
    pair.a **= 3
    return told(pair.a)


def floor(pair):
    return told(pair.a // pair.b)


def remainder(pair):
    return told(pair.a % pair.b)


def either(pairs):
    total = 0.0
    for pair in pairs:
        total += pair.a / pair.b
        if pair.a > pair.b:
            total += 1
    return told(total)


big = 2**53
usual = [
    (1.5, 2.5),
    (7.25, 3),
    (3, 7.25),
    (9, 4),
    (2**40, 3),
]
odd = [
    (0.0, 0.0),
    (-0.0, 3),
    (1, 0),
    (0, 0.0),
    (-8.0, 0.5),
    (-8.0, 3),
    (-8, 2),
    (-2.0, 3.0),
    (0.0, -1.0),
    (-0.0, 3.0),
    (float("inf"), 2),
    (2, float("inf")),
    (float("-inf"), float("inf")),
    (float("nan"), 1),
    (1, float("nan")),
    (1e308, 2),
    (1e-200, 2),
    (2.0, -1074.0),
    (10.0, 400),
    (big, float(big)),
    (big + 1, float(big)),
    (float(big), big + 1),
    (-big - 1, float(-big)),
    (2**62, 2.0**62),
    (2**63, 2.0**63),
    (2**63 - 1, 2.0**63),
    (3037000500, 2),
    (2097152, 2),
    (-(2**62), 3),
    (2**70, 3),
    (2**70, 1.5),
    (2**1100, 1.5),
    (True, 2.0),
    (2.5, True),
    (1 + 2j, 2.0),
    ("text", 2),
    (2.0, "text"),
    (Odd(1), 2.0),
    (2.0, Odd(2)),
    (None, 1),
]

for function in (divide, ratio, compare, below, power, square, cube, floor, remainder):
    print(function.__name__)
    for args in usual:
        show(settle(lambda: function(Pair(*args))))
        for strange in odd:
            attempt(function, Pair(*strange))
    for args in usual + odd:
        attempt(function, Pair(*args))

mixed = [Pair(1.5, 2), Pair(3, 2.5), Pair(4, 5), Pair(2.5, 1.5)]
for extra in ([], [(big + 1, 3)], [(True, 4)], [(2**80, 2**79)], [(1.5, None)], [(1, 0)]):
    show(settle(either, mixed))
    attempt(either, mixed + [Pair(*args) for args in extra])
show(settle(either, mixed))
