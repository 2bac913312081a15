"""One package from its source distribution to the verdict."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from common import crash
from common.outcomes import Difference, differences

from packages import provide, suite
from packages.suite import PLAIN, Mode, Place, Run
from packages.table import Package

# How much of a failing test's own output is worth reading.
SHOWN_LINES = 60


@dataclass
class Verdict:
    """What the comparison of one package came to."""

    package: Package
    plain: Run | None = None
    compiled: Run | None = None
    # Tests that differed in both attempts, and those that differed in the first only.
    differences: list[Difference] = field(default_factory=list)
    flaky: list[Difference] = field(default_factory=list)
    # What went wrong beyond single tests: nothing to download, a crash, a hang.
    problems: list[str] = field(default_factory=list)
    # Where the tests that differed ran the second time.
    again: tuple[Run, Run] | None = None

    @property
    def good(self) -> bool:
        return not self.differences and not self.problems


@dataclass(frozen=True)
class Settings:
    mode: Mode
    timeout: float
    fresh: bool
    keep: Path | None


def check(package: Package, settings: Settings, say: Callable[[str], None]) -> Verdict:
    """Provides the package and runs its tests in both ways."""
    verdict = Verdict(package)
    try:
        say("fetching and installing")
        archive = provide.source(package)
        folder = provide.FOLDER / "work" / package.name
        unpacked = provide.unpack(archive, folder / "source")
        python = provide.environment(package, unpacked, fresh=settings.fresh)
    except provide.NotProvided as error:
        verdict.problems.append(f"not provided: {error}")
        return verdict
    scratch = settings.keep.resolve() / package.name if settings.keep else folder / "runs"
    source = unpacked
    if package.wheel:
        # The sources, which nobody has built, must not hide what is installed.
        source = folder / "empty"
        source.mkdir(exist_ok=True)
    place = Place(python, source, scratch)

    def run(mode: Mode, tests: tuple[str, ...], name: str) -> Run:
        # The tests may have changed their folder.
        provide.unpack(archive, folder / "source")
        say(f"running {mode.name}" + (" again" if "again" in name else ""))
        done = suite.run(place, mode, package.options, tests, name=name, timeout=settings.timeout)
        say(f"{mode.name}: {len(done.outcomes)} tests in {done.seconds:.0f} s")
        return done

    verdict.plain = run(PLAIN, package.tests, "plain")
    if problem := trouble(verdict.plain, package):
        verdict.problems.append(f"{problem}\n{tail(verdict.plain.log)}")
        return verdict
    verdict.compiled = run(settings.mode, package.tests, "compiled")
    compare(verdict, settings, run)
    return verdict


def compare(
    verdict: Verdict, settings: Settings, run: Callable[[Mode, tuple[str, ...], str], Run]
) -> None:
    """Finds the differences, and has the files in which there are any run once more."""
    plain, compiled = verdict.plain, verdict.compiled
    assert plain is not None and compiled is not None
    if problem := trouble(compiled, verdict.package):
        verdict.problems.append(problem)
        if compiled.crashed:
            verdict.problems.append(crash_report(compiled))
    elif not compiled.executables:
        verdict.problems.append(f"nothing was compiled\n{tail(compiled.log)}")
    found = differences(plain.outcomes, compiled.outcomes)
    if verdict.problems:
        # Tests that were never reached say nothing.
        verdict.differences = [each for each in found if each.test in compiled.outcomes]
        return
    if not found:
        if plain.exit_code != compiled.exit_code:
            verdict.problems.append(
                f"exit code {plain.exit_code} plain, {compiled.exit_code} compiled"
            )
        return
    paths = {
        file
        for each in found
        for file in (plain.files.get(each.test), compiled.files.get(each.test))
        if file
    }
    tests = tuple(sorted(paths)) or plain.tests
    verdict.again = run(PLAIN, tests, "plain-again"), run(settings.mode, tests, "compiled-again")
    repeated = {
        each.test for each in differences(verdict.again[0].outcomes, verdict.again[1].outcomes)
    }
    verdict.differences = [each for each in found if each.test in repeated]
    verdict.flaky = [each for each in found if each.test not in repeated]


def crash_report(run: Run) -> str:
    """The stacks of a run that crashed, which is repeated for that, and the end of its log."""
    command = [*run.command, *run.tests]
    return crash.report(command, env=run.env, cwd=run.cwd, exit_code=run.exit_code)


def trouble(run: Run, package: Package) -> str:
    """What kept a run from coming to its end."""
    where = f" in {run.running}" if run.running else ""
    if run.timed_out:
        return f"stopped after {run.seconds:.0f} s{where}: {run.repeat(run.running)}"
    if run.exit_code < 0:
        return f"ended by signal {-run.exit_code}{where}: {run.repeat()}"
    if run.crashed:
        return f"pytest ended with {run.exit_code}{where}: {run.repeat()}"
    if not run.outcomes:
        return f"no test of {package.name} was run: {run.repeat()}"
    return ""


def tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(f"    {line}" for line in lines[-SHOWN_LINES:])
