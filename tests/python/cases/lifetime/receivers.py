# Reference counts that methods of several kinds see of their operands.
# stress-except: deopt-every (a look-up that the interpreter rarely sees stays unspecialized there, and counts one more)
# expect-compiled: with_block, method, unknown_method, property_getter
import sys

from _support import repeat


class Counts:
    def __enter__(self):
        return sys.getrefcount(self)

    def __exit__(self, *args):
        counted.append(sys.getrefcount(self))

    def method(self, other):
        return sys.getrefcount(self), sys.getrefcount(other)

    @property
    def getter(self):
        return sys.getrefcount(self)


class Other(Counts):
    pass


counted = []


def with_block(value):
    with value as count:
        return count, counted.pop() if counted else None


def method(value):
    return value.method(value)


def unknown_method(value):
    return value.method(0)[0], value.method(value)


def property_getter(value):
    return value.getter


def temporary():
    return Counts().method(1)[0], Counts().getter


values = [Counts(), Other(), Counts()]
for function in (with_block, method, unknown_method):
    for value in values:
        repeat(function, value)
# The interpreter counts one more until it has specialized the look-up, for the one class that it then expects.
[property_getter(values[0]) for _ in range(20)]
repeat(property_getter, values[0])
[temporary() for _ in range(20)]
repeat(temporary)
