# Methods, initializers and properties that classes share: the callee's self is of the class that the caller knows, and may change it.
# expect-compiled: use, use_all, make
from _support import repeat, show


class Base:
    kind = "base"

    def __init__(self, x, y):
        self.x = x
        self.y = y

    def first(self):
        return self.x

    def describe(self, act=None):
        before = self.first(), self.kind
        if act is not None:
            act(self)
        return before, self.first(), self.kind, self.y

    def replace(self, other):
        """The local that has the argument gets another object."""
        self = other
        return self.first(), self.kind


class Left(Base):
    kind = "left"


class Right(Base):
    kind = "right"

    def first(self):
        return -self.x


class Slotted(Base):
    __slots__ = ("x", "y")


class Narrow:
    __slots__ = ("x", "y", "kind")

    def __init__(self, x, y):
        self.x, self.y, self.kind = x, y, "narrow"

    first = Base.first
    describe = Base.describe
    replace = Base.replace


CLASSES = [Left, Right, Slotted, Narrow]


def use(thing, act):
    return thing.describe(act)


def use_all(things, act):
    return [thing.describe(act) for thing in things]


def make(x):
    return Left(x, x), Right(x, x), Slotted(x, x), Narrow(x, x)


def turn(thing):
    """Another class in the middle of the callee."""
    if type(thing) in (Left, Right):
        thing.__class__ = Right if type(thing) is Left else Left


def forget(thing):
    del thing.x


repeat(use, Left(1, 2), None)
for kind in CLASSES:
    for _ in range(40):
        kind(1, 2).describe()
    repeat(use, kind(3, 4), None)
repeat(use_all, [kind(1, 2) for kind in CLASSES], None)
for kind in CLASSES:
    thing = kind(5, 6)
    show(use(thing, turn), type(thing).__name__)
    show(use(thing, turn), type(thing).__name__)
    for _ in range(30):
        use(thing, turn)
    show(use(thing, None), type(thing).__name__)
    try:
        use(thing, forget)
    except AttributeError as error:
        show(str(error))
repeat(use_all, [kind(1, 2) for kind in CLASSES], turn)
for _ in range(30):
    made = make(1)
show(*[(type(thing).__name__, thing.x, thing.y) for thing in made])
for left in CLASSES:
    for right in CLASSES:
        repeat(left(1, 2).replace, right(3, 4))
Left.first = lambda self: "changed"
Base.describe = lambda self, act=None: ("new", self.first())
repeat(use_all, [kind(1, 2) for kind in CLASSES], None)
