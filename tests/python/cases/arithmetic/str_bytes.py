# Strings and bytes under arithmetic operators, the append-to-a-local pattern among them.
# expect-compiled: concat, build
from _support import probe, repeat, show


def concat(a, b):
    return a + b


def times(a, n):
    return a * n


def percent(pattern, args):
    return pattern % args


def build(parts):
    text = ""
    for part in parts:
        text += part
        text += ","
    return text


def build_shared(parts):
    text = ""
    seen = []
    for part in parts:
        text += part
        seen.append(text)
    return text, seen


def build_both(parts):
    text = other = "é"
    for part in parts:
        text += part
        other = part + other
    return text, other


class Sub(str):
    def __add__(self, other):
        return "Sub.__add__"

    def __radd__(self, other):
        return "Sub.__radd__"


probe(concat, ("ab", "cd"), ("", "x"), ("x", ""), ("ä", "€"), ("a", "\U0001f600"), (b"a", b"b"), ("a", b"b"), ("a", 1), (1, "a"), (Sub("a"), "b"), ("a", Sub("b")))
probe(times, ("ab", 3), ("ab", 0), ("ab", -1), (3, "ab"), (b"x", 2), ("ab", True), ("ab", 1.0), ("ab", "cd"))
probe(percent, ("%s-%d", ("a", 1)), ("%r", ("x",)), ("%s", "x"), ("%d", "x"), ("%s %s", ("x",)), ("%(k)s", {"k": 1}), ("%q", (1,)), (b"%d", 5))
repeat(build, ["a", "bc", "d"] * 5)
repeat(build, ["ä", "€", "\U0001f600"])
repeat(build_shared, ["a", "b", "c"])
repeat(build_both, ["a", "\u20ac", "c"])
probe(build, (["a"],), ([1],), ([b"a"],), ([Sub("s")],), (None,))
show(concat("x" * 1000, "y" * 1000) == "x" * 1000 + "y" * 1000)
