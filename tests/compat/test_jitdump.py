"""perf with a jitdump, which tells it more than names: lines, and the way from each frame to the next."""

import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import chain
import conftest
import pytest
from test_perf import MAIN, NAMES, is_whole, user_stacks
from watching import RIGHT, TOOL_TIMEOUT, Live, environment, run_tool, starter, tool

pytestmark = conftest.needs_rjit

CALLERS = [NAMES["leaf"], NAMES["middle"], NAMES["outer"], NAMES["main"], MAIN]


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Live]:
    """The chain, compiled; its jitdump lies in a folder of the test."""
    with starter("compiled", tmp_path) as start:
        yield chain.forever(start, RJIT_PERF="jitdump", XDG_RUNTIME_DIR=str(tmp_path))


def record(program: Live, folder: Path, call_graph: str) -> Path:
    """Samples of a running program, with what its jitdump says."""
    data, injected = folder / "perf.data", folder / "injected.data"
    run_tool(
        *(tool("perf"), "record", "-q", "-k", 1, "-e", "cpu-clock", "-F", 499),
        *("--call-graph", call_graph, "-o", data, "-p", program.pid, "--", "sleep", 2),
    )
    program.check_alive()
    run_tool(tool("perf"), "inject", "--jit", "-i", data, "-o", injected)
    return injected


def check_stacks(data: Path) -> None:
    stacks = user_stacks(data)
    in_leaf = [stack for stack in stacks if NAMES["leaf"] in stack]
    assert len(in_leaf) >= 50, "too few samples"
    assert len(in_leaf) >= RIGHT * len(stacks)
    broken = [stack for stack in in_leaf if not is_whole(stack, CALLERS)]
    assert len(broken) <= (1 - RIGHT) * len(in_leaf), broken[:3]


def check_lines(data: Path) -> None:
    """The innermost lines of samples are those of the loop."""
    text = run_tool(tool("perf"), "script", "-G", "-F", "ip,sym,srcline", "-i", data)
    lines: Counter[str] = Counter()
    for place, after in zip(text.splitlines(), text.splitlines()[1:], strict=False):
        if NAMES["leaf"] in place:
            lines[after.strip()] += 1
    right = sum(lines[f"{chain.PROGRAM}:{line}"] for line in chain.LOOP)
    assert right >= RIGHT * lines.total() > 0, lines


@pytest.mark.parametrize("call_graph", ["fp", "dwarf"])
def test_whole_stacks_and_lines(program: Live, call_graph: str, tmp_path: Path) -> None:
    data = record(program, tmp_path, call_graph)
    check_stacks(data)
    check_lines(data)


def test_annotated_code(program: Live, tmp_path: Path) -> None:
    """The machine code itself is there, with lines beside it."""
    data = record(program, tmp_path, "fp")
    text = run_tool(
        *(tool("perf"), "annotate", "--stdio", "-l", "-i", data, "-s", NAMES["leaf"]),
    )
    assert "%r" in text
    assert f"{chain.PROGRAM}:{chain.LOOP[0]}" in text


def test_a_program_from_start_to_end(tmp_path: Path) -> None:
    """Recorded by perf from the beginning on; the dump is closed, and whoever is told so goes on."""
    data, injected = tmp_path / "perf.data", tmp_path / "injected.data"
    program = tmp_path / "brief.py"
    program.write_text("def spin():\n    for i in range(30_000_000):\n        i + 1\n\n\nspin()\n")
    command = [tool("perf"), "record", "-q", "-k", "1", "-e", "cpu-clock", "-g", "-o", str(data)]
    env = environment("compiled", RJIT_PERF="jitdump", XDG_RUNTIME_DIR=str(tmp_path))
    done = subprocess.run(
        [*command, tool("python"), str(program)],
        env=env,
        check=False,
        capture_output=True,
        text=True,
        timeout=TOOL_TIMEOUT,
    )
    assert done.returncode == 0, done.stderr
    (dump,) = (tmp_path / "rjit").glob("jit-*.dump")
    assert dump.stat().st_mode & 0o777 == 0o600
    assert int.from_bytes(dump.read_bytes()[-16:-12], "little") == 3, "not closed"
    run_tool(tool("perf"), "inject", "--jit", "-i", data, "-o", injected)
    stacks = user_stacks(injected)
    assert any(stack[0] == f"py::spin:{program}" for stack in stacks if stack)


def test_a_wrong_list_is_refused() -> None:
    done = subprocess.run(
        [tool("python"), "-c", "print('ran')"],
        env=environment("compiled", RJIT_PERF="map,pref"),
        check=False,
        capture_output=True,
        text=True,
        timeout=TOOL_TIMEOUT,
    )
    assert done.stdout == "ran\n"
    assert 'RJIT_PERF=map,pref has "pref" in it' in done.stderr
    assert "jitdump" in done.stderr
