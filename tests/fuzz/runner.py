"""Runs programs in processes of every mode, and says which ones differ."""

import itertools
import json
import math
import os
import resource
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

PACKAGES = Path(__file__).resolve().parent.parent

PLAIN = "plain"


@dataclass(frozen=True)
class Mode:
    """How programs are run."""

    thresholds: str | None
    """At which call functions and at which round loops are compiled; None when nothing is."""
    stress: str | None = None
    """The value of ``RJIT_STRESS``."""


MODES = {
    PLAIN: Mode(None),
    # Everything is compiled before the interpreter has learned anything.
    "eager": Mode("1,1"),
    # With warm inline caches; loops are taken over half-way.
    "warm": Mode("3,20"),
    # When the interpreter has learned all there is to learn.
    "late": Mode("7,9"),
    # Each guard fails when it is executed for the first time.
    "deopt": Mode("3,9", "deopt:all"),
    # Guards fail now and then, in machine code that was left elsewhere before.
    "deopt-some": Mode("2,5", "deopt:every:13"),
    # Machine code is taken out of use while it runs.
    "invalidate": Mode("3,9", "invalidate"),
    # Frames are looked at all the time.
    "reify": Mode("3,9", "reify"),
}

USUAL = ("eager", "warm", "late")
"""The modes without stress."""

COMPILED = [mode for mode in MODES if mode != PLAIN]

SEPARATOR = "# ---- the next program ----\n"
"""Stands between the programs of a file that run one after the other."""


def in_turn(text: str) -> list[str]:
    """The programs that a file contains."""
    return text.split(SEPARATOR)


SECONDS = 60
"""Seconds of processor time that a single program may take when it is compiled over and over again."""

PLAIN_SECONDS = 6
"""Seconds that it may take interpreted; programs that take longer are not compared."""

IDLE = 300
"""Seconds that it may take by the clock: a machine may be busy, but a program that waits for ever is stuck."""

STUCK = -signal.SIGXCPU
"""How a process ends that has used up its processor time."""


def allowance(mode: str) -> float:
    """Seconds of processor time for a program in a mode."""
    return PLAIN_SECONDS if mode == PLAIN else SECONDS


def grant(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Lets a process have so much processor time from now on."""
    try:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        used = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        _, most = resource.prlimit(process.pid, resource.RLIMIT_CPU)
        resource.prlimit(process.pid, resource.RLIMIT_CPU, (math.ceil(used + seconds), most))
    except ProcessLookupError, FileNotFoundError, IndexError:
        # It has ended, which is noticed elsewhere.
        return


def environment(mode: str) -> dict[str, str]:
    """The caller's environment, less what steers Python or the compiler, with the mode's stress."""
    stress = MODES[mode].stress
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "RJIT"))}
    return env | {
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": str(PACKAGES),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHON_COLORS": "0",
        "PYTHONUTF8": "1",
        **({"RJIT_STRESS": stress} if stress else {}),
    }


def command(mode: str, *arguments: str) -> list[str]:
    """The process that runs programs in a mode."""
    thresholds = MODES[mode].thresholds
    compiled = ["--compiled", thresholds] if thresholds else []
    return [sys.executable, "-m", "fuzz.child", *compiled, *arguments]


@dataclass
class Batch:
    """What the programs of a batch did in one mode: a digest each, or how the process ended."""

    results: dict[int, str] = field(default_factory=dict)
    coverage: dict[str, dict[str, int]] = field(default_factory=dict)
    fuel: int = 0
    lines: int = 0


def run_batch(sources: list[str], mode: str) -> Batch:
    """Runs programs one after the other in one process; a new one after a crash or a hang."""
    batch, at = Batch(), 0
    while at < len(sources):
        at = _run_some(sources, at, mode, batch)
    return batch


def _run_some(sources: list[str], start: int, mode: str, batch: Batch) -> int:
    """Runs programs from number `start` on in a process. The number to go on with."""
    with tempfile.TemporaryFile() as errors:
        # A file, in which the process itself looks for the compiler's complaints.
        child = subprocess.Popen(
            command(mode, "--batch"),
            env=environment(mode),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    child.stdin.write(json.dumps(sources[start:]).encode())
    child.stdin.close()
    running, ended = start, start
    grant(child, allowance(mode))
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        pending, deadline = b"", time.monotonic() + IDLE
        while True:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                child.kill()
                child.wait()
                batch.results[running] = "hang"
                return running + 1
            chunk = os.read(child.stdout.fileno(), 1 << 16)
            if not chunk:
                break
            pending += chunk
            *lines, pending = pending.split(b"\n")
            for line in lines:
                words = line.decode().split()
                if not words:
                    continue
                deadline = time.monotonic() + IDLE
                grant(child, allowance(mode))
                if words[0] == "begin":
                    running = start + int(words[1])
                elif words[0] == "coverage":
                    batch.coverage = json.loads(line[len("coverage ") :])
                elif words[0] == "end":
                    ended = start + int(words[1]) + 1
                    batch.results[ended - 1] = words[2]
                    batch.fuel += int(words[3])
                    batch.lines += int(words[4])
    code = child.wait()
    child.stdout.close()
    if ended == len(sources):
        if code != 0:
            # It died while it ended: nobody knows whose fault it was.
            batch.results[ended - 1] = f"exit {code}"
        return ended
    batch.results[ended] = "hang" if code == STUCK else f"exit {code}"
    return ended + 1


@dataclass(frozen=True)
class Outcome:
    """What one program did in a process of its own."""

    exit_code: int | None
    """None when it did not end."""
    text: str
    errors: str = field(default="", compare=False)

    @property
    def crashed(self) -> bool:
        return self.exit_code != 0


def run_single(path: Path, mode: str, seconds: float | None = None) -> Outcome:
    """Runs a program in a process of its own. It must be in a file of its own, too."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="backslashreplace") as errors:
        process = subprocess.Popen(
            command(mode, str(path)),
            env=environment(mode),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
            errors="backslashreplace",
        )
        grant(process, allowance(mode) if seconds is None else seconds)
        try:
            text, _ = process.communicate(timeout=IDLE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return Outcome(None, "")
        if process.returncode == STUCK:
            return Outcome(None, "")
        errors.seek(0)
        return Outcome(process.returncode, text, errors.read())


def crash_report(path: Path, mode: str, outcome: Outcome) -> str:
    """Stacks and machine code of a process that dies, if the means are there."""
    try:
        from common import crash
    except ImportError:
        return ""
    return crash.report(
        command(mode, str(path)),
        env=environment(mode),
        cwd=path.parent,
        exit_code=outcome.exit_code or 0,
    )


def difference(plain: Outcome, other: Outcome) -> str | None:
    """In a few words how two outcomes differ; None when they do not."""
    if plain.exit_code == other.exit_code and settled(plain.text) == settled(other.text):
        return None
    if plain.exit_code is None or "OutOfMemory" in plain.text:
        return None
    if other.exit_code is None:
        return "hang"
    if other.exit_code != plain.exit_code:
        return f"exit {other.exit_code}"
    before, after = _first_lines(settled(plain.text), settled(other.text))
    return f"record: {_word(before)} instead of {_word(after)}"


def settled(text: str) -> str:
    """A record in which objects that die where an operation fails do so before the tracer hears of the exception.

    In which order it happens depends, in the interpreter itself, on whether it has specialized the instruction: a call
    of a builtin closes its arguments before the event, its specialized form after it.
    """
    lines: list[str] = []
    for line in text.splitlines():
        at = len(lines)
        if line.strip().startswith("del "):
            while at > 0 and lines[at - 1].strip().startswith("trace exception "):
                at -= 1
        lines.insert(at, line)
    return "\n".join(lines)


def _first_lines(plain: str, other: str) -> tuple[str, str]:
    """The first lines that differ; empty where a record ends."""
    pairs = itertools.zip_longest(plain.splitlines(), other.splitlines(), fillvalue="")
    return next(((a, b) for a, b in pairs if a != b), ("", ""))


def _word(line: str) -> str:
    """What kind of line it is: so that a program does not become another one's failure while it shrinks."""
    word = line.split()[0] if line.split() else "nothing"
    return word if word.isalpha() or word == "!" else "value"


def first_difference(plain: str, other: str, around: int = 3) -> str:
    """The first lines that differ, with what is before them."""
    before, after = plain.splitlines(), other.splitlines()
    at = next(
        (n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b),
        min(len(before), len(after)),
    )
    shown = [f"    {line}" for line in before[max(0, at - around) : at]]
    shown += [f"  - {line}" for line in before[at : at + 2]]
    shown += [f"  + {line}" for line in after[at : at + 2]]
    return "\n".join(shown)
