# Local variables that have no value yet, or no longer: the text and the place of each error.
# expect-compiled: maybe, deleted, loop_variable
from _support import attempt, probe, repeat, show


def maybe(flag):
    if flag:
        value = 1
    return value


def deleted(flag):
    value = [1]
    if flag:
        del value
    return value


def delete_twice(flag):
    value = 1
    del value
    if flag:
        del value
    value = 2
    return value


def loop_variable(items):
    for item in items:
        pass
    return item


def after_except(flag):
    error = "before"
    try:
        if flag:
            raise ValueError("x")
    except ValueError as error:
        pass
    return error


def augmented(flag):
    if flag:
        total = 0
    total += 1
    return total


def in_try(flag):
    try:
        if flag:
            late = 1
        return late
    except UnboundLocalError as exc:
        return str(exc), exc.name if hasattr(exc, "name") else None
    finally:
        late = 3


def two(a_set, b_set):
    if a_set:
        a = 1
    if b_set:
        b = 2
    return a, b


def in_comprehension(flag):
    if flag:
        k = 3
    return [k * i for i in range(3)]


def swap(a, b, c):
    a, b, c = c, a, b
    a, b = b, a
    return a, b, c


def many():
    a = b = c = d = e = f = g = h = i = j = k = m = n = o = p = q = r = s = t = 1
    a += b + c + d + e + f + g + h + i + j + k + m + n + o + p + q + r + s + t
    del b, c
    return a, d


probe(maybe, (True,), (False,))
probe(deleted, (False,), (True,))
probe(delete_twice, (False,), (True,))
probe(loop_variable, ([1, 2],), ([],), ("abc",))
probe(after_except, (False,), (True,))
probe(augmented, (True,), (False,))
probe(in_try, (True,), (False,))
probe(two, (True, True), (True, False), (False, True), (False, False))
probe(in_comprehension, (True,), (False,))
repeat(swap, 1, "b", [3])
repeat(many)


def args_deleted(a, *rest, key=1, **more):
    del a, rest
    if key:
        del key
    more["x"] = 1
    return more, key


attempt(args_deleted, 1, 2, key=0, z=3)
attempt(args_deleted, 1, 2)
show(sorted(attempt.__code__.co_varnames))
