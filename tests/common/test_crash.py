"""A program that crashes on purpose must give a report that leads to the compiled code it crashed in."""

import importlib.util
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from common import crash

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(
        importlib.util.find_spec("rjit") is None,
        reason="rjit is not installed in this environment (cargo xtask build installs it)",
    ),
]

PROGRAM = """\
import ctypes
import os
import sys


def innermost(address):
    total = 0
    for number in range(3):
        total += number
    return ctypes.string_at(address)


def middle(address):
    return [innermost(address), address]


def child():
    if os.fork() == 0:
        middle(0)
    os.wait()
    sys.exit(3)


child() if sys.argv[1] == "in a child" else middle(int(sys.argv[1]))
"""


def environment(**extra: str) -> dict[str, str]:
    env = {key: value for key, value in os.environ.items() if not key.startswith("RJIT")}
    return env | {"RJIT": "1", "RJIT_CALLS": "1", "RJIT_LOOPS": "1"} | extra


def run(folder: Path, argument: str, **extra: str) -> tuple[list[str], int]:
    program = folder / "program.py"
    program.write_text(PROGRAM)
    command = [sys.executable, str(program), argument]
    done = subprocess.run(
        command, env=environment(**extra), cwd=folder, check=False, capture_output=True
    )
    return command, done.returncode


def section(report: str, title: str) -> str:
    found = re.search(rf"^---- [^\n]*{title}[^\n]*\n(.*?)(?=^---- |\Z)", report, re.DOTALL | re.M)
    assert found is not None, report
    return found[1]


def check_is_whole(report: str) -> None:
    python = section(report, "Python stack")
    assert re.search(r'program.py", line 10 in innermost\n.*line 14 in middle\n', python), report
    native = section(report, "Native stack")
    order = r"_ctypes.*compiled function innermost .*compiled function middle .*(_start|main)"
    assert re.search(order, native, re.DOTALL), report
    for name in ("innermost", "middle"):
        hir = section(report, rf"compiled function {name} [^\n]*: HIR")
        assert f"function {name} " in hir
        assert re.search(r"^=> .*call ", hir, re.M), hir
        assembly = section(report, rf"compiled function {name} [^\n]*: assembly")
        assert re.search(r"^=> [0-9a-f]+  call", assembly, re.M), assembly


def test_a_crash_leads_to_the_compiled_function(tmp_path: Path) -> None:
    command, exit_code = run(tmp_path, "0")
    assert exit_code == -signal.SIGSEGV
    report = crash.report(command, env=environment(), cwd=tmp_path, exit_code=exit_code)
    assert "SIGSEGV" in report
    check_is_whole(report)


def test_a_crash_of_a_forked_child(tmp_path: Path) -> None:
    """The child crashes in code that its parent had compiled."""
    command, exit_code = run(tmp_path, "in a child")
    assert exit_code == 3
    check_is_whole(crash.report(command, env=environment(), cwd=tmp_path, exit_code=exit_code))


def test_a_crash_that_does_not_repeat(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('all is well')"]
    report = crash.report(
        command, env=environment(), cwd=tmp_path, exit_code=-signal.SIGSEGV, time_limit=60
    )
    assert "did not crash in 2 runs under gdb" in report
    assert "all is well" in section(report, "end of its output")


def test_dumped_code(tmp_path: Path) -> None:
    dump = tmp_path / "dump"
    program = "def f(a, b):\n    return a + b\nassert f(1, 2) == 3"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(RJIT_DUMP="dump"),
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    (index,) = dump.glob("*/index.tsv")
    rows = [line.split("\t") for line in index.read_text().splitlines()[1:]]
    (row,) = (row for row in rows if row[6] == "f")
    address, size, kind, line, first_line, files, _qualname, filename = row
    assert (kind, line, first_line, filename) == ("function", "1", "1", "<string>")
    assert (dump / f"{files}.hir").read_text().startswith("function f\n")
    assert (dump / f"{files}.clif").read_text().startswith("function ")
    listing = [
        int(line.split()[0], 16)
        for line in (dump / f"{files}.asm").read_text().splitlines()
        if not line.startswith(";")
    ]
    assert listing[0] == int(address, 16)
    assert all(int(address, 16) <= at < int(address, 16) + int(size) for at in listing)


@pytest.mark.parametrize("where", ["file", "file/below", "/proc/none"])
def test_code_that_cannot_be_dumped(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_text("")
    program = "def f():\n    return 1\ndef g():\n    return 2\nprint(f() + g())"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(RJIT_DUMP=where),
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "3\n")
    assert done.stderr.startswith("rjit: compiled code is not dumped: ")
    assert done.stderr.count("\n") == 1
