"""The engines that the program runs under, and the environments that they and the tools are installed in."""

import json
import os
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from common import engines, environments, live
from common.engines import Place
from common.environments import NotProvided

FOLDER = environments.TARGET / "matrix"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")

# What is a program and no module.
_PROGRAMS = ("py-spy",)


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
        Engine("rjit", "rjit", engines.RJIT, perf_flags=()),
        # With `-X perf` this JIT is off.
        Engine("cpython-jit", "CPython's JIT", engines.CPYTHON_JIT, perf_flags=()),
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


def provide(name: str, say: Callable[[str], None], *, fresh: bool = False) -> Place:
    """Makes an environment with all tools that can be installed, and with rjit or CinderX."""
    folder = FOLDER / name
    python = folder / "bin" / "python"
    stamp = folder / "installed.json"
    wanted = [sys.version, REQUIREMENTS.read_text(), engines.CINDERX]
    known = json.loads(stamp.read_text()) if stamp.exists() else {}
    if fresh or known.get("wanted") != wanted:
        say(f"installing the tools into {folder}")
        engines.make(folder)
        known = {"wanted": wanted, "missing": _install(python, name)}
        stamp.write_text(json.dumps(known))
    if name != "cinderx":
        environments.install_rjit(folder, python)
    return Place(python, engines.versions(python), known["missing"])


def _install(python: Path, name: str) -> dict[str, str]:
    """Installs one after the other, since one that fails must not keep out the rest."""
    missing = {}
    # The headers of an unpacked package refer to others beside their own folder, which must not
    # come before the compiler's.
    headers = Path(sysconfig.get_path("include")).parent
    flags = f"{os.environ.get('CFLAGS', '-O2')} -idirafter {headers}"
    wanted = REQUIREMENTS.read_text().splitlines()
    if name == "cinderx":
        wanted.append(engines.CINDERX)
    for line in wanted:
        package = line.partition("==")[0]
        if not line or line.startswith("#"):
            continue
        try:
            environments.uv("pip", "install", "--quiet", "--python", python, line, CFLAGS=flags)
            if package not in _PROGRAMS:
                live.run_tool(python, "-c", f"import {package}")
        except (NotProvided, live.Failure) as error:
            missing[package] = engines.reason(str(error))
    return missing


def unavailable(engine: Engine, place: Place) -> str:
    """Why an engine cannot be used in its environment, if so."""
    without = {
        "rjit": engines.without_rjit,
        "cpython-jit": engines.without_cpython_jit,
        "cinderx": engines.without_cinderx,
    }
    return without[engine.name](place) if engine.name in without else ""
