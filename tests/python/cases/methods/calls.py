# Calls of methods: bound, static, class, of builtin types, stored in variables, replaced on the way, on wrong objects.
# expect-compiled: drive, drive_many, Shape.area
# expect-deopts: 1
from _support import attempt, probe, repeat, show


class Shape:
    sides = 4

    def __init__(self, size):
        self.size = size

    def area(self, factor=1):
        return self.size * self.size * factor

    @staticmethod
    def static(a, b=2):
        return a, b

    @classmethod
    def build(cls, size):
        return cls(size)

    def chain(self):
        return self

    def __getitem__(self, item):
        return ("item", item)


class Round(Shape):
    def area(self, factor=1):
        return self.size * 3 * factor


class Callable:
    def __call__(self, *args):
        return ("called", args)


class Holder:
    def __init__(self, area):
        self.area = area


def drive(shape):
    return shape.area()


def drive_args(shape, factor):
    return shape.area(factor) + shape.area(factor=factor)


def drive_many(shapes):
    return [shape.area() for shape in shapes]


def statics(shape):
    return shape.static(1), shape.static(1, 3), shape.static(b=1, a=2), type(shape).build(2).size, shape.build(3).size


def bound(shape):
    method = shape.area
    return method(), method(2), method.__self__ is shape, method == shape.area


def unbound(shape):
    return Shape.area(shape), Shape.area(shape, 3)


def chained(shape):
    return shape.chain().chain().area().__add__(1)


s = Shape(3)
probe(drive, (s,), (Round(3),), (Shape(1.5),), (Shape("x"),), (Holder(lambda: "stored"),), (Holder(Callable()),), (Holder(len),), (Holder(5),), (5,), (Shape,))
probe(drive_args, (s, 2), (Round(2), 2), (s, "x"), (s, 2**62), (Holder(max), 1))
repeat(drive_many, [s, s, Shape(2)])
repeat(drive_many, [s, Round(1), Shape(2.5), Holder(lambda: 0)])
probe(statics, (s,), (Round(1),))
probe(bound, (s,), (Round(4),), (Holder(s.area),))
probe(unbound, (s,), (Round(4),), (Holder(1),))
probe(chained, (s,), (Round(1),), (Holder(1),))


def builtin_methods(items, text, table):
    items.append(1)
    items.extend((2, 3))
    last = items.pop()
    items.sort(reverse=True)
    return len(items), last, text.upper().split("B"), text.replace("a", "x", 1), table.get("k"), table.setdefault("n", 0), "-".join(text)


repeat(builtin_methods, [], "abcab", {"k": 1})
attempt(builtin_methods, (), "a", {})
attempt(builtin_methods, [], b"ab", {})
attempt(builtin_methods, [], "ab", [])
attempt(builtin_methods, [None], "ab", {})


class MyList(list):
    def append(self, x):
        super().append(("mine", x))

    def sort(self, reverse):
        pass


show(builtin_methods(MyList(), "ab", {}))


def wrong_calls(which):
    if which == 0:
        return s.area(1, 2)
    if which == 1:
        return s.area(bad=1)
    if which == 2:
        return s.static()
    if which == 3:
        return [].append()
    if which == 4:
        return "".join(1)
    if which == 5:
        return s.missing()
    if which == 6:
        return Shape.area()
    if which == 7:
        return {}.get()
    if which == 8:
        return None.area()
    return "ok"


probe(wrong_calls, (9,), *[(n,) for n in range(9)])
