"""Runs the examples for some seconds while they are looked at as hard as possible, and checks all they print.

    observed.py SECONDS KIND EXAMPLE=SIZE...

KIND says who looks: `frames` (a thread that reads all frames and their variables), `tracing` (the same,
and a thread that switches sys.settrace on and off for all threads), `signals` (a handler, a thousand times a second),
`collections` (frames, with garbage collections in between). Prints how often each example ran and how often something looked.
"""

import contextlib
import gc
import importlib.util
import io
import random
import signal
import sys
import threading
import time
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"

looks = 0
wrong = []


def numbers(n):
    """Locals that depend on each other, so that whoever sees them can tell whether they are right."""
    half = 0.0
    large = 2000
    text = ""
    for i in range(n):
        half += 0.5
        large += 3
        text = str(i)
    return half, large, text


def check_numbers(values):
    """The variables of a running `numbers`, read at one moment: each is as after this or after the last round."""
    i = values.get("i", -1)
    rounds = (i, i + 1)
    fine = (
        type(values["half"]) is float
        and values["half"] in [0.5 * r for r in rounds]
        and values["large"] in [2000 + 3 * r for r in rounds]
        and values["text"] in ("", str(i), str(i - 1))
    )
    if not fine:
        wrong.append(f"numbers: {values}")


def look(frame):
    """Reads all of a frame's variables, and those of its callers."""
    global looks
    while frame is not None:
        values = dict(frame.f_locals)
        line = frame.f_lineno
        code = frame.f_code
        looks += 1
        if line is not None and not any(line == known for _, _, known in code.co_lines()):
            wrong.append(f"{code.co_qualname}: line {line}")
        for value in values.values():
            # An object that is gone or half made shows here at the latest.
            hash(type(value).__name__)
        if code is numbers.__code__ and "text" in values:
            check_numbers(values)
        frame = frame.f_back


def read_frames(stop, collect):
    me = threading.get_ident()
    while not stop.is_set():
        for thread, frame in sys._current_frames().items():
            if thread != me:
                look(frame)
        del frame
        if collect:
            gc.collect()


def tracer(frame, event, argument):
    global looks
    looks += 1
    if event == "return":
        assert frame.f_code.co_name is not None
    return tracer


def switch_tracing(stop):
    source = random.Random(1)
    while not stop.is_set():
        threading.settrace_all_threads(tracer)
        time.sleep(source.random() * 0.002)
        threading.settrace_all_threads(None)
        time.sleep(source.random() * 0.02)


def on_signal(number, frame):
    look(frame)


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def main(seconds, kind, sizes):
    modules = {name: (load(name), size) for name, size in sizes.items()}
    stop = threading.Event()
    watchers = []
    if kind in ("frames", "tracing", "collections"):
        watchers.append(threading.Thread(target=read_frames, args=(stop, kind == "collections")))
    if kind == "tracing":
        watchers.append(threading.Thread(target=switch_tracing, args=(stop,)))
    sys.setswitchinterval(1e-4)
    for watcher in watchers:
        watcher.start()
    if kind == "signals":
        signal.signal(signal.SIGALRM, on_signal)
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    runs = dict.fromkeys(modules, 0)
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end and not wrong:
            for name, (module, size) in modules.items():
                printed = io.StringIO()
                with contextlib.redirect_stdout(printed):
                    module.main(size)
                if printed.getvalue() != (EXAMPLES / "expected" / f"{name}.txt").read_text():
                    wrong.append(f"{name} printed {printed.getvalue()!r}")
                runs[name] += 1
                if numbers(3000) != (1500.0, 11000, "2999"):
                    wrong.append("numbers returned something else")
                if time.monotonic() >= end or wrong:
                    break
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        stop.set()
        for watcher in watchers:
            watcher.join()
        threading.settrace_all_threads(None)
    print("runs:", *[f"{name}={count}" for name, count in runs.items()])
    print("looks:", looks)
    if wrong:
        sys.exit("\n".join(wrong[:5]))


if __name__ == "__main__":
    chosen = (argument.split("=") for argument in sys.argv[3:])
    main(float(sys.argv[1]), sys.argv[2], {name: int(size) for name, size in chosen})
