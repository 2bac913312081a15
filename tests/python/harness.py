"""Runs small programs plainly and compiled, each in its own process, to compare all a user sees.

A *case* is a program below ``cases/GROUP/``. It is run once per mode, all modes being the same
command with a different environment, so that whatever differs in what is printed, raised or
returned is the compiler's doing.

Comments at the head of a case say what the harness may expect of it:

``# exit: 1``
    its exit code, when it is not 0 (a case broken by accident must not pass for being equally
    broken in each mode);
``# expect-compiled: f, Class.method``
    qualified names that must be among the compiled functions when everything is compiled at once;
``# expect-osr: 1``
    at least so many loops taken over while running, in the modes that make every loop hot;
``# expect-deopts: 1``
    at least so many failed guesses, in the mode in which code is compiled with warm inline caches;
``# expect-refusals: coroutine``
    reasons (parts of their text) for which this case's own functions may be refused;
``# expect-report: none``
    the process ends in a way that leaves no report behind;
``# stress-except: gc (why)``
    stress modes whose effect the case shows by right.
"""

import concurrent.futures
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

CASES = Path(__file__).resolve().parent / "cases"
TIMEOUT = 120

PLAIN = "plain"

# A second interpreted run: a case that differs from itself says nothing about the compiler.
AGAIN = "plain-again"

COMPILED_MODES = {
    # What users get.
    "default": {"RJIT": "1"},
    # Everything is compiled at its first call, before the interpreter has learned anything.
    "eager": {"RJIT": "1", "RJIT_CALLS": "1", "RJIT_LOOPS": "1"},
    # Inline caches are warm, so that fast paths are taken and guards fail, and loops are taken over
    # half-way.
    "warm": {"RJIT": "1", "RJIT_CALLS": "3", "RJIT_LOOPS": "20"},
}

# What machine code is put through on top of the mode "warm", where most guards are reached.
STRESS_MODES = {
    "deopt-all": "deopt:all",
    "deopt-every": "deopt:every:13",
    # N differs from case to case.
    "deopt-nth": "deopt:{nth}",
    "invalidate": "invalidate",
    "reify": "reify",
    "gc": "gc",
}

# The one of them that each case runs in.
ALWAYS = "deopt-all"

# Each optimization of the HIR left out, on top of the mode "warm".
PASS_MODES = {
    f"without-{name}": f"-{name}"
    for name in (
        "straighten",
        "infer",
        "fold",
        "light",
        "refcounts",
        "ranges",
        "peel",
        "number",
        "boxes",
        "join",
        "sweep",
        "sink",
        "elide",
        "unmade",
        "reframe",
        "compact",
        "assume",
    )
}

HEADER = re.compile(r"#\s*(exit|expect-[a-z]+|stress-except):\s*(.*)")

# The guard that fails in the mode "deopt-nth" is one of so many.
NTH_RANGE = 3000


@dataclass(frozen=True)
class Case:
    """One program and what its head says of it."""

    path: Path

    @property
    def name(self) -> str:
        return f"{self.path.parent.name}/{self.path.stem}"

    @cached_property
    def expectations(self) -> dict[str, str]:
        """The ``# key: value`` comments before the first statement."""
        found: dict[str, str] = {}
        for line in self.path.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                break
            if match := HEADER.match(line):
                found[match[1]] = match[2].strip()
        return found

    @property
    def exit_code(self) -> int:
        return int(self.expectations.get("exit", "0"))

    @property
    def nth(self) -> int:
        """The guard that fails in the mode "deopt-nth": any, but the same each time."""
        return zlib.crc32(self.name.encode()) % NTH_RANGE + 1

    @property
    def stress_modes(self) -> list[str]:
        """Every forced side exit, and one of the other modes: any, but the same each time.

        All of them with ``RJIT_TEST_STRESS=all``.
        """
        modes = [mode for mode in STRESS_MODES if not self.is_excepted(mode)]
        if os.environ.get("RJIT_TEST_STRESS") == "all":
            return modes
        others = [mode for mode in modes if mode != ALWAYS]
        kept = {ALWAYS, others[zlib.crc32(self.name.encode()) % len(others)]}
        return [mode for mode in modes if mode in kept]

    @property
    def pass_modes(self) -> list[str]:
        """One of them: any, but the same each time. All of them with ``RJIT_TEST_STRESS=all``."""
        if os.environ.get("RJIT_TEST_STRESS") == "all":
            return list(PASS_MODES)
        return [list(PASS_MODES)[zlib.crc32(self.name.encode()) // 7 % len(PASS_MODES)]]

    def is_excepted(self, mode: str) -> bool:
        """Whether the case shows by right what a stress mode does."""
        return mode in self.expectations.get("stress-except", "").partition("(")[0].split()

    def listed(self, key: str) -> list[str]:
        """A comma-separated expectation."""
        return [word.strip() for word in self.expectations.get(key, "").split(",") if word.strip()]


@dataclass(frozen=True)
class Outcome:
    """What one run showed, and what the compiler reported about itself."""

    exit_code: int
    stdout: str
    stderr: str
    report: dict | None = field(default=None, compare=False)


def all_cases() -> list[Case]:
    return [Case(path) for path in sorted(CASES.glob("*/*.py"))]


def environment(case: Case, mode: str, report: Path) -> dict[str, str]:
    """The caller's environment, less what steers Python or the compiler, plus the mode's."""
    env = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "RJIT"))
    }
    env |= {
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": str(CASES),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHON_COLORS": "0",
        "PYTHONUTF8": "1",
    }
    if mode in STRESS_MODES:
        env |= {"RJIT_STRESS": STRESS_MODES[mode].format(nth=case.nth)}
        mode = "warm"
    if mode in PASS_MODES:
        env |= {"RJIT_PASSES": PASS_MODES[mode]}
        mode = "warm"
    if mode in COMPILED_MODES:
        env |= COMPILED_MODES[mode] | {"RJIT_STATS_JSON": str(report)}
    return env


def run(case: Case, mode: str) -> Outcome:
    """Runs a case in a mode. A run that hangs is stopped and shows as such."""
    with tempfile.TemporaryDirectory(prefix="rjit-case-") as folder:
        report = Path(folder, "stats.json")
        try:
            done = subprocess.run(
                [sys.executable, str(case.path)],
                env=environment(case, mode, report),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="backslashreplace",
                timeout=TIMEOUT,
            )
        except subprocess.TimeoutExpired as late:
            # What was read so far comes as bytes here, whatever encoding was asked for.
            shown = [(part or b"").decode(errors="replace") for part in (late.stdout, late.stderr)]
            return Outcome(-1, shown[0], f"{shown[1]}\n[stopped after {TIMEOUT} s]")
        stats = json.loads(report.read_text()) if report.exists() else None
        return Outcome(done.returncode, done.stdout, done.stderr, stats)


class Runner:
    """Starts runs ahead of the tests that ask for them, on as many processors as there are."""

    def __init__(self) -> None:
        self._pool = concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2)
        self._runs: dict[tuple[Case, str], concurrent.futures.Future[Outcome]] = {}

    def start(self, wanted: Iterable[tuple[Case, str]]) -> None:
        for key in wanted:
            if key not in self._runs:
                self._runs[key] = self._pool.submit(run, *key)

    def outcome(self, case: Case, mode: str) -> Outcome:
        self.start([(case, mode)])
        return self._runs[case, mode].result()

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def rjit_installed() -> bool:
    """Whether this environment has the compiler. A broken one counts: it has to fail."""
    return importlib.util.find_spec("rjit") is not None
