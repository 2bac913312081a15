# The six comparisons over every pair of builtin types, taken both as values and as branches.
# expect-compiled: lt, branch_lt, ordered
# expect-deopts: 1
import math

from _support import error_lines, repeat


def lt(a, b):
    return a < b


def le(a, b):
    return a <= b


def eq(a, b):
    return a == b


def ne(a, b):
    return a != b


def gt(a, b):
    return a > b


def ge(a, b):
    return a >= b


def branch_lt(a, b):
    if a < b:
        return "less"
    elif a == b:
        return "equal"
    elif a > b:
        return "greater"
    return "unordered"


def ordered(a, b):
    return "yes" if a <= b and not a >= b or a != a else "no"


VALUES = [0, 1, -1, True, False, 2**30, 2**62, 2**63, -(2**63), 2**53 + 1, float(2**53), 0.0, -0.0, 1.0, 0.5, math.nan, math.inf, -math.inf, 1j]
VALUES += ["", "a", "b", "ab", "ä", b"a", (1, 2), (1, 3), (math.nan,), [1, 2], [1], {1}, {1, 2}, None, {1: 2}, range(3)]


def outcome(func, a, b):
    try:
        return repr(func(a, b))
    except Exception as exc:
        return " | ".join(error_lines(exc))


for func in (lt, le, eq, ne, gt, ge, branch_lt, ordered):
    first = None
    for usual in ((1, 2), (1.5, 2.5), ("a", "b"), (2**70, 2**71), ((1,), (2,))):
        repeat(func, *usual)
        results = [outcome(func, a, b) for a in VALUES for b in VALUES]
        if first is None:
            first = results
            for index, text in enumerate(results):
                print(func.__name__, repr(VALUES[index // len(VALUES)]), repr(VALUES[index % len(VALUES)]), text)
        print("same", results == first)
