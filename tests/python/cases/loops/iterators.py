# expect-deopts: 1
# Loops over iterators that are called for each item: everything that they may do is as in the interpreter.
import sys

from _support import Loud, attempt, probe, repeat, show


def total(items):
    count = result = 0
    for item in items:
        count += 1
        result = item
    else:
        count += 1000
    return count, result


class Counter:
    def __init__(self, n, error=None):
        self.n, self.error = n, error

    def __iter__(self):
        return self

    def __next__(self):
        if self.n == 0:
            if self.error is not None:
                raise self.error
            raise StopIteration("over")
        self.n -= 1
        return self.n


class Stop(StopIteration):
    pass


def generated(n, error=None):
    for i in range(n):
        yield i
    if error is not None:
        raise error


def various():
    yield {1: 2, 3: 4}
    yield {1: 2}.items()
    yield {"a": 2}.values()
    yield {1, 2, 3}
    yield enumerate("abc")
    yield zip([1, 2], "ab")
    yield reversed([1, 2, 3])
    yield map(str, [1, 2])
    yield iter([1, 2, 3])
    yield filter(None, [0, 1])
    yield Counter(3)
    yield Counter(3, ValueError("mine"))
    yield Counter(2, Stop("own stop"))
    yield Counter(0)
    yield generated(3)
    yield generated(3, KeyError("from a generator"))
    yield (x * 2 for x in (1, 2))
    yield [1, 2]
    yield (1, 2)
    yield range(3)
    yield "abc"
    yield b"ab"
    yield None
    yield zip([1, 2], [3], strict=True)
    yield iter(Counter(2).__next__, 0)


for usual in range(len(list(various()))):
    function = type(total)(total.__code__, globals())
    if usual in (11, 15, 22, 23):
        continue
    for _ in range(40):
        function(list(various())[usual])
    for odd in various():
        attempt(function, odd)
        attempt(function, list(various())[usual])


def pairs(table, items):
    found = []
    for key, value in table.items():
        found.append((value, key))
    for i, item in enumerate(items):
        found.append((i, item))
    for (a, b), c in zip(table.items(), items):
        found.append([a, b, c])
    return found


probe(pairs, ({1: 2, "a": 3}, [7, 8]), ({}, []), ({1: 2}, "ab"), ({1: 2}, 5), ({1: []}, range(3)))


def changed(table, at):
    seen = []
    for key in table:
        if key == at:
            table[len(table) + 10] = 1
        seen.append(key)
    return seen


probe(changed, ({1: 2, 3: 4}, 7), ({1: 2, 3: 4}, 3), ({1: 2, 3: 4}, 1))


def changed_set(items):
    for item in items:
        items.discard(item)
    return items


probe(changed_set, (set(),), ({1, 2},))


# The tuple that enumerate and zip use again has the last items; who keeps it gets one of its own.


def counted(values):
    counts = []
    for _, value in enumerate(values):
        counts.append(sys.getrefcount(value))
    kept = [pair for pair in zip(values, values)]
    for pair in enumerate(values):
        kept.append(pair)
    for item in {"key": values[0]}.values():
        counts.append(sys.getrefcount(item))
    return counts, [pair is kept[0] for pair in kept], len(kept)


repeat(counted, [Loud("a"), Loud("b")])


def dying(n):
    for i, item in enumerate([Loud(f"first {n}"), Loud(f"second {n}")]):
        print("round", i)
        del item
    print("after enumerate")
    for key, value in {1: Loud(f"in dict {n}")}.items():
        pass
    print("after items")
    for item in Counter(2):
        item = Loud(f"replaced {n}")
    print("after counter")
    for item in (Loud(f"generated {n} {i}") for i in range(2)):
        print("got", item)
    return item


repeat(dying, 1, times=9)


def nested(n):
    found = []
    for i in Counter(n):
        for c in generated(i):
            if c == 2:
                break
            found.append((i, c))
        else:
            continue
        found.append("broke")
    return found


repeat(nested, 5)


def handled(items):
    seen = []
    try:
        for item in items:
            seen.append(item)
    except (ValueError, KeyError) as error:
        seen.append(str(error))
    finally:
        seen.append("finally")
    return seen


probe(handled, ([1].__iter__(),), (Counter(2, ValueError("a")),), (generated(2, KeyError("b")),), (Counter(1, TypeError("c")),))
for _ in range(20):
    handled(Counter(2, ValueError("often")))
attempt(handled, Counter(2, ValueError("often")))

LAST = None
for LAST in Counter(2000):
    pass
for KEY, VALUE in {i: i for i in range(1000)}.items():
    LAST += VALUE
show(LAST, KEY)


# isinstance with tuples made for it.


class Meta(type):
    def __instancecheck__(cls, instance):
        print("asked", cls.__name__)
        return cls.answer


class Yes(metaclass=Meta):
    answer = True


class No(metaclass=Meta):
    answer = False


class Bad(metaclass=Meta):
    answer = property()

    @property
    def __class__(self):
        raise ValueError("bad class")


def checked(x):
    return isinstance(x, (int, str)), isinstance(x, (No, float, Yes)), isinstance(x, (list,)), isinstance(x, ((str, int), No))


probe(checked, (1,), ("a",), (1.5,), (True,), ([],), (Yes(),), (None,), (Loud("checked"),))


def wrong(x, other):
    try:
        if isinstance(x, (int, other)):
            return "is"
    except TypeError as error:
        return str(error)
    return "is not"


probe(wrong, ("a", str), ("a", 5), (1, 5), ("a", int), ("a", ()), ("a", (float, 3)), (Loud("wrong"), Loud))


def raising(x):
    return isinstance(x, (int, Bad, str))


probe(raising, (1,), ("a",), (Bad(),), (None,))


class Root:
    pass


class Changing(Root):
    pass


class Derived(Changing):
    pass


def says(x):
    return isinstance(x, int), isinstance(x, (str, int)), isinstance(x, Changing), isinstance(x, (int, Derived))


probe(says, (Changing(),), (Derived(),), (1,))
Changing.__getattribute__ = lambda self, name: int if name == "__class__" else None
probe(says, (Derived(),), (Changing(),), (1,))
del Changing.__getattribute__
Derived.__getattr__ = lambda self, name: print("asked for", name)
probe(says, (Derived(),), (Changing(),), (1,))
Changing.__bases__ = (type("Base", (), {"__class__": property(lambda self: str)}),)
probe(says, (Derived(),), (Changing(),), (1,))
Changing.__bases__ = (Root,)
probe(says, (Derived(),), (Changing(),), (1,))


def raising_later(n):
    found = 0
    for i in range(n):
        x = 1.5 if i else "a"
        if isinstance(x, (str, 5 if i == n - 2 else float)):
            found += 1
    return found


def handling(n):
    found = []
    for i in range(n):
        try:
            if isinstance(i, (str, 5 if i == n - 2 else float, int)):
                found.append(i)
        except TypeError as error:
            found.append(str(error))
    return found[-3:]


for _ in range(4):
    attempt(raising_later, 60)
    attempt(handling, 60)
attempt(raising_later, 5000)
COUNT = 0
try:
    for COUNT in range(3000):
        if isinstance(COUNT, (str, 5 if COUNT == 2500 else float)):
            print("never")
except TypeError as ERROR:
    print(COUNT, ERROR)


def dying_instance(n):
    isinstance(Loud(f"checked {n}"), (int, Loud))
    print("checked")
    try:
        isinstance(Loud(f"wrongly {n}"), (int, 5))
    except TypeError:
        print("wrongly")
    return isinstance(Loud(f"last {n}"), (int, type(Loud("class of"))))


repeat(dying_instance, 1, times=12)
repeat(checked, 1)
isinstance = lambda x, classes: ("mine", classes)  # noqa: E731, A001
repeat(checked, 1, times=9)
del isinstance
repeat(checked, 1)


def tracer(frame, event, argument):
    if frame.f_code.co_name == "traced":
        print(event, frame.f_lineno - frame.f_code.co_firstlineno)
    return tracer


class Switching(Counter):
    def __next__(self):
        if self.n == 2 and self.error:
            sys.settrace(tracer)
            sys._getframe(1).f_trace = tracer
            self.error = None
        return super().__next__()


def traced(items):
    found = 0
    for item in items:
        found += item
        if isinstance(item, (str, bytes)):
            found = 0
    sys.settrace(None)
    return found


probe(traced, (Switching(4),), (Switching(4, True),), (Switching(2, True),), (Switching(30, True),))
