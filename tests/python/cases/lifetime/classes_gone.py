# Classes that are gone when a function that was used with them is compiled: its inline caches still have what was theirs.
# expect-compiled: calls_method, reads_constant, reads_of_class
import gc

from _support import repeat, show


def calls_method(thing):
    return thing.method(1)


def reads_constant(thing):
    return thing.constant


def reads_of_class(cls):
    return cls.constant, cls.method.__name__


SOURCE = """
class Short:
    constant = [number]
    {slots}
    def method(self, x, *, y=number):
        return x, y
    def other(self):
        return number
def calls_method(thing):
    return thing.method(1)
def calls_inner(thing):
    total = []
    for _ in range(3):
        total.append(thing.method(1))
    return total
def reads_constant(thing):
    return thing.constant
def reads_of_class(cls):
    return cls.constant, cls.method.__name__
"""


def turn(number, slots):
    space = {"number": number}
    exec(SOURCE.format(slots=slots), space)
    short = space.pop("Short")
    functions = [space[name] for name in ("calls_method", "calls_inner", "reads_constant")]
    for function in functions:
        # The caches are filled, and nothing is compiled yet.
        function(short())
        function(short())
    space["reads_of_class"](short)
    space["reads_of_class"](short)
    del short
    gc.collect()
    # Others come to where it was.
    others = [lambda x, y=index: (x, y) for index in range(20)]
    lists = [[None] * size for size in range(40)]

    class Long:
        constant = (number,)

        def method(self, x):
            return x + number

    for function in functions:
        for _ in range(30):
            function(Long())
    return [function(Long()) for function in functions], space["reads_of_class"](Long), len(others), len(lists)


for number in range(12):
    show(turn(number, "__slots__ = ()" if number % 2 else ""))


class Stays:
    constant = 5

    def method(self, x):
        return x


repeat(calls_method, Stays())
repeat(reads_constant, Stays())
repeat(reads_of_class, Stays)
