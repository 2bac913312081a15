"""Starts the programs to be watched, and the tools that watch them.

Each program runs plainly or compiled, the difference being the environment alone. The plain run shows
that a test asks for what CPython itself does; a compiled one that fails where the plain one passes is
the compiler's fault.
"""

import contextlib
import importlib.util
import json
import os
import selectors
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).resolve().parent / "programs"
TOOL_TIMEOUT = 60
READY_TIMEOUT = 60

# How long a program has, after it is ready, to get to the loop that it is watched in.
SETTLING = 0.3

# The share of samples that has to be right: a sampler that does not stop the program reads some
# stacks while they change, in the interpreter too.
RIGHT = 0.9

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
    """The caller's environment, less what steers Python or the compiler, plus the mode's."""
    env = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "RJIT"))
    }
    return env | {"PYTHON_COLORS": "0", "PYTHONDONTWRITEBYTECODE": "1"} | MODES[mode] | extra


def line_of(program: str, text: str) -> int:
    """The number of the only line of a program that contains a text."""
    lines = (PROGRAMS / program).read_text().splitlines()
    (number,) = (number for number, line in enumerate(lines, 1) if text in line)
    return number


def tool(name: str) -> str:
    """A program of this environment or of the system."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    found = shutil.which(name, path=path)
    if found is None:
        pytest.fail(f"{name} is not installed: `cargo xtask test` installs what the tests need")
    return found


def run_tool(*command: str | os.PathLike[str] | int, timeout: int = TOOL_TIMEOUT) -> str:
    """Runs a tool to its end and returns what it printed."""
    words = [os.fspath(word) if isinstance(word, os.PathLike) else str(word) for word in command]
    done = subprocess.run(
        words,
        env=environment("plain"),
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    if done.returncode != 0:
        pytest.fail(
            f"{' '.join(words)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}",
            pytrace=False,
        )
    return done.stdout


def perf_map(pid: int) -> Path:
    """Where perf looks for the names of a process's machine code."""
    return Path(f"/tmp/perf-{pid}.map")


@dataclass
class Live:
    """A program that runs and has said that it is ready."""

    process: subprocess.Popen[bytes]
    error_file: Path
    facts: dict

    @property
    def pid(self) -> int:
        return self.process.pid

    def errors(self) -> str:
        return self.error_file.read_text()

    def read_line(self, timeout: float) -> str:
        """The next line that the program prints."""
        out = self.process.stdout
        deadline = time.monotonic() + timeout
        line = b""
        with selectors.DefaultSelector() as selector:
            selector.register(out, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not selector.select(max(0, deadline - time.monotonic())):
                    pytest.fail(
                        f"nothing came within {timeout} s\n{self.errors()}",
                        pytrace=False,
                    )
                byte = os.read(out.fileno(), 1)
                if not byte:
                    code = self.process.wait(TOOL_TIMEOUT)
                    pytest.fail(f"the program ended: {code}\n{self.errors()}", pytrace=False)
                line += byte
        return line.decode().rstrip("\n")

    def finish(self) -> str:
        """Tells the program to stop, and returns its result."""
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        result = self.read_line(TOOL_TIMEOUT)
        assert self.process.wait(TOOL_TIMEOUT) == 0, self.errors()
        return result

    def check_alive(self) -> None:
        code = self.process.poll()
        assert code is None, f"the program ended while it was watched: {code}\n{self.errors()}"


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
        ) -> Live:
            """Starts a program, and waits until it is ready and `compiled` really are compiled."""
            error_file = folder / f"{program}.err"
            with error_file.open("wb") as errors:
                process = subprocess.Popen(
                    [sys.executable, *flags, str(PROGRAMS / program), *arguments],
                    env=environment(mode),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                )
            stack.callback(perf_map(process.pid).unlink, missing_ok=True)
            stack.callback(process.communicate)
            stack.callback(process.kill)
            live = Live(process, error_file, {})
            live.facts = json.loads(live.read_line(READY_TIMEOUT))
            if mode == "compiled":
                missing = set(compiled) - set(live.facts["compiled"])
                assert not missing, f"not compiled: {missing} ({live.facts['compiled']} are)"
            time.sleep(SETTLING)
            live.check_alive()
            return live

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
