# The same attribute of objects of many classes at one place, while classes and objects change.
# expect-compiled: read, call, write, bump
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
