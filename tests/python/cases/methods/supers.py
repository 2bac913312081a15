# Methods called by `super()`: of one class and of several, cooperative, changed meanwhile, and where there is nothing to find.
# expect-compiled: Leaf.__init__, Leaf.describe, Middle.step, Old.value, Mixed.value, counted, Twice.area, Diamond.visit, Left.visit, Right.visit
import sys

from _support import attempt, repeat, show


class Root:
    def __init__(self, name):
        self.name = name

    def step(self, by):
        return by + 1

    def describe(self, *rest):
        return (self.name, *rest)

    @property
    def size(self):
        return len(self.name)

    @classmethod
    def make(cls):
        return cls.__name__

    @staticmethod
    def plain(value):
        return -value


class Middle(Root):
    def step(self, by):
        return super().step(by) * 2


class Leaf(Middle):
    def __init__(self, name, extra):
        super().__init__(name)
        self.extra = extra

    def describe(self, *rest):
        return super().describe(self.extra, *rest)

    def step(self, by):
        return super(Leaf, self).step(by) + self.extra

    def sizes(self):
        return super().size, super().make(), super().plain(3)


def counted(rounds):
    total = 0
    for number in range(rounds):
        leaf = Leaf("leaf", number)
        total += leaf.step(number) + len(leaf.describe(1))
    return total


show(repeat(counted, 60), Leaf("a", 1).describe(2, 3))
show(repeat(lambda: Leaf("b", 2).sizes()))


class Other(Middle):
    pass


class Third(Middle):
    extra = 5


def several():
    found = []
    for kind in (Middle, Other, Third, Middle):
        found.append(kind("x").step(4))
    return found


for _ in range(40):
    found = several()
show(found)


class Late(Middle):
    def step(self, by):
        return super().step(by) + 1000


for _ in range(40):
    found = [Late("l").step(1), Middle("m").step(1)]
show(found)


class Old:
    def value(self):
        return "old"


class Mixed(Old):
    def value(self):
        return super().value() + "+"


mixed = Mixed()
show(repeat(mixed.value))
Old.value = lambda self: "new"
show(mixed.value(), mixed.value())
Old.value = len
attempt(mixed.value)
del Old.value
attempt(mixed.value)
Old.value = lambda self: "again"
show([mixed.value() for _ in range(40)][-1])


class Between(Old):
    def value(self):
        return "between " + super().value()


Mixed.__bases__ = (Between,)
show([mixed.value() for _ in range(40)][-1])


class Base:
    def visit(self, seen):
        seen.append("base")


class Left(Base):
    def visit(self, seen):
        seen.append("left")
        super().visit(seen)


class Right(Base):
    def visit(self, seen):
        seen.append("right")
        super().visit(seen)


class Diamond(Left, Right):
    def visit(self, seen):
        seen.append("diamond")
        super().visit(seen)


def visits(kinds):
    seen = []
    for kind in kinds:
        kind().visit(seen)
    return seen


for _ in range(40):
    seen = visits([Diamond, Left, Right, Diamond])
show(seen)


class Shape:
    def area(self):
        return self.width


class Twice(Shape):
    def __init__(self, width):
        self.width = width

    def area(self):
        return 2 * super().area()


shapes = [Twice(number) for number in range(30)]
show(sum(shape.area() for shape in shapes for _ in range(5)))
attempt(Twice.area, object())
attempt(Twice.area, Shape())
attempt(Twice.area, Twice)


def stolen(self):
    return super(Twice, self).area() + 0.5


for _ in range(40):
    found = stolen(shapes[7])
show(found)
attempt(stolen, 5)
super_class = super


def super(*args):  # noqa: A001
    return Shape2()


class Shape2:
    def area(self):
        return "not the one"


show(attempt(stolen, shapes[7]), attempt(shapes[3].area))
del super
show(stolen(shapes[7]))


class Meta(type):
    def __call__(cls, *args):
        made = super().__call__(*args)
        made.made_by = cls.__name__
        return made

    def mro(cls):
        return super().mro()


class Made(metaclass=Meta):
    def __init__(self, value):
        super().__init__()
        self.value = value


show([Made(number).made_by for number in range(40)][-1])


class Raises(Shape):
    def area(self):
        return super().perimeter()


for _ in range(30):
    attempt(Raises().area)


class Deep0:
    def level(self):
        return sys._getframe(1).f_code.co_qualname


class Deep1(Deep0):
    def level(self):
        return super().level()


class Deep2(Deep1):
    def level(self):
        return super().level() + "<"


show(repeat(Deep2().level), repeat(Deep1().level))
before = sys.getrefcount(Twice), sys.getrefcount(Shape.area)
for shape in shapes * 4:
    shape.area()
show(before == (sys.getrefcount(Twice), sys.getrefcount(Shape.area)))
