"""Programs that run to be looked at, and the tools that look at them."""

import contextlib
import json
import os
import selectors
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TOOL_TIMEOUT = 60
READY_TIMEOUT = 60

# How long a program has, after it is ready, to get to the loop that it is watched in.
SETTLING = 0.3

# The share of samples that has to be right: a sampler that does not stop the program reads some
# stacks while they change, in the interpreter too.
RIGHT = 0.9


class Failure(AssertionError):
    """A tool or a program did not do what it was started for."""


class Ended(Failure):
    """A program ended while it was watched."""

    def __init__(self, exit_code: int, errors: str) -> None:
        super().__init__(f"the program ended: {exit_code}\n{errors}")
        self.exit_code = exit_code


def environment(**extra: str) -> dict[str, str]:
    """The caller's environment, less what steers Python or the compiler, and more."""
    env = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "RJIT"))
    }
    return env | {"PYTHON_COLORS": "0", "PYTHONDONTWRITEBYTECODE": "1"} | extra


def find_tool(name: str, python: str | os.PathLike[str] = sys.executable) -> str | None:
    """A program of the interpreter's environment or of the system."""
    path = os.pathsep.join([str(Path(python).parent), os.environ.get("PATH", "")])
    return shutil.which(name, path=path)


def run_tool(
    *command: str | os.PathLike[str] | int, timeout: int = TOOL_TIMEOUT, text: str | None = None
) -> str:
    """Runs a tool to its end and returns what it printed; `text` is what it reads."""
    words = [os.fspath(word) if isinstance(word, os.PathLike) else str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            env=environment(),
            check=False,
            input=text or "",
            capture_output=True,
            text=True,
            timeout=timeout,
        )
    except subprocess.TimeoutExpired as expired:
        raise Failure(f"{' '.join(words)} did not end within {timeout} s") from expired
    if done.returncode != 0:
        raise Failure(
            f"{' '.join(words)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
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
                    raise Failure(f"nothing came within {timeout} s\n{self.errors()}")
                byte = os.read(out.fileno(), 1)
                if not byte:
                    raise Ended(self.process.wait(TOOL_TIMEOUT), self.errors())
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
        if code is not None:
            raise Ended(code, self.errors())


@contextlib.contextmanager
def launched(
    command: Sequence[str | os.PathLike[str]], env: Mapping[str, str], error_file: Path
) -> Iterator[Live]:
    """Starts a program, waits until it says that it is ready, and kills it at the end."""
    with error_file.open("wb") as errors:
        process = subprocess.Popen(
            command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
        )
    try:
        live = Live(process, error_file, {})
        live.facts = json.loads(live.read_line(READY_TIMEOUT))
        yield live
    finally:
        process.kill()
        process.wait()
        # Not read to the end: what the program has started may hold its side open.
        process.stdin.close()
        process.stdout.close()
        perf_map(process.pid).unlink(missing_ok=True)
