"""Starts the programs to be watched, and the tools that watch them.

Each program runs plainly or compiled, the difference being the environment alone. The plain run shows
that a test asks for what CPython itself does; a compiled one that fails where the plain one passes is
the compiler's fault.
"""

import contextlib
import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from common import live
from common.live import RIGHT, SETTLING, TOOL_TIMEOUT, Live, launched, perf_map, run_tool

__all__ = ["RIGHT", "TOOL_TIMEOUT", "Live", "Start", "perf_map", "run_tool"]

PROGRAMS = Path(__file__).resolve().parent / "programs"
# Every function at its first call, every loop at its first round.
AT_ONCE = {"RJIT": "1", "RJIT_CALLS": "1", "RJIT_LOOPS": "1"}

MODES = {
    "plain": {},
    "default": {"RJIT": "1"},
    "compiled": AT_ONCE,
}


def rjit_installed() -> bool:
    """Whether this environment has the compiler. A broken one counts: it has to fail."""
    return importlib.util.find_spec("rjit") is not None


def environment(mode: str, **extra: str) -> dict[str, str]:
    """The environment of a program that runs in the mode."""
    return live.environment(**MODES[mode], **extra)


def line_of(program: str, text: str) -> int:
    """The number of the only line of a program that contains a text."""
    lines = (PROGRAMS / program).read_text().splitlines()
    (number,) = (number for number, line in enumerate(lines, 1) if text in line)
    return number


def tool(name: str) -> str:
    """A program of this environment or of the system."""
    found = live.find_tool(name)
    if found is None:
        pytest.fail(f"{name} is not installed: `cargo xtask test` installs what the tests need")
    return found


Start = Callable[..., Live]


@contextlib.contextmanager
def starter(mode: str, folder: Path) -> Iterator[Start]:
    """Gives a function that starts programs; they are killed at the end."""
    with contextlib.ExitStack() as stack:

        def start(
            program: str,
            *arguments: str,
            flags: tuple[str, ...] = (),
            compiled: tuple[str, ...] = (),
            **extra: str,
        ) -> Live:
            """Starts a program, and waits until it is ready and `compiled` really are compiled.

            `extra` are variables of its environment.
            """
            command = [sys.executable, *flags, str(PROGRAMS / program), *arguments]
            started = stack.enter_context(
                launched(command, environment(mode, **extra), folder / f"{program}.err")
            )
            if mode == "compiled":
                missing = set(compiled) - set(started.facts["compiled"])
                assert not missing, f"not compiled: {missing} ({started.facts['compiled']} are)"
            time.sleep(SETTLING)
            started.check_alive()
            return started

        yield start


@dataclass(frozen=True)
class Outcome:
    """What a run to the end showed."""

    exit_code: int
    stdout: str
    stderr: str


def run(
    mode: str, folder: Path, program: Path, *arguments: str, timeout: float = TOOL_TIMEOUT
) -> tuple[Outcome, set[str]]:
    """Runs a program to its end; returns the qualified names of what was compiled, too."""
    report = folder / f"{program.stem}-{mode}.json"
    done = subprocess.run(
        [sys.executable, str(program), *arguments],
        env=environment(mode, RJIT_STATS_JSON=str(report)),
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    compiled = set(json.loads(report.read_text())["compiled"]) if report.exists() else set()
    return Outcome(done.returncode, done.stdout, done.stderr), compiled
