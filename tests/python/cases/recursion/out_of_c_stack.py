# Functions that are called for the first time when the C stack is nearly full: there is no room for the compiler.
# expect-compiled: dive, sink, counts_after
import sys

from _support import show

SOURCE = """
def fresh_{n}(n, values):
    total = 0.5
    table = {{}}
    for value in values:
        total += value * n
        table[value] = [total, *values]
        try:
            if value == n:
                raise KeyError(value)
        except KeyError as error:
            total -= error.args[0]
    return f"{{total}} {{len(table)}}"
"""

results = []


def make(n):
    scope = {}
    exec(SOURCE.format(n=n), scope)
    return scope[f"fresh_{n}"]


def dive(n):
    """Goes down through C code until its stack is full, and works on all the way back."""
    try:
        [result] = map(dive, [n + 1])
    except RecursionError:
        result = n
    if n + 40 > result and len(results) < 40:
        results.append(fresh.pop()(3, [1, 2, 3]))
    return result


fresh = [make(n) for n in range(160)]
for _ in range(50):
    fresh[0](3, [1, 2, 3])
sys.setrecursionlimit(10**6)
for _ in range(3):
    bottom = dive(0)
    show(bottom > 100, len(results), set(results))
    results.clear()


def sink(n):
    """Nobody keeps what runs interpreted meanwhile."""
    try:
        [result] = map(sink, [n + 1])
    except RecursionError:
        result = n
    return result


def counts_after(n):
    before = sys.getrefcount(sink)
    for _ in range(n):
        sink(0)
    return sys.getrefcount(sink) - before


for _ in range(6):
    show(counts_after(2))
