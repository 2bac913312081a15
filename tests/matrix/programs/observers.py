"""Who looks from within the program, by name.

What is seen is told in the words of `matrix.facts`: strings as the tool shows values, `[name, line]` for
the frames of a chain, innermost first, and whatever a tool has in the way of events.
"""

import importlib
import os
import sys
from contextlib import nullcontext
from functools import partial
from itertools import repeat
from time import sleep

WATCHED = os.path.realpath(sys.argv[0])
FUNCTIONS = ("leaf", "middle", "outer")
ARGUMENTS = ("rounds", "step", "word")


class Observer:
    """Looks from a hook at the gate, or between the begin and the end of the whole call."""

    rounds = 1001
    # A context for the call, entered and left by the module.
    around = nullcontext()

    def hooks(self):
        return [self.look]

    def delays(self):
        """What keeps the gate shut afterwards, by returning None."""
        return []

    def look(self):
        """Called at the gate, by C code that `leaf` calls."""

    def begin(self, functions):
        """Called when all is warm, by the module."""

    def arrived(self, report):
        """Called at the gate, before anybody looks, with what is known about the engine."""

    def end(self, exception):
        """What was seen."""
        return self.seen


class Waiting(Observer):
    """Nobody looks from within: the program says that it is at the gate, and waits there."""

    def __init__(self, ways=(), delays=()):
        self.ways = ways
        self.times = delays
        self.seen = {}

    def hooks(self):
        return self.ways

    def delays(self):
        return self.times

    def arrived(self, report):
        import json

        print(json.dumps(report), flush=True)


def waiting():
    """In a system call, until a byte comes."""
    return Waiting([partial(os.read, 0, 1)])


def busy():
    """In C code that uses the processor, for some minutes, unless it is killed."""
    return Waiting([partial(sum, repeat(1, 10**11))])


def polling():
    """In one short system call after the other, so that the interpreter gets to do other things."""
    return Waiting(delays=[partial(sleep, 0.02)] * 5000)


def named(name):
    module, _, what = name.rpartition(".")
    found = importlib.import_module(module) if module else sys.modules[__name__]
    return getattr(found, what)()


def is_watched(code):
    return code.co_filename in (WATCHED, sys.argv[0])


def at_gate(values):
    """Arguments and locals as facts, from a mapping of names to objects."""
    shown = {name: show(value) for name, value in dict(values).items()}
    return {
        "arguments": {name: shown[name] for name in ARGUMENTS if name in shown},
        "int": shown.get("count"),
        "float": shown.get("half"),
        "object": shown.get("thing"),
    }


def show(value):
    if type(value).__name__ == "Thing":
        return f"Thing at {id(value):#x}"
    return str(value)


def by_frame(frame):
    """All that a frame object shows, and those that it leads to."""
    chain = []
    each = frame
    while each is not None:
        if is_watched(each.f_code):
            chain.append([each.f_code.co_name, each.f_lineno])
        each = each.f_back
    return at_gate(frame.f_locals) | {
        "function": frame.f_code.co_name,
        "line": frame.f_lineno,
        "chain": chain,
    }
