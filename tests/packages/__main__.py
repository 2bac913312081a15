"""The command line: which packages, how compiled, and a summary of what came of them."""

import argparse
import concurrent.futures
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from packages import suite, table
from packages.check import SHOWN_LINES, Settings, Verdict, check

# Where a package is running for long, a line says so now and then.
REMINDER = 60


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="cargo xtask packages",
        description="Runs the test suites of real packages under plain CPython and under rjit, "
        "and compares what becomes of each test. Exits with 1 when anything differs or a package "
        "cannot be had.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="packages (default: all)")
    parser.add_argument("--list", action="store_true", help="show the table, run nothing")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="packages at a time (1)")
    parser.add_argument(
        "--timeout", type=float, default=3600, metavar="S", help="for one run of a suite (3600)"
    )
    parser.add_argument("--calls", type=int, default=1, metavar="N", help="RJIT_CALLS (1)")
    parser.add_argument("--loops", type=int, default=1, metavar="N", help="RJIT_LOOPS (1)")
    parser.add_argument(
        "--defaults", action="store_true", help="compile what gets hot by the usual thresholds"
    )
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="put logs and outcomes there, by package"
    )
    parser.add_argument("--fresh", action="store_true", help="make the environments anew")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(argv)
    packages = table.load()
    if unknown := [name for name in options.names if name not in packages]:
        print(f"not in the table: {', '.join(unknown)} (there are {', '.join(packages)})")
        return 1
    chosen = [packages[name] for name in options.names or packages]
    if options.list:
        for package in chosen:
            print(f"{package.name:16} {package.version:8} {package.part}")
        return 0
    mode = suite.compiled(*((None, None) if options.defaults else (options.calls, options.loops)))
    settings = Settings(mode, options.timeout, options.fresh, options.keep)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        verdicts = list(pool.map(lambda package: reported(package, settings), chosen))
    print(summary(verdicts))
    return 0 if all(verdict.good for verdict in verdicts) else 1


def reported(package: table.Package, settings: Settings) -> Verdict:
    """Checks one package, saying what happens while it does."""
    state = ["", time.monotonic()]
    done = threading.Event()

    def say(text: str) -> None:
        state[:] = text, time.monotonic()
        print(f"{package.name}: {text}", flush=True)

    def remind() -> None:
        while not done.wait(REMINDER):
            print(f"{package.name}: {state[0]}, {time.monotonic() - state[1]:.0f} s", flush=True)

    reminder = threading.Thread(target=remind, daemon=True)
    reminder.start()
    try:
        verdict = check(package, settings, say)
    finally:
        done.set()
    print("\n".join(details(verdict)), end="", flush=True)
    return verdict


def details(verdict: Verdict) -> list[str]:
    """All that is wrong with a package, to be read by a person."""
    name = verdict.package.name
    lines = [f"{name}: {problem}\n" for problem in verdict.problems]
    for each in verdict.flaky:
        lines.append(f"{name}: flaky, the same when repeated: {each}\n")
    for each in verdict.differences:
        lines.append(f"{name}: differs: {each}\n")
        for run in (verdict.plain, verdict.compiled):
            if run and (text := run.texts.get(each.test)):
                lines += [f"    | {line}" for line in text.splitlines()[-SHOWN_LINES:]]
        if verdict.compiled:
            lines.append(f"    repeat: {verdict.compiled.repeat(each.test)}\n")
    return lines


def summary(verdicts: Sequence[Verdict]) -> str:
    heads = ["package", "tests", "passed", "differences", "flaky", "plain", "compiled", "functions"]
    rows = [heads]
    for verdict in verdicts:
        plain, compiled = verdict.plain, verdict.compiled
        differing = str(len(verdict.differences))
        if verdict.problems:
            differing += f" and {len(verdict.problems)} problems"
        rows.append([
            f"{verdict.package.name} {verdict.package.version}",
            str(len(plain.outcomes)) if plain else "-",
            str(plain.passed) if plain else "-",
            differing,
            str(len(verdict.flaky)),
            f"{plain.seconds:.1f} s" if plain else "-",
            f"{compiled.seconds:.1f} s" if compiled else "-",
            str(compiled.executables) if compiled and compiled.executables is not None else "-",
        ])  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


if __name__ == "__main__":
    sys.exit(main())
