# Identity and membership, in all containers, with containers of one's own and elements that cannot be hashed or compared.
# expect-compiled: contains, identical
from _support import attempt, probe, repeat


def identical(a, b):
    return a is b, a is not b


def contains(x, box):
    return x in box


def lacks(x, box):
    return x not in box


def branch(x, box):
    if x in box:
        return "in"
    return "out"


def in_constant(x):
    return x in (1, "two", None, 4.0), x in {1, "two"}, x in "two words"


class Box:
    def __contains__(self, x):
        if x == "raise":
            raise LookupError(x)
        return x


class OnlyIter:
    def __iter__(self):
        return iter([1, 2, 3])


class OnlyGetItem:
    def __getitem__(self, index):
        if index > 3:
            raise IndexError
        return index * 10


class NoContains(list):
    __contains__ = None


class Same:
    def __eq__(self, other):
        raise TypeError("compared")

    __hash__ = None


odd = (None,)
BOXES = [[1, 2, 3], (1, 2), {1, 2}, {1: 2}, frozenset({1}), range(5), range(0, 10, 3), "abc", b"abc", Box(), OnlyIter(), OnlyGetItem(), NoContains(), 5, None]
probe(identical, (odd, odd), (1, 1), (1, True), (None, None), ([], []), ((), ()), (..., ...))
for x in (1, 3, 20, "a", "", 97, None, 1.0, True, [], "raise"):
    probe(contains, (2, [1, 2, 3]), *[(x, box) for box in BOXES])
probe(lacks, (2, {1, 2, 3}), *[(1, box) for box in BOXES], ([], {1}), ({}, {1: 2}))
probe(branch, ("b", {"a": 1, "b": 2}), *[(1, box) for box in BOXES], (Same(), [1]), (Same(), {1}))
probe(branch, ("b", "abc"), ("bc", "abc"), ("", ""), (1, "abc"), (b"a", "abc"), ("a", ["a"]))
probe(branch, (3, (1, 2, 3)), (3.0, (1, 2, 3)), ("3", (1, 2, 3)), (3, [3]))
repeat(in_constant, "two")
attempt(in_constant, 1)
attempt(in_constant, [])


def copies(x):
    a = b = x + 100000
    c = d = x * 1.5
    return a is b, (y := x + 100000) is y, c is d


repeat(copies, 5)
