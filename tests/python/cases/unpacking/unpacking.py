# Unpacking assignments: exact, starred, nested, of every iterable, and each error's text and place.
# expect-compiled: two, starred, nested
from _support import attempt, probe, repeat, show


def two(value):
    a, b = value
    return a, b


def three(value):
    [a, b, c] = value
    return c, b, a


def starred(value):
    first, *middle, last = value
    return first, middle, last


def star_first(value):
    *rest, last = value
    return rest, last


def star_only(value):
    (*everything,) = value
    return everything


def nested(value):
    (a, (b, *c)), d = value
    return a, b, c, d


def into_places(value, obj, box):
    obj.a, box[0], box["k"] = value
    return obj.a, box


def empty(value):
    () = value
    return "empty"


def loop(pairs):
    total = 0
    for i, (a, b) in enumerate(pairs):
        total += a * b + i
    return total


class Iter:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        for i in range(self.n):
            yield i
        if self.n == 9:
            raise OSError("late")

    def __repr__(self):
        return f"Iter({self.n})"


class Target:
    def __setattr__(self, name, value):
        if value == "bad":
            raise TypeError("bad value")
        super().__setattr__(name, value)


class NotIter:
    __iter__ = None

    def __getitem__(self, i):
        return i


class TupleSub(tuple):
    def __iter__(self):
        return iter("xy")


def values():
    return [
        (1, 2),
        [1, 2],
        "ab",
        {1: 2, 3: 4},
        iter([1, 2]),
        range(2),
        (1,),
        (1, 2, 3),
        [],
        "abcd",
        Iter(0),
        Iter(2),
        Iter(5),
        Iter(9),
        NotIter(),
        TupleSub((1, 2, 3)),
        5,
        None,
        {7},
        b"ab",
        ((1, (2, 3, 4)), 5),
    ]


for func, usual in ((two, (1, 2)), (two, [1, 2]), (two, "ab"), (three, (1, 2, 3)), (starred, [1, 2, 3]), (star_first, (1, 2)), (star_only, (1, 2)), (empty, ()), (nested, ((1, (2, 3)), 4))):
    probe(func, (usual,), *[(value,) for value in values()])
target = Target()
probe(into_places, ((1, 2, 3), target, {}), ((1, 2), target, {}), ((1, 2, 3), target, []), (("bad", 2, 3), target, {}), ((1, 2, 3), 5, {}))
repeat(loop, [(1, 2), (3, 4)])
attempt(loop, [(1, 2), (3,)])
attempt(loop, [(1, 2), 3])
a = b = c = None
for a, *b in [(1, 2, 3)] * 50:
    c, (d, e) = a, b
show(a, b, c, d, e)
