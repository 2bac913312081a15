# Slices of lists that are stored in the place of slices, without a list in between: what changes, what dies and what is raised.
# expect-compiled: flip, shift, swap_halves, copy_into, by_step, all_of, summed, owned, guarded, outlived, renew
import sys
import weakref

from _support import attempt, repeat, show


def flip(items, k):
    items[: k + 1] = items[k::-1]
    return items[0]


def shift(items, i, j):
    items[i:j] = items[i + 1 : j + 1]
    items[i : j - 1] = items[j - 2 : i - 1 : -1]


def swap_halves(items, half):
    first = items[:half]
    items[:half] = items[half : half + half : 1]
    items[half : half + half] = first[::1]
    return items


def copy_into(target, source, i, j):
    target[i:j] = source[i:j:1]
    return target


def by_step(target, source, start, stop, step, to):
    target[to : to + 3] = source[start:stop:step]
    return target


def all_of(target, source):
    target[None:None] = source[None:None:-1]
    return target


def summed(count):
    permutation = list(range(count))
    flips = total = 0
    for start in range(count):
        permutation.append(permutation.pop(0))
        work = permutation[:]
        k = work[0]
        while k:
            work[: k + 1] = work[k::-1]
            flips += 1
            total += work[-1]
            k = work[0]
    return flips, total


def owned(rows, index, k):
    """The list that is sliced is nobody else's while it is."""
    rows[index][:k] = rows[index][0:k:1][::-1]
    return rows


def guarded(items, k):
    try:
        items[: k + 1] = items[k::-1]
    except (TypeError, ValueError) as error:
        return repr(error)
    return items


items = list(range(12))
show(repeat(flip, items, 5), items)
show(repeat(flip, items, 11), items)
for k in (0, -1, -3, -12, -13, 12, 40, True, False, 2**62, 2**63 - 1, -(2**63), 2**70, -(2**70)):
    other = list(range(10))
    attempt(flip, other, k)
    show(other)
for k in (1.5, None, "x", [], slice(1)):
    attempt(flip, list(range(4)), k)
    show(guarded(list(range(4)), k))
repeat(guarded, list(range(9)), 3)


class Index:
    def __init__(self, value):
        self.value = value

    def __index__(self):
        show(f"index {self.value}")
        return self.value

    def __add__(self, other):
        return Index(self.value + other)


attempt(flip, list(range(6)), Index(3))

moving = list(range(20))
repeat(shift, moving, 3, 9)
show(moving)
for i, j in ((0, 5), (1, 1), (5, 2), (-4, -1), (18, 25), (0, 20), (1, 0)):
    attempt(shift, moving, i, j)
    show(moving)

show(repeat(swap_halves, list("abcdef"), 3))
show(repeat(swap_halves, list("abcdefgh"), 3), swap_halves([], 0), swap_halves([1], 3))

source, target = list(range(100, 130)), list(range(30))
show(repeat(copy_into, target, source, 4, 9))
show(repeat(copy_into, target, source, 4, 4), copy_into(target, source, 9, 4))
show(copy_into(target, [7], 0, 3), copy_into(target, target, 2, 5), copy_into(target, (1, 2, 3, 4, 5, 6), 2, 5))
large = list(range(500))
show(sum(number * place for number, place in enumerate(repeat(all_of, large, list(range(500))))))
show(repeat(all_of, [1, 2, 3], [4, 5, 6]), all_of([1], [2, 3, 4]), all_of([], []), all_of([1], []))
same = list(range(70))
show(repeat(all_of, same, same))

for bounds in ((0, 6, 2), (5, None, -2), (None, None, 4), (9, 0, -3), (0, 3, 1), (-1, -4, -1), (0, 2, 1), (3, 0, 1)):
    work = list(range(10))
    attempt(by_step, work, list("abcdefghij"), *bounds, 2)
    show(work)
    attempt(by_step, work, work, *bounds, 1)
    show(work)
for step in (0, None, 2**63 - 1, -(2**63), 2**64, -(2**64)):
    work = list(range(10))
    attempt(by_step, work, work, None, None, step, 4)
    show(work)
show(repeat(summed, 9))
show(repeat(owned, [list(range(6)), list(range(7))], 1, 4))


class Item:
    def __init__(self, name, log):
        self.name = name
        self.log = log

    def __del__(self):
        self.log.append((self.name, [other.name for other in self.log_of] if self.log_of is not None else None))

    log_of = None


def lives(rounds):
    """Items that die when they are replaced see all new ones in their places."""
    log = []
    for number in range(rounds):
        mine = [Item(f"{number}-{place}", log) for place in range(4)]
        fresh = [Item(f"{number}+{place}", log) for place in range(4)]
        for item in mine:
            item.log_of = mine
        copy_into(mine, fresh, 1, 3)
        log.append((sys.getrefcount(fresh[1]) - sys.getrefcount(fresh[0]), sys.getrefcount(mine[0]) - 1))
        flip(mine, 3)
        log.append([item.name for item in mine])
        for item in mine:
            item.log_of = None
        mine.clear()
        fresh.clear()
    return log


show(lives(30)[-12:])


class Kept:
    pass


kept = [Kept() for _ in range(8)]
seen = [weakref.ref(item) for item in kept]
names = {id(item): place for place, item in enumerate(kept)}
for k in range(8):
    flip(kept, k)
show([names[id(item)] for item in kept], [ref() is not None for ref in seen])
del kept
show([ref() is None for ref in seen])


class Last:
    def __del__(self):
        frame = sys._getframe(1)
        if "total" in frame.f_locals:
            frame.f_locals["total"] += 1000


def outlived(pool, k):
    """What was in a list only dies later, and then in its own place."""
    total = 0
    for _ in range(6):
        items = [0]
        last = Last()
        items.append(last)
        items[:k] = pool[:k:1]
        last = None
        total += 1
        total += items[0]
    return total, last


show(repeat(outlived, [1, 2, 3], 2), outlived([1, 2, 3], 1))


class Twice:
    def __init__(self, items, log):
        self.items = items
        self.log = log

    def __del__(self):
        # All new items are in their places by now.
        self.log.append([type(item).__name__ for item in self.items])
        self.items.append(4)


def renew(target, source, i, j):
    target[i:j] = source[i:j:1]


def dying_twice(count):
    """The list has the only references to an object, but two of them."""
    log = []
    for _ in range(count):
        items = [0, 0, "old"]
        items[0] = items[1] = Twice(items, log)
        renew(items, [1, 2, 3], 0, 3)
        log.append(len(items))
    return log


renewed = [0, 1, 2]
show(repeat(renew, renewed, [3, 4, 5], 0, 3), renewed)
show(dying_twice(1), dying_twice(5))


class Listing(list):
    def __setitem__(self, place, value):
        show(("set", place, list(value)))
        super().__setitem__(place, value)

    def __getitem__(self, place):
        show(("get", place))
        return super().__getitem__(place)


attempt(flip, Listing(range(5)), 3)
attempt(copy_into, Listing(range(5)), [9] * 5, 1, 3)
attempt(copy_into, [9] * 5, Listing(range(5)), 1, 3)


def looked_at(items, k, looks):
    for number in range(k):
        items[: number + 1] = items[number::-1]
        if number == 5:
            looks.append(sorted(sys._getframe().f_locals))
    return items


looks = []
show(repeat(looked_at, list(range(12)), 9, looks), looks[-1])
