"""Fetches source distributions and makes an environment for each package."""

import shutil
import sys
import tarfile
import tomllib
import urllib.parse
import urllib.request
from pathlib import Path

from common.environments import TARGET, NotProvided, install_rjit, sha256, site_packages, uv

from packages.table import Package

FOLDER = TARGET / "packages"

DOWNLOAD_TIMEOUT = 120


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
