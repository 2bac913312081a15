# Setting a caller's line from inside a loop that was taken over while running: no event is being reported there, so it is refused.
# expect-osr: 1
import sys

from _support import show


def jump():
    frame = sys._getframe(1)
    try:
        frame.f_lineno = frame.f_lineno
    except ValueError as error:
        return str(error)
    return "jumped"


def loop(n):
    seen = set()
    for i in range(n):
        seen.add(jump())
    return sorted(seen)


show(loop(2000))
seen = set()
for i in range(2000):
    seen.add(jump())
show(seen)
