# exit: 7
# expect-compiled: leave, work
# sys.exit in a compiled function, with finally blocks and handlers on the way out.
import atexit
import sys

from _support import repeat


def work(n, code):
    for i in range(n):
        if i == 150:
            sys.exit(code)
    return n


def leave(n, code):
    try:
        return work(n, code)
    except Exception:
        print("not for SystemExit")
    finally:
        if code is not None:
            print("finally", sys.exception().code)


repeat(leave, 5, None)
for code in (None, 0, "text", (1, 2)):
    try:
        work(200, code)
    except SystemExit as exc:
        print("caught", exc.code)
atexit.register(print, "at exit")
leave(200, 7)
print("not reached")
