# exit: 1
# expect-compiled: ping, pong
# A RecursionError that nobody catches: the interpreter's own report of many equal frames.
from _support import repeat


def ping(n, limit):
    if n == limit:
        return n
    return pong(n + 1, limit)


def pong(n, limit):
    return ping(n + 1, limit)


repeat(ping, 0, 20)


def single(n):
    return single(n + 1)


try:
    ping(0, -1)
except RecursionError as exc:
    print("mutual", exc)
single(0)
