"""The examples compute the same while other threads and signal handlers read all frames and variables."""

import os
from pathlib import Path

import pytest
from test_examples import HOT, SIZES
from watching import PROGRAMS, run

# How long each way of looking goes on.
SECONDS = float(os.environ.get("RJIT_TEST_SECONDS", "2"))

# How many frames have to be looked at for the run to mean something, in a second.
LOOKS = {"frames": 2000, "tracing": 5000, "signals": 200, "collections": 100}


@pytest.mark.timeout(120 + 3 * SECONDS)
@pytest.mark.parametrize("kind", LOOKS)
def test_observed(kind: str, rjit_mode: str, tmp_path: Path) -> None:
    sizes = [f"{name}={size}" for name, size in SIZES.items()]
    program = PROGRAMS / "observed.py"
    timeout = 60 + 2 * SECONDS
    outcome, compiled = run(
        rjit_mode, tmp_path, program, str(SECONDS), kind, *sizes, timeout=timeout
    )
    assert outcome.exit_code == 0, outcome.stderr
    assert outcome.stderr == ""
    looks = int(outcome.stdout.rpartition("looks:")[2])
    assert looks > LOOKS[kind] * SECONDS / 10
    if rjit_mode == "compiled":
        assert compiled >= {"numbers", HOT["nbody"]}
