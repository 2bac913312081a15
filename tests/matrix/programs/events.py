"""Observers that get events of the whole call: what is called, run and left, in order."""

import cProfile
import pstats
import sys

from observers import FUNCTIONS, Observer, by_frame, is_watched


class Events(Observer):
    """Collects what happens in the watched functions."""

    rounds = 3

    def __init__(self):
        self.events = []
        self.seen = {}

    def hooks(self):
        return []

    def note(self, what, code, line):
        if is_watched(code) and code.co_name in FUNCTIONS:
            self.events.append([what, code.co_name, line])

    def end(self, exception):
        self.stop()
        return self.seen | {"events": self.events}

    def stop(self):
        """Switches the tool off."""


class Settrace(Events):
    """`sys.settrace`: every call, line and return."""

    def begin(self, functions):
        sys.settrace(self.trace)

    def trace(self, frame, event, argument):
        if not is_watched(frame.f_code):
            return None
        if event == "return" and frame.f_code.co_name == "leaf":
            self.seen = by_frame(frame)
        self.note(event, frame.f_code, frame.f_lineno)
        return self.trace

    def stop(self):
        sys.settrace(None)


class SettraceInside(Settrace):
    """The same, switched on at the gate, in frames that run already."""

    def begin(self, functions):
        pass

    def hooks(self):
        return [self.switch_on]

    def switch_on(self):
        sys.settrace(self.trace)
        frame = sys._getframe(1)
        while frame is not None:
            if is_watched(frame.f_code):
                frame.f_trace = self.trace
            frame = frame.f_back


class Setprofile(Events):
    """`sys.setprofile`: every call and return, of C functions too."""

    def begin(self, functions):
        sys.setprofile(self.profile)

    def profile(self, frame, event, argument):
        if event == "return" and frame.f_code.co_name == "leaf":
            self.seen = by_frame(frame)
        what = f"{event} {argument.__name__}" if event.startswith("c_") else event
        self.note(what, frame.f_code, frame.f_lineno)

    def stop(self):
        sys.setprofile(None)


class Monitoring(Events):
    """`sys.monitoring`: starts, returns, lines, jumps and calls."""

    def begin(self, functions):
        tool, events = sys.monitoring.PROFILER_ID, sys.monitoring.events
        sys.monitoring.use_tool_id(tool, "matrix")

        def start(code, offset):
            self.note("start", code, code.co_firstlineno)

        def line(code, number):
            self.note("line", code, number)

        def back(code, offset, value):
            frame = sys._getframe(1)
            if is_watched(code) and code.co_name == "leaf":
                self.seen = by_frame(frame)
            self.note("return", code, frame.f_lineno)

        def called(code, offset, function, argument):
            name = getattr(function, "__name__", "?")
            self.note(f"call {name}", code, sys._getframe(1).f_lineno)

        def jumped(code, offset, target):
            self.note("jump", code, sys._getframe(1).f_lineno)

        callbacks = {
            events.PY_START: start,
            events.LINE: line,
            events.PY_RETURN: back,
            events.CALL: called,
            events.JUMP: jumped,
        }
        for event, callback in callbacks.items():
            sys.monitoring.register_callback(tool, event, callback)
        sys.monitoring.set_events(tool, sum(callbacks))

    def stop(self):
        sys.monitoring.set_events(sys.monitoring.PROFILER_ID, 0)
        sys.monitoring.free_tool_id(sys.monitoring.PROFILER_ID)


class Profile(Events):
    """cProfile: how often each function was called, and by whom."""

    def begin(self, functions):
        self.profiler = cProfile.Profile()
        self.profiler.enable()

    def end(self, exception):
        self.profiler.disable()
        calls, callers = {}, {}
        for (_, _, name), (_, number, _, _, who) in pstats.Stats(self.profiler).stats.items():
            if name in FUNCTIONS:
                calls[name] = number
                callers[name] = [caller for _, _, caller in who]
        chain = ["leaf"]
        while len(found := callers.get(chain[-1], ())) == 1:
            chain.append(found[0])
        return {
            "function": "leaf" if "leaf" in calls else None,
            "chain": [[name, None] for name in chain],
            "events": [["calls", name, number] for name, number in sorted(calls.items())],
        }


class Tracing(Profile):
    """profiling.tracing, which replaces cProfile."""

    def begin(self, functions):
        import profiling.tracing

        self.profiler = profiling.tracing.Profile()
        self.profiler.enable()
