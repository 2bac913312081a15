# Names looked up through class bodies, annotation scopes and enclosing functions at once.
# expect-compiled: build, Outer.read
from _support import attempt, repeat, show

name = "global"


def build(name):
    class Outer:
        before = name
        name = "in class"
        after = name

        def read(self):
            return name

        class Nested:
            seen = name

        def annotated(self, x: name):
            return x

        def generic[T: name](self, x: T):
            return T.__bound__

        type Alias = list[name]
        copies = [name for _ in range(2)]
        lambdas = (lambda: name)()

    return Outer


def conditional_class_name(flag):
    value = "enclosing"

    class C:
        if flag:
            value = "class"
        result = value

    return C.result


def conditional_global(flag):
    class C:
        if flag:
            name = "class"
        result = name

    return C.result


class Outer:
    name = "class level"

    def read(self):
        return name, self.name

    if name == "class level":
        branch = [name, *[n for n in (1, 2)]]


def use(name):
    cls = build(name)
    obj = cls()
    return cls.before, cls.after, obj.read(), cls.Nested.seen, cls.annotated.__annotations__, obj.generic(1), cls.Alias.__value__, cls.copies, cls.lambdas


repeat(use, "argument")
repeat(conditional_class_name, True)
attempt(conditional_class_name, False)
repeat(conditional_global, True)
repeat(conditional_global, False)
repeat(Outer().read)
show(Outer.branch)


def deleted_cell():
    value = 1
    del value

    class C:
        result = value

    return C


attempt(deleted_cell)
del name
attempt(conditional_global, False)
attempt(Outer().read)
