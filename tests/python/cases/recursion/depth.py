# Recursion: RecursionError at the very same depth, by every path into a function, and deep recursion when the limit allows it.
# expect-compiled: down, even, Deep.__add__
import sys

from _support import repeat, show

deepest = 0


def note(n):
    global deepest
    if n > deepest:
        deepest = n


def down(n):
    return 0 if n == 0 else down(n - 1) + 1


def endless(n):
    note(n)
    return endless(n + 1)


def even(n):
    note(n)
    return odd(n + 1)


def odd(n):
    note(n)
    return even(n + 1)


def keyword(*, n):
    note(n)
    return keyword(n=n + 1)


def starred(*args, **kw):
    note(args[0])
    return starred(*(args[0] + 1,), **kw)


class Deep:
    def __init__(self, n=0):
        self.n = n

    def __add__(self, other):
        note(other)
        return self + (other + 1)

    def __getattr__(self, name):
        if name == "n":
            raise AttributeError(name)
        note(len(name))
        return getattr(self, name + "x")

    def __getitem__(self, i):
        note(i)
        return self[i + 1]

    def __call__(self, n):
        note(n)
        return self(n + 1)

    def __lt__(self, other):
        note(self.n)
        return Deep(self.n + 1) < other

    def __bool__(self):
        note(self.n)
        return not Deep(self.n + 1)

    @property
    def prop(self):
        note(self.n)
        return Deep(self.n + 1).prop

    def method(self):
        note(self.n)
        return Deep(self.n + 1).method()

    def __iter__(self):
        note(self.n)
        for x in Deep(self.n + 1):
            return x


class Constructed:
    def __init__(self, n):
        note(n)
        self.inner = Constructed(n + 1)


def by_sort(n):
    note(n)
    return sorted([n], key=lambda x: by_sort(n + 1))


def by_map(n):
    note(n)
    return list(map(by_map, [n + 1]))


def by_comprehension(n):
    note(n)
    return [by_comprehension(n + 1) for _ in range(1)]


def handled(n):
    note(n)
    try:
        return handled(n + 1)
    except RecursionError:
        return n


def with_loop(n):
    note(n)
    for _ in range(3):
        with_loop(n + 1)


def depth_of(func, *args, **kw):
    global deepest
    deepest = 0
    try:
        func(*args, **kw)
        text = "ended"
    except RecursionError as exc:
        text = str(exc)
    return deepest, text


def every_path():
    yield "endless", depth_of(endless, 0)
    yield "mutual", depth_of(even, 0)
    yield "keyword", depth_of(keyword, n=0)
    yield "starred", depth_of(starred, 0, k=1)
    yield "add", depth_of(lambda: Deep() + 0)
    yield "getattr", depth_of(lambda: Deep().x)
    yield "getitem", depth_of(lambda: Deep()[0])
    yield "call", depth_of(Deep(), 0)
    yield "lt", depth_of(lambda: Deep() < Deep())
    yield "bool", depth_of(lambda: bool(Deep()))
    yield "property", depth_of(lambda: Deep().prop)
    yield "method", depth_of(Deep().method)
    yield "iter", depth_of(lambda: list(Deep()))
    # How deep this goes depends on whether the interpreter has specialized the call: that adds a frame of its own.
    yield "init", depth_of(Constructed, 0)[1:]
    yield "sort", depth_of(by_sort, 0)
    yield "map", depth_of(by_map, 0)
    yield "comprehension", depth_of(by_comprehension, 0)
    yield "handled", depth_of(handled, 0)
    yield "loop", depth_of(with_loop, 0)


repeat(down, 20)
for limit in (200, 1000, 333):
    sys.setrecursionlimit(limit)
    for _ in range(3):
        for line in every_path():
            print(limit, *line)
sys.setrecursionlimit(35000)
show(down(30000), depth_of(endless, 0))
sys.setrecursionlimit(1000)
show(depth_of(endless, 0), down(900))
try:
    down(1000)
except RecursionError as exc:
    print(exc)
