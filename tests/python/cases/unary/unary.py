# Negation, inversion, not and plus, of each number type, of user types, of types that lack them.
# expect-compiled: negative, invert, inverted
from _support import attempt, probe, repeat


def negative(x):
    return -x


def invert(x):
    return ~x


def positive(x):
    return +x


def inverted(x):
    return not x


def nested(x):
    return -(-x) + ~(-x)


class Number:
    def __neg__(self):
        return "neg"

    def __invert__(self):
        return NotImplemented

    def __pos__(self):
        raise ValueError("pos")

    def __bool__(self):
        return False


ODD = [(0,), (1,), (-(2**30),), (2**62,), (-(2**63),), (2**63,), (0.0,), (-0.0,), (1.5,), (2j,), (True,), (None,), ("a",), ([],), (Number(),), (10**40,)]
probe(negative, (5,), *ODD)
probe(negative, (5.5,), *ODD)
probe(invert, (5,), *[args for args in ODD if args != (True,)])
probe(positive, (5,), *ODD)
probe(inverted, (True,), *ODD)
probe(inverted, (5,), *ODD)
probe(nested, (5,), *[args for args in ODD if args != (True,)])


class Late(int):
    pass


repeat(negative, Late(3))
Late.__neg__ = lambda self: "late neg"
repeat(negative, Late(3))
Late.__bool__ = lambda self: 1
attempt(inverted, Late(3))
