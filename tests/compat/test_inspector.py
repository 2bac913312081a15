"""`rjit-inspect` against a live Python process, on a real terminal that tmux provides."""

import itertools
import json
import os
import pty
import re
import shutil
import signal
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

    numbers = itertools.count()

    def __init__(self, folder: Path, command: list[str], **environment: str):
        socket = folder / f"tmux-{next(self.numbers)}"
        self.base = [tool("tmux"), "-f", "/dev/null", "-S", str(socket)]
        script = f"{' '.join(command)}; echo code=$?; stty -a; exec sleep 1000"
        variables = {"TERM": "screen-256color"} | environment
        self.tmux(
            "new-session",
            *("-d", "-x", "120", "-y", "36", "-c", str(folder)),
            *("env", "-u", "NO_COLOR"),
            *(f"{name}={value}" for name, value in variables.items()),
            *("sh", "-c", script),
        )

    def tmux(self, *arguments: str) -> str:
        return subprocess.run(
            [*self.base, *arguments], capture_output=True, text=True, check=True
        ).stdout

    def close(self) -> None:
        subprocess.run([*self.base, "kill-server"], capture_output=True, check=False)

    def screen(self, *options: str) -> str:
        return self.tmux("capture-pane", "-p", *options)

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    def click(self, text: str) -> None:
        """Clicks on the first place where a text stands, as terminals tell of it."""
        for line, shown in enumerate(self.screen().splitlines(), 1):
            if (column := shown.find(text) + 1) > 0:
                for end in "Mm":
                    self.tmux("send-keys", "-l", f"\x1b[<0;{column};{line}{end}")
                return
        pytest.fail(f"there is no {text} on\n{self.screen()}")

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
def start(tmp_path, target):
    """Starts the inspector on a terminal."""
    shown = []

    def start(*options: str, **environment: str) -> Terminal:
        command = [tool("rjit-inspect"), str(target.pid), "--interval", "0.1", *options]
        shown.append(Terminal(tmp_path, command, **environment))
        return shown[-1]

    yield start
    for terminal in shown:
        terminal.close()


@pytest.fixture
def terminal(start):
    return start()


def uptime(screen: str) -> str:
    shown = re.search(r"up ([\dm. ]+ ?s)", screen)
    assert shown, screen
    return shown[1]


def test_json_describes_the_live_process(target):
    def counted():
        seen = json.loads(inspect(target.pid, "--json").stdout)
        # Executables are there at once; counts come with the next tick.
        return seen if seen["counters"]["entries"] else None

    seen = wait_for(counted, lambda: inspect(target.pid, "--json").stdout)
    assert seen["schema"] == 1
    assert seen["pid"] == target.pid
    assert seen["python"].startswith("3.15")
    assert [found for found in seen["executables"] if found["qualname"] == "advance"]
    listed = json.loads(inspect("list", "--json").stdout)
    assert target.pid in [found["pid"] for found in listed["processes"]]


def test_screen_draws_and_refreshes(target, terminal):
    first = terminal.shows(f"rjit-inspect {target.pid}", "What to look at", "advance", "running")
    before = uptime(first)
    wait_for(lambda: uptime(terminal.screen()) != before, terminal.screen)


def test_every_view_has_its_key(terminal):
    terminal.shows("1 Overview", "Where the time goes", "Hottest executables", "advance")
    for key, parts in {
        "2": ("Executables: ", "entries▼", "advance", "Selected"),
        "3": ("Deopts: ", "instruction"),
        "4": ("Reifications: ", "observer"),
        "5": ("Refused: ", "what prevents it"),
        "6": ("Stacks", "run by"),
        "7": ("Events: ", "compiled"),
        "1": ("Where the time goes",),
    }.items():
        terminal.press(key)
        terminal.shows(*parts)
    terminal.press("Tab")
    terminal.shows("Executables: ")
    terminal.press("BTab")
    terminal.shows("Where the time goes")


def test_stacks_show_who_runs_each_frame(terminal):
    terminal.press("6")
    terminal.shows("<module>", "interpreted", "run", "compiled")


def test_tables_are_ordered_and_filtered(terminal):
    terminal.press("2")
    terminal.shows("entries▼")
    terminal.press("r")
    terminal.shows("entries▲")
    terminal.press(">")
    terminal.shows("/s▼")
    terminal.press("/")
    terminal.press(*"nothing")
    terminal.shows("/nothing", "no row has these words")
    terminal.press("Escape")
    terminal.shows("advance")
    terminal.press("/")
    terminal.press(*"adv", "Enter")
    terminal.shows("with /adv", "advance", "q quit")


def test_clicks_go_to_views_and_order_tables(terminal):
    terminal.shows("2 Executables")
    terminal.click("2 Executables")
    terminal.shows("entries▼")
    terminal.click("function")
    terminal.shows("function▲")
    terminal.click("advance")
    terminal.click("advance")
    terminal.shows("┌ Source", "def advance(", "position +=")


def test_source_and_code_stand_side_by_side(terminal):
    terminal.shows("Hottest executables")
    terminal.press("2", "/")
    terminal.press(*"advance", "Enter")
    terminal.shows("with /advance", "q quit")
    terminal.press("Enter")
    terminal.shows("┌ Source", "┌ Bytecode", "def advance(", "RESUME")
    terminal.press("b", "i")
    terminal.shows("┌ HIR")
    assert "┌ Bytecode" not in terminal.screen()
    terminal.press("Escape")
    terminal.shows("Executables: ")


def test_what_is_shown_can_be_exported(terminal, target, tmp_path):
    terminal.press("7")
    terminal.shows("Events: ", "compiled")
    terminal.press("e")
    name = f"rjit-{target.pid}-events.tsv"
    terminal.shows(f"written to ./{name}")
    rows = [line.split("\t") for line in (tmp_path / name).read_text().splitlines()]
    assert rows[0] == ["time", "event", "function", "line", "why"]
    assert ["compiled", "advance"] in [row[1:3] for row in rows]


def test_pause_help_and_themes(terminal):
    terminal.shows("running")
    terminal.press("p")
    terminal.shows("paused")
    terminal.press("p")
    terminal.shows("running")
    terminal.press("?")
    terminal.shows("any key closes this")
    terminal.press("x")
    terminal.press("t")
    terminal.shows("theme dark")


def test_small_terminals_are_enough(terminal):
    terminal.shows("What to look at")
    terminal.tmux("resize-window", "-x", "40", "-y", "10")
    terminal.shows("1 Overview  2 3 4 5 6 7 8", "hottest", "q quit")
    for key in "2345678?x1":
        terminal.press(key)
        terminal.shows("rjit-inspect" if key != "?" else "any key")
        assert max(map(len, terminal.screen().splitlines())) <= 40
    terminal.tmux("resize-window", "-x", "9", "-y", "2")
    terminal.tmux("resize-window", "-x", "200", "-y", "60")
    terminal.shows("What to look at", "Hottest executables")


COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:[34][0-8]|9[0-7]|10[0-7])[;m]")


def test_colours_can_be_turned_off(start):
    terminal = start()
    terminal.shows("Hottest executables")
    assert COLOUR.search(terminal.screen("-e"))
    terminal.close()
    for options, environment in [((), {"NO_COLOR": "1"}), (("--theme", "mono"), {})]:
        plain = start(*options, **environment)
        plain.shows("Hottest executables")
        assert not COLOUR.search(plain.screen("-e"))
        plain.close()


def restored(terminal: Terminal, code: int) -> None:
    left = terminal.shows(f"code={code}", "icanon")
    assert "-icanon" not in left
    assert "-echo " not in left
    assert "What to look at" not in left
    assert terminal.tmux("display-message", "-p", "#{mouse_any_flag}").strip() == "0"


def test_quitting_restores_the_terminal(target, terminal):
    terminal.shows("advance")
    assert terminal.tmux("display-message", "-p", "#{mouse_any_flag}").strip() == "1"
    terminal.press("q")
    restored(terminal, 0)
    assert target.poll() is None


def test_interrupting_restores_the_terminal(target, terminal):
    terminal.shows("advance")
    terminal.press("C-c")
    restored(terminal, 0)
    assert target.poll() is None


def test_being_ended_restores_the_terminal(target, terminal):
    terminal.shows("advance")
    shell = terminal.tmux("display-message", "-p", "#{pane_pid}").strip()
    (inspector,) = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
    os.kill(int(inspector), signal.SIGTERM)
    restored(terminal, 0)


def test_end_of_the_process_is_said(target, terminal):
    terminal.shows("advance")
    target.kill()
    target.wait()
    terminal.shows("the process has exited", "Hottest executables")
    terminal.press("2")
    terminal.shows("advance")
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
