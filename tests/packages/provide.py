"""Fetches source distributions and makes an environment for each package."""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import urllib.parse
import urllib.request
from pathlib import Path

from packages.table import Package

# The environment that this program runs in is the target directory's `venv`.
TARGET = Path(sys.prefix).parent
FOLDER = TARGET / "packages"

DOWNLOAD_TIMEOUT = 120


class NotProvided(Exception):
    """A package could not be fetched, built or installed; the text says which step failed and why."""


def uv(*arguments: str | Path, stdin: str = "") -> str:
    """Runs the project's uv (or the one on PATH), which knows where this machine's packages are."""
    own = TARGET / "tools" / "bin" / "uv"
    program = str(own) if own.exists() else shutil.which("uv")
    if program is None:
        raise NotProvided("there is no uv: `cargo xtask build` installs it")
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in ("VIRTUAL_ENV", "PYTHONPATH", "CONDA_PREFIX")
    }
    env["UV_LINK_MODE"] = "copy"
    if "PIP_INDEX_URL" in env:
        env.setdefault("UV_DEFAULT_INDEX", env["PIP_INDEX_URL"])
    done = subprocess.run(
        [program, "--no-config", *map(str, arguments)],
        env=env,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NotProvided(f"uv {' '.join(map(str, arguments))}\n{done.stderr}")
    return done.stdout


def source(package: Package) -> Path:
    """The source distribution, downloaded unless it is there already."""
    folder = FOLDER / "sources"
    lock = uv(
        "pip", "compile", "--quiet", "--no-deps", "--format", "pylock.toml", "--python",
        sys.executable, "-", stdin=f"{package.name}=={package.version}\n",
    )  # fmt: skip
    (entry,) = tomllib.loads(lock)["packages"]
    if "sdist" not in entry:
        raise NotProvided(f"there is no source distribution of {package.name} {package.version}")
    url, digest = entry["sdist"]["url"], entry["sdist"]["hashes"]["sha256"]
    archive = folder / Path(urllib.parse.urlsplit(url).path).name
    if archive.exists() and sha256(archive.read_bytes()) == digest:
        return archive
    try:
        with urllib.request.urlopen(url, timeout=DOWNLOAD_TIMEOUT) as answer:
            content = answer.read()
    except OSError as error:
        raise NotProvided(f"{archive.name} could not be downloaded: {error}") from error
    if sha256(content) != digest:
        raise NotProvided(f"{archive.name} came damaged: its SHA-256 is not the one announced")
    folder.mkdir(parents=True, exist_ok=True)
    archive.write_bytes(content)
    return archive


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def unpack(archive: Path, folder: Path) -> Path:
    """Unpacks a source distribution afresh, and returns the one folder that is in it."""
    if folder.exists():
        shutil.rmtree(folder)
    try:
        with tarfile.open(archive) as file:
            file.extractall(folder, filter="data")
    except (OSError, tarfile.TarError) as error:
        raise NotProvided(f"{archive.name} could not be unpacked: {error}") from error
    (inner,) = folder.iterdir()
    return inner


def rjit_wheel() -> Path:
    wheels = list((TARGET / "wheels").glob("rjit-*.whl"))
    if len(wheels) != 1:
        raise NotProvided(
            f"one wheel of rjit should be in {TARGET / 'wheels'}: `cargo xtask build`"
        )
    return wheels[0]


def environment(package: Package, unpacked: Path, *, fresh: bool) -> Path:
    """The interpreter of the package's environment: the package, its tests' needs, and rjit."""
    env = FOLDER / "environments" / package.name
    python = env / "bin" / "python"
    stamp = env / "installed.txt"
    wanted = f"{sys.version}\n{package!r}\n{package.install_tests}\n"
    if fresh or not stamp.exists() or stamp.read_text() != wanted:
        uv("venv", "--quiet", "--clear", "--no-project", "--python", sys._base_executable, env)
        what = f"{package.name}=={package.version}" if package.wheel else unpacked
        uv("pip", "install", "--quiet", "--python", python, what, *package.requirements)
        for origin, place in package.install_tests.items():
            shutil.copytree(unpacked / origin, site_packages(env) / place, dirs_exist_ok=True)
        stamp.write_text(wanted)
    install_rjit(env, python)
    return python


def install_rjit(env: Path, python: Path) -> None:
    wheel = rjit_wheel()
    stamp = env / "rjit-installed.txt"
    digest = sha256(wheel.read_bytes())
    if not stamp.exists() or stamp.read_text() != digest:
        uv(
            "pip", "install", "--quiet", "--reinstall", "--no-deps", "--no-index",
            "--python", python, wheel,
        )  # fmt: skip
        stamp.write_text(digest)


def site_packages(env: Path) -> Path:
    return (
        env / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    )
