# Storing and deleting items, in-place operators on items, and the order in which parts are evaluated.
# expect-compiled: put, remove, bump
from _support import attempt, probe, repeat, show


def put(box, index, value):
    box[index] = value
    return box


def remove(box, index):
    del box[index]
    return box


def bump(box, index, by):
    box[index] += by
    return box[index]


def swap(box, i, j):
    box[i], box[j] = box[j], box[i]
    return box


def fill(n):
    squares = [0] * n
    table = {}
    for i in range(n):
        squares[i] = i * i
        table[i % 5] = squares[i]
        table["total"] = table.get("total", 0) + i
    return squares[-1], table


class Log:
    def __init__(self):
        self.log = []

    def __setitem__(self, key, value):
        if value == "raise":
            raise RuntimeError("in __setitem__")
        self.log.append((key, value))

    def __delitem__(self, key):
        self.log.append(("del", key))

    def __getitem__(self, key):
        self.log.append(("get", key))
        return 10

    def __repr__(self):
        return f"Log({self.log[-3:]})"


class ReadOnly:
    def __getitem__(self, key):
        return key

    def __repr__(self):
        return "ReadOnly()"


class Upper(dict):
    def __setitem__(self, key, value):
        super().__setitem__(key.upper(), value)


def order(log, say):
    say("object", log)[say("key", 1)] = say("value", 2)
    say("object", log)[say("key", 1)] += say("value", 2)
    return log


def tell(text, value):
    said.append(text)
    return value


probe(
    put,
    ([1, 2, 3], 1, "x"),
    ([1], 1, 0),
    ([1, 2], -1, "last"),
    ([1], -2, 0),
    ({}, "k", 1),
    ({}, [], 1),
    (Log(), 1, 2),
    (Log(), 1, "raise"),
    ((1,), 0, 1),
    ("ab", 0, "c"),
    (Upper(), "k", 1),
    (Upper(), 1, 1),
)
probe(
    put,
    ({}, "k", 1),
    (bytearray(b"ab"), 0, 65),
    (bytearray(b"ab"), 0, 256),
    ([1], 0.5, 0),
    ([1], 2**70, 0),
    ([1], True, 0),
    ([1], "a", 0),
    (ReadOnly(), 1, 2),
    (None, 0, 0),
    (5, 0, 0),
    ([1, 2], True, "t"),
)
probe(remove, (Log(), 5), ([], 0), ((1,), 0), ({}, "k"), ({"k": 1}, []), ("abc", 1), (ReadOnly(), 1), (None, 0))
show(remove([1, 2, 3], 1), remove([1, 2, 3], -1), remove({"a": 1, "b": 2}, "a"))
probe(bump, ([1, 2, 3], 1, 1), ({"k": 1.5}, "k", 2), ({}, "k", 1), ([1], 5, 1), (Log(), 3, 4), (ReadOnly(), 3, 4), (["a"], 0, 1), ([[]], 0, [1]), ((1, 2), 0, 1), ([2**62], 0, 2**62))
probe(swap, ([1, 2, 3], 0, 2), ({"a": 1, "b": 2}, "a", "b"), ([1], 0, 1), ((1, 2), 0, 1))
repeat(fill, 30)
said = []
repeat(order, Log(), tell, times=10)
show(said[-8:])
attempt(order, None, tell)
