"""The examples print the same, however they are run."""

import re
from pathlib import Path

import pytest
from watching import run

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

# A row of the table in the README: the program, what it does and exercises, its sizes.
ROW = re.compile(r"\| `(\w+)\.py` \|.*\| \d+ \| (\d+) \|")

SIZES = dict(ROW.findall((EXAMPLES / "README.md").read_text()))

# One function of each that must have been compiled when everything is.
HOT = {
    "nbody": "pull",
    "fannkuch": "flips",
    "spectral_norm": "cell",
    "mandelbrot": "escape_time",
    "richards": "Scheduler.run",
    "deltablue": "Planner.propagate",
    "wordcount": "tokenize",
    "elevator": "Lift.choose",
    "deopt_storm": "watch",
}


def expected(name: str) -> str:
    return (EXAMPLES / "expected" / f"{name}.txt").read_text()


def test_the_table_is_complete() -> None:
    programs = {path.stem for path in EXAMPLES.glob("*.py")}
    assert programs == SIZES.keys() == HOT.keys()
    assert programs == {path.stem for path in EXAMPLES.glob("expected/*.txt")}


@pytest.mark.parametrize("name", SIZES)
def test_plain(name: str, tmp_path: Path) -> None:
    outcome, _ = run("plain", tmp_path, EXAMPLES / f"{name}.py", SIZES[name])
    assert outcome.stderr == ""
    assert outcome.stdout == expected(name)


@pytest.mark.parametrize("name", SIZES)
def test_compiled(name: str, rjit_mode: str, tmp_path: Path) -> None:
    outcome, compiled = run(rjit_mode, tmp_path, EXAMPLES / f"{name}.py", SIZES[name])
    assert outcome.stderr == ""
    assert outcome.stdout == expected(name)
    if rjit_mode == "compiled":
        assert HOT[name] in compiled


def test_the_storm_can_be_fixed(rjit_mode: str, tmp_path: Path) -> None:
    """Both variants of the example of the inspector's documentation print the same."""
    size = SIZES["deopt_storm"]
    outcome, _ = run(rjit_mode, tmp_path, EXAMPLES / "deopt_storm.py", size, "fixed")
    assert outcome.stdout == expected("deopt_storm")
