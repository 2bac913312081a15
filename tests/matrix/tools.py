"""All tools, with the facts that each shows and what has to be true of them."""

from functools import partial

from matrix import dap, occurrences, outside
from matrix.facts import ALLOCATION, CALLERS, GATE, LEFT, Truth
from matrix.looking import Tool
from matrix.outside import within

_PLACE = "function line chain"
_LOCALS = "arguments int float object"
_ALL = f"{_PLACE} {_LOCALS}"

# The functions only: not from where the outermost was called.
_FUNCTIONS = [["leaf", GATE], *CALLERS[:2]]


def _all_events(events: list) -> Truth:
    return Truth(LEFT, occurrences.ROUNDS, events)


_LIST = [
    Tool("sys._getframe, f_locals", _ALL, within("frames.Getframe")),
    Tool("sys._current_frames", _ALL, within("frames.CurrentFrames")),
    Tool("inspect.stack", _ALL, within("frames.Stack")),
    Tool("traceback, tb_frame", _ALL, within("frames.Traceback")),
    Tool("faulthandler", _PLACE, within("frames.Faulthandler")),
    Tool(
        "tracemalloc",
        "line chain",
        within("frames.Tracemalloc"),
        Truth(ALLOCATION),
    ),
    Tool(
        "sys.settrace",
        f"{_ALL} events",
        within("events.Settrace"),
        _all_events(occurrences.LINES),
        compiled=False,
    ),
    Tool(
        "sys.settrace, from the gate on",
        f"{_ALL} events",
        within("events.SettraceInside"),
        _all_events(occurrences.LINES_FROM_GATE),
    ),
    Tool(
        "sys.setprofile",
        f"{_ALL} events",
        within("events.Setprofile"),
        _all_events(occurrences.CALLS),
        compiled=False,
    ),
    Tool(
        "sys.monitoring",
        f"{_ALL} events",
        within("events.Monitoring"),
        _all_events(occurrences.MONITORING),
        compiled=False,
    ),
    Tool(
        "cProfile",
        "function chain events",
        within("events.Profile"),
        Truth(events=occurrences.CALL_COUNTS, chain=_FUNCTIONS),
        compiled=False,
    ),
    Tool(
        "profiling.tracing",
        "function chain events",
        within("events.Tracing"),
        Truth(events=occurrences.CALL_COUNTS, chain=_FUNCTIONS),
        compiled=False,
    ),
    Tool("profiling.sampling dump", _PLACE, outside.sampling_dump),
    Tool("profiling.sampling attach", _PLACE, outside.sampling_attach),
    Tool(
        "bdb, breakpoint",
        f"{_ALL} events",
        within("frames.BdbBreakpoint"),
        Truth(rounds=occurrences.ROUNDS, events=occurrences.BREAKPOINTS),
        compiled=False,
    ),
    Tool("pdb, set_trace", _ALL, outside.pdb_set_trace),
    Tool("pdb -p", _ALL, outside.pdb_attach),
    Tool("py-spy dump", _PLACE, partial(outside.pyspy_dump, with_locals=False), program="py-spy"),
    Tool(
        "py-spy dump --locals",
        _ALL,
        partial(outside.pyspy_dump, with_locals=True),
        program="py-spy",
    ),
    Tool("py-spy record", _PLACE, outside.pyspy_record, program="py-spy"),
    Tool("py-spy top", "function", outside.pyspy_top, program="py-spy"),
    # Module code is interpreted under every engine, and has a name under `-X perf` only.
    Tool(
        "perf record -g",
        "function chain",
        outside.perf_record,
        Truth(chain=[*_FUNCTIONS, [outside.NATIVE[-1], None]]),
        program="perf",
    ),
    Tool(
        "gdb, native backtrace",
        "chain",
        outside.gdb_backtrace,
        Truth(chain=[[name, None] for name in outside.NATIVE]),
        program="gdb",
    ),
    Tool(
        "debugpy",
        f"{_ALL} events",
        dap.debugpy_breakpoint,
        Truth(rounds=occurrences.ROUNDS, events=occurrences.BREAKPOINTS),
        distribution="debugpy",
        compiled=False,
    ),
    Tool(
        "coverage",
        "events",
        within("installed.Coverage"),
        Truth(events=occurrences.LINES_RUN),
        distribution="coverage",
        compiled=False,
    ),
    Tool(
        "line_profiler",
        "function events",
        within("installed.LineProfiler"),
        Truth(events=occurrences.HITS),
        distribution="line_profiler",
        compiled=False,
    ),
    Tool(
        "memray",
        _PLACE,
        within("installed.Memray"),
        Truth(ALLOCATION),
        distribution="memray",
        compiled=False,
    ),
    Tool(
        "pyinstrument",
        "function chain",
        within("installed.Pyinstrument"),
        distribution="pyinstrument",
        compiled=False,
    ),
    Tool(
        "viztracer",
        "function chain events",
        within("installed.Viztracer"),
        Truth(events=occurrences.CALL_COUNTS, chain=_FUNCTIONS),
        distribution="viztracer",
        compiled=False,
    ),
]

TOOLS = {tool.name: tool for tool in _LIST}

# What rjit does not show and plain CPython does: the fact's cell, and why. It is an error, too, when one
# of these turns out better, so that the list stays true.
KNOWN_GAPS: dict[tuple[str, str], tuple[str, str]] = {}

# Those that need nothing but CPython and what the tests install anyway.
ALWAYS_THERE = [tool for tool in _LIST if not tool.distribution]
