"""Worker processes of pyperf: one of them, and those of all engines in turn."""

import contextlib
import json
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from common import sessions
from common.environments import TARGET

from bench.engines import Engine, Say
from bench.programs import Program

# What was never seen to take so long, on any machine.
TIMEOUT = 600

CHECK = Path(__file__).with_name("check_result.py")

# Beyond this a report repeats no more of what a process said.
_TOLD = 1500

# The peak of a process counts what its parent had in memory when it was started; a shell has little.
_SMALL_PARENT = ("/bin/sh", "-c", '"$@"; exit $?', "sh")


class Trouble(Exception):
    """A worker ended otherwise than it should; the text says how."""


@dataclass(frozen=True)
class Settings:
    """How much is measured."""

    # Processes of each engine, and seconds that plain CPython is to take in each.
    rounds: int
    seconds: float
    # What one value takes at least, under plain CPython.
    min_time: float
    # Processes of each engine for a warm-up curve, and iterations in each.
    curve_rounds: int
    iterations: int
    # How many programs have a curve, and how many are looked at.
    curves: int
    observed: int
    # Processes for each way of looking.
    observed_rounds: int


FULL = Settings(3, 2.5, 0.1, 2, 200, 4, 2, 5)
QUICK = Settings(1, 0.4, 0.05, 1, 200, 1, 1, 2)


@dataclass
class Series:
    """The values of one process in the order in which they came, in seconds for one loop."""

    loops: int
    warmups: list[float]
    values: list[float]
    peak_bytes: int = 0
    # What rjit said at the end.
    report: dict = field(default_factory=dict)

    @property
    def all(self) -> list[float]:
        return [*self.warmups, *self.values]


type Watch = Callable[[int], contextlib.AbstractContextManager[None]]


def unwatched(_pid: int) -> contextlib.AbstractContextManager[None]:
    return contextlib.nullcontext()


@dataclass(frozen=True)
class Amount:
    """How often a worker does its task: loops for a value, values to forget, values."""

    loops: int
    warmups: int
    values: int

    @property
    def options(self) -> list[str]:
        return ["-l", str(self.loops), "-w", str(self.warmups), "-n", str(self.values)]


def run(engine: Engine, program: Program, amount: Amount, watch: Watch | None = None) -> Series:
    """One worker process, maybe with somebody looking at it."""
    return _worker(engine, program, amount.options, watch)


def calibrated(engine: Engine, program: Program, settings: Settings) -> Amount:
    """As much as an engine does in the time that is given."""
    options = ["--calibrate-loops", "--min-time", str(settings.min_time), "-w", "0", "-n", "1"]
    series = _worker(engine, program, options, None)
    return amount(series.loops, series.warmups[-1], settings.seconds)


def amount(loops: int, seconds: float, total: float) -> Amount:
    """Half of the values are for warming up, and there is at least one of each kind."""
    half = max(1, int(total / (seconds * loops) / 2))
    return Amount(loops, half, half)


def _worker(engine: Engine, program: Program, options: list[str], watch: Watch | None) -> Series:
    with tempfile.TemporaryDirectory(dir=_scratch()) as folder:
        output, report = Path(folder, "output.json"), Path(folder, "report.json")
        command = [str(engine.python), *program.command]
        command += ["--worker", "--worker-task", str(program.task), *options, "-o", str(output)]
        variables = {} if program.starts_processes else {"BENCH_REPORT": str(report)}
        if watch is None:
            command = [*_SMALL_PARENT, *command]
        _run(command, engine.environment(**variables), Path(folder), watch or unwatched)
        try:
            data = json.loads(output.read_text())
        except (OSError, ValueError) as error:
            raise Trouble(f"the worker has left no result: {error}") from error
        told = json.loads(report.read_text()) if report.exists() else {}
    return read(data, told)


def _scratch() -> Path:
    folder = TARGET / "bench" / "scratch"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def read(data: dict, report: dict) -> Series:
    """What pyperf has written. Values are for one loop already."""
    (benchmark,) = data["benchmarks"]
    (result,) = benchmark["runs"]
    metadata = data.get("metadata", {}) | benchmark.get("metadata", {}) | result.get("metadata", {})
    warmups = result.get("warmups", [])
    loops = metadata.get("loops", warmups[-1][0] if warmups else 1)
    peak = metadata.get("command_max_rss") or metadata.get("mem_max_rss", 0)
    times = [value for _loops, value in warmups]
    return Series(loops, times, result.get("values", []), peak, report)


def _run(command: list[str], env: dict[str, str], folder: Path, watch: Watch) -> str:
    """Runs to the end; returns what was printed."""
    out, errors = folder / "out.txt", folder / "errors.txt"
    with out.open("wb") as to_out, errors.open("wb") as to_errors:
        process = subprocess.Popen(
            command,
            env=env,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=to_out,
            stderr=to_errors,
            start_new_session=True,
        )
        try:
            with watch(process.pid):
                code = process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            raise Trouble(f"did not end within {TIMEOUT} s") from None
        finally:
            sessions.end(process)
    said = errors.read_text(errors="replace")[-_TOLD:]
    # A shell tells of a signal by a number above 128.
    if code < 0 or code > 128:
        raise Trouble(f"killed by signal {-code if code < 0 else code - 128}\n{said}")
    if code:
        raise Trouble(f"exit code {code}\n{said}")
    return out.read_text(errors="replace") + said


def result(engine: Engine, program: Program) -> str:
    """What comes of a program, as text; Trouble if it fails."""
    command = [str(engine.python), str(CHECK), program.name, str(program.task), *program.command]
    with tempfile.TemporaryDirectory(dir=_scratch()) as folder:
        return _run(command, engine.environment(), Path(folder), unwatched)


@dataclass
class Measured:
    """All that is known of some programs under some engines."""

    series: dict[str, dict[str, list[Series]]] = field(default_factory=dict)
    troubles: list[dict[str, str]] = field(default_factory=list)
    # By program: empty if rjit's result is plain CPython's.
    wrong: dict[str, str] = field(default_factory=dict)

    def trouble(self, program: str, engine: str, text: str) -> None:
        self.troubles.append({"program": program, "engine": engine, "text": text})

    def failed(self, program: str, engine: str) -> bool:
        return any(it["program"] == program and it["engine"] == engine for it in self.troubles)


def measure(
    programs: Iterable[Program], found: dict[str, Engine], settings: Settings, say: Say
) -> Measured:
    """All programs, one after the other. What crashes is left out from there on; the rest goes on."""
    measured = Measured()
    programs = list(programs)
    for number, program in enumerate(programs, 1):
        say(f"{number}/{len(programs)} {program.name}")
        _check(program, found, measured, say)
        amount = _calibrate(program, found, settings, measured, say)
        if amount is None:
            continue
        rows = measured.series.setdefault(program.name, {})
        for engine, series in in_turn(
            program, list(found.values()), amount, settings.rounds, measured, say
        ):
            rows.setdefault(engine, []).append(series)
    return measured


def in_turn(
    program: Program,
    engines: list[Engine],
    amount: Amount,
    rounds: int,
    measured: Measured,
    say: Say,
) -> Iterator[tuple[str, Series]]:
    """A process of each engine, then another of each, and so on."""
    for _ in range(rounds):
        for engine in engines:
            if measured.failed(program.name, engine.name):
                continue
            try:
                yield engine.name, run(engine, program, amount)
            except Trouble as trouble:
                measured.trouble(program.name, engine.name, str(trouble))
                say(f"  {engine.title}: {str(trouble).splitlines()[0]}")


def _check(program: Program, found: dict[str, Engine], measured: Measured, say: Say) -> None:
    if "plain" not in found or "rjit" not in found:
        return
    try:
        expected = result(found["plain"], program)
    except Trouble as trouble:
        # There is nothing to compare with.
        measured.trouble(program.name, "check", str(trouble))
        say(f"  the result is not known: {trouble}")
        return
    try:
        seen = result(found["rjit"], program)
    except Trouble as trouble:
        seen = str(trouble)
    measured.wrong[program.name] = differing(expected, seen)
    if measured.wrong[program.name]:
        say(f"  the result differs: {measured.wrong[program.name]}")


def differing(expected: str, seen: str) -> str:
    """The first lines that are not the same."""
    if expected == seen:
        return ""
    theirs, ours = expected.splitlines() + [""], seen.splitlines() + [""]
    pairs = zip(theirs, ours, strict=False)
    first = next(((a, b) for a, b in pairs if a != b), ("(the end)", "(more)"))
    return f"plain: {first[0][:300]!r}, rjit: {first[1][:300]!r}"


def _calibrate(
    program: Program, found: dict[str, Engine], settings: Settings, measured: Measured, say: Say
) -> Amount | None:
    """What plain CPython does, or else the first engine that can."""
    for engine in found.values():
        try:
            return calibrated(engine, program, settings)
        except Trouble as trouble:
            measured.trouble(program.name, engine.name, str(trouble))
            say(f"  {engine.title}: {str(trouble).splitlines()[0]}")
    return None
