# Descriptors of every kind, properties, and attributes computed by __getattr__ and __getattribute__.
# expect-compiled: read, write, Temperature.fahrenheit
from _support import attempt, probe, repeat, show


class Temperature:
    def __init__(self, celsius):
        self._celsius = celsius

    @property
    def value(self):
        return self._celsius

    @value.setter
    def value(self, new):
        if new < -273:
            raise ValueError("too cold")
        self._celsius = new

    @value.deleter
    def value(self):
        self._celsius = None

    def fahrenheit(self):
        return self.value * 9 / 5 + 32


class ReadOnly:
    value = property(lambda self: "read only")


class Data:
    def __get__(self, obj, owner):
        return ("get", obj is None, owner.__name__)

    def __set__(self, obj, new):
        obj.__dict__["stored"] = new


class NonData:
    def __get__(self, obj, owner):
        return "non-data"


class WithData:
    value = Data()


class WithNonData:
    value = NonData()


class Dynamic:
    calls = 0

    def __getattr__(self, name):
        Dynamic.calls += 1
        if name == "missing":
            raise AttributeError(f"no {name}", name=name, obj=None)
        return name


class Everything:
    def __getattribute__(self, name):
        if name.startswith("__"):
            return super().__getattribute__(name)
        return f"every {name}"

    def __setattr__(self, name, new):
        if new == "bad":
            raise TypeError("bad value")
        super().__setattr__(name, new)

    def __delattr__(self, name):
        raise AttributeError("never deleted")


class BothHooks:
    def __getattribute__(self, name):
        raise AttributeError(name)

    def __getattr__(self, name):
        return f"fallback {name}"


def read(obj):
    return obj.value


def write(obj, new):
    obj.value = new
    return obj.value


def remove(obj):
    del obj.value
    return True


def read_missing(obj):
    return obj.missing


def add_in_place(obj):
    obj.value += 1
    return obj.value


t = Temperature(20)
nd = WithNonData()
OBJECTS = [(t,), (ReadOnly(),), (WithData(),), (nd,), (Dynamic(),), (Everything(),), (BothHooks(),), (Temperature,), (WithData,), (WithNonData,), (3,)]
for usual in (t, WithData(), nd, Dynamic(), Everything()):
    probe(read, (usual,), *OBJECTS)
repeat(t.fahrenheit)
probe(write, (t, 5), (t, -300), (ReadOnly(), 1), (WithData(), 2), (Everything(), "good"), (Everything(), "bad"), (Dynamic(), 7))
repeat(write, nd, "instance wins")
WithNonData.value = Data()
repeat(read, nd)
repeat(write, nd, "stored by data descriptor")
show(nd.__dict__)
probe(add_in_place, (t,), (ReadOnly(),), (WithData(),))
t.value = 1
for obj in (t, ReadOnly(), WithData(), Everything(), Dynamic(), 4):
    attempt(remove, obj)
attempt(t.fahrenheit)
t.value = 100
repeat(t.fahrenheit)
probe(read_missing, (Everything(),), (Dynamic(),), (BothHooks(),), (t,), (object,), (None,), ("text",))
Temperature.value = property(lambda self: 1 / 0)
attempt(t.fahrenheit)
Temperature.value = 1
repeat(t.fahrenheit)
