# Another thread assigns the variables of a running function through f_locals: the function reads them next.
# expect-compiled: waits, counts
# expect-osr: 1
import sys
import threading

from _support import repeat


def frame_of(ident, name):
    frame = sys._current_frames().get(ident)
    while frame is not None and frame.f_code.co_name != name:
        frame = frame.f_back
    return frame


def waits(real, number, text):
    """Blocks while somebody changes everything."""
    real += 0.5
    number += 3000
    ready.release()
    changed.acquire()
    return real, number, text


def counts(limit):
    """Never ends by itself: `done` comes from outside, and so does the number to go on from."""
    done = False
    number = limit
    rounds = 0
    while not done:
        number += 1
        rounds += 1
        if rounds == limit:
            ready.release()
    return number > 10**12, type(number).__name__, done


def write(name, **values):
    ready.acquire()
    frame = None
    while frame is None:
        frame = frame_of(main, name)
    for key, value in values.items():
        frame.f_locals[key] = value
    changed.release()


def with_writer(func, args, **values):
    thread = threading.Thread(target=write, args=(func.__name__,), kwargs=values)
    thread.start()
    result = func(*args)
    thread.join()
    while changed.acquire(blocking=False):
        pass
    return result


main = threading.get_ident()
ready, changed = threading.Semaphore(0), threading.Semaphore(0)
repeat(with_writer, waits, (1.0, 1, "old"), real=9.5, number=10**30, text="new", times=30)
repeat(with_writer, waits, (1.0, 1, "old"), number="text", times=30)
repeat(with_writer, counts, (2000,), number=10**13, done="yes", times=5)
