"""The picture: bars for each program and engine, drawn by matplotlib in an environment of its own."""

import json
import subprocess
from pathlib import Path

from common.environments import NotProvided

from bench.engines import Say, environment

MATPLOTLIB = "matplotlib==3.11.2"
SCRIPT = Path(__file__).with_name("plot.py")


def draw(results: dict, file: Path, say: Say) -> None:
    """Writes the picture; NotProvided tells why it cannot."""
    python = environment("plot", say, MATPLOTLIB)
    done = subprocess.run(
        [python, "-I", SCRIPT, file.absolute()],
        input=json.dumps(results),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NotProvided(f"the picture could not be drawn\n{done.stderr[-1000:]}")
