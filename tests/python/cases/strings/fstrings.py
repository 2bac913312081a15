# f-strings: conversions, format specs, nesting, user formats, errors inside.
# expect-compiled: simple, specs, conversions
from _support import attempt, probe, repeat


def simple(a, b):
    return f"{a} and {b}"


def single(a):
    return f"{a}"


def specs(x, width, digits):
    return f"[{x:>{width}}] [{x:<{width}.{digits}}] [{x!r:^{width}}]"


def numbers(x):
    return f"{x:d} {x:,} {x:x} {x:#b} {x:+} {x:e} {x:.2f} {x:08.3f} {x:%}"


def conversions(x):
    return f"{x!r} {x!s} {x!a} {x=} {x = !s} {x=:>5}"


def nested(a, b):
    return f"{f'{a}-{b}'!r:>{10 + len(f'{a}')}} {'q' if a else "w"} {{literal}} {a}{b}{a}"


def calls(f, x):
    return f"{f(x)} {f(x)!r} {[y for y in (x, x)]} {(lambda z: z)(x)}"


def joined(n):
    text = ""
    for i in range(n):
        text += f"{i}:{i * i:03d};"
    return text


def empty():
    return f"" + f"{''}" + f"only literal"  # noqa: F541


class Fancy:
    def __format__(self, spec):
        if spec == "bad":
            raise ValueError("bad spec")
        if spec == "type":
            return 5
        return f"Fancy<{spec}>"

    def __str__(self):
        return "fancy str"

    def __repr__(self):
        return "fancy répr"


class StrSub(str):
    def __format__(self, spec):
        return "StrSub.format"

    def __str__(self):
        return "StrSub.str"


class BadStr:
    def __str__(self):
        return 5

    def __repr__(self):
        raise KeyError("repr")


def fancy(x, spec):
    return f"{x:{spec}}"


VALUES = ["text", 1, 2**70, 1.5, -0.0, None, True, [1, "a"], (1,), {"k": "v"}, b"b", Fancy(), StrSub("s"), int, "é\n", 1j]
probe(single, ("abc",), *[(value,) for value in VALUES], (BadStr(),))
probe(simple, ("abc", 5), *[(value, value) for value in VALUES], (1, BadStr()))
probe(conversions, ("abc",), *[(value,) for value in VALUES], (BadStr(),))
probe(conversions, (12,), *[(value,) for value in VALUES])
probe(specs, ("abc", 8, 2), (1.23456, 10, 3), (Fancy(), 5, 1), (5, 8, 2), ("x", "y", 1), (None, 8, 2), ("x", -1, 1))
probe(numbers, (1234,), (-5,), (True,), (1.5,), ("s",), (10**20,))
probe(nested, (1, 2), ("a", None), (0, 1.5), (Fancy(), Fancy()))
probe(calls, (str, 5), (repr, "x"), (len, [1]), (len, 5))
probe(fancy, (Fancy(), "x"), (Fancy(), "bad"), (Fancy(), "type"), ([], "x"), (5, ">5"), (1.5, ".1f"), ("s", "d"), ("s", ""))
repeat(joined, 30)
repeat(empty)


def many_lines(a, b):
    return f"""first {a}
    second {
        b +
        1
    } third {a!r
    }"""


repeat(many_lines, "x", 1)
attempt(many_lines, "x", "y")
