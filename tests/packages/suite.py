"""One run of a package's tests, in a process of its own, and what came of it."""

import json
import os
import shlex
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from common import sessions
from common.outcomes import Outcome, first_line

PLUGIN = Path(__file__).with_name("plugin")

# Nothing that makes one run of pytest depend on another, or on chance.
ALWAYS = ("-p", "rjit_outcomes", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist")

# Exit codes of pytest that say that the tests themselves were run: all passed, or some failed.
RAN = (0, 1)


@dataclass(frozen=True)
class Mode:
    """Plain, or compiled with certain thresholds."""

    name: str
    variables: dict[str, str] = field(default_factory=dict, hash=False)

    @property
    def compiled(self) -> bool:
        return "RJIT" in self.variables


PLAIN = Mode("plain")


def compiled(calls: int | None, loops: int | None) -> Mode:
    """Compiled; without a threshold, the compiler's own counts."""
    variables = {"RJIT": "1"}
    if calls is not None:
        variables["RJIT_CALLS"] = str(calls)
    if loops is not None:
        variables["RJIT_LOOPS"] = str(loops)
    return Mode("compiled", variables)


@dataclass(frozen=True)
class Place:
    """Where a package's tests are run: always in the same place, since paths are part of results."""

    python: Path
    # The folder to run in, with the tests or, when they are installed, empty.
    source: Path
    scratch: Path


@dataclass
class Run:
    """What one run of the tests showed."""

    # Without the tests that were named to pytest; those follow.
    command: list[str]
    tests: tuple[str, ...]
    env: dict[str, str]
    cwd: Path
    exit_code: int
    seconds: float
    timed_out: bool
    log: Path
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    running: str = ""
    executables: int | None = None

    @property
    def crashed(self) -> bool:
        return not self.timed_out and self.exit_code not in RAN

    @property
    def passed(self) -> int:
        return sum(outcome.word == "passed" for outcome in self.outcomes.values())

    def repeat(self, test: str = "") -> str:
        """A command for a shell that runs this again, or one of its tests only."""
        variables = [f"{name}={self.env[name]}" for name in sorted(self.env) if name in REPEATED]
        tests = self.tests
        if file := self.files.get(test):
            tests = ("::".join([file, *test.split("::")[1:]]),)
        return f"cd {self.cwd} && env {shlex.join([*variables, *self.command, *tests])}"


# What has to be said to repeat a run by hand.
REPEATED = {"RJIT", "RJIT_CALLS", "RJIT_LOOPS", "PYTHONHASHSEED", "PYTHONPATH", "CI"}


def environment(place: Place, mode: Mode) -> dict[str, str]:
    """The caller's environment, less what steers Python or the compiler, plus what is fixed."""
    dropped = ("PYTHON", "RJIT", "PYTEST", "VIRTUAL_ENV", "UV_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    home = place.scratch / "home"
    home.mkdir(parents=True, exist_ok=True)
    return env | {
        "PATH": f"{place.python.parent}{os.pathsep}{env.get('PATH', '')}",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": str(PLUGIN),
        # Hypothesis then makes up the same examples each time and does not mind slow ones.
        "CI": "true",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        **mode.variables,
    }


def run(
    place: Place,
    mode: Mode,
    options: Sequence[str],
    tests: Sequence[str],
    *,
    name: str,
    timeout: float,
) -> Run:
    """Runs tests, with the log and the list of outcomes in the scratch folder, called by `name`."""
    place.scratch.mkdir(parents=True, exist_ok=True)
    log = place.scratch / f"{name}.log"
    outcomes = place.scratch / f"{name}.jsonl"
    outcomes.unlink(missing_ok=True)
    command = [
        str(place.python), "-m", "pytest", *ALWAYS, f"--rootdir={place.source}",
        f"--basetemp={place.scratch / 'tmp'}", *options,
    ]  # fmt: skip
    env = environment(place, mode)
    running_env = env | {"OUTCOMES_FILE": str(outcomes)}
    if mode.compiled:
        # Processes that the tests start get files of their own, which nobody reads.
        running_env["RJIT_STATS_JSON"] = str(place.scratch / f"{name}-statistics-%p.json")
    started = time.monotonic()
    timed_out = False
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, *tests],
            cwd=place.source,
            env=running_env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            timed_out = True
        finally:
            # Whatever the tests have left running goes with them.
            sessions.end(process)
    seconds = time.monotonic() - started
    done = Run(
        command, tuple(tests), env, place.source, process.returncode, seconds, timed_out, log
    )
    if outcomes.exists():
        with outcomes.open(encoding="utf-8") as lines:
            read(done, lines)
    for path in place.scratch.glob(f"{name}-statistics-*.json"):
        if path.stem == f"{name}-statistics-{process.pid}":
            done.executables = json.loads(path.read_text(encoding="utf-8"))["executables"]
        path.unlink()
    return done


def read(done: Run, lines: Iterable[str]) -> None:
    """Takes in what the plugin wrote. The last line may be torn, when the process has crashed."""
    phases: dict[str, list[dict]] = {}
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            break
        test = event["test"]
        match event["event"]:
            case "collected":
                done.files[test] = event["file"]
            case "start":
                done.running = test
            case "finish":
                done.running = ""
            case "report":
                phases.setdefault(test, []).append(event)
    # A test that was not finished has no outcome, even if its set-up passed.
    phases.pop(done.running, None)
    for test, reports in phases.items():
        done.outcomes[test] = summary(reports)
        done.texts[test] = "\n".join(report["text"] for report in reports if report["text"])


def summary(reports: list[dict]) -> Outcome:
    """One outcome out of those of set-up, call, subtests and tear-down: what was not just passed."""
    telling = [report for report in reports if report["outcome"] != "passed"]
    if not telling:
        return Outcome("passed")
    words = [
        report["outcome"]
        if report["when"] == "call"
        else f"{report['outcome']} in {report['when']}"
        for report in telling
    ]
    return Outcome(", ".join(words), "; ".join(first_line(r["message"]) for r in telling))
