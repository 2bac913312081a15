"""Runs one test file in a process and a working folder of its own, through CPython's own runner."""

import contextlib
import dataclasses
import fnmatch
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from common import sessions

from regrtest import outcomes
from regrtest.outcomes import FileResult

RECORDER = Path(__file__).with_name("recorder.py")

# Tests that draw random numbers draw the same ones in both runs.
SEED = "1"

# How long a process that takes too long gets to say where it is.
_LAST_WORDS = 5

# The end of what a run printed, which is where tracebacks of whole files are.
_OUTPUT_LINES = 120


# The processes that run now. Each leads a session, so that nobody else stops them.
_running: set[subprocess.Popen[bytes]] = set()
_is_stopped = threading.Event()


class Stopped(Exception):
    """The user has had enough."""


def stop() -> None:
    """Ends all processes that run now, and lets no other begin."""
    _is_stopped.set()
    for process in list(_running):
        sessions.kill(process)


@dataclasses.dataclass(frozen=True)
class Mode:
    """How rjit is switched on, if it is."""

    name: str
    variables: dict[str, str]

    def environment(self) -> dict[str, str]:
        """The caller's environment, less what steers Python or the compiler, plus the mode's."""
        env = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("PYTHON", "RJIT"))
        }
        return env | self.variables


PLAIN = Mode("plain", {})


def rjit(calls: int, loops: int) -> Mode:
    """The mode under test."""
    variables = {"RJIT": "1", "RJIT_CALLS": str(calls), "RJIT_LOOPS": str(loops)}
    return Mode("rjit", variables)


@dataclasses.dataclass(frozen=True)
class Run:
    """A file to be run, whole or in part."""

    file: str
    mode: Mode
    timeout: float
    methods: Sequence[str] = ()
    ignored: Sequence[str] = ()
    test_folder: Path | None = None
    # Pairs of texts: what stands in the file, and what shall stand there.
    replaced: Sequence[Sequence[str]] = ()

    def arguments(self) -> list[str]:
        """What follows `python -m test`."""
        arguments = ["--randseed", SEED]
        if self.test_folder is not None:
            arguments += ["--testdir", str(self.test_folder)]
        for option, patterns in (("--match", self.methods), ("--ignore", self.ignored)):
            for pattern in patterns:
                arguments += [option, pattern]
        return [*arguments, self.file]

    def shown(self) -> str:
        """The command as a person would type it, to see more."""
        variables = [f"{name}={value}" for name, value in self.mode.variables.items()]
        return shlex.join([*variables, sys.executable, "-m", "test", "-v", *self.arguments()])

    def command(self, folder: Path, record: Path) -> list[str]:
        """The command with the recorder in the runner's place."""
        replaced = json.dumps([list(pair) for pair in self.replaced])
        own = [str(RECORDER), str(record), replaced, "--tempdir", str(folder)]
        return [sys.executable, *own, *self.arguments()]

    def run(self) -> FileResult:
        """Runs it, and puts together what came of it. Raises Stopped after `stop`."""
        with tempfile.TemporaryDirectory(prefix="rjit-", ignore_cleanup_errors=True) as name:
            # Beside the working folder, where no test trips over it.
            folder, record, log = (Path(name) / part for part in ("w", "record", "log"))
            folder.mkdir()
            begin = time.monotonic()
            exit_code, timed_out = self._wait(folder, record, log)
            seconds = time.monotonic() - begin
            lines = record.read_text("utf-8").splitlines() if record.exists() else []
            output = log.read_text("utf-8", "replace").splitlines()[-_OUTPUT_LINES:]
        return outcomes.read(
            lines,
            exit_code=exit_code,
            seconds=seconds,
            timed_out=timed_out,
            output="\n".join(output),
        )

    def crash_report(
        self, report: Callable[..., str], exit_code: int, time_limit: float, keep: Path | None
    ) -> str:
        """What `report` finds out about a crash in this run."""
        with tempfile.TemporaryDirectory(prefix="rjit-", ignore_cleanup_errors=True) as name:
            return report(
                self.command(Path(name), Path(name) / "record"),
                env=self._environment(Path(name)),
                cwd=Path(name),
                exit_code=exit_code,
                time_limit=time_limit,
                keep=keep,
            )

    def _environment(self, folder: Path) -> dict[str, str]:
        return self.mode.environment() | {"TMPDIR": str(folder)}

    def _wait(self, folder: Path, record: Path, log: Path) -> tuple[int, bool]:
        if _is_stopped.is_set():
            raise Stopped
        with log.open("wb") as file:
            process = subprocess.Popen(
                self.command(folder, record),
                env=self._environment(folder),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            timed_out = False
            _running.add(process)
            try:
                process.wait(self.timeout)
            except subprocess.TimeoutExpired:
                timed_out = True
                # The runner has faulthandler show all stacks upon this.
                process.send_signal(signal.SIGUSR1)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_LAST_WORDS)
            finally:
                # Whatever the test has left behind goes, too.
                sessions.end(process)
                _running.discard(process)
        if _is_stopped.is_set():
            raise Stopped
        return process.returncode, timed_out


def has_test_suite() -> bool:
    """Whether this interpreter has CPython's tests."""
    from importlib.util import find_spec

    return find_spec("test") is not None and find_spec("test.test_grammar") is not None


def all_files() -> list[str]:
    """The names of all test files, as the runner calls them."""
    done = subprocess.run(
        [sys.executable, "-m", "test", "--list-tests"],
        env=PLAIN.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def choose(wanted: Sequence[str], files: Sequence[str]) -> list[str]:
    """The files that names, parts of packages or patterns stand for, in the order of `files`.

    Raises ValueError for a name that stands for nothing.
    """
    chosen = set()
    for name in wanted:
        name = name.removesuffix(".py").replace("/", ".")
        names = {name, name.removeprefix("test."), f"test.{name}"}
        found = {
            file
            for file in files
            if any(
                file == name or file.startswith(f"{name}.") or fnmatch.fnmatchcase(file, name)
                for name in names
            )
        }
        if not found:
            raise ValueError(f"there is no test file {name}; `--list` shows them all")
        chosen |= found
    return [file for file in files if file in chosen]
