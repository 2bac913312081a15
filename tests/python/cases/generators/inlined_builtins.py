# all, any, tuple, list and set over generator expressions, which CPython turns into loops of their own, until shadowed.
# expect-compiled: everything, build
import builtins

from _support import attempt, probe, repeat


def everything(items):
    return all(x > 0 for x in items), any(x > 2 for x in items)


def build(items):
    return tuple(x * 2 for x in items), list(x + 1 for x in items), set(x for x in items if x)


def branch(items):
    if all(items_positive(x) for x in items):
        return "all"
    if not any(x == 0 for x in items):
        return "no zero"
    return "zero"


def items_positive(x):
    return x > 0


def raising(items):
    return tuple(1 // x for x in items)


probe(everything, ([1, 2, 3],), ([],), ([-1, 5],), ((1.5, 2.5),), (["a"],), (5,), ([True, None],))
probe(build, ([1, 2, 3],), ([],), ("",), ([1.5],), ("ab",), (None,), ([[1]],), (range(4),))
probe(branch, ([1, 2],), ([-1, 1],), ([0, 1],), ([],), (["x"],))
probe(raising, ([1, 2],), ([1, 0],), (["x"],), ([],))
all = lambda gen: ("shadowed all", list(gen))  # noqa: E731
repeat(everything, [1, 2])
del all
repeat(everything, [1, 2])
real = builtins.tuple
builtins.tuple = lambda gen: ("shadowed tuple", next(iter(gen)))
repeat(build, [1, 2])
builtins.tuple = real
repeat(build, [1, 2])
builtins.any, kept = (lambda gen: gen.__name__), builtins.any
repeat(everything, [1])
builtins.any = kept
attempt(everything, [None])
