# while loops: with else, break, continue, nested, endless ones, and conditions of changing type.
# expect-compiled: countdown, gcd, primes
from _support import attempt, probe, repeat


def countdown(n):
    steps = 0
    while n:
        n -= 1
        steps += 1
        if steps > 100:
            break
    else:
        return "ran out", steps
    return "broke", n


def gcd(a, b):
    while b:
        a, b = b, a % b
    return a


def primes(limit):
    found = []
    candidate = 2
    while True:
        if candidate > limit:
            break
        for p in found:
            if p * p > candidate:
                found.append(candidate)
                break
            if candidate % p == 0:
                break
        else:
            found.append(candidate)
        candidate += 1
    return found


def nested(n):
    trail = []
    i = 0
    while i < n:
        j = i
        i += 1
        while j:
            j -= 1
            if j == 3:
                break
            if j % 2:
                continue
            trail.append((i, j))
        else:
            trail.append(i)
            continue
        trail.append("broken")
    return trail


def float_loop(x, limit):
    rounds = 0
    while x < limit:
        x *= 1.5
        rounds += 1
        if rounds > 200:
            return "endless", x
    return rounds, x


def string_loop(text):
    while not text.endswith("!!!"):
        text += "!"
    return text


def bisect(items, x):
    low, high = 0, len(items)
    while low < high:
        mid = (low + high) // 2
        if items[mid] < x:
            low = mid + 1
        else:
            high = mid
    return low


def walrus(items):
    total = 0
    while (item := items.pop() if items else None) is not None:
        total += item
    return total


def type_changes(n):
    x = n
    kinds = []
    while x:
        kinds.append(type(x).__name__)
        if isinstance(x, int):
            x = x / 4 if x < 5 else x - 3
        elif isinstance(x, float):
            x = "abc"
        else:
            x = x[1:] or [1] if isinstance(x, str) else None
    return kinds


probe(countdown, (10,), (200,), (2.0,), (2.5,), (-1,), (True,), ("x",), (2**70,), (0,), (None,))
probe(gcd, (48, 18), (2**80, 2**70 * 3), (7.5, 2.5), (0, 0), (5, True), ("%s", "x"), (5, "x"), (-12, 8))
repeat(primes, 60)
repeat(nested, 8)
probe(float_loop, (1.0, 100.0), (1, 100), (0.0, 1.0), (1.0, float("nan")), (2**62, 2**70), (1e300, float("inf")), ("x", 1.0))
probe(string_loop, ("a",), ("!!!",), (b"x",), (5,))
probe(bisect, ([1, 3, 5, 7], 4), ("aceg", "d"), ([1.5, 2.5], 2), ([], 1), ([1, "x"], 1), ((1, 2, 3), 2**70))
repeat(lambda: walrus([1, 2, 3]))
attempt(walrus, ["x"])
repeat(type_changes, 12)
