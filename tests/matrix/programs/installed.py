"""Observers that are packages of their own; `cargo xtask matrix` installs them."""

import json
import os
import tempfile
from functools import partial
from itertools import repeat

from events import Events
from observers import FUNCTIONS, WATCHED, Observer

# Enough for a profiler that looks every millisecond.
BUSY = 10**7


class Coverage(Events):
    """coverage: which lines were run."""

    def begin(self, functions):
        import coverage

        self.coverage = coverage.Coverage(data_file=None, include=[WATCHED], config_file=False)
        self.coverage.start()

    def end(self, exception):
        self.coverage.stop()
        lines = sorted(self.coverage.get_data().lines(WATCHED) or ())
        # The module's own lines, which are run before and after, are not asked for.
        return {"events": [line for line in lines if line < self.last_line()]}

    def last_line(self):
        lines = open(WATCHED).read().splitlines()
        return next(n for n, text in enumerate(lines, 1) if text.startswith("if __name__"))


class LineProfiler(Events):
    """line_profiler: how often each line of a function was run."""

    def begin(self, functions):
        import line_profiler

        self.leaf = functions[-1]
        self.profiler = line_profiler.LineProfiler(self.leaf)
        self.profiler.enable_by_count()

    def end(self, exception):
        self.profiler.disable_by_count()
        ((_, _, name), hits) = max(self.profiler.get_stats().timings.items(), key=lambda i: i[1])
        return {
            "function": name,
            "events": [[line, number] for line, number, _ in sorted(hits)],
        }


class Pyinstrument(Observer):
    """pyinstrument: a stack of the time at the gate."""

    def hooks(self):
        # C code, so that the innermost frame is that of `leaf`; the end of the gate's call is noticed.
        return [partial(sum, repeat(1, BUSY))]

    def begin(self, functions):
        import pyinstrument

        self.profiler = pyinstrument.Profiler(interval=0.001)
        self.profiler.start()

    def end(self, exception):
        session = self.profiler.stop()
        chain, frame = [], session.root_frame()
        while frame is not None:
            if frame.file_path == WATCHED:
                chain.append([frame.function, frame.line_no])
            frame = max(frame.children, key=lambda child: child.time, default=None)
        chain.reverse()
        return {
            "function": chain[0][0] if chain else None,
            "chain": [[name, None] for name, _ in chain],
        }


class Viztracer(Events):
    """viztracer: each call of each function, one within the other."""

    def begin(self, functions):
        import viztracer

        self.tracer = viztracer.VizTracer(verbose=0, tracer_entries=100_000)
        self.tracer.start()

    def end(self, exception):
        self.tracer.stop()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "trace.json")
            self.tracer.save(path)
            with open(path) as file:
                spans = [
                    (event["ts"], event["ts"] + event["dur"], event["name"].split(" ")[0])
                    for event in json.load(file)["traceEvents"]
                    if event["ph"] == "X" and f"({WATCHED}:" in event["name"]
                ]
        spans = sorted(span for span in spans if span[2] in FUNCTIONS)
        leaf = next((span for span in spans if span[2] == "leaf"), None)
        around = [span for span in spans if leaf and span[0] <= leaf[0] and leaf[1] <= span[1]]
        counts = {name: sum(span[2] == name for span in spans) for name in FUNCTIONS}
        return {
            "function": leaf and "leaf",
            "chain": [[name, None] for _, _, name in reversed(around)],
            "events": [["calls", name, number] for name, number in counts.items()],
        }


class Memray(Observer):
    """memray: where an object was allocated."""

    def begin(self, functions):
        import memray

        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "allocations.bin")
        # Begun by the module itself: memray loses callers when the function that begins it returns.
        self.around = memray.Tracker(self.path)

    def end(self, exception):
        import memray

        with self.folder, memray.FileReader(self.path) as reader:
            rooms = [
                [[name, line] for name, file, line in record.stack_trace() if file == WATCHED]
                for record in reader.get_allocation_records()
                if record.size > 250_000 and record.allocator != memray.AllocatorType.FREE
            ]
        chain = max(rooms, key=len, default=[])
        if not chain:
            return {}
        return {"function": chain[0][0], "line": chain[0][1], "chain": chain}


class Debugpy(Observer):
    """debugpy, which listens; the client that connects asks for all else."""

    rounds = 3

    def hooks(self):
        return []

    def begin(self, functions):
        import debugpy

        host, port = debugpy.listen(("127.0.0.1", 0))
        print(json.dumps({"port": port}), flush=True)
        debugpy.wait_for_client()

    def end(self, exception):
        return {}
