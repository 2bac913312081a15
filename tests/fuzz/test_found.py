"""Programs that the fuzzer has found: each does the same in every mode."""

import importlib.util
from pathlib import Path

import pytest

from fuzz import campaign, runner

PROGRAMS = sorted(campaign.FOUND.glob("*.py"))


@pytest.mark.skipif(importlib.util.find_spec("rjit") is None, reason="rjit is not installed")
@pytest.mark.parametrize("mode", runner.COMPILED)
@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_found(path: Path, mode: str) -> None:
    plain = runner.run_single(path, runner.PLAIN)
    other = runner.run_single(path, mode)
    assert plain.exit_code == 0, plain.errors
    assert other.exit_code == 0, other.errors
    assert plain.text == other.text, runner.first_difference(plain.text, other.text)
