"""Native functions that have frames (the crate `frames`), and who sees them."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import test_faulthandler
import watching
from watching import PROGRAMS, Live, line_of, run_tool, tool

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = PROGRAMS / "native.py"
CHECKS = re.findall(r"^def (check_\w+)\(\):$", PROGRAM.read_text(), re.MULTILINE)

# Who calls whom at which line in `native.py watch`, from the callback to the module.
STACK = [
    ("wait", None),
    ("descend", 120),
    ("descend", 110),
    ("descend", 110),
    ("watch", line_of("native.py", "native_checks.descend(2, wait)")),
    ("<module>", line_of("native.py", "globals()[sys.argv[2]]()")),
]


@pytest.fixture(scope="session")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the extension modules, built with the checks of debug builds."""
    cargo = os.environ.get("CARGO") or shutil.which("cargo")
    assert cargo, "cargo is needed to build the extension modules"
    packages = ["native-frames-example", "native-frames-checks"]
    done = subprocess.run(
        [cargo, "build", "--message-format=json", *(f"--package={name}" for name in packages)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    folder = tmp_path_factory.mktemp("modules")
    (folder / "copy").mkdir()
    for message in messages:
        if message["reason"] == "compiler-artifact" and "cdylib" in message["target"]["kind"]:
            name = message["target"]["name"] + ".so"
            (library,) = (name for name in message["filenames"] if name.endswith(".so"))
            shutil.copy(library, folder / name)
            shutil.copy(library, folder / "copy" / name)
    return folder


@pytest.fixture
def watched(mode: str, modules: Path, tmp_path: Path) -> Iterator[Live]:
    with watching.starter(mode, tmp_path) as start:
        program = start("native.py", str(modules), "watch")
        yield program
        assert program.finish() == "done"


def check_stack(frames: list[tuple[str, int]]) -> None:
    assert [name for name, _ in frames] == [name for name, _ in STACK]
    assert frames[1:] == STACK[1:]


@pytest.mark.parametrize("check", CHECKS)
def test_in_the_process(mode: str, check: str, modules: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", str(PROGRAM), str(modules), check, mode],
        env=watching.environment("plain"),
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=watching.TOOL_TIMEOUT,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("more", [(), ("wait",)], ids=["traceback", "pyspy"])
def test_readme_of_the_example(more: tuple[str, ...], modules: Path) -> None:
    example = ROOT / "examples" / "native_frames"
    _, traceback, _, dump, _ = (example / "README.md").read_text().split("```\n")
    process = subprocess.Popen(
        [sys.executable, str(example / "run.py"), *more],
        env=watching.environment("plain", PYTHONPATH=str(modules)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        if more:
            assert process.stdout.readline()
            shown = run_tool(tool("py-spy"), "dump", "--pid", process.pid)
            assert dump.split("\n", 1)[1] in shown
        else:
            assert process.communicate()[1].replace(f"{ROOT}/", "") == traceback
    finally:
        process.kill()
        process.communicate()


def test_pyspy(watched: Live) -> None:
    (thread,) = json.loads(run_tool(tool("py-spy"), "dump", "--json", "--pid", watched.pid))
    check_stack([(frame["name"], frame["line"]) for frame in thread["frames"]])
    assert thread["frames"][1]["filename"] == "native.rs"


def test_pyspy_finds_no_locals_where_nobody_has_looked(watched: Live) -> None:
    text = run_tool(tool("py-spy"), "dump", "--json", "--locals", "--pid", watched.pid)
    (thread,) = json.loads(text)
    check_stack([(frame["name"], frame["line"]) for frame in thread["frames"]])
    for frame in thread["frames"][1:4]:
        assert not [item for item in frame["locals"] or () if item["repr"] not in (None, "None")]


def test_profiler_of_the_standard_library(watched: Live) -> None:
    text = run_tool(sys.executable, "-m", "profiling.sampling", "dump", watched.pid)
    frames = re.findall(r'File "[^"]*", line (\d+), in (\S+)', text)
    check_stack([(name, int(line)) for line, name in reversed(frames)])


def test_faulthandler_in_a_signal_handler(watched: Live) -> None:
    frames = test_faulthandler.dump(watched)
    check_stack([(name, int(line)) for _, line, name in frames])
