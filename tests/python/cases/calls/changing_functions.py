# Functions that change after they were compiled: __code__, __defaults__, __kwdefaults__, attributes, closures made later.
# expect-compiled: target, caller, loop
from _support import attempt, repeat, show


def target(a, b=2, *, k=3):
    return ("target", a, b, k)


def other(a, b=20, *, k=30):
    return ("other", k, b, a)


def caller(x):
    return target(x), target(x, 5), target(x, k=6)


repeat(caller, 1)
target.__defaults__ = (200,)
repeat(caller, 1)
target.__kwdefaults__ = {"k": 300}
repeat(caller, 1)
target.__kwdefaults__["k"] = 301
repeat(caller, 1)
target.__defaults__ = None
attempt(caller, 1)
target.__defaults__ = (1, 2)
repeat(caller, 1)
attempt(target)
target.__kwdefaults__ = None
attempt(target, 1)
attempt(caller, 1)
target.__defaults__, target.__kwdefaults__ = (2,), {"k": 3}
repeat(caller, 1)
old = target.__code__
target.__code__ = other.__code__
repeat(caller, 1)
target.__code__ = (lambda *args, **kw: (args, kw)).__code__
repeat(caller, 1)
target.__code__ = (lambda: "no parameters").__code__
attempt(caller, 1)
target.__code__ = old
repeat(caller, 1)


def free():
    cell = 1
    return lambda: cell


def set_code(code):
    target.__code__ = code


attempt(set_code, free().__code__)
attempt(set_code, None)


def loop(n):
    results = []
    for i in range(n):
        results.append(changing(i))
        if i == n // 2:
            changing.__code__ = other.__code__
            changing.__defaults__ = ("default",)
            changing.__kwdefaults__ = {"k": "kw default"}
    return results[0], results[-1]


def changing(i):
    return i + 1


changing_code = changing.__code__
for _ in range(10):
    changing.__code__, changing.__defaults__, changing.__kwdefaults__ = changing_code, None, None
    result = loop(40)
show(result)


def change_self(n):
    if n == 50:
        change_self.__code__ = (lambda n: ("changed", n)).__code__
    return ("first", n)


results = [change_self(n) for n in range(60)]
show(results[49], results[50], results[51])


def make(k):
    def inner(x, scale=k):
        return (x + k) * scale

    return inner


early = make(1)
repeat(early, 10)
late = [make(i) for i in range(5)]
show([f(1) for f in late], [f(1, scale=2) for f in late])
late[2].__defaults__ = (1000,)
show([f(1) for f in late])
copies = [type(early)(early.__code__, globals(), "copy", (7,), early.__closure__) for _ in range(3)]
show([f(1) for f in copies], copies[0].__name__)
early.note = "kept"
repeat(early, 10)
show(early.note, early.__name__, early.__qualname__)
early.__name__ = early.__qualname__ = "renamed"
attempt(early)
attempt(early, 1, 2, 3)
