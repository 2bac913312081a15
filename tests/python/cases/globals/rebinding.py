# Globals and builtins that are rebound, deleted and shadowed after the code that uses them was compiled.
# expect-compiled: read_limit, use_len, bump
import builtins

from _support import attempt, repeat, show

limit = 10
counter = 0


def read_limit():
    return limit * 2


def use_len(x):
    return len(x) + 1


def bump():
    global counter
    counter += 1
    return counter


def set_other(value):
    global brand_new
    brand_new = value
    return brand_new


def delete_other():
    global brand_new
    del brand_new


def read_other():
    return brand_new


def loop_over_global(n):
    total = 0
    for i in range(n):
        total += limit
        if i == n // 2:
            change_limit()
    return total


def change_limit():
    global limit
    limit = limit + 1 if isinstance(limit, int) else 100


def helper(x):
    return x + 1


def calls_helper(x):
    return helper(x) * 2


repeat(read_limit)
for value in (11, 2**70, 1.5, "text", [1], None):
    limit = value
    attempt(read_limit)
del limit
attempt(read_limit)
limit = 3
repeat(read_limit)
builtins.limit = 77
del limit
repeat(read_limit)
limit = 5
repeat(read_limit)
del builtins.limit
repeat(bump)
show(counter)
counter = 2**62
repeat(bump)
counter = 0.5
repeat(bump)
counter = "s"
attempt(bump)
repeat(set_other, 1)
repeat(read_other)
delete_other()
attempt(read_other)
attempt(delete_other)
set_other("again")
repeat(read_other)
repeat(loop_over_global, 20)
repeat(use_len, [1, 2])
len = lambda x: "shadow" if x else 0  # noqa: E731
attempt(use_len, [1])
repeat(use_len, [])
del len
repeat(use_len, [1, 2])
true_len = builtins.len
builtins.len = lambda x: 1000
repeat(use_len, [1, 2])
builtins.len = true_len
repeat(use_len, [1, 2])
repeat(calls_helper, 1)
old, helper = helper, lambda x: -x
repeat(calls_helper, 1)
helper = max
attempt(calls_helper, 1)
attempt(calls_helper, [3, 4])
helper = None
attempt(calls_helper, 1)
helper = old
repeat(calls_helper, 1)
globals()["helper"] = lambda x: "through globals()"
repeat(calls_helper, 1)
