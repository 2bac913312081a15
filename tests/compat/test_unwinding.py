"""Unwinders within the process: what asks libgcc for the way from a native function to `main`."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import needs_rjit
from watching import PROGRAMS, run

pytestmark = needs_rjit

PROGRAM = PROGRAMS / "unwinding.py"
SOURCE = PROGRAMS.parent / "native" / "unwinding.cpp"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("c++") or shutil.which("g++")
    assert compiler, "a C++ compiler is needed: apt-get install g++"
    path = tmp_path_factory.mktemp("native") / "libunwinding.so"
    subprocess.run(
        [compiler, "-std=c++17", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", SOURCE, "-o", path],
        check=True,
    )
    return path


def printed(part: str, library: Path, folder: Path) -> str:
    outcome, _ = run("compiled", folder, PROGRAM, part, str(library))
    assert outcome.exit_code == 0, outcome.stderr
    return outcome.stdout.strip()


def test_backtrace_reaches_main(library: Path, tmp_path: Path) -> None:
    names = json.loads(printed("backtrace", library, tmp_path))
    rest = iter(names)
    chain = ["stack", "leaf", "middle", "outer", "Py_BytesMain", "__libc_start_main"]
    assert all(name in rest for name in chain), names


def test_an_exception_passes(library: Path, tmp_path: Path) -> None:
    assert printed("exception", library, tmp_path) == "caught 42"
    assert printed("exception_in_loop", library, tmp_path) == "caught 43"


def test_every_instruction(library: Path, tmp_path: Path) -> None:
    """Stepped through, each instruction has the right return address and stack of its caller."""
    steps, mistakes = json.loads(printed("every_instruction", library, tmp_path))
    assert steps > 5_000
    assert mistakes == 0
