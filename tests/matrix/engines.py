"""The engines that the program runs under, and the environments that they and the tools are installed in."""

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from common import environments, live
from common.environments import NotProvided

FOLDER = environments.TARGET / "matrix"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")

# What is a program and no module.
_PROGRAMS = ("py-spy",)

# The usual thresholds: the functions are warm and then compiled on demand.
_RJIT = {"RJIT": "1"}


@dataclass(frozen=True)
class Engine:
    """A way to run the program. `environment` is the one of ours that it has to be run in."""

    name: str
    title: str
    variables: dict[str, str] = field(default_factory=dict)
    environment: str = "tools"
    # For tools that need to be told of machine code; nothing else differs.
    perf_flags: tuple[str, ...] = ("-X", "perf")
    perf_variables: dict[str, str] = field(default_factory=dict)


ENGINES = {
    engine.name: engine
    for engine in (
        Engine("plain", "CPython"),
        # With `-X perf` all frames go to CPython's own evaluator for it.
        Engine("rjit", "rjit", _RJIT, perf_flags=()),
        # With `-X perf` this JIT is off.
        Engine("cpython-jit", "CPython's JIT", {"PYTHON_JIT": "1"}, perf_flags=()),
        Engine(
            "cinderx",
            "CinderX",
            environment="cinderx",
            # `-X perf` and CinderX exclude each other.
            perf_flags=(),
            perf_variables={"CINDERX_JIT_PERF_MAP": "1"},
        ),
    )
}


@dataclass(frozen=True)
class Place:
    """An environment: its interpreter, what is installed, and why the rest is not."""

    python: Path
    versions: dict[str, str]
    missing: dict[str, str] = field(default_factory=dict)


def here() -> Place:
    """The environment that this program runs in."""
    return Place(Path(sys.executable), _versions(Path(sys.executable)))


def provide(name: str, say: Callable[[str], None], *, fresh: bool = False) -> Place:
    """Makes an environment with all tools that can be installed, and with rjit or CinderX."""
    folder = FOLDER / name
    python = folder / "bin" / "python"
    stamp = folder / "installed.json"
    wanted = [sys.version, REQUIREMENTS.read_text()]
    known = json.loads(stamp.read_text()) if stamp.exists() else {}
    if fresh or known.get("wanted") != wanted:
        say(f"installing the tools into {folder}")
        environments.uv(
            "venv", "--quiet", "--clear", "--no-project", "--python", sys._base_executable, folder
        )
        known = {"wanted": wanted, "missing": _install(python, name)}
        stamp.write_text(json.dumps(known))
    if name != "cinderx":
        environments.install_rjit(folder, python)
    return Place(python, _versions(python), known["missing"])


def _install(python: Path, name: str) -> dict[str, str]:
    """Installs one after the other, since one that fails must not keep out the rest."""
    missing = {}
    # The headers of an unpacked package refer to others beside their own folder, which must not
    # come before the compiler's.
    headers = Path(sysconfig.get_path("include")).parent
    flags = f"{os.environ.get('CFLAGS', '-O2')} -idirafter {headers}"
    for line in REQUIREMENTS.read_text().splitlines():
        package = line.partition("==")[0]
        if not line or line.startswith("#") or (package == "cinderx" and name != "cinderx"):
            continue
        try:
            environments.uv("pip", "install", "--quiet", "--python", python, line, CFLAGS=flags)
            if package not in _PROGRAMS:
                live.run_tool(python, "-c", f"import {package}")
        except (NotProvided, live.Failure) as error:
            missing[package] = _reason(str(error))
    return missing


def _reason(text: str) -> str:
    """The line of an installer's output that says most."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower()]
    return (telling or lines)[-1]


def _versions(python: Path) -> dict[str, str]:
    program = (
        "import importlib.metadata as m, json, platform;"
        "found = {d.name.lower().replace('-', '_'): d.version for d in m.distributions()};"
        "print(json.dumps(found | {'python': platform.python_version()}))"
    )
    return json.loads(live.run_tool(python, "-I", "-c", program))


def unavailable(engine: Engine, place: Place) -> str:
    """Why an engine cannot be used in its environment, if so."""
    if engine.name == "rjit" and "rjit" not in place.versions:
        return "rjit is not installed in this environment"
    if engine.name == "cinderx":
        return _without_cinderx(place)
    if engine.name == "cpython-jit":
        program = "import sys; print(sys._jit.is_enabled())"
        done = subprocess.run(
            [place.python, "-c", program],
            env=live.environment(**engine.variables),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.stdout.strip() != "True":
            return "this build of CPython has none"
    return ""


def _without_cinderx(place: Place) -> str:
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
