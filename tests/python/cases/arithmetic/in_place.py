# In-place operators: on numbers they rebind, on mutable objects they change the object, and both may happen in one function.
# expect-compiled: every, grow
from _support import attempt, probe, repeat, show


def every(a, b):
    a += b
    a -= 1
    a *= b
    a //= 2
    a %= 1000
    a **= 2
    a |= 1
    a &= 0xFFFF
    a ^= b
    a <<= 2
    a >>= 1
    a /= 4
    return a


def grow(value, more):
    before = value
    value += more
    return value, value is before


def scale(value, n):
    value *= n
    return value


class Acc:
    def __init__(self):
        self.log = []

    def __iadd__(self, other):
        self.log.append(("iadd", other))
        return self

    def __isub__(self, other):
        return NotImplemented

    def __sub__(self, other):
        return ("sub", other)

    def __imatmul__(self, other):
        return 5


def acc_ops(acc):
    acc += 1
    kept = acc
    acc -= 2
    kept @= 3
    return acc, kept


class Box:
    total = 0
    items = ()


def on_places(box, table, key):
    box.total += 1
    box.items += (key,)
    table[key] += 2
    table["list"] += [key]
    return box.total, len(box.items), table[key], len(table["list"])


repeat(every, 10, 3)
repeat(every, 10**12, 3)
for args in (([1], [2]), ([1], (2, 3)), ([1], "ab"), ((1,), (2,)), ("a", "b"), (1, 2.5), (1.5, 2)):
    repeat(grow, *args, times=3)
probe(grow, (1, 2), ("x", "y"), ("x", 1), ([1], 2), (1, [2]), ((1,), [2]), (b"a", b"b"), (None, None))
probe(scale, (2, 3), ("ab", 3), ([1], 2), ((1,), 0), (1.5, 2), ("a", 1.5), ("a", "b"), ([1], -1))
for _ in range(60):
    acc = Acc()
    result = acc_ops(acc)
show(result, acc.log)
box, table = Box(), {"k": 1, "list": []}
repeat(on_places, box, table, "k")
attempt(on_places, box, table, "missing")
show(box.total, len(box.items))
frozen = ([], 1)


def tuple_item(t):
    t[0] += [1]


for _ in range(5):
    attempt(tuple_item, frozen)
show(frozen)
