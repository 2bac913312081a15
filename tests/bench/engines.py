"""The engines, and the environments that they run in: each its own, with nothing in it but the engine."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from common import engines, environments, live
from common.environments import NotProvided

FOLDER = environments.TARGET / "bench"
HOOKS = Path(__file__).parent / "hooks"

# Where the workers find pyperf, under every engine. It is pure Python.
PACKAGES = FOLDER / "packages"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
SUITE = PACKAGES / "pyperformance" / "data-files" / "benchmarks"

PLAIN, RJIT, CPYTHON_JIT, CINDERX, PYPY = "plain", "rjit", "cpython-jit", "cinderx", "pypy"

# Beside the peers: rjit imported and not switched on, to tell what merely having it costs.
LOADED = "rjit-loaded"


@dataclass(frozen=True)
class Engine:
    """A way to run programs. Without a reason it is not `missing`."""

    name: str
    title: str
    python: Path = Path()
    variables: dict[str, str] = field(default_factory=dict)
    missing: str = ""
    version: str = ""

    def environment(self, **more: str) -> dict[str, str]:
        """What its processes get: the caller's settings of Python and rjit do not reach them."""
        env = live.environment(**self.variables, **more)
        # Else nobody would write the caches, and each start would compile what it imports.
        del env["PYTHONDONTWRITEBYTECODE"]
        return env | {"PYTHONPATH": str(PACKAGES), "PYTHONHASHSEED": "0"}


TITLES = {
    PLAIN: "CPython",
    RJIT: "rjit",
    CPYTHON_JIT: "CPython's JIT",
    CINDERX: "CinderX",
    PYPY: "PyPy",
}

type Say = Callable[[str], None]


def provide(names: list[str], say: Say, *, fresh: bool = False) -> dict[str, Engine]:
    """The engines of these names. One that cannot be had says why."""
    _packages(say, fresh)
    makers = {
        PLAIN: _plain,
        RJIT: _rjit,
        CPYTHON_JIT: _cpython_jit,
        CINDERX: _cinderx,
        PYPY: _pypy,
        LOADED: _loaded,
    }
    found = {}
    for name in names:
        try:
            found[name] = makers[name](say, fresh)
        except (NotProvided, live.Failure) as error:
            reason = engines.reason(str(error))
            found[name] = Engine(name, TITLES.get(name, name), missing=reason)
        if found[name].missing:
            say(f"{found[name].title} is missing: {found[name].missing}")
    return found


def _packages(say: Say, fresh: bool) -> None:
    stamp = FOLDER / "packages-installed.txt"
    wanted = REQUIREMENTS.read_text()
    if not fresh and stamp.exists() and stamp.read_text() == wanted:
        return
    say(f"installing pyperf and pyperformance into {PACKAGES}")
    shutil.rmtree(PACKAGES, ignore_errors=True)
    environments.uv(
        "pip", "install", "--quiet", "--no-deps", "--target", PACKAGES, "-r", REQUIREMENTS
    )
    stamp.write_text(wanted)


def environment(name: str, say: Say, *packages: str, fresh: bool = False) -> Path:
    """The interpreter of a virtual environment with some packages in it."""
    folder = FOLDER / name
    stamp = folder / "made-for.txt"
    wanted = "\n".join([sys._base_executable, sys.version, *packages])
    python = folder / "bin" / "python"
    if fresh or not stamp.exists() or stamp.read_text() != wanted:
        say(f"making {folder}")
        engines.make(folder)
        if packages:
            environments.uv("pip", "install", "--quiet", "--python", python, *packages)
        stamp.write_text(wanted)
    return python


def _hook(folder: Path, module: str, variable: str) -> None:
    """Has the interpreters of an environment import a module of ours if a variable is set."""
    place = environments.site_packages(folder)
    shutil.copy(HOOKS / f"{module}.py", place)
    line = f'import os; os.environ.get("{variable}") and __import__("{module}")\n'
    (place / f"{module}.pth").write_text(line)


def _plain(say: Say, fresh: bool) -> Engine:
    python = environment(PLAIN, say, fresh=fresh)
    return Engine(PLAIN, TITLES[PLAIN], python, version=engines.versions(python)["python"])


def _cpython_jit(say: Say, fresh: bool) -> Engine:
    python = environment(PLAIN, say, fresh=fresh)
    place = engines.Place(python, engines.versions(python))
    return Engine(
        CPYTHON_JIT,
        TITLES[CPYTHON_JIT],
        python,
        engines.CPYTHON_JIT,
        engines.without_cpython_jit(place),
        place.versions["python"],
    )


def _rjit(say: Say, fresh: bool) -> Engine:
    python = environment(RJIT, say, fresh=fresh)
    environments.install_rjit(FOLDER / RJIT, python)
    _hook(FOLDER / RJIT, "bench_report", "BENCH_REPORT")
    _hook(FOLDER / RJIT, "bench_loaded", "BENCH_LOADED")
    place = engines.Place(python, engines.versions(python))
    missing = engines.without_rjit(place)
    return Engine(RJIT, TITLES[RJIT], python, engines.RJIT, missing, place.versions.get("rjit", ""))


def _loaded(say: Say, fresh: bool) -> Engine:
    rjit = _rjit(say, fresh)
    return Engine(LOADED, "rjit, loaded only", rjit.python, {"BENCH_LOADED": "1"}, rjit.missing)


def _cinderx(say: Say, fresh: bool) -> Engine:
    python = environment(CINDERX, say, engines.CINDERX, fresh=fresh)
    _hook(FOLDER / CINDERX, "bench_cinderx", "BENCH_CINDERX")
    place = engines.Place(python, engines.versions(python))
    missing = engines.without_cinderx(place)
    version = place.versions.get("cinderx", "")
    return Engine(CINDERX, TITLES[CINDERX], python, {"BENCH_CINDERX": "1"}, missing, version)


def _pypy(say: Say, _fresh: bool) -> Engine:
    task = os.environ.get("XTASK")
    if task is None:
        raise NotProvided("`cargo xtask bench` finds or unpacks it, and was not used")
    say("looking for PyPy")
    done = subprocess.run([task, "pypy"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotProvided(done.stderr.strip() or "`cargo xtask pypy` failed")
    python = Path(done.stdout.strip())
    program = (
        "import platform, sys; v = sys.pypy_version_info;"
        "print('%d.%d.%d (Python %s)' % (*v[:3], platform.python_version()))"
    )
    return Engine(PYPY, TITLES[PYPY], python, version=live.run_tool(python, "-c", program).strip())
