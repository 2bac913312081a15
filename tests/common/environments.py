"""Virtual environments of the suites, which have packages and rjit installed in them."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

# The environment that this program runs in is the target directory's `venv`.
TARGET = Path(sys.prefix).parent


class NotProvided(Exception):
    """A package could not be fetched, built or installed; the text says which step failed and why."""


def uv(*arguments: str | Path, stdin: str = "", **variables: str) -> str:
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
    env |= {"UV_LINK_MODE": "copy"} | variables
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


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def rjit_wheel() -> Path:
    wheels = list((TARGET / "wheels").glob("rjit-*.whl"))
    if len(wheels) != 1:
        raise NotProvided(
            f"one wheel of rjit should be in {TARGET / 'wheels'}: `cargo xtask build`"
        )
    return wheels[0]


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
