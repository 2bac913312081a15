# match: literals, captures, sequences, mappings, classes, or-patterns, guards, values, and subjects that misbehave.
# expect-compiled: literal, sequence, mapping, classes
from collections import namedtuple

from _support import attempt, probe, repeat, show


class Color:
    RED = 1
    BLUE = "blue"


class Point:
    __match_args__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __repr__(self):
        return "Point"


class Point3(Point):
    __match_args__ = ("x", "y", "z")

    def __init__(self, x, y, z):
        super().__init__(x, y)
        self.z = z


class NoArgs:
    a = 1


class BadArgs:
    __match_args__ = ["x"]
    x = 1


class NotStrings:
    __match_args__ = (1,)


class Doubled:
    __match_args__ = ("a", "a")
    a = 5


Pair = namedtuple("Pair", "first second")


def literal(x):
    match x:
        case 1:
            return "one"
        case -1.5:
            return "minus one and a half"
        case "text" | b"bytes":
            return "text"
        case None:
            return "none"
        case True:
            return "true"
        case 3 + 4j:
            return "complex"
        case Color.BLUE:
            return "blue"
        case _:
            return "other"


def sequence(x):
    match x:
        case []:
            return "empty"
        case [a]:
            return "one", a
        case [1, b]:
            return "one and", b
        case (2 | 3 as first, *rest, last) if rest:
            return first, rest, last
        case [_, [inner, *_]]:
            return "nested", inner
        case [*all]:
            return "all", all
    return "no sequence"


def mapping(x):
    match x:
        case {"kind": "circle", "r": r}:
            return "circle", r
        case {"kind": str(kind), **rest}:
            return kind, rest
        case {1: _, Color.BLUE: {"deep": [first, *_]}}:
            return "deep", first
        case {}:
            return "some mapping", len(x)
    return "no mapping"


def classes(x):
    match x:
        case Point(x=0, y=0):
            return "origin"
        case Point3(a, b, c):
            return "three", a, b, c
        case Point(a, y=b) if a == b:
            return "diagonal", a
        case Point(a, Point(b, c)):
            return "nested", a, b, c
        case Pair(a, b):
            return "pair", a, b
        case int(n) | float(n):
            return "number", n
        case str() as text:
            return "string", text
        case list([a, *_]):
            return "list of", a
        case type():
            return "type"
    return "nothing"


def captures(x):
    match x:
        case {"a": a} | [a, _] | (Point(a, _)):
            pass
        case bound:
            return "bound", bound
    return a


def in_loop(items):
    out = []
    for item in items:
        match item:
            case "stop":
                break
            case "skip":
                continue
            case ("add", n) | {"add": n}:
                out.append(n)
            case [op, *args]:
                out.append((op, len(args)))
            case x if x == 5:
                out.append("five")
    return out


def positional_args(x, cls):
    match x:
        case cls(a):
            return a
    return "no match"


def two_args(x, cls):
    match x:
        case cls(a, b):
            return a, b
    return "no match"


class Seq:
    def __len__(self):
        return 2

    def __getitem__(self, i):
        return i


class BoomEq:
    def __eq__(self, other):
        raise ArithmeticError("compared")

    __hash__ = object.__hash__


VALUES = [1, 1.0, True, -1.5, "text", b"bytes", None, False, 3 + 4j, "blue", 0, [], [5], (1, 2), [2, 8, 9, 3], (3, 4), [0, [7, 8]], "ab", bytearray(b"x"), {1, 2}, range(3), range(0), {}]
VALUES += [{"kind": "circle", "r": 2}, {"kind": "square", "w": 1, "h": 2}, {"kind": 5}, {1: 0, "blue": {"deep": [4]}}, Point(0, 0), Point(3, 3), Point3(1, 2, 3), Point(1, Point(2, 3)), Pair(1, 2), [Point(0, 0)]]
VALUES += [2**70, int, Seq(), BoomEq(), NoArgs(), iter([1]), {"a": "dict a"}, memoryview(b"m")]
for func, usual in ((literal, 1), (literal, "text"), (sequence, [1, 2]), (sequence, (2, 8, 3)), (mapping, {"kind": "circle", "r": 1}), (mapping, {}), (classes, Point(0, 0)), (classes, 5), (captures, {"a": 1})):
    repeat(func, usual)
    for value in VALUES:
        print(func.__name__, type(value).__name__, end=" ")
        try:
            answer = func(value)
            print(answer if not isinstance(answer, tuple) or answer[0] != "bound" else "bound")
        except ArithmeticError as exc:
            print("raised", exc)
repeat(in_loop, [("add", 1), "skip", {"add": 2}, ["f", 1, 2], 5, 6, "stop", 5])
probe(positional_args, (Point(1, 2), Point), (5, int), (5, str), (NoArgs(), NoArgs), (BadArgs(), BadArgs), (NotStrings(), NotStrings), (5, 5), (Point(1, 2), "Point"), ([1], list), (True, int))
probe(two_args, (Point(1, 2), Point), (5, int), (Doubled(), Doubled), (Point3(1, 2, 3), Point), (Pair(3, 4), Pair), (Pair(3, 4), tuple), (NoArgs(), NoArgs))
Point.__match_args__ = ("y", "x")
show(two_args(Point(1, 2), Point))
del Point.__match_args__
attempt(two_args, Point(1, 2), Point)
