# Numbers in locals, which compiled code overwrites in place when nobody else has them: whoever has taken one keeps it.
# expect-compiled: in_expressions, accumulate, counts, kept, aliases, parameters, constants, around_limits, two_at_once, swaps, seen, deleted
# expect-osr: 1
import sys

from _support import repeat, show


def accumulate(n):
    total = 0.0
    count = 1000
    for i in range(n):
        total += i * 0.5
        count += i
    return total, count


def counts(n):
    x = 0.5
    seen = []
    for i in range(n):
        x = x + 1.0
        seen.append(sys.getrefcount(x))
        y = x
        seen.append(sys.getrefcount(x))
        x = x * 1.0
        seen.append((sys.getrefcount(x), sys.getrefcount(y), x is y))
    return seen


def kept(n):
    x = 0.0
    k = 5000
    floats = []
    ints = {}
    for i in range(n):
        x += 1.25
        k += 7
        if i % 3 == 0:
            floats.append(x)
            ints[k] = k
    return floats, ints, x, k


def aliases(n):
    a = b = 1.5
    k = m = 3000
    for _ in range(n):
        a = a + 1.0
        k = k + 1
        c, j = a, k
        a += 1.0
        k += 1
        assert a is a and k is k and c is not a and j is not k
    return a, b, c, k, m, j


def parameters(x, k, n=3):
    for _ in range(n):
        x += 1.0
        k += 1
    return x, k


def constants(n):
    x = 1.5
    k = 70000
    for _ in range(n):
        x += 1.0
        k += 1
    return x, k, 1.5, 70000


def around_limits(start, n):
    up = down = start
    text = []
    for _ in range(n):
        up += 1
        down = -up
        text.append((up, down, up is int(str(up)), down is int(str(down))))
    return text


def two_at_once(n):
    a, b = 0, 1
    x, y = 0.5, 0.25
    for i in range(n):
        a, b = b, a + b
        x, y = y + 1.0, x
        _, z = (i - i, None)
        z, _ = (i + 1, None)
    return a, b, x, y, z


def swaps(x, y, n):
    for _ in range(n):
        x, y = y, x
        x = x + 0.5
    return x, y


def three(*values):
    return values


def in_expressions(x, k, n):
    results = []
    for _ in range(n):
        results.append((x, (x := x + 1.0), x))
        results.append(x + (x := x * 2.0) + x)
        results.append([k, (k := k + 5000), k][0])
        results.append(three(x, (x := x - 1.0), x, k, (k := -k), k))
        results.append({x: (x := x + 0.5), k: (k := k + 1)})
        results.append(x if (y := x + 1.0) > (x := x + 2.0) else y)
        results.append((x < (x := x + 1.0) < (x := x + 1.0), f"{x}{(x := x + 1.0)}{x}"))
        results.append([(x := x + z) for z in (1.0, 2.0)])
    return results


def look():
    frame = sys._getframe(1)
    return dict(frame.f_locals), frame.f_lineno


def seen(n):
    x = 0.5
    k = 2000
    looks = []
    for i in range(n):
        x += 0.5
        k += 1
        if i % 5 == 2:
            looks.append(look())
            looks.append((sys.getrefcount(x), sys.getrefcount(k)))
    return [({name: v for name, v in values.items() if name != "looks"}, line) for values, line in looks[::2]], looks[1::2]


def deleted(n):
    for i in range(n):
        x = i + 0.5
        k = i + 4000
        if i % 2:
            del x, k
            x = k = i
        x += 1
        k += 1.5
    return x, k


def inner(x, k):
    x *= 2.0
    k *= 2
    return x, k


def outer(n):
    x, k = 1.5, 1500
    results = []
    for i in range(n):
        x += 1.0
        k += 1
        results.append(inner(x, k))
        results.append((x, k))
    return results


values = [1.5, 2.5, 3.5]
numbers = (5000, 6000, 7000)


def from_containers():
    results = []
    for x in values:
        x += 1.0
        results.append(x)
    for k in numbers:
        k += 1
        results.append(k)
    return results


repeat(in_expressions, 0.5, 3000, 4)
repeat(accumulate, 400)
repeat(counts, 4)
repeat(kept, 20)
repeat(aliases, 6)
for _ in range(3):
    repeat(parameters, values[0], numbers[0])
    repeat(parameters, values[0] + 1.0, numbers[0] + 1)
repeat(constants, 5)
for start in (-8, 1020, 2**30 - 4, 2**31, 2**60 - 3, 2**62, 2**63 - 3):
    repeat(around_limits, start, 7)
repeat(two_at_once, 60)
repeat(swaps, values[1], values[2], 5)
repeat(seen, 12)
repeat(deleted, 6)
repeat(outer, 4)
repeat(from_containers)
show(values, numbers, list(map(parameters, values, numbers)))
