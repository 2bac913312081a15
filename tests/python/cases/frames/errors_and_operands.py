# expect-compiled: neg, add, compare, contains, subscript, store_subscript, store_slice, unpack, dict_of, matches, get
"""When an operation fails, its operands die before the tracer hears of the exception, or after: each opcode has its way."""

import sys

from _support import attempt

WANTED = 8
turn = 0


def tracer(frame, event, arg):
    if frame.f_code.co_filename == __file__ and event == "exception":
        print("  ", event, frame.f_code.co_name, arg[0].__name__)
    return tracer


class Failing:
    """Fails in whatever is done to it, and switches a tracer on at some turn. Says when it dies."""

    __slots__ = ("name",)

    def __init__(self, name="one"):
        object.__setattr__(self, "name", name)

    def __del__(self):
        print("  ", "dies", object.__getattribute__(self, "name"))


def fail(*args, **more):
    frame = sys._getframe(1)
    if turn == WANTED:
        frame.f_trace = tracer
        sys.settrace(tracer)
    del args, more  # or the traceback would keep the operands
    raise ValueError("failing")


for name in (
    "neg invert add radd sub iadd lt eq bool contains getitem setitem delitem getattribute setattr delattr iter "
    "format repr str call enter hash index len"
).split():
    setattr(Failing, f"__{name}__", fail)


class Pair:
    """Made by taking it apart; fails when it is."""

    __match_args__ = ("left", "right")

    def __del__(self):
        print("  ", "dies pair")

    left = right = property(fail)


class Mapping:
    def __del__(self):
        print("  ", "dies mapping")

    def keys(self):
        return [1]

    __getitem__ = fail


def neg():
    return -Failing()


def invert():
    return ~Failing()


def negate():
    return not Failing()


def add():
    return Failing() + Failing("two")


def add_in_place(x=1):
    x += Failing()
    return x


def compare():
    return Failing() < Failing("two")


def condition():
    if Failing() == Failing("two"):
        return 1
    return 2


def contains():
    return Failing("two") in Failing()


def excludes(x=(1, 2)):
    return Failing() not in x


def subscript():
    return Failing()[Failing("two")]


def slice_of():
    return Failing()[Failing("two") : 3]


def store_subscript():
    Failing()[Failing("two")] = 1


def store_slice():
    Failing()[Failing("two") : 3] = Pair()


def delete_subscript():
    del Failing()[Failing("two")]


def unhashable(d={}):
    return d[Failing()]


def unhashable_key(d={}):
    d[Failing()] = Pair()


def unhashable_item():
    return {Pair(), Failing()}


def unhashable_display():
    return {1: Pair(), Failing(): 2}


def set_of():
    return {Failing() for _ in range(1)}


def dict_of():
    return {Failing(): Pair() for _ in range(1)}


def get():
    return Failing().x


def get_method():
    return Failing().x()


def put():
    Failing().x = Pair()


def delete():
    del Failing().x


def unpack():
    a, b = Failing()
    return a, b


def unpack_more():
    a, *b = Failing()
    return a, b


def iterate():
    for x in Failing():
        return x


def extend():
    return [1, *Failing()]


def update():
    return {1, *Failing()}


def merge():
    return {1: 2, **Mapping()}


def keywords():
    return dict(**Mapping())


def formatted():
    return f"{Failing()}"


def formatted_more():
    return f"{Failing():>{Failing('two')}}"


def converted():
    return f"{Failing()!r}"


def call():
    return Failing()(Failing("two"))


def call_with():
    return Failing()(x=Failing("two"))


def call_spread():
    return Failing()(*[Failing("two")])


def enter():
    with Failing() as x:
        return x


def matches():
    match Pair():
        case Pair(1, 2):
            return 1
    return 2


def handles():
    try:
        fail(1)
    except fail():
        return 1


def handles_group():
    try:
        raise ExceptionGroup("g", [ValueError()])
    except* fail(Pair()):
        print("never")


FORMS = [value for value in list(globals().values()) if getattr(value, "__module__", None) == __name__ and callable(value)]

for form in FORMS[FORMS.index(neg) :]:
    print(form.__name__)
    for turn in range(12):
        attempt(form)
        sys.settrace(None)
