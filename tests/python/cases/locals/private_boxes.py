# Numbers that loops write into objects which only the frame has, until somebody else gets hold of one: what was taken stays as it is.
# expect-compiled: called, finalized, two_at_once, signalled, in_handlers, switched, passed_on, small_and_large, branches
# expect-osr: 1
import ctypes
import signal
import sys
import threading

from _support import repeat, show

TAKEN = []
get_var = ctypes.pythonapi.PyFrame_GetVarString
get_var.argtypes = [ctypes.py_object, ctypes.c_char_p]
get_var.restype = ctypes.py_object


def numbers_of(frame):
    """The numbers in a frame's locals, themselves, past the dictionary of all its locals."""
    numbers = []
    for name in ("x", "k", "y", "negative"):
        if name in frame.f_code.co_varnames:
            try:
                value = get_var(frame, name.encode())
            except NameError:
                continue
            numbers.append(value if type(value) in (int, float) else None)
    return numbers


def take(depth=1):
    TAKEN.append(numbers_of(sys._getframe(depth)))


def take_sometimes(i):
    if i % 7 == 3:
        take(2)


def shown():
    taken = [list(numbers) for numbers in TAKEN]
    TAKEN.clear()
    return taken


def called(n):
    x, k, negative = 0.5, 5000, -5000
    for i in range(n):
        x += 0.25
        k += 3
        take_sometimes(i)
        x += 0.25
        k += 3
        negative -= 1
    return x, k, negative


class Taker:
    def __del__(self):
        take(2)


def finalized(n):
    x, k = 0.5, 5000
    for i in range(n):
        x += 1.0
        k += 1
        y = Taker() if i % 5 == 2 else None
        y = i + 0.5
        x += 1.0
        k += 1
    return x, k, y


def two_at_once(n):
    x, k = 0.5, 5000
    for i in range(n):
        x += 1.0
        k += 1
        y = Taker() if i % 5 == 2 else None
        x, y = x + 3.0, x * 2.0
        z = Taker() if i % 6 == 2 else None
        k, z = k + 3, k * 2
    return x, y, z, k


def switched(n):
    x = 0.5
    for i in range(n):
        x += 1.0
        if i % 4 == 1:
            x = i * 10
            x += 5000
        elif i % 4 == 2:
            x = i * 0.25
            x += 2.0
        x += 1.0
    return x


def passed_on(n):
    x, k, out, last = 0.5, 5000, [], None
    for i in range(n):
        x += 1.0
        k += 1
        if i % 3 == 0:
            out.append(x)
        elif i % 3 == 1:
            last = k
        else:
            out.append((x, k))
        x += 1.0
        k += 1
        out.append((sys.getrefcount(x), sys.getrefcount(k)))
    return x, k, out, last


def small_and_large(n):
    k, m, out = 0, 0, []
    for i in range(n):
        k = (k * 7 + 513) % 2050
        m = (m * 1103515245 + 12345) % 2147483648
        b = -m
        c = m * m
        out.append((k, m, b, c, sys.getrefcount(m), k is int(str(k))))
    return out


def branches(n, flag):
    x, y, k = 0.0, 0.0, 2000
    for i in range(n):
        if i & flag:
            x += 1.5
            if i & 2:
                k += i
                continue
            y = x
        else:
            y += 0.5
        k -= 1
        x += y
    return x, y, k


def in_handlers(n):
    x, k, seen = 0.5, 5000, []
    for i in range(n):
        x += 1.0
        try:
            k += 1
            x += 1.0
            if i % 4 == 1:
                take()
                [][i]
            x += 1.0
        except IndexError as error:
            seen.append(numbers_of(error.__traceback__.tb_frame))
            x += 1.0
            k += 1
    return x, k, seen


def signalled(n):
    x, k = 0.5, 5000
    for i in range(n):
        x += 1.0
        k += 1
        if i == 1000:
            signal.raise_signal(signal.SIGUSR1)
    return x, k


def on_signal(_, frame):
    TAKEN.append(numbers_of(frame))


def traced(frame, event, argument):
    if event == "line" and frame.f_code is watched.__code__ and frame.f_locals["i"] % 50 == 7:
        TAKEN.append(numbers_of(frame))
    return traced


def watched(n, trace):
    x, k = 0.5, 5000
    for i in range(n):
        x += 1.0
        k += 1
        if trace and i == 200:
            sys._getframe().f_trace = traced
            sys.settrace(traced)
    sys.settrace(None)
    return x, k


def main():
    for func in (called, finalized, two_at_once):
        for _ in range(5):
            show(func(60), len(TAKEN))
            print(shown())
    repeat(switched, 40)
    repeat(passed_on, 40)
    repeat(small_and_large, 40)
    for flag in (1, 2, 3, 5):
        repeat(branches, 40, flag)
    for _ in range(5):
        show(in_handlers(40))
        print(shown())
    signal.signal(signal.SIGUSR1, on_signal)
    for _ in range(5):
        show(signalled(1500))
        print(shown())
    for trace in (False, False, False, True, False):
        show(watched(400, trace))
        print(shown())


def other_thread():
    """Takes numbers of the main thread's frame while that runs; they must not change any more."""
    main_id, taken, stop = threading.get_ident(), [], threading.Event()

    def look():
        while not stop.wait(0.001):
            frame = sys._current_frames()[main_id]
            while frame is not None and frame.f_code is not spin.__code__:
                frame = frame.f_back
            if frame is not None and len(taken) < 200:
                numbers = numbers_of(frame)
                taken.append((numbers, [repr(x) for x in numbers]))

    def spin(n):
        x, k = 0.5, 5000
        for i in range(n):
            x += 1.0
            k += 1
        return x, k

    thread = threading.Thread(target=look)
    thread.start()
    for _ in range(30):
        result = spin(20_000)
    stop.set()
    thread.join()
    show(result)
    print(all([repr(x) for x in numbers] == texts for numbers, texts in taken))


main()
other_thread()
