# expect-deopts: 1
# C functions are called past the vectorcall protocol; nothing of that shows: neither the order in which arguments die, nor
# errors, nor what happens when the callee is another one all of a sudden.
import bisect
import operator
import sys

from _support import Loud, attempt, caller_locals, probe, repeat, show, show_error


def one(value):
    return repr(value)


probe(one, (1,), ("a",), (Loud("in repr"),), ([],))


def several(items, value):
    return bisect.bisect(items, value)


probe(several, ([1, 2, 3], 2), ([1, 2, 3], "a"), ([], 0), (None, 1), ([1, 2, 3], 2.5))


def no_argument(text):
    return text.upper()


class Text(str):
    def upper(self):
        return "own " + self


class Plain(str):
    pass


probe(no_argument, ("a",), (Text("b"),), (Plain("c"),), (b"bytes",), (3,))


def one_argument(items, item):
    return items.count(item), items.index(item)


probe(one_argument, ([1, 2], 1), ([1], 2), ((1, 2), 2), ("abc", "b"), ("abc", 3))


def array_of_arguments(table, key):
    return table.get(key), table.get(key, 0), table.setdefault(key, 1)


class Table(dict):
    pass


probe(array_of_arguments, ({1: 2}, 1), ({}, []), (Table(), 4), ({}, 5), (None, 1))


def with_names(text):
    return text.split(), text.split(","), text.encode()


probe(with_names, ("a,b c",), (b"a,b c",), ("\ud800",), (None,))


def classes(value):
    return list(value), tuple(value), str(value), set(value), dict.fromkeys(value)


probe(classes, ((1, 2),), ("ab",), ([[]],), (3,), (iter([5, 6]),))


def unbound(items):
    return list.copy(items), len(items)


probe(unbound, ([1],), ((1,),), (3,))


def from_local(function, value):
    return function(value)


class Callable:
    def __call__(self, value):
        return "called", value


probe(from_local, (abs, -1), (repr, 2), (len, "abc"), (max, (1, 2)), (Callable(), 3), (str.upper, "a"), (lambda x: x, 4))


# What dies in the call dies in the interpreter's order.


def dying_arguments(n):
    isinstance(Loud(f"first {n}"), Loud("second").__class__)
    print("after isinstance")
    getattr(Loud(f"object {n}"), "name", Loud("default"))
    print("after getattr")
    callable(Loud(f"only {n}"))
    print("after callable")
    [].append(Loud(f"appended {n}"))
    print("after append")
    {}.get(Loud(f"key {n}"), Loud("other"))
    print("after get")
    sorted([Loud(f"sorted {n}")], key=id)
    list((Loud(f"listed {n}"),))
    print("after list")
    try:
        divmod(Loud(f"left {n}"), Loud("right"))
    except TypeError as error:
        show_error(error)
    try:
        {}.pop(Loud(f"popped {n}"))
    except KeyError:
        print("no key")
    try:
        list(Loud(f"not iterable {n}"))
    except TypeError as error:
        show_error(error)


for number in range(8):
    dying_arguments(number)


class Holder(list):
    def __del__(self):
        print("holder dies with", list(self))


def dying_callable(n):
    [n].append(n)
    append = Holder([n]).append
    append(n)
    Holder([n, n]).append(n)
    Holder([n]).copy()
    print("copied")
    return n


repeat(dying_callable, 1, times=30)


# References are neither lost nor kept.


def counts(value, items):
    isinstance(value, int)
    hasattr(value, "nothing")
    items.append(value)
    items.pop()
    str(value)
    items.index(value)
    try:
        items.remove(None)
    except ValueError:
        pass
    return sys.getrefcount(value) - sys.getrefcount(items)


subject = Loud("counted")
repeat(counts, subject, [subject], times=100)
print(sys.getrefcount(subject) - sys.getrefcount([]))


# The callee sees the frame, and Python code below it does.


class Observer:
    def __init__(self):
        self.seen = []

    def __eq__(self, other):
        frame = sys._getframe(1)
        self.seen.append((frame.f_lineno - frame.f_code.co_firstlineno, sorted(frame.f_locals)))
        frame.f_locals["marker"] = other
        return False

    __hash__ = None


def observed(watcher, marker):
    items = [watcher]
    if watcher is not None:
        items.count(7)
    return marker


probe(observed, (None, 1), (Observer(), 2))


def looked_at():
    value = 1
    seen = caller_locals(1), sys._getframe().f_lineno
    value = 2
    return seen, value


repeat(looked_at)


# Tracing that is switched on in the callee.


def tracer(frame, event, argument):
    if frame.f_code.co_name == "traced":
        print(event, frame.f_lineno - frame.f_code.co_firstlineno)
    return tracer


class Switch:
    def __init__(self, is_on):
        self.is_on = is_on

    def __lt__(self, other):
        if self.is_on:
            sys.settrace(tracer)
            sys._getframe(1).f_trace = tracer
        return True


def traced(low, high):
    found = min(low, high)
    sys.settrace(None)
    return found is low


probe(traced, (Switch(False), Switch(False)), (Switch(True), Switch(True)))


# Builtins that are something else from some time on.


def replaced(value):
    return hash(value)


repeat(replaced, 5)
hash = lambda value: ("mine", value)  # noqa: E731, A001
repeat(replaced, 5)
del hash
repeat(replaced, 5)
hash = operator.index  # noqa: A001
repeat(replaced, 5)
hash = str  # noqa: A001
repeat(replaced, 5)
del hash


def deep(n):
    return deep(n - 1) if n else sum(map(int, "12"))


repeat(deep, 20)


class Endless:
    def __repr__(self):
        return repr(self)


def endless(value):
    try:
        return repr(value)
    except RecursionError as error:
        return str(error)


repeat(endless, Endless(), times=4)
attempt(endless, 1)
show(sys.getrecursionlimit())
