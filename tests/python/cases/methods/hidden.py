# Methods and class attributes that instances come to hide after the code that uses them was compiled.
# expect-compiled: call, read, store
from _support import attempt, repeat, show


class Plain:
    level = 1

    def name(self):
        return "class"


class Slots:
    __slots__ = ("x",)
    level = 2

    def name(self):
        return "slots"


class Derived(Plain):
    pass


def call(obj):
    return obj.name()


def read(obj):
    return obj.level


def store(obj, value):
    obj.level = value
    return obj.level


def by_dict(obj):
    obj.__dict__["name"] = lambda: "in dict"
    return obj.name()


for cls in (Plain, Derived, Slots):
    obj, other = cls(), cls()
    repeat(call, obj)
    repeat(read, obj)
    show([call(cls()) for _ in range(3)])
    if cls is Slots:
        attempt(store, obj, 3)
        continue
    obj.name = lambda: "instance"
    show(call(obj), call(other), call(cls()))
    repeat(call, obj)
    obj.level = 7
    show(read(obj), read(other))
    repeat(store, other, 8)
    show(read(obj), read(other), cls.level)
    del obj.name, obj.level
    show(call(obj), read(obj))
    repeat(by_dict, cls())
    vars(other)["name"] = lambda: "vars"
    show(call(other), call(obj))
    other.__class__ = type("Other", (Plain,), {"name": lambda self: "other class"})
    show(call(other))
    del other.__dict__["name"]
    show(call(other), call(obj))


class Made:
    def __init__(self, hidden):
        self.a = 1
        if hidden:
            self.run = lambda: "hidden"
        self.b = 2

    def run(self):
        return "method"


def make_and_run(hidden):
    return Made(hidden).run()


repeat(make_and_run, False)
repeat(make_and_run, True)
repeat(make_and_run, False)
