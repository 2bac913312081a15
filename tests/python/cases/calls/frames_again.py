# Frames of callees are pushed where the same were before: whatever has come in between, who looks finds the right ones.
# expect-compiled: alternate, looked_at, raises, nested, of_factory, with_unbound, first_round, zero_rounds, broken_off
import sys
import traceback

from _support import show


class Grid:
    def __init__(self, width):
        self.width = width
        self.items = [float(n) for n in range(width * width)]

    def place(self, x, y):
        return y * self.width + x

    def __getitem__(self, x_y):
        x, y = x_y
        return self.items[self.place(x, y)]

    def __setitem__(self, x_y, value):
        x, y = x_y
        self.items[self.place(x, y)] = value

    def at(self, x):
        return self.items[x]


def alternate(grid, rounds):
    total = 0.0
    for _ in range(rounds):
        for x in range(1, 4):
            grid[x, 2] = grid[x - 1, 2] + grid[x + 1, 2] - grid.at(x)
            total += grid[2, x]
    return total


seen = []


def looks(number, every):
    if number % every == 7:
        frame = sys._getframe()
        seen.append((frame.f_code.co_name, dict(frame.f_locals), frame.f_back.f_code.co_name, frame.f_lineno))
    return number + 1


def quiet(number):
    return number * 2


def looked_at(rounds, every):
    total = 0
    for number in range(rounds):
        total += quiet(number)
        total += looks(number, every)
        total -= quiet(total)
        total = total % 1000
    return total


def may_raise(number):
    if number == 77:
        raise ValueError(number)
    return number * 3


def raises(rounds):
    total = 0
    for number in range(rounds):
        total += may_raise(number)
    return total


def inner(number):
    return number + 1


def outer(number):
    return inner(number) * inner(number + 1)


def other(number):
    return inner(number) - 1


def nested(rounds):
    total = 0
    for number in range(rounds):
        total += outer(number) - other(number) + inner(number)
    return total


def factory(step):
    def add(number):
        return number + step

    return add


one, ten = factory(1), factory(10)


def of_factory(rounds):
    total = 0
    for number in range(rounds):
        total += one(number)
        total -= ten(total)
        total += one(total) % 5
    return total


def binds_sometimes(number):
    if number % 50 == 3:
        name = number
    if number % 50 in (3, 4):
        try:
            return name
        except UnboundLocalError as error:
            return len(str(error))
    return 0


def maybe_unbound(number):
    if number > 20:
        name = number
        return name
    return -1


def with_unbound(rounds):
    total = 0
    for number in range(rounds):
        total += maybe_unbound(number) + binds_sometimes(number)
    return total


def first_round(items):
    found = []
    for item in items:
        found.append(item.width if isinstance(item, Grid) else item)
    last = None
    for item in items:
        last = item
    return found[:3], type(last).__name__


def zero_rounds(items, default):
    last = default
    count = 0
    for item in items:
        last = item
        count += 1
    return last, count


def broken_off(items, limit):
    total = 0
    for index in range(len(items)):
        value = items[index]
        if value > limit:
            break
        total += value
    else:
        index = -1
    return total, index


def main():
    for _ in range(3):
        show(alternate(Grid(6), 30))
        show(looked_at(300, 100))
        try:
            show(raises(100))
        except ValueError:
            print("".join(traceback.format_exc().splitlines(keepends=True)[-4:]))
        show(raises(70))
        show(nested(200))
        show(of_factory(200))
        show(with_unbound(200))
        show(first_round([Grid(n + 1) for n in range(60)]))
        show(first_round([1, 2.5, Grid(3), "a"] * 20))
        show(zero_rounds([], 5), zero_rounds(range(100), 5), zero_rounds("xyz" * 30, None))
        show(broken_off(list(range(100)), 60), broken_off([1.5] * 90, 2), broken_off([], 1))
        show(broken_off([2**70, 1, 2] * 30, 2**80), broken_off([True, 3, 2.5] * 30, 100))
    show(seen)


main()
