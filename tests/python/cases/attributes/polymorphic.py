# The same attribute of objects of many classes at one place, while classes and objects change.
# expect-compiled: read, call, write, bump
import sys

from _support import attempt, repeat, show


class A:
    def __init__(self):
        self.value = 1

    def run(self):
        return "A"


class B(A):
    def __init__(self):
        self.first = 0
        self.value = 2

    def run(self):
        return "B"


class C(A):
    pass


class D:
    __slots__ = ("value",)

    def __init__(self):
        self.value = 4

    def run(self):
        return "D"


class E:
    value = 5

    def run(self):
        return "E"


class F:
    def __init__(self):
        self._value = 6

    @property
    def value(self):
        return self._value

    @value.setter
    def value(self, value):
        self._value = value * 2

    def run(self):
        return "F"


class G:
    def __getattr__(self, name):
        if name == "run":
            return lambda: "G"
        return 7


class H(dict):
    value = 8

    @staticmethod
    def run():
        return "H"


class Watched:
    def __init__(self):
        object.__setattr__(self, "value", 9)

    def __setattr__(self, name, value):
        object.__setattr__(self, name, ("set", value))

    @classmethod
    def run(cls):
        return cls.__name__


CLASSES = [A, B, C, D, E, F, G, H, Watched]


def read(obj):
    return obj.value


def call(obj):
    return obj.run()


def write(obj, value):
    obj.value = value
    return obj.value


def bump(obj):
    obj.value += 1
    return obj.value


def all_of(func, objects, *args):
    return [func(obj, *args) for obj in objects]


def state(objects):
    show([attempt_value(read, obj) for obj in objects], [attempt_value(call, obj) for obj in objects])


def attempt_value(func, obj):
    try:
        return func(obj)
    except (AttributeError, TypeError) as error:
        return type(error).__name__


objects = [cls() for cls in CLASSES]
repeat(all_of, read, objects)
repeat(all_of, call, objects)
repeat(all_of, write, objects, 3)
for obj in objects:
    obj.value = 1
repeat(all_of, write, objects, 1.5)
numbers = [A(), B(), C(), D(), F()]
repeat(all_of, bump, numbers)
state(objects)

# Instances hide methods, lose values, get dicts, and change their class.
objects[0].run = lambda: "hidden A"
state(objects)
del objects[1].value
state(objects)
objects[1].value = "again"
state(objects)
vars(objects[2])["value"] = "by dict"
state(objects)
objects[2].__dict__ = {"value": "other dict", "run": lambda: "in dict"}
state(objects)
objects[0].__class__ = B
state(objects)
repeat(all_of, write, objects[:3], "written")
state(objects)

# Classes change.
A.run = lambda self: "new A"
state(objects)
B.value = property(lambda self: "data descriptor")
state(objects)
attempt(write, objects[0], 1)
del B.value, B.run
state(objects)
E.value = "class attribute"
state(objects)
A.__getattr__ = lambda self, name: f"missing {name}"
del objects[1].value
state(objects)
A.__setattr__ = lambda self, name, value: object.__setattr__(self, name, ["A", value])
repeat(all_of, write, objects[:3], 0)
A.__getattribute__ = lambda self, name: (lambda: name) if name == "run" else name
state(objects)


# Classes and names come and go: nothing known of one may be taken for another.
def made(n):
    total = 0
    for i in range(n):
        namespace = {}
        source = f"class T:\n    def m{i % 7}(self): return {i}\ndef use(t): t.v{i % 5} = {i}; return t.m{i % 7}() + t.v{i % 5}"
        exec(source, namespace)
        for _ in range(4):
            total += namespace["use"](namespace["T"]())
    return total


show(made(200))


# ---- few enough classes for a way of its own for each: values, methods, slots, properties, what hides what


class Shape:
    scale = 2

    def area(self):
        return self.width * self.scale

    def scaled(self, by=3, more=0):
        return self.width * by + more


class Square(Shape):
    def __init__(self, width):
        self.width = width


class Slim(Shape):
    __slots__ = ("width",)

    def __init__(self, width):
        self.width = width

    def area(self):
        return "slim", self.width


class Computed(Shape):
    def __init__(self, width):
        self.kept = width

    @property
    def width(self):
        return self.kept + 100

    @width.setter
    def width(self, width):
        self.kept = width

    def area(self):
        raise ValueError(self.kept)


class Hiding(Shape):
    def __init__(self, width):
        self.width = width
        self.area = lambda: ("hidden", self.width)
        self.scaled = Shape.scaled


def width_of(shape):
    return shape.width


def area_of(shape):
    return shape.area()


def scaled_of(shape):
    return shape.scaled(4), shape.scaled()


def widen(shape, width):
    shape.width = width
    return shape.width


def sum_of(shapes):
    total = 0
    for shape in shapes:
        total += shape.width
        try:
            shape.area()
        except ValueError as error:
            total += error.args[0]
    return total


makers = [Square, Slim, Computed]
for _ in range(30):
    for make in makers:
        shape = make(5)
        width_of(shape), widen(shape, 6)
        attempt(area_of, shape) if make is Computed else area_of(shape)
        scaled_of(shape)
    sum_of([make(7) for make in makers])
for make in [*makers, Hiding, Square]:
    shape = make(5)
    for function in (width_of, area_of, scaled_of):
        for _ in range(12):
            attempt(function, shape)
    show(widen(shape, 9), widen(shape, 9.5), widen(shape, True))
show(sum_of([make(7) for make in makers] * 3))

# What changes under the tests: a deleted value, a dict of its own, a method hidden by an instance.
square = Square(5)
del square.width
attempt(width_of, square)
attempt(area_of, square)
square = Square(6)
square.__dict__["extra"] = 1
show(width_of(square), widen(square, 8), area_of(square))
square.__dict__ = {"width": 11, "area": lambda: "own"}
show(width_of(square), widen(square, 8), area_of(square))
square = Square(7)
square.area = lambda: "hidden"
show(area_of(square), area_of(Square(1)))
slim = Slim(1)
del slim.width
attempt(width_of, slim)
Shape.scaled.__defaults__ = (5, 6)
show(scaled_of(Square(1)), scaled_of(Slim(1)))
Shape.scaled.__defaults__ = (5,)
attempt(scaled_of, Square(1))
Slim.area = lambda self: "changed"
show(area_of(Slim(1)), area_of(Square(2)))


class Dying:
    def __init__(self, name):
        self.name = name

    def method(self):
        return self.name

    def __del__(self):
        print("del", self.name)


class DyingToo(Dying):
    def method(self):
        return self.name + " too"


def of_temporary(make, name):
    return make(name).method(), make(name + "'").name


for make in (Dying, DyingToo, Dying, DyingToo, Dying):
    for _ in range(3):
        show(of_temporary(make, "it"))


def counts(shape):
    return sys.getrefcount(shape), sys.getrefcount(shape.width), sys.getrefcount(shape.area)


for make in (Square, Slim, Square, Slim):
    shape = make(object())
    for _ in range(10):
        counts(shape)
    show(counts(shape), sys.getrefcount(make.area))
