"""Finds out what is different about one file: runs, repetitions, and a verdict on each difference."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

from common import crash

from regrtest import expected, outcomes
from regrtest.cache import Cache
from regrtest.expected import Adjusted, Expected
from regrtest.outcomes import Difference, FileResult, compare
from regrtest.runs import PLAIN, Mode, Run

# A crash is repeated under gdb, where all takes longer.
_CRASH_REPORT_LIMIT = 600


@dataclasses.dataclass
class Finding:
    """A difference, the command that shows it, and whatever else is known about it."""

    difference: Difference
    repeat: str
    note: str = ""


@dataclasses.dataclass
class Verdict:
    """What became of a file."""

    file: str
    plain: FileResult
    rjit: FileResult
    findings: list[Finding] = dataclasses.field(default_factory=list)
    flaky: list[Difference] = dataclasses.field(default_factory=list)
    known: list[Difference] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Examiner:
    """Runs files in both modes."""

    mode: Mode
    timeout: float
    cache: Cache
    expected: Sequence[Expected] = ()
    adjusted: Sequence[Adjusted] = ()
    ignored: Sequence[str] = ()
    test_folder: Path | None = None
    keep: Path | None = None
    run: Callable[[Run], FileResult] = Run.run

    def examine(self, file: str) -> Verdict:
        """Both runs of a file, and the reasons to believe in what differs between them."""
        plain, is_cached = self._plain(file)
        rjit = self.run(self._run(file, self.mode))
        verdict = Verdict(file, plain, rjit)
        differences = compare(file, plain, rjit)
        surprising, verdict.known = expected.divide(differences, self.expected)
        if surprising and is_cached:
            # The machine may not be what it was.
            plain = verdict.plain = self._plain_anew(file)
            differences = compare(file, plain, rjit)
            surprising, verdict.known = expected.divide(differences, self.expected)
        fatal = [difference for difference in surprising if difference.is_fatal]
        for difference in fatal:
            verdict.findings.append(self._died(difference, rjit))
        rest = [difference for difference in surprising if not difference.is_fatal]
        self._repeat(rest, verdict)
        return verdict

    def last_plain(self, file: str) -> FileResult | None:
        """What came of the file's last plain run, if there was one."""
        return self.cache.last(self._run(file, PLAIN))

    def _run(self, file: str, mode: Mode, methods: Sequence[str] = ()) -> Run:
        replaced = [
            pair
            for entry in self.adjusted
            if entry.file == file and mode is not PLAIN
            for pair in entry.replace
        ]
        return Run(file, mode, self.timeout, methods, self.ignored, self.test_folder, replaced)

    def _plain(self, file: str) -> tuple[FileResult, bool]:
        cached = self.cache.get(self._run(file, PLAIN))
        return (cached, True) if cached is not None else (self._plain_anew(file), False)

    def _plain_anew(self, file: str) -> FileResult:
        run = self._run(file, PLAIN)
        result = self.run(run)
        self.cache.put(run, result)
        return result

    def _died(self, difference: Difference, rjit: FileResult) -> Finding:
        run = self._run(difference.file, self.mode)
        if rjit.state != outcomes.CRASH:
            return Finding(difference, run.shown())
        return Finding(difference, run.shown(), self._crash_report(run, rjit))

    def _crash_report(self, run: Run, rjit: FileResult) -> str:
        keep = self.keep / f"crash-{run.file}" if self.keep else None
        return run.crash_report(crash.report, rjit.exit_code, _CRASH_REPORT_LIMIT, keep)

    def _repeat(self, differences: list[Difference], verdict: Verdict) -> None:
        """Sorts out what does not come up each time. Tests are repeated on their own at first.

        What does not come up then may need what the file's other tests leave behind, so it is flaky
        only if the whole file, run again, does not show it either.
        """
        file = verdict.file
        alone, along = _selectable(differences)
        if alone:
            methods = sorted({difference.method for difference in alone})
            here = self.run(self._run(file, self.mode, methods))
            there = None
            for difference in alone:
                if _outcome(here, difference) != difference.rjit:
                    along.append(difference)
                    continue
                there = there or self.run(self._run(file, PLAIN, methods))
                if _outcome(there, difference) == difference.rjit:
                    verdict.flaky.append(difference)
                else:
                    repeat = self._run(file, self.mode, [difference.method]).shown()
                    verdict.findings.append(Finding(difference, repeat))
        if not along:
            return
        again = self.run(self._run(file, self.mode))
        repeated = {difference.test for difference in compare(file, verdict.plain, again)}
        for difference in along:
            if difference.test not in repeated and again.is_whole:
                verdict.flaky.append(difference)
                continue
            note = "It comes up only when the whole file is run." if difference.test else ""
            repeat = self._run(file, self.mode).shown()
            verdict.findings.append(Finding(difference, repeat, note))


def _selectable(differences: list[Difference]) -> tuple[list[Difference], list[Difference]]:
    """Differences of tests that can be run on their own, and the others."""
    alone = [difference for difference in differences if difference.method]
    return alone, [difference for difference in differences if not difference.method]


def _outcome(result: FileResult, difference: Difference) -> str:
    """What came of the test of a difference."""
    if difference.test in result.tests:
        return result.tests[difference.test].kind
    return "ok" if difference.method in result.tests else "not run"
