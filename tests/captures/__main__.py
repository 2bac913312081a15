"""`cargo xtask captures [NAME...]`: makes the pictures of docs/inspector.md anew.

Runs examples compiled, opens `rjit-inspect` on a terminal of tmux, presses keys, and turns what stands there into SVG files.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from captures.svg import picture

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "inspector"
PATIENCE = 60.0
# Sparklines and shares want some seconds to fill.
WARM_UP = 12.0


@dataclass(frozen=True)
class Capture:
    """A picture: of which program, judged how, after which keys, once which text is there, of which size."""

    program: tuple[str, ...]
    judged: str
    keys: tuple[str, ...]
    shows: str
    size: tuple[int, int] = (124, 34)


# How the overview judges a program. It takes a while until what was compiled at the start is settled.
GOOD, BAD = "✓", "‼"
STORM = ("deopt_storm.py", "400000000")
CAPTURES = {
    "overview": Capture(("deltablue.py", "30000"), GOOD, (), "Hottest executables"),
    "executables": Capture(("richards.py", "20000"), GOOD, ("2", "j", "j"), "entries", (124, 24)),
    "stacks": Capture(("deltablue.py", "30000"), GOOD, ("6",), "run by", (100, 18)),
    "storm-overview": Capture(STORM, BAD, (), "Hottest executables", (124, 28)),
    "storm-reifications": Capture(STORM, BAD, ("4",), "watch", (124, 16)),
    "storm-detail": Capture(STORM, BAD, ("4", "Enter"), "Disassembly", (150, 30)),
    "fixed-overview": Capture((*STORM, "fixed"), GOOD, (), "Hottest executables", (124, 28)),
}


class Screen:
    """The inspector on a terminal."""

    def __init__(self, folder: Path, pid: int, size: tuple[int, int]):
        self.base = ["tmux", "-f", "/dev/null", "-S", str(folder / f"tmux-{pid}")]
        inspector = Path(sys.executable).with_name("rjit-inspect")
        colours = ["env", "-u", "NO_COLOR", "TERM=tmux-256color", "COLORTERM=truecolor"]
        dimensions = ["-x", str(size[0]), "-y", str(size[1])]
        self.tmux("new-session", "-d", *dimensions, *colours, str(inspector), str(pid))

    def tmux(self, *arguments: str) -> str:
        command = [*self.base, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def wait_for(self, text: str) -> None:
        end = time.monotonic() + PATIENCE
        while text not in (shown := self.tmux("capture-pane", "-p")):
            if time.monotonic() > end:
                sys.exit(f"{text!r} does not come up on\n{shown}")
            time.sleep(0.1)


@contextlib.contextmanager
def running(folder: Path, program: tuple[str, ...]) -> Iterator[int]:
    """An example that runs compiled."""
    python = Path(sys.executable)
    environment = os.environ | {"RJIT": "1", "PATH": f"{python.parent}:{os.environ['PATH']}"}
    process = subprocess.Popen(
        [python.name, *program], cwd=folder, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


def capture(folder: Path, wanted: Capture) -> str:
    with running(folder, wanted.program) as pid:
        time.sleep(2)
        screen = Screen(folder, pid, wanted.size)
        try:
            screen.wait_for(wanted.judged)
            time.sleep(WARM_UP)
            screen.wait_for(wanted.judged)
            for key in wanted.keys:
                screen.tmux("send-keys", key)
                time.sleep(1)
            screen.wait_for(wanted.shows)
            time.sleep(1)
            return screen.tmux("capture-pane", "-p", "-e")
        finally:
            screen.tmux("kill-server")


def main() -> None:
    parser = argparse.ArgumentParser(prog="cargo xtask captures", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(CAPTURES)}")
    names = parser.parse_args().names or list(CAPTURES)
    if unknown := set(names) - CAPTURES.keys():
        parser.error(f"there is no capture {', '.join(sorted(unknown))}")
    PICTURES.mkdir(exist_ok=True)
    # Paths are seen in the pictures, and are to be the same each time. Fails if somebody else has it.
    folder = Path(tempfile.gettempdir()) / "app"
    shutil.copytree(ROOT / "examples", folder, ignore=shutil.ignore_patterns("native_frames"))
    try:
        for name in names:
            path = PICTURES / f"{name}.svg"
            path.write_text(picture(capture(folder, CAPTURES[name]), f"rjit-inspect: {name}"))
            print(path.relative_to(ROOT), flush=True)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
