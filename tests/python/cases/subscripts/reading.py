# Reading items: every builtin container, every kind of index, and containers of the user's own.
# expect-compiled: item, second, last, lookup
from _support import attempt, error_lines, probe, repeat, without_addresses


def item(box, index):
    return box[index]


def second(box):
    return box[1]


def last(box):
    return box[-1]


def lookup(table, key):
    return table[key]


def nested(grid, i, j):
    return grid[i][j]


def total(box, n):
    result = 0
    for i in range(n):
        result += box[i]
    return result


class Index:
    def __init__(self, value):
        self.value = value

    def __index__(self):
        return self.value

    def __hash__(self):
        return 7

    def __eq__(self, other):
        return other == "seven" or self is other

    def __repr__(self):
        return f"Index({self.value!r})"


class Box:
    def __getitem__(self, index):
        if index == 2:
            raise IndexError("two")
        return ("Box", index)


class Generic:
    def __class_getitem__(cls, item):
        return (cls.__name__, item)


class Missing(dict):
    def __missing__(self, key):
        return ("missing", key)


class IntSub(int):
    pass


def outcome(box, index):
    try:
        result = item(box, index)
        return without_addresses(f"{type(result).__name__}:{result!r}")
    except Exception as exc:
        return " | ".join(error_lines(exc))


BOXES = [
    [1, 2, 3],
    (4, 5, 6),
    "abc",
    "aé€",
    b"xyz",
    bytearray(b"q!r"),
    {0: "zero", 1: "one", "k": "v", 1.5: "f"},
    Missing({1: 1}),
    range(3, 30, 4),
    Box(),
    Generic,
    list,
    memoryview(b"mem"),
    [],
    (),
    "",
    {},
    5,
    None,
    int,
]
INDICES = [0, 1, 2, 3, -1, -3, -4, True, 1.0, 1.5, "k", None, 2**31, 2**63, -(2**70), IntSub(1), Index(1), Index("x"), (1, 2), [], slice(1, None), slice(None, None, -1), slice(1, 2, 0)]
for usual in (([7, 8, 9], 1), ((7, 8, 9), 1), ({1: 2}, 1), ("text", 1), (b"text", 1), ({"k": 1}, "k"), (Box(), 1)):
    repeat(item, *usual)
    for box in BOXES:
        for index in INDICES:
            text = outcome(box, index)
            if usual[0] == [7, 8, 9]:
                print(box if not isinstance(box, (Box, memoryview)) else type(box), index, text)
            elif text != outcome(box, index):
                print("differs", index)
probe(second, ([1, 2],), ((1, 2),), ("ab",), ([],), ((),), ({1: "x"},), ({},), (b"ab",), (5,), ("é",))
probe(last, ([1, 2],), ((1, 2),), ("ab",), ([],), ((),), ({-1: "x"},), ("",), (range(4),))
probe(lookup, ({"a": 1}, "a"), ({"a": 1}, "b"), ({}, []), (Missing(), "z"), ({"a": 1}, 1), (None, "a"), ({Index(1): "hit"}, "seven"))
probe(nested, ([[1, 2], [3, 4]], 1, 0), ([(1, 2), "ab"], 1, 1), ([[1], []], 1, 0), ({0: {1: 2}}, 0, 1), ([1], 0, 0))
probe(total, ([1, 2, 3], 3), ([1, 2, 3], 4), ((1.5, 2.5), 2), ({0: 1, 1: 2}, 2), (range(5), 5), ("ab", 1), ([2**62] * 3, 3))


# Numbers that are known to be numbers have no items either.
def of_constant():
    return 0[0]  # noqa


def of_float():
    return 1e16[0]  # noqa


def of_known(x, i):
    y = x * 2 + 1
    j = i - 1
    return y[j]


for _ in range(3):
    for func in (of_constant, of_float):
        attempt(func)
    for args in ((5, 1), (2.5, 1), (5, 1.5), (True, 2)):
        attempt(of_known, *args)
