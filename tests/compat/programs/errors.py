"""Exceptions raised at many places and depths, after the same code went well several times.

Prints each traceback; the last exception leaves the program.
"""

import traceback

WARM = 5


class Account:
    def __init__(self, balance):
        self.balance = balance

    def __repr__(self):
        return f"Account({self.balance!r})"

    @property
    def half(self):
        return self.balance / 2

    def __add__(self, other):
        return Account(self.balance + other.balance)

    def __getitem__(self, key):
        return {"balance": self.balance}[key]

    def pay(self, amount):
        if amount > self.balance:
            raise ValueError(f"{amount} is more than {self.balance}")
        self.balance -= amount
        return self.balance


class Guard:
    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return False


def divide(a, b):
    return a / b


def one_line(a, b):
    return (a + b) * divide(a, b) - (a * b)


def many_lines(a, b):
    return sum(
        [
            a,
            b
            + divide(
                a,
                b,
            ),
        ]
    )


def operators(a, b):
    x = a + 1
    y = x * 2 - a % b
    return x + y


def in_loop(values):
    total = 0
    for value in values:
        total += 10 // value
    return total


def in_nested_loop(values):
    total = 0
    for i in range(3):
        for value in values:
            total += i + 100 // value
    return total


def in_comprehension(values):
    return [10 // value for value in values]


def in_call_arguments(function, *values):
    return function(len(values), values[0] + values[1])


def attribute(thing):
    return thing.balance.real


def in_property(account):
    return account.half + 1


def in_dunder(a, b):
    return a + b


def in_subscript(account, key):
    return account[key]


def in_method(account, amount):
    left = account.balance
    for _ in range(3):
        left = account.pay(amount)
    return left


def index(values, i):
    return values[i] + values[i - 1]


def unpack(pair):
    a, b = pair
    return a + b


def local(flag):
    if flag:
        value = 1
    return value


def global_name(flag):
    if flag:
        return flag
    return no_such_name  # noqa: F821


def chained(mapping, key):
    try:
        return mapping[key]
    except KeyError as error:
        raise LookupError(f"no {key}") from error


def while_handling(mapping, key):
    try:
        return mapping[key]
    except KeyError:
        return divide(1, len(mapping) - 1)


def through_finally(a, b):
    log = []
    try:
        log.append(divide(a, b))
    finally:
        log.append("closed")
    return log


def through_with(a, b):
    with Guard():
        return divide(a, b)


def reraised(a, b):
    try:
        return one_line(a, b)
    except ZeroDivisionError:
        a += 1
        raise


def closure(a, b):
    def inner(factor):
        return divide(a * factor, b)

    return inner(2)


def recursive(depth, a, b):
    if depth == 0:
        return divide(a, b)
    return recursive(depth - 1, a, b) + 1


def endless(n):
    return endless(n + 1) + 1


def checked(value):
    assert value > 0, f"{value} is not positive"
    return value


def conversion(text):
    return f"{int(text):>10}" + text


def wrong_type(a, b):
    return a < b


def wrong_call(function):
    return function(1, 2)


def two(a, b):
    return a, b


def one(a):
    return a


# Function, arguments that go well, arguments that do not.
CASES = [
    (one_line, (6, 3), (6, 0)),
    (many_lines, (6, 3), (6, 0)),
    (operators, (6, 3), (6, 0)),
    (operators, (6, 3), (6, "3")),
    (operators, (6.5, 3.0), (None, 3.0)),
    (in_loop, ([1, 2, 5],), ([1, 2, 0],)),
    (in_nested_loop, ([1, 2, 5],), ([1, 2, "x"],)),
    (in_comprehension, ([1, 2, 5],), ([1, 0, 5],)),
    (in_call_arguments, (divide, 1, 2), (divide, 1, "2")),
    (in_call_arguments, (divide, 1, 2), (divide, 1, -1)),
    (attribute, (Account(1),), (12,)),
    (in_property, (Account(1),), (Account("a"),)),
    (in_dunder, (Account(1), Account(2)), (Account(1), 2)),
    (in_subscript, (Account(1), "balance"), (Account(1), "name")),
    (in_method, (Account(1000), 1), (Account(5), 2)),
    (index, ([1, 2, 3], 2), ([1, 2, 3], 3)),
    (index, ({0: 1, 1: 2}, 1), ({0: 1, 1: 2}, 2)),
    (unpack, ((1, 2),), ((1, 2, 3),)),
    (unpack, ([1, 2],), (5,)),
    (local, (True,), (False,)),
    (global_name, (True,), (False,)),
    (chained, ({"a": 1}, "a"), ({"a": 1}, "b")),
    (while_handling, ({"a": 1}, "a"), ({"a": 1}, "b")),
    (through_finally, (6, 3), (6, 0)),
    (through_with, (6, 3), (6, 0)),
    (reraised, (6, 3), (6, 0)),
    (closure, (6, 3), (6, 0)),
    (recursive, (4, 6, 3), (4, 6, 0)),
    (recursive, (40, 6, 3), (40, 6, 0)),
    (endless, None, (0,)),
    (checked, (1,), (-1,)),
    (conversion, ("12",), ("twelve",)),
    (wrong_type, (1, 2), (1, "2")),
    (wrong_call, (two,), (one,)),
    (wrong_call, (two,), (None,)),
]


def attempt(function, good, bad):
    print(f"== {function.__name__}")
    if good is not None:
        print([function(*good) for _ in range(WARM)][-1])
    try:
        function(*bad)
    except Exception:  # noqa: BLE001
        print(traceback.format_exc())


def main():
    for function, good, bad in CASES:
        attempt(function, good, bad)
    # Once more, now that the code has met its exceptions.
    for function, good, bad in CASES:
        attempt(function, good, bad)
    reraised(in_loop([1, 2]), 0)


if __name__ == "__main__":
    main()
