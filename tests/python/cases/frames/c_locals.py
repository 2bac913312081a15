# C code hands out proxies of a frame's locals past the attribute f_locals; writes through them take effect all the same.
# expect-compiled: by_item, by_update, by_callee, in_loop
import ctypes
import sys

from _support import repeat, show

get_locals = ctypes.pythonapi.PyFrame_GetLocals
get_locals.argtypes = [ctypes.py_object]
get_locals.restype = ctypes.py_object


def by_item(value):
    x = 1
    proxy = get_locals(sys._getframe())
    first = x
    proxy["x"] = value
    return first, x


def by_update(value):
    x = 1
    y = None
    proxy = get_locals(sys._getframe())
    proxy.update({"x": value})
    first = x
    proxy |= {"y": value}
    second = y
    proxy.setdefault("late", value)
    return first, second, late  # noqa: F821
    late = 1


def poke(name, value):
    get_locals(sys._getframe(1))[name] = value


def by_callee(value):
    x = True
    poke("x", value)
    return x


def in_loop(n, value):
    total = 0
    for i in range(n):
        if i == n // 2:
            poke("total", value)
        total += i
    return total


def get_only(n):
    total = 0
    for i in range(n):
        total += len(get_locals(sys._getframe()))
    return total


for value in (5, 2.5, "text", None):
    show(repeat(by_item, value))
    show(repeat(by_callee, value))
show(repeat(by_update, [1]))
show(repeat(in_loop, 40, 1000))
show(repeat(in_loop, 40, 0.5))
show(get_only(50))
