"""A run of the fuzzer: many batches, the failures among them made small and kept, and the sums."""

import os
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from fuzz import runner, shrink
from fuzz.coverage import Coverage
from fuzz.generator import generate

FOUND = Path(__file__).resolve().parent / "found"

BATCH = 25
"""Programs that share a process."""


@dataclass
class Failure:
    """A program that did something else compiled."""

    seed: int
    mode: str
    what: str
    detail: str
    path: Path | None = None


@dataclass
class Options:
    """What a run is to do."""

    seed: int
    minutes: float
    programs: int | None
    jobs: int
    modes: list[str]
    shrink_seconds: float
    keep: Path = FOUND
    most_failures: int = 20


@dataclass
class Campaign:
    """One run."""

    options: Options
    programs: int = 0
    lines: int = 0
    hangs: int = 0
    out_of_fuel: int = 0
    failures: list[Failure] = field(default_factory=list)
    coverage: Coverage = field(default_factory=Coverage)
    next_batch: int = 0
    stopped: bool = False

    def __post_init__(self) -> None:
        self.begin = time.monotonic()
        self.lock = threading.Lock()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.begin

    def over(self) -> bool:
        options = self.options
        return (
            self.stopped
            or self.seconds > options.minutes * 60
            or len(self.failures) >= options.most_failures
        )

    def take(self) -> tuple[int, list[int]] | None:
        """The number of the next batch and its seeds."""
        with self.lock:
            number = self.next_batch
            first = number * BATCH
            if self.over() or (
                self.options.programs is not None and first >= self.options.programs
            ):
                return None
            self.next_batch += 1
        last = first + BATCH
        if self.options.programs is not None:
            last = min(last, self.options.programs)
        return number, [self.options.seed + n for n in range(first, last)]

    def work(self) -> None:
        """Runs batches until there are no more: what each thread does."""
        while (batch := self.take()) is not None:
            self.run_batch(*batch)

    def run_batch(self, number: int, seeds: list[int]) -> None:
        mode = self.options.modes[number % len(self.options.modes)]
        sources = [generate(seed) for seed in seeds]
        plain = runner.run_batch(sources, runner.PLAIN)
        compiled = runner.run_batch(sources, mode)
        with self.lock:
            self.programs += len(seeds)
            self.lines += plain.lines
            self.out_of_fuel += plain.fuel
            self.coverage.add(compiled.coverage)
            self.hangs += sum(result == "hang" for result in plain.results.values())
        for index, seed in enumerate(seeds):
            before, after = plain.results.get(index), compiled.results.get(index)
            if before != after and before != "hang" and not self.over():
                failure = self.examine(sources[: index + 1], seed, mode)
                with self.lock:
                    self.failures.append(failure)

    def examine(self, sources: list[str], seed: int, mode: str) -> Failure:
        """Confirms a failure with the program alone or else with those before it, and makes it small."""
        with tempfile.TemporaryDirectory(prefix="rjit-fuzz-") as folder:
            trial = Trial(Path(folder, "program.py"), mode)
            programs = [sources[-1]]
            what = trial.difference(programs)
            if what is None:
                programs = sources
                what = trial.difference(programs)
            if what is None:
                first = seed - len(sources) + 1
                return Failure(
                    seed, mode, "not again", f"seeds {first} to {seed} in one process do it no more"
                )
            small = shrink.shrink_all(
                programs,
                lambda programs: trial.difference(programs) == what,
                self.options.shrink_seconds,
            )
            trial.difference(small)
            failure = Failure(seed, mode, what, trial.detail())
            failure.path = keep(small, failure, self.options.keep)
            return failure


@dataclass
class Trial:
    """A place to try programs at."""

    path: Path
    mode: str

    def difference(self, programs: list[str]) -> str | None:
        """How programs differ that run one after the other in a process."""
        self.path.write_text(runner.SEPARATOR.join(programs), encoding="utf-8")
        self.plain = runner.run_single(self.path, runner.PLAIN)
        if self.plain.exit_code is None:
            return None
        self.other = runner.run_single(self.path, self.mode)
        return runner.difference(self.plain, self.other)

    def detail(self) -> str:
        if self.other.crashed:
            return self.other.errors[-2000:] + runner.crash_report(self.path, self.mode, self.other)
        return runner.first_difference(self.plain.text, self.other.text)


def keep(programs: list[str], failure: Failure, folder: Path) -> Path:
    """Writes found programs into a file, with what is known of them at its head."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"seed_{failure.seed}_{failure.mode}.py"
    head = [f"Found with seed {failure.seed} in mode {failure.mode}: {failure.what}."]
    if failure.what.startswith("record"):
        head += failure.detail.splitlines()
    text = "".join(f"# {line}".rstrip() + "\n" for line in head)
    path.write_text(text + "\n" + runner.SEPARATOR.join(programs), encoding="utf-8")
    return path


def default_jobs() -> int:
    return os.cpu_count() or 1
