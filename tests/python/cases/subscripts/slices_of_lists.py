# Slices of lists by ints, which need no slice object: every step, the order in which replaced items die, and what they see.
# stress-except: gc (the items hold their list: when they die is for the collector to say)
# expect-compiled: take, take_from, put, put_reversed
from _support import Loud, attempt, repeat, show


def take(box, start, stop, step):
    return box[start:stop:step]


def take_from(box, start):
    return box[start:], box[:start], box[start::-1], box[::2], box[:]


def put(box, start, stop, value):
    box[start:stop] = value
    return box


def put_reversed(box, k):
    box[: k + 1] = box[k::-1]
    return box


numbers = list(range(7))
repeat(take, numbers, 1, 5, 2)
repeat(take_from, numbers, 3)
bounds = [None, 0, 1, 3, 6, 7, 8, -1, -3, -7, -8, 2**62, -(2**62), 2**70, -(2**70), True]
for start in bounds:
    for stop in bounds:
        for step in (None, 1, 2, -1, -3, 2**62, -(2**62)):
            result = take(numbers, start, stop, step)
            if result != [*numbers[slice(start, stop, step)]]:
                show(start, stop, step, result)
attempt(take, numbers, 0, 3, 0)
attempt(take, numbers, 0, "x", 1)
attempt(take, numbers, 0.5, 3, 1)
attempt(take, numbers, 0, 3, False)
for other in ("abcdefg", tuple(numbers), range(7), bytearray(b"abcdefg"), type("Below", (list,), {})(numbers), {}, None):
    attempt(take, other, 1, 5, 2)
    attempt(take_from, other, 3)
for k in (3, 0, 6, 9):
    repeat(put_reversed, list(range(7)), k)
show(put_reversed(list(range(7)), -1), put_reversed(list(range(7)), -2))
large = list(range(300))
show(put_reversed(large, 200) == [*range(200, -1, -1), *range(201, 300)])
show(put(large, 0, 64, large) == [*range(200, -1, -1), *range(201, 300), *large[300:]])

values = [[], [7], [7, 8], [7, 8, 9], (7, 8), "xy", {7: 8}, iter([7, 8]), 5, None]
for value in values:
    for start, stop in ((1, 3), (3, 1), (0, 0), (-2, None), (None, None), (5, 9)):
        attempt(put, [1, 2, 3, 4], start, stop, value)
itself = [1, 2, 3]
show(put(itself, 0, 3, itself), put(itself, 1, 2, itself), put(itself, None, None, itself[::-1]))


class Looking(Loud):
    """Tells what the list looks like when it dies, and may change it."""

    box = None
    change = None

    def __del__(self):
        super().__del__()
        print(len(self.box), [type(item).__name__ for item in self.box])
        if self.change:
            self.change()


def filled(count, change=None):
    box = []
    for i in range(count):
        item = Looking(f"item {i}")
        item.box, item.change = box, change
        box.append(item)
    item = None
    return box


for _ in range(3):
    put(filled(3), 0, 3, [1, 2, 3])
    put(filled(4), 1, 3, [1, 2])
    put(filled(4), 1, 3, [1])
    box = filled(3)
    put(box, 0, 2, [box[2], box[2]])
    box.clear()
    box = filled(3, lambda: box.clear())
    put(box, 0, 2, ["a", "b"])
    box = filled(3, lambda: box.append("more"))
    put(box, 0, 2, ["a", "b"])
    box.clear()
    take(filled(3), 0, 2, 1)
