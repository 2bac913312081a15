"""The command line, and what the user sees."""

import argparse
import concurrent.futures
import os
import sys
import threading
import time
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

from regrtest import expected, runs
from regrtest.cache import Cache
from regrtest.examine import Examiner, Finding, Verdict
from regrtest.expected import Expected
from regrtest.outcomes import Difference

SLICES = Path(__file__).with_name("slices.toml")

# Far above what any file takes plainly; the slowest take some minutes when all is compiled at once.
TIMEOUT = 1200

# How much of a test's own output is shown.
_TEXT_LINES = 80

_REFRESH = 0.5

_DESCRIPTION = """\
Run CPython's own test files plainly and under rjit, with everything compiled at its first call, and
show the tests of which something else comes. Files are named as in `python -m test`, by packages
(test_asyncio) or by patterns; without names all are run. The interpreter is the one of target/venv."""

_NO_TESTS = """\
regrtest: {executable} has no test suite (there is no test.test_grammar).
    `cargo xtask python` provides an interpreter with one where none is found: unset RJIT_PYTHON, and
    take python3.15 off PATH. On Debian the package libpython3.15-testsuite adds it to the system's."""


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


_positive.__name__ = "positive number"


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = argparse.ArgumentParser(prog="cargo xtask regrtest", description=_DESCRIPTION)
    options.add_argument("tests", nargs="*", help="test files")
    options.add_argument("--slice", help=f"the files of a slice: {', '.join(_slices())}")
    options.add_argument("--list", action="store_true", help="list the files, and run nothing")
    options.add_argument(
        "--jobs", type=_positive, default=os.process_cpu_count() or 1, help="processes at a time"
    )
    options.add_argument(
        "--timeout",
        type=_positive,
        default=TIMEOUT,
        metavar="S",
        help="seconds after which a file is stopped (%(default)s)",
    )
    options.add_argument(
        "--calls", type=_positive, default=1, metavar="N", help="compile at the Nth call (1)"
    )
    options.add_argument(
        "--loops", type=_positive, default=1, metavar="N", help="compile at the Nth round (1)"
    )
    options.add_argument(
        "--fresh", action="store_true", help="run plainly even what was run so before"
    )
    options.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep what crash reports are made from"
    )
    options.add_argument(
        "--update-docs",
        action="store_true",
        help="write the expected differences into docs/compatibility.md, and run nothing",
    )
    # For the tests of the tool itself.
    options.add_argument("--test-folder", type=Path, help=argparse.SUPPRESS)
    options.add_argument("--expected", type=Path, default=expected.FILE, help=argparse.SUPPRESS)
    options.add_argument("--cache", type=Path, help=argparse.SUPPRESS)
    return options


def _slices() -> dict:
    with SLICES.open("rb") as file:
        return tomllib.load(file)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and say what differs. The result is 1 if something unexpected does."""
    options = parser()
    chosen = options.parse_args(arguments)
    known, adjusted = expected.load(chosen.expected), expected.load_adjusted(chosen.expected)
    if chosen.update_docs:
        text = expected.in_document(expected.DOCUMENT.read_text("utf-8"), known, adjusted)
        expected.DOCUMENT.write_text(text, "utf-8")
        return 0
    if chosen.test_folder is None and not runs.has_test_suite():
        print(_NO_TESTS.format(executable=sys.executable), file=sys.stderr)
        return 2
    try:
        files, ignored = _files(chosen)
    except ValueError as error:
        options.error(str(error))
    if chosen.list:
        print("\n".join(files))
        return 0
    cache = chosen.cache or Path(sys.prefix).parent / "regrtest"
    examiner = Examiner(
        mode=runs.rjit(chosen.calls, chosen.loops),
        timeout=chosen.timeout,
        cache=Cache(cache, is_fresh=chosen.fresh),
        expected=known,
        adjusted=adjusted,
        ignored=ignored,
        test_folder=chosen.test_folder and chosen.test_folder.absolute(),
        keep=chosen.keep and chosen.keep.absolute(),
    )
    session = Session(examiner, files, chosen.jobs)
    # What is compiled later may make an expected difference stay away.
    is_eager = chosen.calls == chosen.loops == 1
    try:
        return session.run(known if is_eager else ())
    except KeyboardInterrupt:
        return 130


def _files(chosen: argparse.Namespace) -> tuple[list[str], list[str]]:
    """The files to run, and patterns of tests to leave out."""
    if chosen.test_folder is not None:
        files = sorted(path.stem for path in chosen.test_folder.glob("test_*.py"))
    else:
        files = runs.all_files()
    wanted, ignored = list(chosen.tests), []
    if chosen.slice is not None:
        slices = _slices()
        if chosen.slice not in slices:
            raise ValueError(f"there is no slice {chosen.slice}, only {', '.join(slices)}")
        wanted += slices[chosen.slice]["files"]
        ignored = slices[chosen.slice].get("ignored", [])
    return (runs.choose(wanted, files) if wanted else files), ignored


class Session:
    """One run of the suite."""

    def __init__(self, examiner: Examiner, files: Sequence[str], jobs: int) -> None:
        self._examiner = examiner
        self._files = list(files)
        self._jobs = jobs
        self._begin = time.monotonic()
        self._lock = threading.Lock()
        self._running: dict[str, float] = {}
        self._verdicts: list[Verdict] = []
        self._has_terminal = sys.stderr.isatty()

    def run(self, known: Iterable[Expected]) -> int:
        """Examine all files, and print what is found as it is found."""
        stop = threading.Event()
        progress = threading.Thread(target=self._show_progress, args=(stop,), daemon=True)
        progress.start()
        with concurrent.futures.ThreadPoolExecutor(self._jobs) as pool:
            futures = [pool.submit(self._examine, file) for file in self._by_length()]
            try:
                for future in concurrent.futures.as_completed(futures):
                    future.result()
            except BaseException:
                runs.stop()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
            finally:
                stop.set()
                progress.join()
        return self._summarize(known)

    def _by_length(self) -> list[str]:
        """The files, the longest first as far as that is known, so that none is left at the end."""

        def seconds(file: str) -> float:
            last = self._examiner.last_plain(file)
            return last.seconds if last else 0.0

        return sorted(self._files, key=seconds, reverse=True)

    def _examine(self, file: str) -> None:
        with self._lock:
            self._running[file] = time.monotonic()
        try:
            verdict = self._examiner.examine(file)
        finally:
            with self._lock:
                del self._running[file]
        with self._lock:
            self._verdicts.append(verdict)
            if verdict.findings:
                self._clear()
                print(told(verdict), flush=True)

    def _summarize(self, known: Iterable[Expected]) -> int:
        verdicts = self._verdicts
        findings = [finding for verdict in verdicts for finding in verdict.findings]
        differing = sum(1 for verdict in verdicts if verdict.findings)
        seen = [difference for verdict in verdicts for difference in verdict.known]
        missed = expected.absent(known, seen, self._files, self._examiner.ignored)
        for entry in missed:
            print(f"expected, but does not differ: {entry.test or entry.file} ({entry.place})")
        flaky = [difference for verdict in verdicts for difference in verdict.flaky]
        tests = sum(len(verdict.plain.tests) for verdict in verdicts)
        parts = [
            f"{len(verdicts)} files, {tests} tests",
            f"{len(findings)} differences" + (f" in {differing} files" if findings else ""),
            f"{len(seen)} expected",
        ]
        if missed:
            parts.append(f"{len(missed)} expected that did not come")
        if flaky:
            parts.append(f"{len(flaky)} flaky ({_named(flaky)})")
        plain = sum(verdict.plain.seconds for verdict in verdicts)
        rjit = sum(verdict.rjit.seconds for verdict in verdicts)
        times = f"{time.monotonic() - self._begin:.0f} s (plain {plain:.0f} s, rjit {rjit:.0f} s)"
        print("; ".join([*parts, times]))
        return 1 if findings or missed else 0

    def _show_progress(self, stop: threading.Event) -> None:
        while self._has_terminal and not stop.wait(_REFRESH):
            with self._lock:
                now = time.monotonic()
                running = sorted(self._running.items(), key=lambda item: item[1])
                names = ", ".join(f"{file} {now - since:.0f} s" for file, since in running)
                found = sum(len(verdict.findings) for verdict in self._verdicts)
                line = f"{len(self._verdicts)}/{len(self._files)}, {found} differences: {names}"
                self._clear()
                print(
                    line[: os.get_terminal_size().columns - 1], end="", file=sys.stderr, flush=True
                )
        self._clear()

    def _clear(self) -> None:
        if self._has_terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _named(differences: Iterable[Difference]) -> str:
    return ", ".join(difference.test or difference.file for difference in differences)


def told(verdict: Verdict) -> str:
    """What differs about a file, for people."""
    seconds = f"plain {verdict.plain.seconds:.1f} s, rjit {verdict.rjit.seconds:.1f} s"
    lines = [f"==== {verdict.file} ({seconds})"]
    # Many tests may fail in the same way, as in a fixture that they share.
    alike: dict[tuple[str, str], list[Finding]] = {}
    for finding in verdict.findings:
        alike.setdefault((finding.difference.text, finding.note), []).append(finding)
    for findings in alike.values():
        for finding in findings:
            difference = finding.difference
            name = difference.test or "the file as a whole"
            lines.append(f"-- {name}: {difference.plain} plainly, {difference.rjit} under rjit")
        lines += _shortened(difference.text)
        if finding.note:
            lines.append(finding.note.rstrip())
        lines += [f"repeat: {finding.repeat}", ""]
    return "\n".join(lines)


def _shortened(text: str) -> list[str]:
    lines = text.rstrip().splitlines()
    left_out = len(lines) - _TEXT_LINES
    if left_out <= 0:
        return lines
    half = _TEXT_LINES // 2
    return [*lines[:half], f"... {left_out} lines are left out", *lines[-half:]]
