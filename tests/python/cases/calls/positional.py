# Positional, default, keyword-only and positional-only parameters: all right calls and the text of all wrong ones.
# expect-compiled: plain, defaults, kwonly, posonly, everything, driver
from _support import attempt, repeat


def plain(a, b):
    return a, b


def defaults(a, b=2, c=[]):
    return a, b, c


def kwonly(a, *, k, m=5):
    return a, k, m


def posonly(a, b=1, /, c=2):
    return a, b, c


def everything(a, b=1, /, c=2, *args, k=3, m, **kw):
    return a, b, c, args, k, m, sorted(kw.items())


def star(*args):
    return args


def kwargs(**kw):
    return sorted(kw.items())


def none():
    return None


def driver(n):
    results = [
        plain(1, n), plain(b=1, a=n), plain(n, b=2), plain(*[n, 2]), plain(**{"a": n, "b": 1}), plain(n, *(5,)),
        defaults(n), defaults(n, 3), defaults(n, c=4), defaults(c=1, a=n), defaults(*(1, 2, n)),
        kwonly(n, k=1), kwonly(k=n, a=2, m=3), kwonly(1, **{"k": n}),
        posonly(n), posonly(n, 2), posonly(1, 2, n), posonly(1, c=n),
        everything(n, m=1), everything(1, 2, 3, 4, 5, n, m=6, z=7, k=8), everything(*range(6), **{"m": n, "x": 1}),
        star(), star(n), star(*[], n, *"ab"), kwargs(), kwargs(x=n), kwargs(**{"y": n}, z=1), none(),
    ]  # fmt: skip
    return results


repeat(driver, 7)
repeat(driver, "text")

WRONG = [
    lambda: plain(),
    lambda: plain(1),
    lambda: plain(1, 2, 3),
    lambda: plain(1, a=2),
    lambda: plain(1, 2, c=3),
    lambda: plain(1, bb=3),
    lambda: plain(a=1),
    lambda: plain(*[1, 2, 3]),
    lambda: plain(**{"a": 1, "b": 2, "c": 3}),
    lambda: plain(**{1: 2}),
    lambda: plain(*5),
    lambda: plain(**5),
    lambda: plain(1, **{"a": 5}),
    lambda: kwargs(x=1, **{"x": 2}),
    lambda: defaults(),
    lambda: defaults(1, 2, 3, 4),
    lambda: defaults(1, b=2, d=3),
    lambda: kwonly(1),
    lambda: kwonly(1, 2),
    lambda: kwonly(1, 2, k=3),
    lambda: kwonly(k=1),
    lambda: posonly(),
    lambda: posonly(a=1),
    lambda: posonly(1, b=2),
    lambda: posonly(1, b=2, c=3),
    lambda: posonly(1, 2, 3, 4),
    lambda: everything(),
    lambda: everything(1),
    lambda: everything(m=1),
    lambda: everything(1, 2, 3, c=4, m=5),
    lambda: star(x=1),
    lambda: kwargs(1),
    lambda: none(1),
    lambda: none(x=1),
    lambda: None(),
    lambda: (5)(1),
    lambda: "text"(),
    lambda: len(),
    lambda: len(1, 2),
    lambda: len(x=1),
    lambda: int("x", bad=1),
    lambda: isinstance(1),
    lambda: print(sep=1),
]
for call in WRONG:
    for _ in range(8):
        try:
            call()
        except TypeError:
            pass
    attempt(call)
repeat(driver, 1.5)
