# The recursion limit changed by code that runs below compiled frames, and errors while the stack is nearly full.
# expect-compiled: dive, lift
import sys

from _support import attempt, repeat, show


def dive(n, at, limit):
    if n == at:
        sys.setrecursionlimit(limit)
    if n == 0:
        return sys.getrecursionlimit()
    return dive(n - 1, at, limit)


def lift(n):
    """Counts how often the limit had to be raised on the way down."""
    if n == 0:
        return 0
    try:
        return lift(n - 1)
    except RecursionError:
        sys.setrecursionlimit(sys.getrecursionlimit() + 500)
        return lift(n - 1) + 1


def cleanup_at_limit(n, log):
    try:
        return cleanup_at_limit(n + 1, log)
    finally:
        log.append(n)


def repr_at_limit(n):
    try:
        return repr_at_limit(n + 1)
    except RecursionError as exc:
        return type(exc).__name__, exc.args


repeat(dive, 10, 0, 1000)
show(dive(50, 25, 400))
attempt(lambda: dive(500, -1, 0) and None)
sys.setrecursionlimit(1000)
show(dive(900, 880, 5000), dive(3000, 2000, 5000))
sys.setrecursionlimit(1000)
for _ in range(5):
    try:
        dive(900, 890, 50)
    except RecursionError as exc:
        print("too low", exc)
    sys.setrecursionlimit(1000)
repeat(lift, 10)
show(lift(2500) > 0)
sys.setrecursionlimit(1000)
for _ in range(5):
    log = []
    try:
        cleanup_at_limit(0, log)
    except RecursionError:
        print(len(log), log[:3], log[-1])
repeat(repr_at_limit, 0, times=10)
nested = []
for _ in range(5000):
    nested = [nested]
print(len(nested))
