"""What `rjit-inspect` does without its screen, against live processes: samples, stacks, recordings, programs started."""

import contextlib
import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from test_inspector import Terminal

pytest.importorskip("rjit")

PATIENCE = 60.0

# A compiled function, one that cannot be compiled, and a compiled loop around both.
PROGRAM = """
import sys

def compiled(count):
    total = 0
    for number in range(count):
        total += number % 7
    return total

async def interpreted(count):
    total = 0
    for number in range(count):
        total += number % 7
    return total

def run(rounds):
    print("running", flush=True)
    total = 0
    while rounds:
        total += compiled(20_000)
        try:
            interpreted(10_000).send(None)
        except StopIteration as done:
            total += done.value
        rounds -= 1
    return total

if __name__ == "__main__":
    run(int(sys.argv[1]))
    print("finished")
    sys.exit(7)
"""

FORKS = """
import multiprocessing, sys
import program

if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    print("running", flush=True)
    child = multiprocessing.Process(target=program.run, args=(10**9,), daemon=True)
    child.start()
    child.join()
"""

COLLECTS = """
import gc, sys

def cycle():
    one = []
    one.append(one)
    return one

def churn():
    kept = [cycle() for _ in range(50_000)]
    print("running", flush=True)
    while kept:
        gc.collect()

churn()
"""

SLEEPS = """
import threading, time

def work(count):
    return sum(range(count))

for _ in range(2000):
    work(100)

def nap():
    time.sleep(1000)

threading.Thread(target=nap, name="napping", daemon=True).start()
print("running", flush=True)
nap()
"""


def tool(name: str) -> str:
    beside = str(Path(sys.executable).parent)
    found = shutil.which(name, path=os.pathsep.join([beside, os.environ.get("PATH", "")]))
    assert found, f"{name} is not installed"
    return found


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("RJIT")}


def inspect(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [tool("rjit-inspect"), *map(str, arguments)]
    return subprocess.run(
        command,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def wait_for(what: Callable, describe: Callable[[], object]):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if result := what():
            return result
        time.sleep(0.05)
    pytest.fail(f"nothing came in {PATIENCE:.0f} s: {describe()}")


Start = Callable[..., subprocess.Popen]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a program under rjit, and kills it after the test, with its children."""
    started = []
    (tmp_path / "program.py").write_text(PROGRAM)

    def begin(text: str = PROGRAM, *arguments: str, name: str = "program.py"):
        path = tmp_path / name
        path.write_text(text)
        process = subprocess.Popen(
            [sys.executable, str(path), *arguments],
            env=environment() | {"RJIT": "1"},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        assert process.stdout.readline() == "running\n"
        return process

    yield begin
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()


@pytest.fixture
def target(start: Start) -> subprocess.Popen:
    """A program whose function is compiled by now."""
    process = start(PROGRAM, str(10**9))

    def compiled():
        seen = inspect("explain", "compiled", process.pid, "--json")
        return seen.returncode == 0 and "is compiled" in seen.stdout

    wait_for(compiled, lambda: inspect("explain", "compiled", process.pid))
    return process


def top(*arguments: object) -> dict:
    """The report with enough samples in it: a busy machine gives the program little time."""

    def sample():
        seen = inspect("top", "--json", "--duration", 2, *arguments)
        if seen.returncode == 9:
            return None
        assert seen.returncode == 0, seen.stderr
        report = json.loads(seen.stdout)
        return report if report["samples"] >= 20 else None

    return wait_for(sample, lambda: inspect("top", "--once", "--duration", 2, *arguments))


def function(report: dict, name: str) -> dict:
    found = [row for row in report["functions"] if row["function"] == name]
    assert found, report
    return max(found, key=lambda row: row["total"])


def total(report: dict, name: str) -> int:
    """Samples of a function that may have been compiled while they were taken: it has a row for each way to run."""
    return sum(row["total"] for row in report["functions"] if row["function"] == name)


def test_samples_tell_compiled_from_interpreted_code(target):
    report = top(target.pid)
    assert report["schema"] == 1
    assert abs(sum(report["shares"].values()) - 1) < 0.01
    # How much each is depends on how busy the machine is.
    assert report["shares"]["compiled"] > 0, report
    assert report["shares"]["interpreted"] > 0, report
    compiled = function(report, "compiled")
    assert (compiled["runs"], Path(compiled["file"]).name) == ("compiled", "program.py")
    assert compiled["own"] > 0
    assert function(report, "interpreted")["runs"] == "interpreted"
    assert total(report, "run") > 0.8 * report["samples"], report


def test_the_collector_has_a_share(start):
    process = start(COLLECTS)
    report = top(process.pid)
    assert report["shares"]["gc"] > 0.5, report["shares"]


def test_sleeping_is_idle(start, tmp_path):
    process = start(SLEEPS)
    wait_for(lambda: inspect("--json", process.pid).returncode == 0, lambda: "no page")
    file = tmp_path / "recording"
    assert inspect("record", "-o", file, "--duration", 1, process.pid).returncode == 0
    with gzip.open(file, "rt") as lines:
        last = [line for line in map(json.loads, lines) if "step" in line][-1]
    threads = {thread["name"]: thread for thread in last["step"]["threads"]["Ok"]}
    napping = threads["napping"]
    assert (napping["state"], napping["holds_gil"], napping["torn"]) == ("sleeping", False, False)
    assert napping["frames"][0]["function"] == "nap"
    seen = inspect("top", "--once", "--duration", 1, process.pid)
    # Either nothing ran at all, or next to nothing.
    assert seen.returncode == 9 or re.search(r"\b(9\d|100) % idle", seen.stdout), seen


def test_recordings_have_stacks_samples_and_details(target, tmp_path):
    file = tmp_path / "recording"
    done = inspect("record", "-o", file, "--duration", 4, "--interval", 0.2, target.pid)
    assert done.returncode == 0, done.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    with gzip.open(file, "rt") as lines:
        header, *rest = map(json.loads, lines)
    assert (header["format"], header["version"], header["pid"]) == ("rjit-recording", 1, target.pid)
    steps = [line["step"] for line in rest if "step" in line]
    assert len(steps) > 3
    threads = [thread for step in steps for thread in step["threads"].get("Ok", [])]
    whole = [thread for thread in threads if not thread["torn"] and thread["frames"]]
    assert whole
    for thread in whole:
        functions = [frame["function"] for frame in thread["frames"]]
        assert functions[-2:] == ["run", "<module>"], functions
        for frame in thread["frames"]:
            assert PROGRAM.splitlines()[frame["line"] - 1].strip(), frame

    report = json.loads(inspect("top", "--json", "--recording", file).stdout)
    assert report["samples"] == sum(len(step["window"]["samples"]) for step in steps)
    assert function(report, "compiled")["runs"] == "compiled"
    details = {line["details"]["details"]["qualname"] for line in rest if "details" in line}
    assert "compiled" in details or report["samples"] < 20
    opened = json.loads(inspect("open", "--json", file).stdout)
    assert "compiled" in [found["qualname"] for found in opened["executables"]]


def test_a_recording_that_was_cut_off_opens(target, tmp_path):
    file = tmp_path / "recording"
    assert (
        inspect("record", "-o", file, "--duration", 2, "--interval", 0.1, target.pid).returncode
        == 0
    )
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) * 3 // 4])
    seen = inspect("open", "--json", file)
    assert seen.returncode == 0, seen.stderr
    assert "cut off" in seen.stderr
    assert json.loads(seen.stdout)["pid"] == target.pid


def test_recording_ends_with_the_process_or_by_a_signal(target, tmp_path):
    for end in (lambda recorder: recorder.send_signal(signal.SIGINT), lambda _: target.kill()):
        file = tmp_path / "recording"
        file.unlink(missing_ok=True)
        command = [tool("rjit-inspect"), "record", "-o", str(file), str(target.pid)]
        recorder = subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True)

        def looks(file=file):
            return file.exists() and inspect("open", "--once", file).returncode == 0

        wait_for(looks, lambda file=file: f"{file} has no look in it")
        end(recorder)
        assert recorder.wait(PATIENCE) == 0
        assert " looks, " in recorder.stderr.read()
        recorder.stderr.close()
        seen = inspect("open", "--once", file)
        assert (seen.returncode, seen.stderr) == (0, "")


def test_flame_graphs_colour_who_runs_a_frame(target, tmp_path):
    picture, folded = tmp_path / "out.svg", tmp_path / "out.txt"

    def sampled():
        drawn = inspect("flamegraph", "-o", picture, "--duration", 3, target.pid)
        return drawn.returncode == 0 and "compiled (program.py) [compiled]" in picture.read_text()

    wait_for(sampled, lambda: inspect("flamegraph", "-o", picture, target.pid))
    groups = ET.parse(picture).getroot().iter("{http://www.w3.org/2000/svg}g")
    colours = {}
    for group in groups:
        title = group.find("{http://www.w3.org/2000/svg}title")
        box = group.find("{http://www.w3.org/2000/svg}rect")
        if title is not None and (kind := re.search(r"\[(\w+)\] \(", title.text)):
            colours.setdefault(kind[1], set()).add(box.get("fill"))
    assert colours["compiled"] == {"rgb(0,158,115)"}
    assert colours["interpreted"] == {"rgb(230,159,0)"}

    assert (
        inspect("flamegraph", "--folded", "-o", folded, "--duration", 3, target.pid).returncode == 0
    )
    for line in folded.read_text().splitlines():
        stack, count = line.rsplit(" ", 1)
        assert int(count) > 0
        assert all(re.search(r" \[\w+\]$", frame) for frame in stack.split(";")), line


def test_explain_says_what_became_of_a_function(target):
    report = json.loads(inspect("explain", "compiled", target.pid, "--json").stdout)
    (found,) = report["functions"]
    assert found["qualname"] == "compiled"
    assert found["executables"][0]["state"] == "live"
    unknown = inspect("explain", "no_such_function", target.pid)
    assert (unknown.returncode, unknown.stdout) == (10, "")

    def refused():
        seen = inspect("explain", "interpreted", target.pid)
        return "is not compiled" in seen.stdout and "coroutine" in seen.stdout

    wait_for(refused, lambda: inspect("explain", "interpreted", target.pid))


def test_a_program_is_started_and_its_exit_code_passed_on(tmp_path):
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    file = tmp_path / "recording"
    done = inspect("record", "-o", file, "--", sys.executable, script, 30)
    assert done.returncode == 7, done.stderr
    # Our own standard output is for what was asked of us.
    assert done.stdout == ""
    assert "running\nfinished\n" in done.stderr
    assert inspect("open", "--once", file).returncode == 0

    output = tmp_path / "output"
    seen = inspect("--json", "--program-output", output, "--", sys.executable, script, 300)
    assert seen.returncode == 7, seen.stderr
    assert "program.py" in json.loads(seen.stdout)["command"]
    assert output.read_text() == "running\nfinished\n"

    missing = inspect("--once", "--", tmp_path / "missing")
    assert (missing.returncode, "cannot start" in missing.stderr) == (1, True)
    plain = inspect("--once", "--", "true")
    assert (
        plain.returncode,
        "does not run rjit" in plain.stderr or "no process" in plain.stderr,
    ) != (0, False)


def test_waiting_for_a_process_by_name(start, tmp_path):
    name = f"late_{os.getpid()}.py"
    command = [tool("rjit-inspect"), "--wait", "--name", name, "--json"]
    waiting = subprocess.Popen(
        command, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    assert inspect("--name", name, "--json").returncode == 10
    process = start(PROGRAM, str(10**9), name=name)
    seen, _ = waiting.communicate(timeout=PATIENCE)
    assert (waiting.returncode, json.loads(seen)["pid"]) == (0, process.pid)
    other = start(PROGRAM, str(10**9), name=f"too_{name}")
    wait_for(lambda: inspect("--json", other.pid).returncode == 0, lambda: "no page")
    several = inspect("--name", name, "--json")
    assert several.returncode == 10
    assert str(process.pid) in several.stderr
    assert str(other.pid) in several.stderr


def test_children_are_sampled_too(start):
    parent = start(FORKS, name="forks.py")
    report = top("--children", parent.pid)
    assert "child" in report["command"]
    assert function(report, "compiled")["total"] > 0


def test_completions_and_manual(tmp_path):
    completions = tmp_path / "rjit-inspect.bash"
    completions.write_text(inspect("completions", "bash").stdout)
    subprocess.run(["bash", "-n", str(completions)], check=True)
    assert "flamegraph" in completions.read_text()
    assert ".TH rjit-inspect 1" in inspect("man").stdout


# Forbids system calls as containers do, then becomes the inspector.
FORBIDDEN = """
import ctypes, os, struct, sys

LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
REFUSE, ALLOW = 0x00050000 | 1, 0x7fff0000
numbers = [int(number) for number in sys.argv[1].split(",")]
program = [(LOAD, 0, 0, 0)]
for index, number in enumerate(numbers):
    program.append((EQUAL, len(numbers) - index, 0, number))
program += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, REFUSE)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
head = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
prctl = ctypes.CDLL(None, use_errno=True).prctl
assert prctl(38, 1, 0, 0, 0) == 0, ctypes.get_errno()
assert prctl(22, 2, ctypes.c_char_p(head), 0, 0) == 0, ctypes.get_errno()
os.execv(sys.argv[2], sys.argv[2:])
"""
PERF_EVENT_OPEN, PROCESS_VM_READV = 298, 310


def inspect_without(calls: list[int], *arguments: object) -> subprocess.CompletedProcess[str]:
    numbers = ",".join(map(str, calls))
    command = [sys.executable, "-c", FORBIDDEN, numbers, tool("rjit-inspect")]
    return subprocess.run(
        [*command, *map(str, arguments)],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the filter has numbers of x86-64")
def test_where_the_kernel_forbids_samples_stacks_are_read(target, tmp_path):
    file = tmp_path / "recording"

    def sampled(calls):
        done = inspect_without(calls, "record", "-o", file, "--duration", 2, target.pid)
        assert done.returncode == 0, done.stderr
        with gzip.open(file, "rt") as lines:
            steps = [line["step"] for line in map(json.loads, lines) if "step" in line]
        return steps[-1]["sampled"], steps

    how, _ = sampled([PERF_EVENT_OPEN])
    assert how["Ok"]["method"] == "stack_reads"
    assert "perf_event_open is not permitted" in how["Ok"]["notes"][0]

    def report():
        seen = inspect_without([PERF_EVENT_OPEN], "top", "--json", "--duration", 2, target.pid)
        found = json.loads(seen.stdout) if seen.returncode == 0 else None
        return found if found and found["samples"] >= 20 else None

    found = wait_for(report, lambda: "too few samples")
    assert found["shares"]["compiled"] > 0.1
    assert function(found, "compiled")["runs"] == "compiled"
    assert total(found, "run") > 0.8 * found["samples"]

    how, steps = sampled([PROCESS_VM_READV])
    assert how["Ok"]["method"] == "perf_events"
    assert "must not be read" in how["Ok"]["notes"][0]
    assert "must not be read" in steps[-1]["threads"]["Err"]

    how, _ = sampled([PERF_EVENT_OPEN, PROCESS_VM_READV])
    assert "no samples can be taken" in how["Err"]
    neither = inspect_without([PERF_EVENT_OPEN, PROCESS_VM_READV], "top", "--once", target.pid)
    assert (neither.returncode, neither.stdout) == (9, "")
    assert "not permitted" in neither.stderr


def test_failures_have_codes_and_messages(target, tmp_path):
    other = tmp_path / "text"
    other.write_text("no recording")
    newer = tmp_path / "newer"
    with gzip.open(newer, "wt") as file:
        file.write('{"format": "rjit-recording", "version": 99, "writer": "9.9"}\n')
    for arguments, code, message in [
        (("open", other), 7, "not a recording"),
        (("open", newer), 6, "version 99"),
        (("open", tmp_path / "missing"), 1, "No such file"),
        (("record", "-o", "/nowhere/file", target.pid), 1, "No such file"),
        (("flamegraph", "-o", tmp_path / "x", 999999999), 3, "no process"),
        (("top", "--once"), 2, "required"),
        (("record", "-o", tmp_path / "x", "--rate", 0, target.pid), 2, "invalid value"),
    ]:
        seen = inspect(*arguments)
        assert (seen.returncode, seen.stdout) == (code, ""), seen
        assert message in seen.stderr, seen


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    shown = []

    def draw(*arguments: object) -> Terminal:
        command = [tool("rjit-inspect"), *map(str, arguments)]
        shown.append(Terminal(tmp_path, command))
        return shown[-1]

    yield draw
    for one in shown:
        one.tmux("kill-server")


def test_a_recording_is_shown_on_the_screen(target, terminal, tmp_path):
    file = tmp_path / "recording"
    assert (
        inspect("record", "-o", file, "--duration", 3, "--interval", 0.2, target.pid).returncode
        == 0
    )
    screen = terminal("open", file)
    screen.shows("Overview", "program.py", "recording")
    screen.press("P")
    screen.press("{")
    screen.shows("stopped at")
    screen.press("6")
    screen.shows("Stack of 1 thread", "<module>")
    screen.press("q")
    screen.shows("code=0")


def test_the_screen_goes_from_child_to_child(start, terminal):
    parent = start(FORKS, name="forks.py")
    wait_for(lambda: inspect("--json", parent.pid).returncode == 0, lambda: "no page")
    screen = terminal("--children", parent.pid)
    screen.shows("(1 of 2 processes)", f"rjit-inspect {parent.pid}")
    screen.press("w")
    screen.shows("(2 of 2 processes)")
    screen.press("2")
    screen.shows("compiled")
    screen.press("w")
    screen.shows("(1 of 2 processes)", f"rjit-inspect {parent.pid}")


def test_what_a_program_prints_follows_when_the_screen_is_closed(terminal, tmp_path):
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    screen = terminal("--", sys.executable, script, 2000)
    screen.shows("Overview", "program.py")
    assert "finished" not in screen.screen()
    screen.press("q")
    screen.shows("running", "finished", "code=7")


def test_top_on_a_terminal_goes_on_until_it_is_quit(target, terminal):
    screen = terminal("top", target.pid)
    screen.shows("q quits", "own  total", "compiled (")
    screen.press("q")
    screen.shows("code=0", "own  total")
