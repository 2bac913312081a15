"""Generators that run in machine code are seen by tools as if the interpreter ran them."""

import json
from collections import Counter
from pathlib import Path

import pytest
from conftest import needs_rjit
from test_gdb import FRAME, gdb
from watching import Live, line_of, run_tool, starter, tool

PROGRAM = "generators.py"
# Where each of them is while the one before runs.
WAITS = {
    "middle": line_of(PROGRAM, "yield from"),
    "outer": line_of(PROGRAM, "in middle("),
    "run": line_of(PROGRAM, "in outer("),
    "main": line_of(PROGRAM, "run(10**15)"),
}
CHAIN = ["leaf", *WAITS]
LEAF = range(line_of(PROGRAM, "def leaf("), line_of(PROGRAM, "yield value") + 1)
NAMES = ("leaf", "middle", "outer", "run")


@pytest.fixture(params=["plain", pytest.param("compiled", marks=needs_rjit)])
def program(request: pytest.FixtureRequest, tmp_path: Path):
    with starter(request.param, tmp_path) as start:
        yield start(PROGRAM, compiled=NAMES)


def dump(program: Live) -> list[tuple[str, int]]:
    (thread,) = json.loads(run_tool(tool("py-spy"), "dump", "--json", "--pid", program.pid))
    program.check_alive()
    return [(frame["name"], frame["line"]) for frame in thread["frames"]]


def test_pyspy_sees_those_that_wait_for_an_item(program: Live) -> None:
    seen = Counter()
    for _ in range(40):
        frames = dump(program)
        names = [name for name, _ in frames]
        assert names[-1] == "<module>", frames
        first = CHAIN.index(names[0])
        assert names[:-1] == CHAIN[first:], frames
        # The innermost may be anywhere, the others wait.
        assert all(line == WAITS[name] for name, line in frames[1:-1]), frames
        seen[names[0]] += 1
        if seen["leaf"] == 3:
            break
    assert seen["leaf"] == 3, seen


@needs_rjit
def test_gdb_stops_in_a_generator(tmp_path: Path) -> None:
    with starter("compiled", tmp_path) as start:
        live = start(PROGRAM, compiled=NAMES)
        stop = f"tbreak {PROGRAM}:{LEAF[-2]}"
        text = gdb(stop, "continue", "bt", "detach", attach=live)
        live.check_alive()
    frames = [(name, int(at)) for name, _, at in FRAME.findall(text)]
    # The one that delegates is not run for the item, so there is no machine code of it on the stack.
    assert frames[0] == ("leaf", LEAF[-2]), frames
    assert ("outer", WAITS["outer"]) in frames and ("run", WAITS["run"]) in frames, frames
