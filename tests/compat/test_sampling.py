"""The standard library's own sampling profiler, which keeps a cache of frames it has seen."""

import re
import sys
from collections import Counter
from pathlib import Path

import chain
from watching import Live, Start, run_tool

DUMPED = re.compile(r'File "(?:.*/)?chain\.py", line (\d+), in (\S+)')


def attach(program: Live, folder: Path, *options: str) -> Counter[tuple[chain.Frame, ...]]:
    """Two seconds of samples, each a stack from the innermost frame outwards."""
    collapsed = folder / "collapsed.txt"
    run_tool(
        *(
            sys.executable,
            "-m",
            "profiling.sampling",
            "attach",
            *options,
            "--collapsed",
        ),
        *("--duration", 2, "--output", collapsed, program.pid),
    )
    program.check_alive()
    samples = Counter()
    for line in collapsed.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [frame.split(":") for frame in stack.split(";")[1:]]
        samples[tuple((name, int(line)) for _, name, line in reversed(frames))] += int(count)
    return samples


def test_dump(live: Start) -> None:
    program = chain.forever(live)
    text = run_tool(sys.executable, "-m", "profiling.sampling", "dump", program.pid)
    program.check_alive()
    chain.check_stack([(name, int(line)) for line, name in reversed(DUMPED.findall(text))])


def test_one_stack(live: Start, tmp_path: Path) -> None:
    chain.check_endless_samples(attach(chain.forever(live), tmp_path))


def test_changing_stacks(live: Start, tmp_path: Path) -> None:
    program = chain.rounds(live)
    chain.check_round_samples(attach(program, tmp_path))
    assert program.finish() == chain.RESULT


def test_changing_stacks_of_a_stopped_process(live: Start, tmp_path: Path) -> None:
    program = chain.rounds(live)
    chain.check_round_samples(attach(program, tmp_path, "--blocking"))
    assert program.finish() == chain.RESULT
