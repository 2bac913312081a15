"""Operands: corner values of the builtin numbers, their subclasses, and objects that act as numbers.

A *kind* is what a place in a program may have seen when it is compiled. Each has *tame* values,
from which the interpreter specializes, and *corners*, where shortcuts go wrong.
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction


class PlainInt(int):
    """A subclass that changes nothing."""


class PlainFloat(float):
    """A subclass that changes nothing."""


class PlainComplex(complex):
    """A subclass that changes nothing."""


def overriding(base: type, name: str, *, forward: bool, backward: bool) -> type:
    """A subclass whose operators give results that the base's would not."""

    def operator(dunder: str) -> Callable:
        def method(self, *others):
            result = getattr(base, dunder)(self, *others)
            if result is NotImplemented or isinstance(result, tuple):
                return result
            return result + 1000

        return method

    members: dict[str, object] = {"__repr__": lambda self: f"{name}({base.__repr__(self)})"}
    operators = ["add", "sub", "mul", "truediv", "floordiv", "mod", "divmod", "pow"]
    operators += ["lshift", "rshift", "and", "or", "xor"]
    for each in operators:
        if forward and hasattr(base, f"__{each}__"):
            members[f"__{each}__"] = operator(f"__{each}__")
        if backward and hasattr(base, f"__r{each}__"):
            members[f"__r{each}__"] = operator(f"__r{each}__")
    if forward:
        members |= {
            "__bool__": lambda self: base.__eq__(self, 0) is True,
            "__neg__": lambda self: base.__neg__(self) + 1000,
            "__abs__": lambda self: "absolute",
            "__eq__": lambda self, other: base.__ne__(self, other),
            "__lt__": lambda self, other: "less",
            "__ge__": lambda self, other: NotImplemented,
            "__hash__": lambda self: 7,
            "__index__": lambda self: 3,
            "__int__": lambda self: 4,
            "__float__": lambda self: 5.5,
            "__round__": lambda self, digits=None: ("rounded", digits),
        }
    return type(name, (base,), members)


LoudInt = overriding(int, "LoudInt", forward=True, backward=True)
LoudFloat = overriding(float, "LoudFloat", forward=True, backward=True)
ReflectedInt = overriding(int, "ReflectedInt", forward=False, backward=True)
ReflectedFloat = overriding(float, "ReflectedFloat", forward=False, backward=True)


class Acting:
    """Is no number, but converts to some: an index, a float, an int, a complex, a truth value."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value})"


class Index(Acting):
    def __index__(self) -> int:
        return self.value


class FloatLike(Acting):
    def __float__(self) -> float:
        return self.value / 2


class IntLike(Acting):
    def __int__(self) -> int:
        return self.value

    def __bool__(self) -> bool:
        return self.value > 1


class Equal(Acting):
    """Compares and hashes as its value does, with answers that are no truth values."""

    def __eq__(self, other: object) -> object:
        return [] if self.value != other else ["equal"]

    def __hash__(self) -> int:
        return hash(self.value)

    def __lt__(self, other: object) -> object:
        return [] if not self.value < other else ["less"]


class Angry(Acting):
    """Raises whatever is asked of it."""

    def refuse(self, *_others: object) -> object:
        raise ArithmeticError(f"not with {self!r}")

    __add__ = __radd__ = __mul__ = __rmul__ = __eq__ = __lt__ = __bool__ = refuse
    __neg__ = __index__ = __float__ = refuse
    __hash__ = object.__hash__


INT_BORDERS = [2, 3, 5, 6, 7, 10, 255, 256, 257, 1023, 1024, 1025, 2**15, 2**29]
for power in (30, 31, 32, 53, 60, 62, 63, 64):
    INT_BORDERS += [2**power - 1, 2**power, 2**power + 1]
# The squares of these two lie on either side of the largest machine word.
INT_BORDERS += [3037000499, 3037000500, 2**59, 2**61, 2**90, 10**30]
INTS = [0, 1, -1, *INT_BORDERS, *(-value for value in INT_BORDERS), 10**400, -(10**400)]

FLOAT_BORDERS = [0.0, 0.5, 1.0, 1.5, 2.5, 3.0, 7.0, 0.1, 1e16, 1e22, 1e100]
FLOAT_BORDERS += [5e-324, 2.225073858507201e-308, 2.2250738585072014e-308]
FLOAT_BORDERS += [2.0**53 - 1, 2.0**53, 2.0**53 + 2, 2.0**62, 2.0**63, 2.0**64]
FLOAT_BORDERS += [1.7976931348623157e308, float("inf")]
FLOATS = [*FLOAT_BORDERS, *(-value for value in FLOAT_BORDERS), float("nan")]

COMPLEXES = [0j, -0j, 1j, 1 + 2j, -1.5 - 0.0j, complex(-0.0, 2.0), complex("inf"), complex("nan")]
COMPLEXES += [complex(1e308, 1e308), complex("nan+infj"), complex(5e-324, 0)]


class Choices:
    """Decisions, made by the bytes that a test was given: fewer and smaller ones make it simpler.

    A single string of bytes keeps hypothesis from trying variations of one program instead of new
    programs, and can be shrunk all the same.
    """

    SIZE = 250

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.position = 0

    def take(self, count: int) -> bytes:
        """The next bytes; zeros at the end."""
        taken = self.content[self.position : self.position + count]
        self.position += count
        return taken.ljust(count, b"\0")

    def pick(self, options: Sequence) -> object:
        return options[self.take(1)[0] % len(options)]


def an_int(choices: Choices) -> int:
    length = choices.pick((1, 1, 2, 4, 8, 9))
    return int.from_bytes(choices.take(length), "little", signed=True)


def a_float(choices: Choices) -> float:
    if choices.pick((True, False)):
        return int.from_bytes(choices.take(2), "little", signed=True) / 8
    return struct.unpack("<d", choices.take(8))[0]


def a_complex(choices: Choices) -> complex:
    return complex(a_float(choices), a_float(choices))


@dataclass(frozen=True)
class Kind:
    """A type of operands, what it is made with, and from what."""

    name: str
    make: Callable
    tame: Sequence
    corners: Sequence
    # Any value, out of some random bytes; none for kinds of which the corners are enough.
    free: Callable[[Choices], object] | None = None

    def value(self, choices: Choices) -> object:
        """Any value, corners more often than others."""
        if self.free is None or choices.pick((True, False)):
            return self.make(choices.pick(self.corners))
        return self.make(self.free(choices))

    def all_corners(self) -> list:
        return [self.make(value) for value in self.corners]

    def all_tame(self) -> list:
        return [self.make(value) for value in self.tame]


def same(value: object) -> object:
    return value


TAME_INTS = [3, 2, 100, 5000, -7]
TAME_FLOATS = [1.5, 2.0, -0.25, 1000.0]
TAME_COMPLEXES = [1 + 2j, 3 - 1j]
SOME_INTS = [0, 1, -1, 3, 1025, -(2**30), 2**60, 2**63 - 1, -(2**63), 2**63, 10**400]
SOME_FLOATS = [0.0, -0.0, 0.5, -2.5, 3.0, 2.0**53, 5e-324, -1e308, float("inf"), float("nan")]
FEW_INTS = [0, 1, -1, 3, 2**40, -(2**63), 2**64]

INT = Kind("int", same, TAME_INTS, INTS, an_int)
BOOL = Kind("bool", bool, [1, 0], [0, 1])
FLOAT = Kind("float", same, TAME_FLOATS, FLOATS, a_float)
COMPLEX_KIND = Kind("complex", same, TAME_COMPLEXES, COMPLEXES, a_complex)

# The builtin types and their subclasses: all pairs of them are gone through.
NUMBERS = [
    INT,
    BOOL,
    FLOAT,
    COMPLEX_KIND,
    Kind("PlainInt", PlainInt, TAME_INTS, SOME_INTS, an_int),
    Kind("PlainFloat", PlainFloat, TAME_FLOATS, SOME_FLOATS, a_float),
    Kind("PlainComplex", PlainComplex, TAME_COMPLEXES, COMPLEXES[:6], a_complex),
    Kind("LoudInt", LoudInt, TAME_INTS, FEW_INTS, an_int),
    Kind("LoudFloat", LoudFloat, TAME_FLOATS, SOME_FLOATS, a_float),
    Kind("ReflectedInt", ReflectedInt, TAME_INTS, FEW_INTS, an_int),
    Kind("ReflectedFloat", ReflectedFloat, TAME_FLOATS, SOME_FLOATS, a_float),
]

# Those with fast paths: all their corners meet each other.
EXACT = [INT, FLOAT]

# What may turn up where a number was expected.
OTHERS = [
    Kind("Index", Index, [3, 1], FEW_INTS, an_int),
    Kind("FloatLike", FloatLike, [3, 1], FEW_INTS),
    Kind("IntLike", IntLike, [3, 1], FEW_INTS, an_int),
    Kind("Equal", Equal, [3, 1], FEW_INTS, an_int),
    Kind("Angry", Angry, [3], [3]),
    Kind("Fraction", Fraction, [3, "1/2"], [0, "1/3", -7]),
    Kind("Decimal", Decimal, [3, "1.5"], [0, "0.1", "-7", "NaN"]),
    Kind("str", same, ["ab", "3"], ["", "ab", "12"]),
    Kind("None", lambda _: None, [0], [0]),
]

KINDS = {kind.name: kind for kind in [*NUMBERS, *OTHERS]}

# Shift counts and exponents: beyond these, numbers fill the memory.
SHIFTS = [0, 1, 2, 7, 29, 30, 31, 59, 60, 61, 62, 63, 64, 65, 100, -1, 2**63, 2**64, True]
SHIFTS += [1.5, PlainInt(3), LoudInt(2), Index(4)]
EXPONENTS = [0, 1, 2, 3, 5, -1, -2, 0.5, -0.5, 2.0, True, PlainInt(2), PlainFloat(2.0), LoudInt(2)]
