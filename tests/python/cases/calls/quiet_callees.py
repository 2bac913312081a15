# Callees that call nothing as a rule, whose frames count nothing until something asks: counts, depth, deaths and frames are as ever.
# expect-compiled: reads, rare_errors, deaths, counts, deepest, chained, makes, sums
import gc
import sys
import tracemalloc

from _support import show, show_error


class Cell:
    def __init__(self, value, next_cell=None):
        self.value = value
        self.next = next_cell

    def get(self):
        return self.value

    def twice(self):
        return self.get() + self.get()

    def at(self, index):
        if index < 0:
            raise IndexError(f"{index} of {self.value}")
        return self.value + index

    def swap(self, new):
        old = self.value
        self.value = new
        return old

    def put(self, new):
        self.value = new

    def __getitem__(self, place):
        row, column = place
        return self.at(row * 10 + column)


def reads(cells):
    total = 0
    for cell in cells:
        total += cell.twice()
        total += cell[1, 2]
    return total


cells = [Cell(number) for number in range(40)]
show(reads(cells))
# The guess that values are ints fails two frames further in.
cells[20] = Cell(0.5)
cells[30] = Cell(2**70)
show(reads(cells))
show(reads(cells[::-1]))
try:
    reads([Cell("x")])
except TypeError as error:
    show_error(error)


def rare_errors(cell, indexes):
    found = []
    for index in indexes:
        try:
            found.append(cell.at(index))
        except IndexError as error:
            found.append((str(error), error.__traceback__.tb_next.tb_frame.f_locals["index"]))
    return found


show(rare_errors(Cell(5), list(range(60))))
show(rare_errors(Cell(5), [1, -2, 3, -4] * 5))
try:
    Cell(7)[-1, 0]
except IndexError as error:
    show_error(error)


class Witness:
    """Tells who is running when it dies."""

    def __init__(self, name):
        self.name = name

    def __del__(self):
        frame, names = sys._getframe(1), []
        while frame is not None and len(names) < 3:
            names.append((frame.f_code.co_name, sorted(frame.f_locals), frame.f_lineno))
            frame = frame.f_back
        SEEN.append((self.name, names, sys.getrefcount(Cell.put.__code__)))


SEEN = []


def deaths(cell, count):
    for number in range(count):
        cell.put(Witness(number) if number % 20 == 7 else number)
    cell.put(None)


for _ in range(3):
    deaths(Cell(0), 100)
show(len(SEEN), SEEN[0], SEEN[-1])


def counts(cell, rounds):
    """References to what runs, before and after."""
    before = [sys.getrefcount(it) for it in (Cell.get, Cell.get.__code__, Cell.twice, cell)]
    for _ in range(rounds):
        cell.twice()
    after = [sys.getrefcount(it) for it in (Cell.get, Cell.get.__code__, Cell.twice, cell)]
    return [b - a for a, b in zip(before, after)]


show(counts(Cell(1), 100), counts(Cell(1.5), 100), counts(Cell("s"), 100))


def deepest(cell, depth):
    """How deep a recursion goes whose last step makes two more calls."""
    if depth == 0:
        return cell.twice()
    return deepest(cell, depth - 1)


def limits(cell):
    low, high = 1, 2000
    while low < high:
        middle = (low + high + 1) // 2
        try:
            deepest(cell, middle)
            low = middle
        except RecursionError:
            high = middle - 1
    return low


sys.setrecursionlimit(300)
first = limits(Cell(1))
show(first == limits(Cell(1)), first)
sys.setrecursionlimit(1000)


def chained(start, rounds):
    cell, total = start, 0
    while rounds:
        total += cell.get()
        cell = cell.next or start
        rounds -= 1
    return total


chain = Cell(1, Cell(2, Cell(3)))
show(chained(chain, 100))
chain.next.value = 2.5
show(chained(chain, 100))


def makes(rounds):
    """Instances that live as long as a round."""
    total = 0
    for number in range(rounds):
        cell = Cell(number)
        total += cell.get() + Cell(number, cell).next.get()
    return total, gc.is_tracked(cell), sorted(cell.__dict__)


show(makes(100))
tracemalloc.start()
show(makes(100))
show(reads(cells))
tracemalloc.stop()


def sums(cells):
    """The same from a generator, whose frame is not on the data stack."""
    for cell in cells:
        yield cell.twice() + cell[0, 1]


show(sum(sums(cells[:20])), [type(item).__name__ for item in sums(cells)])


class Shifting:
    """What a method returns changes the method."""

    def get(self):
        return self.number

    def __init__(self, number):
        self.number = number


def changing(items):
    total = 0
    for position, item in enumerate(items):
        total += item.get()
        if position == 50:
            Shifting.get = lambda self: 1000
    return total


show(changing([Shifting(number) for number in range(100)]))
