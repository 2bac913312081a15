# del of names, attributes, items and slices, alone and in targets, and what is still reachable afterwards.
# expect-compiled: names, mixed, loop
from _support import Loud, attempt, probe, repeat, show


def names(a, b):
    c = a + b
    del a, b
    a = c
    del c
    return a


def mixed(obj, box):
    del obj.attr, box[0], (box[-1]), [box["k"]]
    return sorted(map(str, box))


def loop(n):
    for i in range(n):
        x = [i]
        del x
        y = i
        if i % 2:
            del i
    try:
        return i, y
    except UnboundLocalError as exc:
        return str(exc)


def deletes_loop_variable(items):
    seen = []
    for item in items:
        seen.append(item)
        del item
    return seen


def order():
    a, b = Loud("a"), Loud("b")
    print("before")
    del a
    print("between")
    del b
    print("after")


def in_handler(flag):
    value = 1
    try:
        if flag:
            del value
        return value
    except NameError as exc:
        del flag
        return str(exc)


class Obj:
    def __init__(self):
        self.attr = 1


def global_then_delete(x):
    global temporary
    temporary = x
    result = temporary * 2
    del temporary
    return result


probe(names, (1, 2), ("a", "b"), ([1], [2]), (1, "x"))
for _ in range(20):
    result = mixed(Obj(), {0: 1, -1: 2, "k": 3, "stay": 4})
show(result)
attempt(mixed, object(), {})
attempt(mixed, Obj(), {0: 1, -1: 2})
repeat(loop, 7)
repeat(loop, 8)
attempt(loop, 0)
repeat(deletes_loop_variable, [1, 2])
for _ in range(5):
    order()
probe(in_handler, (False,), (True,))
repeat(global_then_delete, 4)
attempt(lambda: temporary)  # noqa: F821
x = y = 1
for x in range(100):
    y = x
    del x
try:
    print(x)
except NameError as exc:
    print(exc, y)
