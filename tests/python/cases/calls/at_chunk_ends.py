# Callees within machine code where the data stack's chunks end: at each depth the same happens.
# expect-compiled: within, at_depth, fails_within, items
import sys

from _support import show


class Cell:
    def __init__(self, value):
        self.value = value

    def get(self):
        return self.value

    def twice(self):
        return self.get() + self.get()

    def raises(self, flag):
        if flag:
            raise ValueError(self.value)
        return self.value


def within(cell, rounds):
    total = 0
    for _ in range(rounds):
        total += cell.twice()
    return total


def fails_within(cell, rounds):
    found = 0
    for number in range(rounds):
        try:
            found += cell.raises(number == 3)
        except ValueError as error:
            frames, traceback = 0, error.__traceback__
            while traceback is not None:
                frames, traceback = frames + 1, traceback.tb_next
            found += 1000 * frames
    return found


def items(cell, rounds):
    for _ in range(rounds):
        yield cell.twice()


def makes(rounds):
    cells = [Cell(number) for number in range(rounds)]
    return sum([cell.get() for cell in cells])


def at_depth(depth, what, *arguments):
    if depth:
        return at_depth(depth - 1, what, *arguments)
    return what(*arguments)


sys.setrecursionlimit(2000)
for _ in range(30):
    at_depth(3, within, Cell(1), 5)
    at_depth(3, fails_within, Cell(1), 5)
    at_depth(3, makes, 5)
    at_depth(3, lambda: list(items(Cell(1), 5)))
for cell in (Cell(1), Cell(0.5)):
    show({at_depth(depth, within, cell, 5) for depth in range(400)})
    show({at_depth(depth, fails_within, cell, 6) for depth in range(400)})
show({at_depth(depth, makes, 6) for depth in range(400)})
show({at_depth(depth, lambda: tuple(items(Cell(2), 4))) for depth in range(400)})


def measured(depth):
    """How deep it is from there to the limit."""
    if depth:
        return measured(depth - 1)
    return deeper(0)


def deeper(count):
    try:
        return deeper(count + 1)
    except RecursionError:
        return count


sys.setrecursionlimit(500)
depths = [measured(depth) + depth for depth in range(0, 300, 7)]
show(max(depths) - min(depths))
