"""Calls that were compiled in place are seen by all tools: each callee has its frame, or its part of the machine code."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from conftest import needs_rjit
from test_gdb import FRAME, gdb
from test_jitdump import record as record_jitdump
from test_perf import record, user_stacks
from watching import PROGRAMS, RIGHT, Live, Start, line_of, run_tool, starter, tool

PROGRAM = "inlining.py"
PATH = PROGRAMS / PROGRAM
HALF = range(line_of(PROGRAM, "def half("), line_of(PROGRAM, "return a + c") + 1)
CALLS_OF_HALF = {line_of(PROGRAM, "moved = half"), line_of(PROGRAM, "return half")}
CALL_OF_STEP = line_of(PROGRAM, "value = step")

pytestmark = needs_rjit


@pytest.fixture
def start(tmp_path: Path):
    with starter("compiled", tmp_path) as start:
        yield start


def running(start: Start, **extra: str) -> Live:
    return start(PROGRAM, compiled=("run",), **extra)


def is_possible(names: list[str]) -> bool:
    """Whether these, the innermost first, are what runs at some time."""
    ways = (["half", "step", "run"], ["step", "run"], ["run"])
    return any(names[: len(way)] == way for way in ways)


def check(stacks: Counter[tuple[str, ...]]) -> None:
    assert stacks.total() >= 50, "too few samples"
    wrong = Counter({names: n for names, n in stacks.items() if not is_possible(list(names))})
    assert wrong.total() <= (1 - RIGHT) * stacks.total(), wrong.most_common(5)
    assert sum(n for names, n in stacks.items() if names[0] == "half") > 0.2 * stacks.total()


def test_pyspy_sees_a_frame_for_each(start: Start, tmp_path: Path) -> None:
    program = running(start)
    raw = tmp_path / "raw.txt"
    run_tool(
        *(tool("py-spy"), "record", "--format", "raw", "--output", raw),
        *("--duration", 2, "--rate", 200, "--pid", program.pid),
    )
    stacks = Counter()
    for line in raw.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        stacks[tuple(frame.split()[0] for frame in reversed(stack.split(";")))] += int(count)
    check(stacks)
    (thread,) = json.loads(run_tool(tool("py-spy"), "dump", "--json", "--pid", program.pid))
    names = [frame["name"] for frame in thread["frames"]]
    assert is_possible(names) and names[-2:] == ["main", "<module>"]


def test_perf_names_the_chain_by_the_map(start: Start, tmp_path: Path) -> None:
    stacks = Counter()
    for stack in user_stacks(record(running(start), tmp_path)):
        names = [re.fullmatch(rf"py::(\w+):{re.escape(str(PATH))}", symbol) for symbol in stack]
        stacks[tuple(name[1] for name in names if name) or ("nothing",)] += 1
    check(stacks)


def test_perf_shows_lines_of_callees_by_the_jitdump(start: Start, tmp_path: Path) -> None:
    program = running(start, RJIT_PERF="jitdump", XDG_RUNTIME_DIR=str(tmp_path))
    data = record_jitdump(program, tmp_path, "fp")
    text = run_tool(tool("perf"), "script", "-G", "-F", "ip,sym,srcline", "-i", data)
    lines = Counter(int(line) for line in re.findall(rf"{PROGRAM}:(\d+)", text))
    assert sum(lines[line] for line in HALF) > 0.2 * lines.total() > 0, lines
    assert CALL_OF_STEP in lines and CALLS_OF_HALF & set(lines), lines


def test_gdb_shows_inlined_frames_and_stops_in_them(start: Start) -> None:
    program = running(start)
    line = line_of(PROGRAM, "b = a + 0.25")
    text = gdb(f"tbreak {PROGRAM}:{line}", "continue", "bt", "up", "detach", attach=program)
    shown = text[text.index("Temporary breakpoint 1, ") :]
    frames = [(name, int(at)) for name, _, at in FRAME.findall(shown)]
    assert frames[0] == ("half", line), text
    assert frames[1][0] == "step" and frames[1][1] in CALLS_OF_HALF, text
    assert frames[2] == ("run", CALL_OF_STEP), text
