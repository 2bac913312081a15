# `container[a, b]` with a `__getitem__` that takes the tuple apart: the tuple is there whenever somebody looks.
# expect-compiled: add_up, three, deep, rarely_asks, raising, mixed, kept, twice, changing, many_counts, without, puts, puts_calling, puts_back
import gc
import sys
import tracemalloc

from _support import attempt, repeat, show, show_error


class Grid:
    def __init__(self, width, height, items=None):
        self.width = width
        self.height = height
        self.items = items or [number * 1.5 for number in range(width * height)]

    def place(self, x, y):
        if 0 <= x < self.width and 0 <= y < self.height:
            return y * self.width + x
        raise IndexError(f"{x}, {y}")

    def __getitem__(self, x_y):
        (x, y) = x_y
        return self.items[self.place(x, y)]

    def __setitem__(self, x_y, value):
        (x, y) = x_y
        self.items[self.place(x, y)] = value


def add_up(grid, width, height):
    total = 0.0
    for y in range(1, height):
        for x in range(1, width):
            total += grid[x, y] * 0.5 + grid[x - 1, y] - grid[x, y - 1]
            grid[x, y] = grid[x - 1, y - 1] + 1
    return total


show(repeat(add_up, Grid(9, 7), 9, 7))
attempt(add_up, Grid(9, 7), 9, 8)
attempt(add_up, Grid(9, 7), 10, 7)
show(add_up(Grid(3, 3, list(range(9))), 3, 3))
attempt(add_up, Grid(3, 3, list("abcdefghi")), 3, 3)
attempt(add_up, Grid(3, 3, [2**80] * 9), 3, 3)
attempt(add_up, Grid(3, 3, (1, 2, 3)), 3, 3)


class Cube:
    def __getitem__(self, place):
        x, y, z = place
        return x * 100 + y * 10 + z


def three(cube, count):
    total = 0
    for z in range(count):
        total += cube[z, z + 1, 2 * z]
    return total


show(repeat(three, Cube(), 20))


class Looks:
    """What is unusual looks at the frame."""

    def __init__(self, when):
        self.when = when
        self.seen = []

    def look(self, x):
        if x == self.when:
            frame = sys._getframe(1)
            values = frame.f_locals
            self.seen.append((frame.f_code.co_name, sorted(values), values["x_y"], values["x"], values["y"]))
            self.seen.append(values["x_y"] is frame.f_locals["x_y"])
        return x

    def __getitem__(self, x_y):
        x, y = x_y
        return self.look(x) + y


def deep(looks, count):
    total = 0
    for number in range(count):
        total += looks[number, number + 1000]
    return total


looks = Looks(17)
show(repeat(deep, looks, 30), looks.seen[-2:], len(looks.seen))


class Asks:
    def __init__(self, when):
        self.when = when
        self.seen = []

    def __getitem__(self, x_y):
        x, y = x_y
        if x == self.when:
            self.seen.append((sorted(locals()), locals()["x_y"], sys.getrefcount(y), gc.is_tracked(locals()["x_y"])))
        return x - y


def rarely_asks(asks, count):
    total = 0
    for number in range(count):
        total += asks[number, number * 100_000]
    return total


asks = Asks(25)
show(repeat(rarely_asks, asks, 40), asks.seen[-1], len(asks.seen))


class Raises:
    def __getitem__(self, x_y):
        x, y = x_y
        return 100 // (x - y)


def raising(raises, count):
    found = []
    for number in range(count):
        try:
            found.append(raises[number, 7])
        except ZeroDivisionError as error:
            show_error(error)
            frame = error.__traceback__.tb_next.tb_frame
            found.append((frame.f_locals["x_y"], sorted(frame.f_locals)))
    return found


for _ in range(4):
    show(raising(Raises(), 12))


def mixed(grid, places):
    return [grid[x, y] for x, y in places]


class Pairs:
    def __getitem__(self, pair):
        left, right = pair
        return left + right


places = [(1, 2), (0.5, 1), (2**70, 1), (-1, 2**62), (True, 3), (1.5, 2.5)]
show(repeat(mixed, Pairs(), places))
attempt(mixed, Pairs(), [("a", "b"), ([1], [2])])
attempt(mixed, Pairs(), [(1, "b")])
attempt(mixed, Pairs(), [(None, 2)])


class Keeps:
    def __init__(self):
        self.kept = None

    def __getitem__(self, pair):
        left, right = pair
        self.kept = pair
        return left


def kept(keeps, count):
    for number in range(count):
        keeps[number, -number]
    return keeps.kept


show(repeat(kept, Keeps(), 30))


class Twice:
    def __getitem__(self, pair):
        left, right = pair
        other, last = pair
        return left + right * 10 + other * 100 + last * 1000


def twice(things, count):
    return sum([things[number, number + 1] for number in range(count)])


show(repeat(twice, Twice(), 30))


class Changes:
    def __getitem__(self, pair):
        left, right = pair
        pair = left
        return pair + right


def changing(things, count):
    total = 0
    for number in range(count):
        total += things[number, 2]
    return total


show(repeat(changing, Changes(), 30))


class Counts:
    def __getitem__(self, pair):
        left, right = pair
        return sys.getrefcount(left) * 100 + sys.getrefcount(right)


def many_counts(counts, one, other):
    found = []
    for _ in range(20):
        found.append(counts[one, other])
    return found


first, second = int("123456789012345"), float("2.5")
before = sys.getrefcount(first), sys.getrefcount(second)
show(repeat(many_counts, Counts(), first, second)[-1])
show(before == (sys.getrefcount(first), sys.getrefcount(second)))


def without(grid, x, y):
    total = 0.0
    for _ in range(30):
        total += grid[x, y]
    return total


large = int("1") << 20
grid = Grid(3, 3)
before = sys.getrefcount(large)
show(repeat(without, grid, 1, 2))
for bad in (large, -1, 1.0, "1", None):
    attempt(without, grid, bad, 1)
    attempt(without, grid, 1, bad)
show(sys.getrefcount(large) - before)


class Takes:
    def __init__(self, when, bad=None):
        self.when, self.bad = when, bad
        self.seen = []
        self.total = 0

    def __setitem__(self, x_y, value):
        x, y = x_y
        if x == self.when:
            pair = locals()["x_y"]
            counts = [sys.getrefcount(item) for item in (pair, y, value)]
            self.seen.append((sorted(locals()), pair, counts, gc.is_tracked(pair)))
        if x == self.bad:
            raise KeyError(x_y)
        self.total += x - y + value


def puts(takes, count, scale):
    for number in range(count):
        takes[number, number * 100_000] = number * scale
    return takes.total


for bad in (None, 31):
    takes = Takes(25, bad)
    attempt(puts, takes, 30, 0.5)
    attempt(puts, takes, 30, 3)
    attempt(puts, takes, 40, 1 << 70)
    attempt(puts, takes, 40, 2.5)
    attempt(puts, takes, 28, "s")
    show(takes.seen, takes.total)


class TakesElsewhere(Takes):
    def check(self, x):
        if x == self.when:
            frame = sys._getframe(1)
            self.seen.append((sorted(frame.f_locals), frame.f_locals["place"], sys.getrefcount(frame.f_locals["place"])))
            frame.f_locals["value"] = 1000
        return x

    def __setitem__(self, place, value):
        x, y = place
        self.total += self.check(x) + y + value


def puts_calling(takes, count, scale):
    for number in range(count):
        takes[number, number * 100_000] = number * scale
    return takes.total


takes = TakesElsewhere(25)
show(repeat(puts_calling, takes, 30, 0.5), takes.seen)


def puts_back(grid, large, rounds):
    for number in range(rounds):
        grid[number % 2, 1] = large
        grid[1, number % 2] = number * 0.5
    return grid[1, 1]


counted, board = (1 << 80) + len(takes.seen), Grid(3, 3)
before = sys.getrefcount(counted)
show(repeat(puts_back, board, counted, 30))
attempt(puts_back, board, counted, 20)
attempt(puts_back, Grid(3, 3, (1, 2)), counted, 20)
del board
show(sys.getrefcount(counted) - before)

# Somebody is told of whatever is made.
tracemalloc.start()
show(add_up(Grid(9, 7), 9, 7))
tracemalloc.stop()
calls = []
sys.setprofile(lambda frame, event, arg: calls.append((frame.f_code.co_name, event)))
show(without(grid, 1, 1))
sys.setprofile(None)
show(calls[:6], len(calls))
Grid.__getitem__ = lambda self, pair: pair
attempt(without, grid, 1, 1)
Grid.__getitem__ = lambda self, pair: float(len(pair))
show(without(grid, 1, 1))
