"""The whole tool on made-up test files, which find out from the environment how they are run."""

import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from regrtest import runs

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(not runs.has_test_suite(), reason="the interpreter has no test suite"),
    pytest.mark.skipif(
        importlib.util.find_spec("rjit") is None,
        reason="rjit is not installed in this environment (cargo xtask build installs it)",
    ),
]

HEAD = """\
import ctypes
import os
import time
import unittest

UNDER_RJIT = "RJIT" in os.environ
COUNTER = __file__ + ".count"


def times():
    with open(COUNTER, "a+") as file:
        file.write("x")
        return file.tell()


class Test(unittest.TestCase):
    def test_passes(self):
        pass

"""


def write(folder: Path, name: str, body: str) -> None:
    lines = "".join(f"    {line}\n" if line else "\n" for line in body.splitlines())
    (folder / f"{name}.py").write_text(HEAD + lines)


# Compiling all that the runner consists of takes seconds, and is not what most of these are about.
LATE = ("--calls", "100000", "--loops", "100000")


def regrtest(folder: Path, *arguments: str, expected: str = "difference = []") -> tuple[int, str]:
    listed = folder / "expected.toml"
    listed.write_text(f'version = "3.15.2"\n{expected}\n')
    done = subprocess.run(
        [
            *(sys.executable, "-m", "regrtest", "--test-folder", str(folder)),
            *("--expected", str(listed), "--cache", str(folder / "cache"), *arguments),
        ],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


FAILS = """\
def test_fails(self):
    self.assertFalse(UNDER_RJIT, "the message")

def test_fails_in_both(self):
    self.fail()

def test_in_parts(self):
    for number in range(3):
        with self.subTest(number=number):
            self.assertFalse(UNDER_RJIT and number == 1)
"""


def test_differences_are_shown(tmp_path: Path) -> None:
    write(tmp_path, "test_made_up", FAILS)
    code, output = regrtest(tmp_path, *LATE)
    assert code == 1
    assert "-- test_made_up.Test.test_fails: ok plainly, FAIL under rjit\n" in output
    assert "AssertionError: True is not false : the message" in output
    assert "-- test_made_up.Test.test_in_parts (number=1): ok plainly, FAIL under rjit" in output
    assert "test_fails_in_both" not in output
    assert "1 files, 4 tests; 2 differences in 1 files; 0 expected" in output
    # The command that is shown does show it.
    repeat = re.search(r"repeat: (.*test_fails .*)", output)
    assert repeat is not None
    again = subprocess.run(
        repeat[1], shell=True, check=False, cwd=tmp_path, capture_output=True, text=True
    )
    assert "the message" in again.stdout
    assert again.returncode == 2


def test_expected_differences(tmp_path: Path) -> None:
    write(tmp_path, "test_made_up", FAILS)
    entry = """
    [[difference]]
    file = "test_made_up"
    test = "test_made_up.Test.{name}"
    line = {line}
    why = "It is made up."
    """
    source = (tmp_path / "test_made_up.py").read_text().splitlines()
    (first,) = (number for number, line in enumerate(source, 1) if "the message" in line)
    (second,) = (number for number, line in enumerate(source, 1) if "number == 1" in line)
    both = entry.format(name="test_fails", line=first)
    both += entry.format(name="test_in_parts*", line=second)
    code, output = regrtest(tmp_path, *LATE, expected=both)
    assert (code, output.split(";")[1:3]) == (0, [" 0 differences", " 2 expected"])
    # With everything compiled the list has to be right.
    code, output = regrtest(tmp_path, expected=both + entry.format(name="test_passes", line=1))
    assert code == 1
    assert "expected, but does not differ: test_made_up.Test.test_passes" in output


def test_files_are_adjusted(tmp_path: Path) -> None:
    write(
        tmp_path, "test_made_up", "def test_detail(self):\n    self.assertEqual(not UNDER_RJIT, 1)"
    )
    status, printed = regrtest(tmp_path, *LATE)
    assert status == 1 and "test_detail" in printed
    listed = "difference = []\n[[adjusted]]\nfile = 'test_made_up'\nlines = '20'\nwhy = 'so'\n"
    replaced = listed + "replace = [['not UNDER_RJIT', 'True']]"
    status, printed = regrtest(tmp_path, *LATE, expected=replaced)
    assert status == 0, printed
    status, printed = regrtest(tmp_path, *LATE, expected=listed + "replace = [['gone', 'True']]")
    assert status == 1 and "has no 'gone' to replace" in printed


def test_no_difference(tmp_path: Path) -> None:
    write(tmp_path, "test_made_up", "def test_skipped(self):\n    self.skipTest('so')")
    (tmp_path / "test_nothing.py").write_text("import unittest\nraise unittest.SkipTest('so')\n")
    code, output = regrtest(tmp_path, *LATE)
    assert code == 0
    assert output.startswith("2 files, 2 tests; 0 differences; 0 expected; ")
    assert output.count("\n") == 1


def test_a_crash(tmp_path: Path) -> None:
    body = "def test_crashes(self):\n    UNDER_RJIT and ctypes.string_at(0)"
    write(tmp_path, "test_made_up", body)
    keep = tmp_path / "keep"
    code, output = regrtest(tmp_path, "--keep", str(keep))
    assert code == 1
    assert "-- the file as a whole: PASSED plainly, killed by SIGSEGV under rjit" in output
    assert "It was in test_made_up.Test.test_crashes." in output
    assert "---- Native stack" in output
    assert "compiled function Test.test_crashes" in output
    assert list(keep.glob("crash-test_made_up/run-*/dump/*/index.tsv"))


def test_a_hang(tmp_path: Path) -> None:
    write(tmp_path, "test_made_up", "def test_hangs(self):\n    UNDER_RJIT and time.sleep(100)")
    code, output = regrtest(tmp_path, "--timeout", "10", *LATE)
    assert code == 1
    assert re.search(r"PASSED plainly, did not end within \d+ s under rjit", output)
    assert "It was in test_made_up.Test.test_hangs." in output
    assert re.search(r"test_made_up.py\", line \d+ in test_hangs", output), output


def test_flaky_tests(tmp_path: Path) -> None:
    body = """\
def test_at_first(self):
    self.assertTrue(not UNDER_RJIT or times() > 1)
"""
    write(tmp_path, "test_made_up", body)
    code, output = regrtest(tmp_path, *LATE)
    assert code == 0
    assert "1 flaky (test_made_up.Test.test_at_first)" in output


def test_what_needs_the_whole_file(tmp_path: Path) -> None:
    body = """\
before = False

def test_a(self):
    Test.before = True

def test_b(self):
    self.assertFalse(UNDER_RJIT and self.before)
"""
    write(tmp_path, "test_made_up", body)
    code, output = regrtest(tmp_path, *LATE)
    assert code == 1
    assert "It comes up only when the whole file is run." in output


def test_plain_results_are_kept(tmp_path: Path) -> None:
    write(tmp_path, "test_made_up", "def test_counted(self):\n    UNDER_RJIT or times()")
    counter = tmp_path / "test_made_up.py.count"
    for arguments, count in (((), 1), ((), 1), (("--fresh",), 2)):
        code, output = regrtest(tmp_path, *LATE, *arguments)
        assert (code, len(counter.read_text())) == (0, count), output


def test_mistakes_are_explained(tmp_path: Path) -> None:
    write(tmp_path, "test_made_up", "")
    command = [sys.executable, "-m", "regrtest", "--test-folder", str(tmp_path)]
    for arguments, message in (
        (["test_nothing"], "there is no test file test_nothing"),
        (["--slice", "x"], "there is no slice x, only ci"),
        (["--jobs", "0"], "invalid positive number"),
    ):
        done = subprocess.run(
            [*command, *arguments],
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 2
        assert message in done.stderr


def test_being_interrupted_ends_everything(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    body = f"def test_waits(self):\n    open({str(pids)!r}, 'a').write(f'{{os.getpid()}}\\n'); time.sleep(100)"
    write(tmp_path, "test_made_up", body)
    process = subprocess.Popen(
        [sys.executable, "-m", "regrtest", "--test-folder", str(tmp_path), *LATE],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        stdin=subprocess.DEVNULL,
        # Where tests run in the background of a shell, it is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    while not pids.exists() or not pids.read_text():
        time.sleep(0.1)
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert not Path(f"/proc/{pids.read_text().strip()}").exists()
