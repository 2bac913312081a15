"""`rjit-inspect` against a live Python process, on a real terminal that tmux provides."""

import json
import os
import pty
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = """
import rjit
rjit.enable(calls=2)

def advance(position, speed):
    for part in (0.25, 0.25):
        position += speed * part
    return position

def run():
    position = 0.0
    print("running", flush=True)
    while True:
        position = advance(position, 1.0)

run()
"""
PATIENCE = 30.0


def tool(name: str) -> str:
    """The path of a program, looked for beside this Python first."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which(name, path=os.pathsep.join([beside, os.environ.get("PATH", "")]))
    assert found, f"{name} is not installed"
    return found


def wait_for(what, describe):
    """The first true result of `what`, or a failure that shows what there was instead."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if result := what():
            return result
        time.sleep(0.05)
    pytest.fail(f"nothing came in {PATIENCE:.0f} s:\n{describe()}")


def inspect(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [tool("rjit-inspect"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


class Terminal:
    """A program on a terminal of its own tmux server."""

    def __init__(self, socket: Path, command: list[str], width: int = 120, height: int = 36):
        self.base = [tool("tmux"), "-f", "/dev/null", "-S", str(socket)]
        script = f"{' '.join(command)}; echo code=$?; stty -a; exec sleep 1000"
        size = ["-x", str(width), "-y", str(height)]
        self.tmux(
            "new-session",
            "-d",
            *size,
            "env",
            "TERM=screen-256color",
            "sh",
            "-c",
            script,
        )

    def tmux(self, *arguments: str) -> str:
        return subprocess.run(
            [*self.base, *arguments], capture_output=True, text=True, check=True
        ).stdout

    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    def shows(self, *parts: str) -> str:
        def look():
            screen = self.screen()
            return screen if all(part in screen for part in parts) else None

        return wait_for(look, lambda: f"{parts} on\n{self.screen()}")


@pytest.fixture
def target(tmp_path):
    """A Python process that runs a compiled function for as long as the test needs it."""
    script = tmp_path / "orbit.py"
    script.write_text(PROGRAM)
    process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "running\n"

        def compiled():
            seen = inspect(process.pid, "--json")
            return seen.returncode == 0 and "advance" in seen.stdout

        wait_for(compiled, lambda: inspect(process.pid, "--json"))
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def terminal(tmp_path, target):
    shown = Terminal(
        tmp_path / "tmux", [tool("rjit-inspect"), str(target.pid), "--interval", "0.1"]
    )
    yield shown
    shown.tmux("kill-server")


def total_entries(screen: str) -> int:
    shown = re.search(r"│ entries +([\d ]+?)  ", screen)
    assert shown, screen
    return int(shown[1].replace(" ", ""))


def test_json_describes_the_live_process(target):
    seen = json.loads(inspect(target.pid, "--json").stdout)
    assert seen["schema"] == 1
    assert seen["pid"] == target.pid
    assert seen["python"].startswith("3.15")
    assert [found for found in seen["executables"] if found["qualname"] == "advance"]
    assert seen["counters"]["entries"] > 0
    listed = json.loads(inspect("list", "--json").stdout)
    assert target.pid in [found["pid"] for found in listed["processes"]]


def test_screen_draws_and_refreshes(target, terminal):
    first = terminal.shows(f"rjit-inspect {target.pid}", "Counters", "advance", "running")
    before = total_entries(first)
    wait_for(lambda: total_entries(terminal.screen()) > before, terminal.screen)


def test_keys_and_resizing(terminal):
    terminal.shows("entries▼")
    terminal.press("r")
    terminal.shows("entries▲")
    terminal.press("s")
    terminal.shows("/s▼")
    terminal.press("p")
    terminal.shows("paused")
    terminal.press("p")
    terminal.press("?")
    terminal.shows("any key closes this")
    terminal.press("x")
    terminal.tmux("resize-window", "-x", "70", "-y", "20")
    narrow = terminal.shows("advance", "q quit")
    assert max(map(len, narrow.splitlines())) <= 70


def test_quitting_restores_the_terminal(target, terminal):
    terminal.shows("advance")
    terminal.press("q")
    left = terminal.shows("code=0", "icanon")
    assert "-icanon" not in left
    assert "-echo " not in left
    assert "Counters" not in left
    assert target.poll() is None


def test_end_of_the_process_is_said(target, terminal):
    terminal.shows("advance")
    target.kill()
    target.wait()
    terminal.shows("the process has exited", "Counters")
    terminal.press("q")
    terminal.shows("code=0")


def test_it_ends_with_its_terminal(target):
    """A terminal that is not the controlling one hangs up without a signal."""
    ours, its = pty.openpty()
    inspector = subprocess.Popen(
        [tool("rjit-inspect"), str(target.pid)], stdin=its, stdout=its, stderr=its
    )
    try:
        os.close(its)
        assert os.read(ours, 1)
        os.close(ours)
        inspector.wait(PATIENCE)
    finally:
        inspector.kill()
        inspector.wait()


def test_failures_have_codes_and_messages(target):
    with subprocess.Popen(["sleep", "60"]) as other:
        for arguments, code, message in [
            ((999999999, "--json"), 3, "no process"),
            ((other.pid, "--json"), 4, "does not run rjit"),
            ((target.pid,), 8, "terminal"),
            (("nonsense",), 2, "invalid value"),
        ]:
            seen = inspect(*arguments)
            assert (seen.returncode, seen.stdout) == (code, "")
            assert message in seen.stderr
        other.kill()
