# Truth of every kind of object in every place that asks: if, while, and, or, not, comprehensions, conditional expressions.
# expect-compiled: branch, both, either, choose
from _support import attempt, probe, show


def branch(x):
    if x:
        return "true"
    return "false"


def both(a, b):
    return a and b


def either(a, b):
    return a or b


def choose(c, a, b):
    return a if c else b


def loop_while(items):
    rounds = 0
    while items:
        items = items[1:]
        rounds += 1
    return rounds


def none_tests(x):
    if x is None:
        return "none"
    if x is not None and not x:
        return "empty"
    return "full"


def filtered(values):
    return [value for value in values if value]


class Bool:
    def __init__(self, answer):
        self.answer = answer

    def __bool__(self):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def __repr__(self):
        return f"Bool({self.answer!r})"


class Len:
    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __repr__(self):
        return f"Len({self.n!r})"


class Plain:
    def __repr__(self):
        return "Plain()"


VALUES = [True, False, None, 0, 1, -1, 2**70, 0.0, -0.0, 0.1, float("nan"), "", "a", b"", b"b", [], [0], (), (0,), {}, {0: 0}, set(), {0}]
VALUES += [range(0), range(1), Plain(), Bool(True), Bool(False), Bool(1), Bool(None), Len(0), Len(2), Len(-1), Len("x"), Len(2**70), NotImplemented, ...]
for usual in (True, 5, "abc", [1], None, Plain(), 0.5):
    probe(branch, (usual,), *[(value,) for value in VALUES])
    probe(none_tests, (usual,), *[(value,) for value in VALUES])
probe(both, (1, 2), *[(value, "second") for value in VALUES])
probe(either, ("", 2), *[(value, "second") for value in VALUES])
probe(choose, (True, 1, 2), *[(value, "yes", "no") for value in VALUES])
probe(loop_while, ([1, 2],), ("abc",), ((),), (b"xy",), (5,), (0,))
probe(filtered, ([0, 1, 2],), (["", "a", None, [], 0.0, 1.5],), ([Bool(False), Bool(True)],))
attempt(branch, Bool(ZeroDivisionError("asked")))
show(branch(Plain()))
Plain.__bool__ = lambda self: False
show(branch(Plain()))
Plain.__bool__ = lambda self: "no"
attempt(branch, Plain())
del Plain.__bool__
Plain.__len__ = lambda self: 0
show(branch(Plain()))
