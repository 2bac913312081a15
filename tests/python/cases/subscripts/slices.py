# Slices read, stored and deleted: constant and computed bounds, steps, wrong types, containers of the user's own.
# expect-compiled: cut, cut_step, assign
from _support import attempt, probe, repeat, show


def cut(box, start, stop):
    return box[start:stop]


def cut_step(box, start, stop, step):
    return box[start:stop:step]


def constant(box):
    return box[1:3], box[:2], box[2:], box[:], box[::-1], box[-2:], box[::2]


def assign(box, start, stop, value):
    box[start:stop] = value
    return box


def assign_step(box, step, value):
    box[::step] = value
    return box


def delete(box, start, stop):
    del box[start:stop]
    return box


def extend_in_place(box, value):
    box[1:2] += value
    return box


def many(grid):
    return grid[1:2, 3], grid[..., ::2], grid[()]


class Show:
    def __getitem__(self, key):
        return ("get", key)

    def __setitem__(self, key, value):
        self.last = (key, value)

    def __delitem__(self, key):
        self.last = ("del", key)

    def __repr__(self):
        return f"Show({getattr(self, 'last', None)})"


class Index:
    def __init__(self, value):
        self.value = value

    def __index__(self):
        if self.value is None:
            raise ValueError("no index")
        return self.value


BOXES = [[1, 2, 3, 4], (1, 2, 3, 4), "abcd", "aé€d", b"abcd", range(4), Show()]
BOUNDS = [(0, 2), (1, -1), (-3, None), (None, None), (3, 1), (10, 20), (-10, 10), (True, 3), (Index(1), Index(3)), (2**70, None), (-(2**70), 2**70)]
for box in BOXES:
    repeat(cut, box, 1, 3)
    repeat(constant, box)
    for start, stop in BOUNDS:
        attempt(cut, box, *[bound if not isinstance(bound, Index) or not isinstance(box, Show) else bound.value for bound in (start, stop)])
    for step in (1, 2, -1, -2, None, 2**40):
        attempt(cut_step, box, None, None, step)
        attempt(cut_step, box, 3, 0, step)
probe(cut, ([1, 2, 3], 0, 2), (5, 1, 2), (None, 0, 1), ({}, 0, 1), ([1], "a", 1), ([1], 1.0, 2), ([1], Index(None), 1), ("ab", 0, 1.5))
probe(cut_step, ([1, 2, 3], 0, 2, 1), ([1], 0, 1, 0), ([1], 0, 1, "s"), ("abc", None, None, 0))
probe(assign, ([1, 2, 3, 4], 1, 3, (8, 9)), ([1], 0, 0, "abc"), ([1], 0, 1, 5), ((1,), 0, 1, ()), (Show(), 1, 2, 3), (bytearray(b"ab"), 0, 1, b"xyz"), ([1], "a", 0, []))
probe(assign_step, ([1, 2, 3, 4], 2, "ab"), ([1, 2, 3], 2, "abc"), ([1, 2], -1, [5, 6]), ([1], 0, []))
for box in ([1, 2, 3, 4], bytearray(b"abcd"), Show(), (1, 2), "ab", None):
    attempt(delete, box, 1, 3)
repeat(delete, [], 0, 1)
show(extend_in_place([1, 2, 3], [9]))
attempt(extend_in_place, (1, 2), (3,))
repeat(many, Show())
attempt(many, [1])
