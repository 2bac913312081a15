# List, tuple, set and dict displays, constant and computed, with stars, and the order in which their parts are evaluated.
# expect-compiled: displays, stars, dict_stars
from _support import attempt, probe, repeat, show


def displays(a, b):
    return [], (), {}, [a], (a,), {a}, {a: b}, [a, b, a], (a, b, (b, [a])), {a, b, a}, {a: b, b: a, "k": [a]}


def constants():
    return [1, 2, 3, 4], (1, "two", None, (3.0, 4j)), {1, 2, 3}, {"a": 1, "b": 2}, [None, True, ...], frozenset([1]), b"bytes"


def stars(a, b):
    return [*a, 0, *b], (*a, *b), {*a, *b}, [*a], (*b,), [*a, *a, 1, 2, 3]


def dict_stars(a, b):
    return {**a, "mid": 0, **b}, {**a}, {"mid": 1, **b, "last": 2}


def order(say):
    return {say(1): say(2), say(3): say(4)}, [say(5), *say([6]), say(7)], say(max)(say(8), *say((9,)))


def big(x):
    return [x, 1, x, 2, x, 3, x, 4, x, 5, x, 6, x, 7, x, 8, x, 9, x, 10, x, 11, x, 12, x, 13, x, 14, x, 15, x, 16, x, 17, x]


def big_dict(x):
    return {0: x, 1: x, 2: x, 3: x, 4: x, 5: x, 6: x, 7: x, 8: x, 9: x, 10: x, 11: x, 12: x, 13: x, 14: x, 15: x, 16: x, 17: x}


class Mapping:
    def keys(self):
        return ["k1", "k2"]

    def __getitem__(self, key):
        return key * 2

    def __repr__(self):
        return "Mapping"


class Unhashable:
    __hash__ = None

    def __repr__(self):
        return "Unhashable"


class Equal:
    def __init__(self, name):
        self.name = name

    def __hash__(self):
        return 1

    def __eq__(self, other):
        return isinstance(other, Equal)

    def __repr__(self):
        return self.name


def fresh():
    made = []
    for i in range(3):
        item = [i, []]
        made.append(item)
        item[1].append(i)
    return made, [[] for _ in range(2)], [{}] * 2


probe(displays, (1, 2), (1, 1.0), ("a", "b"), ([], 1), (1, []), (None, None), (Unhashable(), 1), (Equal("x"), Equal("y")))
repeat(constants)
probe(stars, ([1, 2], [3]), ((1,), "ab"), ({}, ()), (range(3), {1: 2}), (5, []), ([], None), (iter([1]), [2]), ([[]], [1]))
probe(dict_stars, ({"a": 1}, {"b": 2}), ({}, {}), ({"a": 1, "mid": 5}, {"a": 3}), (Mapping(), {}), ({}, Mapping()), ([], {}), ({}, None), ({1: 2}, {(): []}))
log = []


def say(value):
    log.append(value)
    return value


repeat(order, say, times=5)
show(log[:12])
repeat(big, "x")
repeat(big_dict, None)
repeat(fresh)


def failing(n):
    return [1, 2, [3, n.missing], 4]


attempt(failing, 1)
