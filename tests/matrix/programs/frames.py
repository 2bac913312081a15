"""Observers that look at frames once: what the standard library offers for it."""

import bdb
import faulthandler
import inspect
import io
import pdb
import re
import sys
import tempfile
import threading
import time
import traceback
import tracemalloc

from observers import WATCHED, Observer, at_gate, by_frame, is_watched


class Getframe(Observer):
    """`sys._getframe`, and `f_back` and `f_locals` from there."""

    def look(self):
        self.seen = by_frame(sys._getframe(1))


class CurrentFrames(Observer):
    """`sys._current_frames` of another thread, while this one waits in a system call."""

    def __init__(self):
        self.looked = threading.Lock()
        self.arrived_at_gate = False

    def arrived(self, report):
        self.arrived_at_gate = True

    def begin(self, functions):
        self.main = threading.get_ident()
        self.pending = sys.modules["__main__"].hooks
        self.looked.acquire()
        self.thread = threading.Thread(target=self.look_at_main)
        self.thread.start()

    def hooks(self):
        # Not a Python function, so that the innermost frame is that of `leaf`.
        return [self.looked.acquire]

    def look_at_main(self):
        # The gate's last call has begun, and it waits for the lock when it does not hold the GIL.
        while len(self.pending) > 1 or not self.arrived_at_gate:
            time.sleep(0.001)
        self.seen = by_frame(sys._current_frames()[self.main])
        self.looked.release()

    def end(self, exception):
        self.thread.join()
        return self.seen


class Stack(Observer):
    """`inspect.stack`."""

    def look(self):
        watched = [info for info in inspect.stack() if is_watched(info.frame.f_code)]
        (leaf, *_) = watched
        values = inspect.getargvalues(leaf.frame)
        self.seen = at_gate(values.locals) | {
            "function": leaf.function,
            "line": leaf.lineno,
            "chain": [[info.function, info.lineno] for info in watched],
        }


class Traceback(Observer):
    """The traceback of an exception that C code raises, and the frames it leads to."""

    def hooks(self):
        return [[].pop]

    def end(self, exception):
        kind, _, trace = exception
        assert kind is IndexError
        walked = [(frame, line) for frame, line in traceback.walk_tb(trace)]
        chain = [[frame.f_code.co_name, line] for frame, line in reversed(walked)]
        leaf, line = walked[-1]
        return at_gate(leaf.f_locals) | {
            "function": leaf.f_code.co_name,
            "line": line,
            "chain": chain,
        }


class Faulthandler(Observer):
    """`faulthandler.dump_traceback`."""

    FRAME = re.compile(r'File "(.*)", line (\d+) in (\S+)')

    def look(self):
        with tempfile.TemporaryFile("w+") as file:
            faulthandler.dump_traceback(file, all_threads=False)
            file.seek(0)
            frames = [
                [name, int(line)]
                for path, line, name in self.FRAME.findall(file.read())
                if path == WATCHED
            ]
        self.seen = {"function": frames[0][0], "line": frames[0][1], "chain": frames}


class Tracemalloc(Observer):
    """The traceback of where an object was allocated. It has no names of functions."""

    def begin(self, functions):
        tracemalloc.start(20)

    def hooks(self):
        return [self.look]

    def look(self):
        room = max(
            (each for each in tracemalloc.take_snapshot().traces if each.size > 250_000),
            key=lambda trace: trace.size,
        )
        frames = [[None, each.lineno] for each in reversed(room.traceback)]
        self.seen = {"line": frames[0][1], "chain": frames}

    def end(self, exception):
        tracemalloc.stop()
        return self.seen


class PdbSetTrace(Observer):
    """`pdb.set_trace` called at the gate: the debugger looks up the stack from there."""

    COMMANDS = "where\nargs\np count\np half\np thing\ncontinue\n"

    def look(self):
        out = io.StringIO()
        debugger = pdb.Pdb(stdin=io.StringIO("up\n" + self.COMMANDS), stdout=out, nosigint=True)
        debugger.use_rawinput = False
        debugger.set_trace()
        self.seen = out.getvalue()

    def end(self, exception):
        sys.settrace(None)
        return {"text": self.seen}


class BdbBreakpoint(bdb.Bdb, Observer):
    """A breakpoint by line, set before the call."""

    rounds = 3

    def __init__(self):
        super().__init__()
        self.stops = []
        self.seen = {}

    def hooks(self):
        return []

    def begin(self, functions):
        code = functions[-1].__code__
        lines = open(WATCHED).read().splitlines()
        (line,) = (n for n, text in enumerate(lines, 1) if "while next(gate)" in text)
        assert self.set_break(code.co_filename, line) is None
        self.first = True
        self.set_trace()

    def user_line(self, frame):
        if self.first:
            # The stop at the statement behind set_trace.
            self.first = False
        elif self.break_here(frame):
            self.stops.append([frame.f_code.co_name, frame.f_lineno])
            self.seen = by_frame(frame)
        self.set_continue()

    def end(self, exception):
        sys.settrace(None)
        return self.seen | {"events": self.stops}
