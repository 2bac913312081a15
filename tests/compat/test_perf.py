"""perf, which samples machine code and reads names from `/tmp/perf-PID.map`.

A plain run is started with `-X perf`, CPython's own way of showing Python functions to perf.
"""

import re
from pathlib import Path

import chain
from watching import RIGHT, TOOL_TIMEOUT, Live, Start, perf_map, run_tool, tool

NAMES = {name: f"py::{name}:{chain.PATH}" for name in (*chain.COMPILED, "main", "<module>")}
MAP_LINE = re.compile(r"[0-9a-f]+ [0-9a-f]+ \S.*")
MAIN = "Py_BytesMain"


def flags_of(mode: str) -> tuple[str, ...]:
    return ("-X", "perf") if mode == "plain" else ()


def record(program: Live, folder: Path) -> Path:
    data = folder / "perf.data"
    run_tool(
        *(tool("perf"), "record", "-q", "-e", "cpu-clock", "-F", 499, "-g", "-o", data),
        *("-p", program.pid, "--", "sleep", 2),
    )
    program.check_alive()
    return data


def user_stacks(data: Path) -> list[list[str]]:
    """The symbols of each sample, the innermost first. Those of calls that were compiled in place say who has called whom."""
    text = run_tool(tool("perf"), "script", "-F", "ip,sym", "-i", data)
    stacks = [block.splitlines() for block in text.split("\n\n") if block.strip()]
    symbols = [[line.split(maxsplit=1)[1].strip() for line in stack if line] for stack in stacks]
    return [[name for it in stack for name in reversed(it.split("->"))] for stack in symbols]


def is_whole(stack: list[str], callers: list[str]) -> bool:
    """Whether the callers come in this order."""
    rest = iter(stack)
    return all(caller in rest for caller in callers)


def test_names_and_stacks(live: Start, mode: str, tmp_path: Path) -> None:
    program = chain.forever(live, *flags_of(mode))
    stacks = user_stacks(record(program, tmp_path))
    assert len(stacks) >= 50, "too few samples"

    in_leaf = [stack for stack in stacks if NAMES["leaf"] in stack]
    assert len(in_leaf) >= RIGHT * len(stacks)

    callers = [NAMES["leaf"], NAMES["middle"], NAMES["outer"], MAIN]
    whole = [stack for stack in in_leaf if is_whole(stack, callers)]
    broken = [stack for stack in in_leaf if stack not in whole]
    assert len(whole) >= RIGHT * len(in_leaf), broken[:3]


def test_report_names_functions(live: Start, mode: str, tmp_path: Path) -> None:
    program = chain.forever(live, *flags_of(mode))
    report = run_tool(
        *(tool("perf"), "report", "--stdio", "--children", "-g", "none"),
        *("--percent-limit", 5, "-i", record(program, tmp_path)),
    )
    for name in ("leaf", "middle", "outer"):
        assert NAMES[name] in report


def test_map_next_to_cpythons_own(live: Start, mode: str) -> None:
    """With `-X perf` CPython writes to the same file; both leave it readable."""
    program = chain.rounds(live, "-X", "perf")
    lines = perf_map(program.pid).read_text().splitlines()
    assert all(MAP_LINE.fullmatch(line) for line in lines)
    assert any(line.endswith(NAMES["leaf"]) for line in lines)
    # Nobody compiles what runs once, so this line is CPython's.
    assert any(line.endswith(NAMES["<module>"]) for line in lines)
    assert program.finish() == chain.RESULT


def test_map_of_a_forked_child(live: Start, mode: str) -> None:
    """A child that only inherited its code can name it."""
    program = live("forking.py", flags=flags_of(mode), compiled=("spin",))
    child_map = perf_map(program.facts["child"])
    lines = child_map.read_text().splitlines()
    child_map.unlink()
    assert all(MAP_LINE.fullmatch(line) for line in lines)
    assert any(line.split(" ", 2)[2].startswith("py::spin:") for line in lines)
    program.process.stdin.close()
    assert program.read_line(TOOL_TIMEOUT) == "ended"
