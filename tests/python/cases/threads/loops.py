# Threads beside compiled loops: switching, locks, exceptions sent into a loop, thread-local state, the frames of other threads.
# expect-compiled: add_many, endless
import ctypes
import sys
import threading
import time

from _support import repeat, show

sys.setswitchinterval(1e-5)
counter = 0
lock = threading.Lock()


def add_many(n):
    global counter
    for _ in range(n):
        with lock:
            counter += 1


def add_up(n, out):
    total = 0
    for i in range(n):
        total += i
    out.append(total)


class Stop(Exception):
    pass


def endless(started, out):
    i = 0
    try:
        while True:
            i += 1
            if i == 100:
                started.set()
    except Stop:
        out.append(i >= 100)


def endless_for(started, out):
    try:
        for i in range(10**12):
            if i == 100:
                started.set()
    except Stop:
        out.append(i >= 100)
    finally:
        out.append("finally")


flag = False


def wait_for_flag(out):
    rounds = 0
    while not flag:
        rounds += 1
    out.append("saw the flag")


def run(*targets):
    threads = [threading.Thread(target=target, args=args) for target, *args in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


repeat(add_many, 10, times=10)
counter = 0
run((add_many, 3000), (add_many, 3000), (add_many, 3000))
show(counter)
sums = []
run(*[(add_up, 20000, sums)] * 3)
show(sums)
for func in (endless, endless_for):
    for _ in range(3):
        started, out = threading.Event(), []
        thread = threading.Thread(target=func, args=(started, out))
        thread.start()
        started.wait()
        sent = ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Stop))
        thread.join(60)
        print(func.__name__, sent, out, thread.is_alive())
for _ in range(3):
    flag, out = False, []
    thread = threading.Thread(target=wait_for_flag, args=(out,))
    thread.start()
    time.sleep(0.01)
    flag = True
    thread.join(60)
    print(out, thread.is_alive())
started, out = threading.Event(), []
thread = threading.Thread(target=endless, args=(started, out))
thread.start()
started.wait()
samples = set()
sampled = 0
while sampled < 20:
    frame = sys._current_frames()[thread.ident]
    if frame.f_code is not endless.__code__:
        # Still on its way out of the event.
        continue
    sampled += 1
    names = frame.f_locals
    samples.add((frame.f_code.co_name, frame.f_back.f_code.co_name, names["out"] is out, sorted(set(names) - {"i"})[0], type(names.get("i", 0)).__name__))
    del frame, names
show(samples)
ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Stop))
thread.join(60)
show(out)
local = threading.local()


def use_local(n, out):
    local.value = n
    for _ in range(200):
        local.value += 1
    out.append(local.value)


values = []
run((use_local, 1, values), (use_local, 1.5, values))
show(sorted(values), hasattr(local, "value"))
