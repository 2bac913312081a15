# Signals served while compiled loops run: handlers that raise, that look at the interrupted frame, and that change globals.
# expect-compiled: spin, spin_while, interrupted
# expect-osr: 1
import os
import signal

from _support import repeat, show

fired = 0
stop = False


class Alarm(Exception):
    pass


def raising(number, frame):
    raise Alarm(number == signal.SIGALRM)


def counting(number, frame):
    global fired
    fired += 1


def stopping(number, frame):
    global stop
    stop = True


def looking(number, frame):
    names = frame.f_locals
    line = frame.f_lineno - frame.f_code.co_firstlineno
    if names.get("i", 0) and "limit" in names:
        seen.append((frame.f_code.co_name, tuple(sorted(names)), names["limit"], 0 < line < 8, type(names["i"]).__name__))


def spin(limit):
    i = 0
    for i in range(limit):
        pass
    return i


def spin_while(limit):
    i = 0
    total = 0.0
    while i < limit:
        i += 1
        total += 0.5
    return i, total


def until_stopped(limit):
    i = 0
    while not stop:
        i += 1
        if i >= limit:
            return "never stopped"
    return "stopped"


def spin_calls(limit):
    i = 0
    while i < limit:
        i = add_one(i)
    return i


def add_one(x):
    return x + 1


def interrupted(func, limit):
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        func(limit)
    except Alarm as exc:
        tb = exc.__traceback__
        names = []
        while tb:
            names.append(tb.tb_frame.f_code.co_name)
            tb = tb.tb_next
        return names[0], names[1], names[-1], exc.args
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return "not interrupted"


def killed(n):
    try:
        for i in range(n):
            if i == n - 10:
                os.kill(os.getpid(), signal.SIGINT)
        return "loop ended"
    except KeyboardInterrupt:
        return "interrupted", i < n


FOREVER = 10**12
for func in (spin, spin_while, spin_calls):
    repeat(func, 50)
signal.signal(signal.SIGALRM, raising)
for func in (spin, spin_while, spin_calls):
    for _ in range(2):
        print(func.__name__, interrupted(func, FOREVER))
signal.signal(signal.SIGALRM, counting)
signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
results = set()
while fired < 5:
    results.add((spin(1000), spin_while(1000), spin_calls(100)))
signal.setitimer(signal.ITIMER_REAL, 0)
show(results)
signal.signal(signal.SIGALRM, stopping)
signal.setitimer(signal.ITIMER_REAL, 0.02)
show(until_stopped(FOREVER))
seen = []
signal.signal(signal.SIGALRM, looking)
for func in (spin, spin_while):
    before = len(seen)
    signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
    while len(seen) < before + 3:
        func(20000)
    signal.setitimer(signal.ITIMER_REAL, 0)
    show(sorted(set(seen[before:]))[:1])
repeat(killed, 100, times=5)
signal.signal(signal.SIGALRM, raising)
count = 0
try:
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    while True:
        count += 1
except Alarm:
    print("module loop interrupted", count > 0)
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    for count in range(FOREVER):
        if count == 5000:
            os.kill(os.getpid(), signal.SIGINT)
except KeyboardInterrupt as exc:
    print("module loop", exc.__traceback__.tb_frame.f_code.co_name)
