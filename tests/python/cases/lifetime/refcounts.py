# Reference counts as a callee or the function itself sees them, before and after compilation, and none left over.
# expect-compiled: inside, passes, churn
import gc
import sys
import weakref

from _support import repeat, show


class Thing:
    pass


def inside(x):
    return sys.getrefcount(x)


def passes(x):
    y = x
    return inside(x), inside(y), sys.getrefcount(x)


def stored(x):
    box = [x, x]
    table = {"k": x}
    return sys.getrefcount(x), len(box), len(table)


def fresh():
    return sys.getrefcount(Thing()), inside(Thing()), inside([])


def star(*args, **kw):
    return sys.getrefcount(args[0]), sys.getrefcount(args), sys.getrefcount(kw)


def loop(items):
    return [sys.getrefcount(item) for item in items]


def cell(x):
    def inner():
        return sys.getrefcount(x)

    return inner(), sys.getrefcount(x)


def churn(x, n):
    total = 0
    for i in range(n):
        y = x
        z = (y, i)
        a, b = z
        items = [a, *z]
        total += len(items) + len({"x": x, **{"y": y}})
        f"{i}{total}"
        try:
            if i % 3 == 0:
                raise ValueError(x)
            getattr(x, "missing")
        except (ValueError, AttributeError):
            pass
        total += identity(x) is a
    return total


def identity(x):
    return x


def raising(x):
    local = [x]
    raise KeyError(local)


def weak(n):
    thing = Thing()
    ref = weakref.ref(thing, lambda r: dead.append(n))
    alive = ref() is thing
    del thing
    return alive, ref() is None


def collects(n):
    a = Thing()
    a.me = a
    ref = weakref.ref(a)
    del a
    gc.collect()
    return ref() is None


def collects_with_locals(n):
    keep = [Thing() for _ in range(n)]
    total = 0
    for item in keep:
        gc.collect(0)
        total += isinstance(item, Thing)
    return total, len(keep)


thing = Thing()
dead = []
for func in (inside, passes, stored, cell):
    repeat(func, thing)
repeat(fresh)
repeat(star, thing, 1, k=thing)
repeat(loop, [thing, thing])
before = sys.getrefcount(thing)
repeat(churn, thing, 30)
for _ in range(100):
    try:
        raising(thing)
    except KeyError:
        pass
for func in (inside, passes, stored, cell):
    for _ in range(100):
        func(thing)
show(sys.getrefcount(thing) - before)
for wrong in (lambda: churn(thing), lambda: identity(thing, thing), lambda: identity(x=thing, y=1), lambda: churn(thing, "s"), lambda: inside(*[thing], **{"z": thing})):
    for _ in range(30):
        try:
            wrong()
        except TypeError:
            pass
show(sys.getrefcount(thing) - before)
repeat(weak, 1)
show(len(dead))
repeat(collects, 1, times=10)
repeat(collects_with_locals, 5, times=10)
items = [thing] * 50
for i in range(200):
    a, (b, *c) = i, items
    items[i % 50], d = items[-1], thing
del a, b, c, d, items
show(sys.getrefcount(thing) - before)
