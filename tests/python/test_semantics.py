"""Compiling never changes what a program does: each case, in each mode, against plain Python."""

import difflib
from collections.abc import Callable

import harness
import pytest
import report
from harness import AGAIN, COMPILED_MODES, PLAIN, Case, Outcome, Runner

CASES = harness.all_cases()

needs_rjit = pytest.mark.skipif(
    not harness.rjit_installed(),
    reason="rjit is not installed in this environment (cargo xtask build installs it)",
)


# How much of a long difference is worth reading.
SHOWN_LINES = 60
SHOWN_COLUMNS = 300


def differences(expected: Outcome, actual: Outcome) -> str:
    """What differs between two runs, as diffs of their outputs; empty when nothing does."""
    lines = []
    for stream in ("stdout", "stderr"):
        pair = [getattr(outcome, stream).splitlines() for outcome in (expected, actual)]
        diff = list(
            difflib.unified_diff(*pair, f"{stream} expected", f"{stream} actual", n=2, lineterm="")
        )
        lines += [line[:SHOWN_COLUMNS] for line in diff[:SHOWN_LINES]]
        if len(diff) > SHOWN_LINES:
            lines.append(f"[{len(diff) - SHOWN_LINES} more lines]")
    if expected.exit_code != actual.exit_code:
        lines.append(f"exit code {expected.exit_code} expected, actual {actual.exit_code}")
    return "\n".join(lines)


def by_name(value: object) -> str:
    return value.name if isinstance(value, Case) else str(value)


def check_same(expected: Outcome, actual: Outcome) -> None:
    if text := differences(expected, actual):
        pytest.fail(text, pytrace=False)


def check_run(
    runner: Runner,
    case: Case,
    mode: str,
    problems: Callable[[Case, str, dict | None], list[str]],
) -> None:
    """A compiled run shows what the plain one does, and its report leaves nothing to be desired."""
    outcome = runner.outcome(case, mode)
    check_same(runner.outcome(case, PLAIN), outcome)
    if found := problems(case, mode, outcome.report):
        pytest.fail("\n".join(found), pytrace=False)


@pytest.mark.parametrize("mode", [AGAIN])
@pytest.mark.parametrize("case", CASES, ids=by_name)
def test_plain(runner: Runner, case: Case, mode: str) -> None:
    """The case itself is sound: it ends as it says, it shows something, always the same."""
    plain = runner.outcome(case, PLAIN)
    if plain.exit_code != case.exit_code:
        pytest.fail(
            f"exit code {plain.exit_code}, expected {case.exit_code}\n{plain.stderr}", pytrace=False
        )
    assert plain.stdout
    check_same(plain, runner.outcome(case, mode))


@needs_rjit
@pytest.mark.parametrize("mode", COMPILED_MODES)
@pytest.mark.parametrize("case", CASES, ids=by_name)
def test_compiled(runner: Runner, case: Case, mode: str) -> None:
    """Output, errors and exit code are the interpreter's, and the code really was compiled."""
    check_run(runner, case, mode, report.problems)


@needs_rjit
@pytest.mark.parametrize(
    "case, mode",
    [(case, mode) for case in CASES for mode in case.stress_modes],
    ids=by_name,
)
def test_stressed(runner: Runner, case: Case, mode: str) -> None:
    """Neither do side exits, invalidations, observers and collections where nobody expects them."""
    check_run(runner, case, mode, report.stress_problems)


@needs_rjit
@pytest.mark.parametrize(
    "case, mode",
    [(case, mode) for case in CASES for mode in case.pass_modes],
    ids=by_name,
)
def test_without_a_pass(runner: Runner, case: Case, mode: str) -> None:
    """No optimization is needed for the right result, nor hides what another one gets wrong."""
    check_run(runner, case, mode, report.problems)
