# Classes that change under compiled code: attributes, descriptors, bases, the class of an instance.
# expect-compiled: get, call, C.method
from _support import attempt, repeat, show


class Base:
    kind = "base"

    def method(self):
        return "Base.method"


class C(Base):
    shared = 1

    def __init__(self):
        self.own = "own"

    def method(self):
        return "C.method " + self.own


class D:
    shared = "from D"
    own = "class level"

    def method(self):
        return "D.method"


def get(obj):
    return obj.shared, obj.own, obj.kind


def call(obj):
    return obj.method()


def class_get(cls):
    return cls.shared


c = C()
repeat(get, c)
repeat(call, c)
repeat(class_get, C)
C.shared = "rebound"
repeat(get, c)
repeat(class_get, C)
Base.kind = "base changed"
repeat(get, c)
C.kind = "hides base"
repeat(get, c)
c.kind = "hides class"
repeat(get, c)
C.kind = property(lambda self: "data descriptor wins")
repeat(get, c)
del C.kind
repeat(get, c)
C.own = property(lambda self: "own property")
repeat(get, c)
del C.own
repeat(get, c)
C.method = lambda self: "lambda"
repeat(call, c)
c.method = lambda: "instance callable"
repeat(call, c)
del c.method
repeat(call, c)
del C.method
repeat(call, c)
Base.method = staticmethod(lambda: "static")
repeat(call, c)
Base.method = classmethod(lambda cls: cls.__name__)
repeat(call, c)
del Base.method
attempt(call, c)
C.method = 5
attempt(call, c)
C.__getattr__ = lambda self, name: f"dynamic {name}"
del C.shared
repeat(get, c)
del C.__getattr__
attempt(get, c)
C.shared = 1
c.__class__ = D
attempt(get, c)
D.kind = "D kind"
repeat(get, c)
repeat(call, c)
c.__class__ = C
attempt(call, c)


def assign_class(obj, cls):
    obj.__class__ = cls
    return obj.__class__.__name__, obj.own


repeat(assign_class, c, D)
attempt(assign_class, c, int)
attempt(assign_class, 5, D)


class X:
    shared = own = kind = "X"


class Y(X):
    own = "Y"


class Z:
    shared = own = kind = "Z"


y = Y()
repeat(get, y)
Y.__bases__ = (Z,)
repeat(get, y)
show(Y.__mro__ == (Y, Z, object))
X.kind = "no longer mine"
Z.kind = "mine"
repeat(get, y)
repeat(class_get, Y)
