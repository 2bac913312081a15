# Special methods written in Python that comparisons, `in`, truth, len() and unary operators call from C: at places where the same
# classes came by for so long that machine code enters them directly, and then something else does or comes back.
# expect-compiled: below, equal, unequal, kept, inside, outside, size, truth, not_true, negated, inverted, summed, reflected, sized, in_handler
import sys

from _support import attempt, probe, show

ROUNDS = 600


def settle(function, *args):
    """Calls until nothing new is to be learned."""
    for _ in range(ROUNDS):
        result = function(*args)
    return result


class Money:
    """What its methods return can be replaced."""

    answer = None

    def __init__(self, value, name=""):
        self.value, self.name = value, name

    def __repr__(self):
        return f"Money({self.value})"

    def __lt__(self, other):
        if self.answer is not None:
            return self.answer(self)
        return self.value < other.value

    def __eq__(self, other):
        if self.answer is not None:
            return self.answer(self)
        return self.value == other.value

    def __hash__(self):
        return hash(self.value)

    def __ne__(self, other):
        return self.value != other.value

    def __contains__(self, item):
        if self.answer is not None:
            return self.answer(self)
        return item == self.value

    def __len__(self):
        if self.answer is not None:
            return self.answer(self)
        return self.value

    def __bool__(self):
        if self.answer is not None:
            return self.answer(self)
        return self.value > 0

    def __neg__(self):
        if self.answer is not None:
            return self.answer(self)
        return Money(-self.value)

    def __invert__(self):
        return ~self.value

    def __add__(self, other):
        return self.value + other.value

    def __radd__(self, other):
        if self.answer is not None:
            return self.answer(self)
        return other + self.value

    __rmul__ = __radd__

    def __del__(self):
        if self.name:
            print("gone", self.name)


class Cheap(Money):
    """Asked first where the other one is its base."""

    def __gt__(self, other):
        print("reflected")
        return self.value > other.value

    def __eq__(self, other):
        print("derived first")
        return NotImplemented

    __hash__ = None


class Other:
    """Asked after those that know nothing of it."""

    def __gt__(self, other):
        return "other is greater"

    def __eq__(self, other):
        return "other is equal"

    __hash__ = None


class Odd:
    def __init__(self, truth):
        self.truth = truth

    def __bool__(self):
        print("truth of what was returned")
        if self.truth is None:
            raise ValueError("no truth")
        return self.truth

    def __index__(self):
        print("index of what was returned")
        return 7

    def __del__(self):
        print("gone what was returned")


class Sized:
    """Its truth is its length."""

    def __init__(self, size):
        self.size = size

    def __len__(self):
        return self.size


def below(one, other):
    return one < other


def equal(one, other):
    if one == other:
        return "equal"
    return "not equal"


def unequal(one, other):
    return "differ" if one != other else "same"


def kept(one, other):
    result = one == other
    return result


def inside(item, container):
    return item in container


def outside(item, container):
    if item not in container:
        return "outside"
    return "inside"


def size(thing):
    return len(thing)


def truth(thing):
    return 1 if thing else 2


def not_true(thing):
    return not thing


def negated(thing):
    return -thing


def inverted(thing):
    return ~thing


def summed(one, other):
    return one + other


def reflected(number, thing):
    return number + thing, number * thing


def sized(thing):
    return "something" if thing else "nothing"


def in_handler(one, other):
    try:
        if one < other and 5 in one and len(one) and -one:
            return "all"
        return "not all"
    except (ValueError, TypeError) as error:
        return type(error).__name__


FIVE, SIX, NOTHING = Money(5), Money(6), Money(0)
ONE_OPERAND = (size, truth, not_true, negated, inverted)
TWO_OPERANDS = (below, equal, unequal, kept, summed)
CONTAINERS = (inside, outside)

for function in ONE_OPERAND:
    show(settle(function, FIVE))
for function in TWO_OPERANDS:
    show(settle(function, FIVE, SIX))
for function in CONTAINERS:
    show(settle(function, 5, FIVE))
show(settle(sized, Sized(3)), settle(in_handler, FIVE, SIX), settle(reflected, 3, FIVE))
probe(reflected, (3, SIX), (2.5, FIVE), (True, FIVE), (FIVE, SIX), (1 << 70, FIVE), (3, Sized(1)), (3, 4), ("a", FIVE), (3, Cheap(5)))
settle(reflected, 3, FIVE)

# Other operands, of the same classes and of others.
for function in ONE_OPERAND:
    probe(function, (SIX,), (NOTHING,), (Money(-4),), (Sized(0),), (3,), ([],), (None,))
for function in TWO_OPERANDS:
    pairs = [(SIX, FIVE), (FIVE, FIVE), (FIVE, Cheap(6)), (Cheap(6), FIVE), (FIVE, Other()), (FIVE, 5), (5, FIVE), (Other(), FIVE)]
    probe(function, *pairs)
for function in CONTAINERS:
    probe(function, (6, FIVE), (FIVE, FIVE), (5, [5, 6]), (5, Other()), ("a", "abc"))
probe(sized, (Sized(0),), (Sized(5),), (Sized(-1),), (Sized("a"),), (Sized(1 << 70),), (Sized(True),))
for function in ONE_OPERAND:
    settle(function, FIVE)
for function in TWO_OPERANDS:
    settle(function, FIVE, SIX)
for function in CONTAINERS:
    settle(function, 5, FIVE)
settle(in_handler, FIVE, SIX)


# Other results.
def failing(self):
    raise ValueError("asked", self.value)


ANSWERS = [
    lambda self: NotImplemented,
    lambda self: Odd(True),
    lambda self: Odd(False),
    lambda self: Odd(None),
    lambda self: "text",
    lambda self: -3,
    lambda self: 1 << 80,
    lambda self: -1 << 80,
    lambda self: 2.5,
    lambda self: None,
    failing,
]
for number, answer in enumerate(ANSWERS):
    print("answer", number)
    Money.answer = answer
    for function in (size, truth, not_true, negated):
        attempt(function, FIVE)
    for function in (below, equal, kept):
        attempt(function, FIVE, SIX)
        attempt(function, FIVE, Other())
    for function in CONTAINERS:
        attempt(function, 5, FIVE)
    attempt(reflected, 3, FIVE)
    attempt(in_handler, FIVE, SIX)
    Money.answer = None
    for function in (size, truth, not_true, negated):
        show(function(FIVE))
    show(equal(FIVE, FIVE), inside(5, FIVE), in_handler(FIVE, SIX), in_handler(Money(4), SIX))

# Who holds what, and what is on the stack.
def counted(self):
    frame = sys._getframe(1)
    function = getattr(Money, frame.f_code.co_name)
    print(
        [sys.getrefcount(value) for value in (self, function, *frame.f_locals.values())],
        [caller.f_code.co_name for caller in (frame, frame.f_back, frame.f_back.f_back)],
        frame.f_back.f_lineno,
    )
    return True


settle(equal, FIVE, SIX), settle(size, FIVE)
Money.answer = counted
for _ in range(3):
    attempt(below, FIVE, SIX), attempt(equal, FIVE, SIX), attempt(kept, FIVE, SIX)
    attempt(inside, 5, FIVE), attempt(outside, 1000000, FIVE)
    attempt(size, FIVE), attempt(truth, FIVE), attempt(negated, FIVE), attempt(reflected, 1000000, FIVE)
Money.answer = None


# What only the operands hold goes when the bytecode is done.
def temporaries(number):
    if Money(number, "left") < Money(2000, "right"):
        print("below")
    print(number in Money(number, "container"))
    print(len(Money(3, "sized")), end=" ")
    return -Money(number, "negated")


for number in range(70):
    result = temporaries(number)
show(result)
Money.answer = failing
attempt(temporaries, 5)
Money.answer = None


# Classes change.
def longer(self):
    return 99


settle(size, FIVE)
Money.__len__ = longer
show(settle(size, FIVE))
del Money.__len__
attempt(size, FIVE)
Money.__len__ = lambda self: self.value + 1
show(settle(size, FIVE))
Money.__bool__ = lambda self: self.value
attempt(truth, FIVE)
del Money.__bool__
show(settle(truth, FIVE))
del Money.__len__
show(settle(truth, NOTHING))
Money.__lt__ = lambda self, other: [self, other]
show(settle(below, FIVE, SIX))
Money.__contains__ = None
attempt(inside, 5, FIVE)


# Recursion.
class Deep:
    def __init__(self, inner):
        self.inner = inner

    def __eq__(self, other):
        return self.inner == other.inner

    def __len__(self):
        return len(self.inner) + 1

    def __bool__(self):
        return not self.inner


def nest(depth):
    deep = ()
    for _ in range(depth):
        deep = Deep(deep)
    return deep


for depth in (1, 5, 60):
    show(settle(equal, nest(depth), nest(depth)), settle(size, nest(depth)), settle(truth, nest(depth)))
for function in (size, truth):
    try:
        function(nest(100_000))
    except RecursionError as error:
        print(type(error).__name__, error)
