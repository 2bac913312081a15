"""The main thread runs a loop; a second thread and a signal handler look at its frames.

Prints what they saw, leaving out what depends on the moment.
"""

import faulthandler
import signal
import sys
import tempfile
import threading
import time
import traceback

ROUNDS = 3
LONG = 10**15
MAIN = threading.get_ident()
MAIN_BUSY = threading.Event()

from_handler = []


def spin(go, limit):
    count = 0
    half = 0.0
    label = "spin"
    while go and count < limit:
        count += 2
        half += 0.5
    return label, count == half * 4


def caller(go, limit):
    words = ["a", "b"]
    weight = limit * 0.5
    label, consistent = spin(go, limit)
    return label, consistent, words, weight


class Runner:
    def __init__(self, name):
        self.name = name

    def run(self, go, limit):
        try:
            result = caller(go, limit)
        finally:
            self.name = self.name.upper()
        return self.name, result


def describe(frame):
    """Names, lines and locals from a frame up to the module."""
    lines = []
    while frame is not None:
        code = frame.f_code
        lines.append(f"{code.co_qualname} {show_line(frame)}")
        if code in SHOWN:
            for name, value in frame.f_locals.items():
                lines.append(f"    {name} = {show(name, value)}")
        frame = frame.f_back
    return lines


SHOWN = {spin.__code__, caller.__code__, Runner.run.__code__}


def show_line(frame):
    """A line number; somewhere within the loop for the frame that loops."""
    first = spin.__code__.co_firstlineno
    if frame.f_code is spin.__code__:
        return "in the loop" if first + 4 <= frame.f_lineno <= first + 6 else frame.f_lineno
    return frame.f_lineno


def show(name, value):
    """A value; its type and sign where it changes all the time."""
    if name in ("count", "half"):
        return f"{type(value).__name__} {value > 0}"
    return f"<{type(value).__name__}>" if name == "self" else repr(value)


def looping_frame():
    """The frame of spin, once the main thread is in there."""
    while True:
        time.sleep(0.1)
        frame = sys._current_frames()[MAIN]
        if frame.f_code is spin.__code__:
            return frame


def look_from_thread():
    frame = looping_frame()
    seen = describe(frame)
    before = frame.f_locals["count"]
    time.sleep(0.05)
    seen.append(f"goes on: {frame.f_locals['count'] > before}")
    frame.f_locals["go"] = False
    return seen


def dump_from_thread():
    """What faulthandler says of the main thread, which it reads without stopping it."""
    looping_frame()
    with tempfile.TemporaryFile("w+") as file:
        faulthandler.dump_traceback(file, all_threads=True)
        file.seek(0)
        text = file.read()
    looping_frame().f_locals["go"] = False
    first = spin.__code__.co_firstlineno
    for line in range(first + 4, first + 7):
        text = text.replace(f"line {line} in spin", "line in the loop in spin")
    main_thread = text.split("Thread 0x")[-1]
    return [line.strip() for line in main_thread.splitlines() if "File" in line]


def handle(_number, frame):
    from_handler.extend(describe(frame))
    from_handler.extend(entry.name for entry in traceback.extract_stack(frame))
    frame.f_locals["go"] = False


def look_from_signal_handler():
    from_handler.clear()
    looping_frame()
    signal.pthread_kill(MAIN, signal.SIGALRM)
    while MAIN_BUSY.is_set():
        time.sleep(0.01)
    return from_handler


def observe(look):
    seen = []
    thread = threading.Thread(target=lambda: seen.extend(look()))
    thread.start()
    MAIN_BUSY.set()
    result = Runner("runner").run(True, LONG)
    MAIN_BUSY.clear()
    thread.join()
    return [*seen, f"result: {result}"]


def main():
    signal.signal(signal.SIGALRM, handle)
    for _ in range(20):
        Runner("warm").run(True, 40)
    for look in (look_from_thread, dump_from_thread, look_from_signal_handler):
        for _ in range(ROUNDS):
            print(f"== {look.__name__}")
            print("\n".join(observe(look)))


if __name__ == "__main__":
    main()
