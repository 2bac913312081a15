# Modules that note a caller's place: warnings, logging, inspect, faulthandler, tracemalloc.
# expect-compiled: warns, logs, stacks, faults, allocates
import faulthandler
import inspect
import io
import logging
import os
import tempfile
import tracemalloc
import warnings

from _support import repeat


def warns(n):
    number = 5000
    for level in range(1, n):
        number += 1
        warnings.warn(f"level {level}", stacklevel=level)
    return number


def with_warnings(n):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warns(n)
    return [(str(it.message), os.path.basename(it.filename), it.lineno) for it in caught]


def logs(n):
    stream = io.StringIO()
    logger = logging.Logger("here")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(funcName)s:%(lineno)d %(message)s"))
    logger.addHandler(handler)
    for i in range(n):
        logger.error("round %d", i)
    logger.error("two up", stacklevel=2)
    return stream.getvalue()


def stacks(n):
    real = 0.5
    for _ in range(n):
        real += 1.0
        infos = inspect.stack(context=0)
    frame = inspect.currentframe()
    values = inspect.getargvalues(frame)
    return [(it.function, it.lineno, tuple(it.positions)) for it in infos[:2]], values.args, values.locals["real"]


def faults(n):
    number = 0
    with tempfile.TemporaryFile("w+") as file:
        for _ in range(n):
            number += 1000
            faulthandler.dump_traceback(file, all_threads=False)
        file.seek(0)
        lines = file.read().splitlines()
    return [line.split(", ", 1)[1] for line in lines if "in faults" in line]


def allocates(n):
    kept = []
    for i in range(n):
        kept.append([i])
        if i % 2:
            kept.append("x" * (100 + i))
    return kept


def traced(n):
    tracemalloc.start(3)
    kept = allocates(n)
    found = []
    for it in kept:
        trace = tracemalloc.get_object_traceback(it)
        found.append([frame.lineno for frame in trace][-2:] if trace else None)
    tracemalloc.stop()
    return found


repeat(with_warnings, 4)
repeat(logs, 2)
repeat(stacks, 2)
repeat(faults, 3)
repeat(traced, 4)
