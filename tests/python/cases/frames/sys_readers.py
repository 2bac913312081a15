# What the functions of sys, tracebacks and hooks show of frames and their variables.
# expect-compiled: get_frame, module_names, current_frames, current_exceptions, fails, origin, unraisable, handled
import signal
import sys
import threading
import traceback

from _support import repeat, show


def variables(frame, *names):
    return [frame.f_locals[name] for name in names]


def get_frame(n):
    real, number = 0.25, 1500
    found = []
    for depth in range(n):
        real += 1.0
        number += 1
        frame = sys._getframe(depth % 2)
        found.append((frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))
        found.append(variables(sys._getframe(), "real", "number", "depth"))
    return found


def module_names(n):
    names = []
    for depth in range(n):
        names.append(sys._getframemodulename(depth))
    return names


def current_frames(text):
    real, number = 2.5, 4000
    real *= 2.0
    number *= 2
    frame = sys._current_frames()[threading.get_ident()]
    return frame is sys._getframe(), frame.f_lineno, variables(frame, "text", "real", "number")


def current_exceptions(divisor):
    number = 6000
    try:
        number += 1
        return number / divisor
    except ZeroDivisionError:
        exception = sys._current_exceptions()[threading.get_ident()]
        tb = exception.__traceback__
        return repr(exception), tb.tb_lineno, variables(tb.tb_frame, "divisor", "number")


def fails(n, label):
    real, number = 0.0, 9000
    for i in range(n):
        real += 0.5
        number += i
        if i == n - 1:
            return label + number
    return real


def through(n, label):
    start = n * 1000
    return fails(n, label) + start


def frames_of_error(n):
    try:
        through(n, "text")
    except TypeError as error:
        return [
            (frame.f_code.co_name, line - frame.f_code.co_firstlineno, sorted(frame.f_locals.items(), key=str))
            for frame, line in traceback.walk_tb(error.__traceback__)
            if frame.f_code.co_name in ("fails", "through")
        ]


async def coroutine():
    pass


def origin(n):
    made = []
    for _ in range(n):
        made.append(coroutine())
    origins = [it.cr_origin for it in made]
    for it in made:
        it.close()
    return [[(line - origin.__code__.co_firstlineno, name) for _, line, name in it[:2]] for it in origins if it]


class Raises:
    def __del__(self):
        raise ValueError("dies")


def unraisable(n):
    number = 1234
    for _ in range(n):
        thing = Raises()
        number += 1
        del thing
        number += 1
    return number


def tell(args):
    tb = args.exc_traceback
    lines = []
    while tb is not None:
        frame = tb.tb_frame
        lines.append((frame.f_code.co_qualname, tb.tb_lineno))
        outer = frame.f_back
        tb = tb.tb_next
    told.append((type(args.exc_value).__name__, lines, outer.f_code.co_name, outer.f_lineno, outer.f_locals["number"]))


told = []


def on_signal(number, frame):
    told.append((frame.f_code.co_name, frame.f_lineno, variables(frame, "real", "count")))


def handled(n):
    real, count = 0.5, 8000
    for _ in range(n):
        real += 1.0
        count += 2
        signal.raise_signal(signal.SIGUSR1)
    return real, count


repeat(get_frame, 5)
repeat(module_names, 2)
repeat(current_frames, "text")
repeat(current_exceptions, 0)
repeat(current_exceptions, 2)
repeat(frames_of_error, 4)
sys.set_coroutine_origin_tracking_depth(2)
repeat(origin, 2)
sys.set_coroutine_origin_tracking_depth(0)
sys.unraisablehook = tell
repeat(unraisable, 2)
show(told)
told.clear()
signal.signal(signal.SIGUSR1, on_signal)
repeat(handled, 4)
show(told)
