# Calls at places where a function comes by that is made anew each time, or one of several with the same code; and then others.
# expect-compiled: apply, apply_two, sum_of, compose, made_here, with_default
import gc
import sys

from _support import attempt, probe, show

ROUNDS = 600


def settle(function, *args):
    """Calls until nothing new is to be learned."""
    for _ in range(ROUNDS):
        result = function(*args)
    return result


def adder(number, name=""):
    class Guard:
        def __del__(self):
            if name:
                print("gone", name)

    guard = Guard()

    def add(value, more=0):
        return value + number + more if guard else None

    return add


def twice(value):
    return 2 * value


def apply(function, value):
    return function(value)


def apply_two(function, value, more):
    return function(value, more)


def sum_of(functions, value):
    total = 0
    for function in functions:
        total += function(value)
    return total


def compose(outer, inner):
    def composed(value):
        return outer(inner(value))

    return composed


def made_here(count):
    total = 0
    for number in range(count):
        total += (lambda value: value * number)(3)

        def local(value, factor=number):
            return value * factor

        total += local(2)
    return total


def with_default(function):
    return function()


ADDERS = [adder(number) for number in range(7)]
show(settle(apply, ADDERS[1], 5), settle(sum_of, ADDERS, 5), settle(made_here, 5), settle(apply_two, ADDERS[2], 3, 4))
for number in range(ROUNDS):
    result = apply(adder(number), 1)
show(result)

# The same code with other captures and arguments, and other callables.
others = [(ADDERS[3], 2.5), (ADDERS[0], "text"), (twice, 4), (len, "abc"), (int, "12"), (adder, 5), (None, 1), (ADDERS[6], 1 << 70)]
probe(apply, *others)
probe(apply_two, (ADDERS[0], 1, 2), (ADDERS[5], 1, "x"), (max, 3, 4), (twice, 1, 2), (ADDERS[1], 2.5, 1))
probe(sum_of, (ADDERS[:3], 1), ([*ADDERS, twice], 1), ([abs, float], -1), ((), 1))
settle(apply, ADDERS[1], 5)
settle(sum_of, ADDERS, 5)

# Functions that call functions that they have captured.
composed = compose(ADDERS[1], compose(ADDERS[2], ADDERS[3]))
show(settle(composed, 4), settle(compose(ADDERS[4], ADDERS[5]), 0.5), composed("a") if False else attempt(composed, "a"))


# Defaults, and how many there are.
def default(value):
    def returns(number=value):
        return number

    return returns


show(settle(with_default, default(5)), with_default(default("six")), with_default(lambda: 7))
changed = default(8)
changed.__defaults__ = None
attempt(with_default, changed)
changed.__defaults__ = (9,)
attempt(with_default, changed)
changed.__code__ = (lambda number=1: number * 100).__code__
attempt(with_default, changed)
settle(with_default, changed)
attempt(with_default, default(10))


# Keywords, stars, generators.
def starred(*values):
    return values


def by_name(value, *, scale=3):
    return value * scale


def items(value):
    yield value


for function in (starred, by_name, items):
    show(type(settle(apply, function, 2)))
attempt(apply, by_name, 5)
attempt(apply, starred, 5)


# Who holds the function, and which it is.
def counting(name):
    held = [name]

    def counted(value):
        frame = sys._getframe()
        found = [it for it in gc.get_referrers(held) if False]
        return frame.f_code.co_name, held[0], sys.getrefcount(held), sorted(frame.f_locals), found

    return counted


COUNTED = counting("kept")
show(settle(apply, COUNTED, 1))
for name in ("one", "two"):
    show(apply(counting(name), 2))


def refers_to_itself():
    def own(value):
        return sys.getrefcount(own), sys.getrefcount(sys._getframe().f_code) > 0, value

    return own


OWN = refers_to_itself()
show(settle(apply, OWN, 1))
show(apply(refers_to_itself(), 2))

# What the function has captured dies with it, when it has returned and not before.
for number in range(3):
    print(apply(adder(number, f"captured {number}"), 1))


# Functions of other namespaces, with the same code.
SOURCE = """
def pick(value):
    return value, WHICH
"""
code = compile(SOURCE, "<other>", "exec")
spaces = [{"WHICH": which} for which in ("first", "second")]
for space in spaces:
    exec(code, space)
WHICH = "this"
pick_here = type(adder)(spaces[0]["pick"].__code__, globals())
show(settle(apply, pick_here, 1), settle(apply, spaces[0]["pick"], 2), apply(spaces[1]["pick"], 3), apply(pick_here, 4))

# Code that dies: the next one may have its address.
for number in range(40):
    space = {}
    exec(f"def fresh(value): return value + {number}", globals(), space)
    show(settle(apply, space["fresh"], 1))
    space.clear()
    gc.collect()
