"""Who looks from within: a second thread, a signal handler, and whoever prints a traceback."""

from pathlib import Path

import pytest
from watching import PROGRAMS, run

# What has to be compiled for the comparison to mean something.
COMPILED = {
    "observers.py": {"spin", "caller", "Runner.run"},
    "errors.py": {
        "divide",
        "in_loop",
        "Account.pay",
        "recursive",
        "through_finally",
        "attempt",
    },
}

# Some of what a plain run shows, so that a program that shows nothing does not pass for right.
SHOWN = {
    "observers.py": [
        "spin in the loop",
        "    weight = 500000000000000.0",
        "goes on: True",
    ],
    "errors.py": [
        "    y = x * 2 - a % b",
        "                ~~^~~",
        "NameError: name 'no_such_name'",
    ],
}

EXIT_CODES = {"observers.py": 0, "errors.py": 1}


@pytest.mark.parametrize("program", COMPILED)
def test_plain(program: str, tmp_path: Path) -> None:
    """The program itself is sound: it shows something, always the same."""
    first, _ = run("plain", tmp_path, PROGRAMS / program)
    assert first.exit_code == EXIT_CODES[program], first.stderr
    for text in SHOWN[program]:
        assert text in first.stdout
    second, _ = run("plain", tmp_path, PROGRAMS / program)
    assert first == second


@pytest.mark.parametrize("program", COMPILED)
def test_same_when_compiled(program: str, rjit_mode: str, tmp_path: Path) -> None:
    expected, _ = run("plain", tmp_path, PROGRAMS / program)
    actual, compiled = run(rjit_mode, tmp_path, PROGRAMS / program)
    assert actual.stdout == expected.stdout
    assert actual.stderr == expected.stderr
    assert actual.exit_code == expected.exit_code
    if rjit_mode == "compiled":
        assert compiled >= COMPILED[program]
