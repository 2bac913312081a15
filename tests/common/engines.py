"""What the suites that set engines beside each other know of them: how each is turned on, and why it cannot be had."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from common import environments, live

# The usual thresholds: the functions are warm and then compiled on demand.
RJIT = {"RJIT": "1"}
CPYTHON_JIT = {"PYTHON_JIT": "1"}

# The last that is known to install beside the interpreter of this project.
CINDERX = "cinderx==2026.11.2.0"


@dataclass(frozen=True)
class Place:
    """An environment: its interpreter, what is installed, and why the rest is not."""

    python: Path
    versions: dict[str, str]
    missing: dict[str, str] = field(default_factory=dict)


def here() -> Place:
    """The environment that this program runs in."""
    return Place(Path(sys.executable), versions(Path(sys.executable)))


def make(folder: Path) -> Path:
    """A virtual environment of the interpreter that this program runs under; its interpreter."""
    environments.uv(
        "venv", "--quiet", "--clear", "--no-project", "--python", sys._base_executable, folder
    )
    return folder / "bin" / "python"


def versions(python: Path) -> dict[str, str]:
    """Everything that is installed, and `python` itself."""
    program = (
        "import importlib.metadata as m, json, platform;"
        "found = {d.name.lower().replace('-', '_'): d.version for d in m.distributions()};"
        "print(json.dumps(found | {'python': platform.python_version()}))"
    )
    return json.loads(live.run_tool(python, "-I", "-c", program))


def reason(text: str) -> str:
    """The line of an installer's output that says most."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower()]
    return (telling or lines)[-1]


def without_rjit(place: Place) -> str:
    """Why rjit cannot be used in its environment, if so. Likewise below."""
    return "" if "rjit" in place.versions else "rjit is not installed in this environment"


def without_cpython_jit(place: Place) -> str:
    program = "import sys; print(sys._jit.is_enabled())"
    done = subprocess.run(
        [place.python, "-c", program],
        env=live.environment(**CPYTHON_JIT),
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.stdout.strip() == "True" else "this build of CPython has none"


def without_cinderx(place: Place) -> str:
    if "cinderx" in place.missing or "cinderx" not in place.versions:
        return place.missing.get("cinderx", "it is not installed in this environment")
    program = (
        "import cinderx, cinderx.jit as j;"
        "print('' if j.is_available() else cinderx.get_import_error())"
    )
    try:
        return live.run_tool(place.python, "-I", "-c", program).strip()
    except live.Failure as failure:
        return str(failure).splitlines()[-1]
