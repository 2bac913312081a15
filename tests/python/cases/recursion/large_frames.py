# Functions whose machine code has much to keep are called where the C stack is nearly full.
# expect-compiled: dive
import sys

from _support import repeat, show

COUNT = 1200

SOURCE = (
    "def large(thing):\n"
    + "".join(f"    a{i} = thing.value + {i}\n" for i in range(COUNT))
    + "    return "
    + " + ".join(f"a{i}" for i in range(0, COUNT, 7))
)


class Thing:
    value = 1.5


scope = {}
exec(SOURCE, scope)
large = scope["large"]
thing = Thing()


def dive(n):
    return dive(n - 1) if n else large(thing)


sys.setrecursionlimit(10**6)
show(large(thing))
repeat(dive, 9)
show({dive(n) for n in range(5_000, 70_000, 500)})
