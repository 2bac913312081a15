"""Functions that come and go.

Reads what to do from standard input, a line at a time, and says when it is done:

make N       makes that many functions, calls each, and keeps them
drop NAME    lets go of a function
call NAME    calls a function, which waits for a line in the middle of it
"""

import contextlib
import gc
import sys

from witness import ready

BODY = """
def {name}(wait):
    if wait:
        return wait()
    return 0
"""


def read():
    return sys.stdin.readline().split()


def make(number):
    made = {}
    for index in range(number):
        name = f"made_{index}"
        source = BODY.format(name=name)
        exec(compile(source, f"/nowhere/{name}.py", "exec"), made)
        made[name](None)
    return made


async def main():
    """A coroutine, so that it is not compiled: machine code is freed when none runs."""
    functions = {}
    ready()
    while words := read():
        match words:
            case "make", number:
                functions = make(int(number))
            case "drop", name:
                del functions[name]
                gc.collect()
                exec("")  # New code starts: the time to free what nobody will run again.
            case "call", name:
                print("calling", flush=True)
                functions[name](read)
        print("done", flush=True)


if __name__ == "__main__":
    with contextlib.suppress(StopIteration):
        main().send(None)
