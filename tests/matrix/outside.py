"""Tools that look at the program from outside, and what their output says."""

import json
import os
import pty
import re
import select
import subprocess
import time
from collections import Counter
from collections.abc import Iterable
from functools import partial

from common.live import RIGHT, Failure, environment, find_tool, run_tool

from matrix.facts import WATCHED, Sighting, value
from matrix.looking import Run

type Frames = tuple[tuple[str, int | None], ...]

SAMPLES = 30

# The ends of the native stack that have names in any build, the innermost first.
NATIVE = ("read", "Py_BytesMain")

_NAMED = {"count": "int", "half": "float", "thing": "object"}
_PROMPT = re.compile(r"^(?:\(Pdb\) |\(Pdb\))+")


def _program(name: str, run: Run) -> str:
    found = find_tool(name, run.place.python)
    if found is None:
        raise Failure(f"{name} is not installed")
    return found


def _locals(values: dict[str, str]) -> Sighting:
    return {fact: values.get(name) for name, fact in _NAMED.items()}


def _stack(frames: Iterable[tuple[str, int | None]]) -> Sighting:
    """Facts of frames, the innermost first."""
    chain = [list(frame) for frame in frames]
    if not chain:
        return {}
    return {"function": chain[0][0], "line": chain[0][1], "chain": chain}


def _samples(samples: Counter[Frames]) -> Sighting:
    """What most samples show. If not enough of them agree, the one that is in doubt."""
    if samples.total() < SAMPLES:
        raise Failure(f"too few samples: {samples.total()}")
    (most, number), *others = samples.most_common()
    return _stack(most if number >= RIGHT * samples.total() else others[0][0])


def pyspy_dump(run: Run, with_locals: bool) -> Sighting:
    with run.live("waiting") as live:
        options = ["--locals"] if with_locals else []
        (thread,) = json.loads(
            run_tool(_program("py-spy", run), "dump", "--json", *options, "--pid", live.pid)
        )
    frames = [frame for frame in thread["frames"] if frame["filename"] == str(WATCHED)]
    seen = _stack((frame["name"], frame["line"]) for frame in frames)
    if with_locals and frames:
        shown = frames[0]["locals"] or []
        values = {item["name"]: value(item["repr"]) for item in shown}
        arguments = {item["name"]: values[item["name"]] for item in shown if item["arg"]}
        seen |= _locals(values) | {"arguments": arguments}
    return seen


def pyspy_record(run: Run) -> Sighting:
    raw = run.folder / "raw.txt"
    with run.live("busy") as live:
        run_tool(
            *(_program("py-spy", run), "record", "--format", "raw", "--output", raw),
            *("--duration", 1, "--rate", 100, "--pid", live.pid),
        )
    samples = Counter()
    for line in raw.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        found = re.findall(r"([^;\s]+) \((?:[^;)]*/)?watched\.py:(\d+)\)", stack)
        samples[tuple((name, int(number)) for name, number in reversed(found))] += int(count)
    return _samples(samples)


def pyspy_top(run: Run) -> Sighting:
    """The screen that it draws on a terminal, which has no more than names."""
    with run.live("busy") as live:
        ours, its = pty.openpty()
        process = subprocess.Popen(
            [_program("py-spy", run), "top", "--pid", str(live.pid)],
            stdin=its,
            stdout=its,
            stderr=its,
            env=environment(TERM="xterm", COLUMNS="120", LINES="40"),
        )
        os.close(its)
        screen = ""
        deadline = time.monotonic() + 20
        try:
            while time.monotonic() < deadline and not re.search(r"100\.00%.*leaf \(", screen):
                if select.select([ours], [], [], 0.5)[0]:
                    screen += os.read(ours, 65536).decode(errors="replace")
        except OSError:
            pass
        finally:
            process.kill()
            process.wait()
            os.close(ours)
    lines = re.findall(r"(\d+)\.\d\d%\s+\d+\.\d\d%.*?(\S+) \(\S*watched\.py", screen)
    hottest = [name for share, name in lines if int(share) > 50]
    return {"function": hottest[-1] if hottest else None}


def sampling_dump(run: Run) -> Sighting:
    with run.live("waiting") as live:
        text = run_tool(run.place.python, "-m", "profiling.sampling", "dump", live.pid)
    found = re.findall(r'File "(?:.*/)?watched\.py", line (\d+), in (\S+)', text)
    return _stack((name, int(line)) for line, name in reversed(found))


def sampling_attach(run: Run) -> Sighting:
    collapsed = run.folder / "collapsed.txt"
    with run.live("busy") as live:
        run_tool(
            *(run.place.python, "-m", "profiling.sampling", "attach", "--collapsed"),
            *("--duration", 1, "--output", collapsed, live.pid),
        )
    samples = Counter()
    for line in collapsed.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [frame.rsplit(":", 2) for frame in stack.split(";")[1:]]
        samples[tuple((name, int(number)) for _, name, number in reversed(frames))] += int(count)
    return _samples(samples)


def perf_record(run: Run) -> Sighting:
    data = run.folder / "perf.data"
    engine = run.engine
    with run.live("busy", engine.perf_flags, **engine.perf_variables) as live:
        run_tool(
            *(_program("perf", run), "record", "-q", "-e", "cpu-clock", "-F", 199, "-g"),
            *("-o", data, "-p", live.pid, "--", "sleep", 1),
        )
        text = run_tool("perf", "script", "-F", "ip,sym", "-i", data)
    samples = Counter()
    for block in text.split("\n\n"):
        symbols = [line.split(maxsplit=1)[1].strip() for line in block.splitlines() if line.strip()]
        # Calls that were compiled in place are part of the symbol, the caller before the callee.
        names = [name for symbol in symbols for name in reversed(symbol.split("->"))]
        if names:
            frames = tuple((name, None) for name in map(_perf_name, names) if name)
            # The base of the stack alone says nothing of the program.
            samples[frames if frames != ((NATIVE[-1], None),) else ()] += 1
    return _samples(samples)


def _perf_name(symbol: str) -> str:
    """The Python function that a symbol stands for, or where the native stack begins."""
    if symbol == NATIVE[-1]:
        return symbol
    if "watched" not in symbol and "__main__" not in symbol:
        return ""
    found = re.search(r"(?:^|:)(leaf|middle|outer)(?::|@|$)", symbol)
    return found[1] if found else ""


def gdb_backtrace(run: Run) -> Sighting:
    """The native stack: Python functions have no names there, but all of it should be there."""
    with run.live("waiting") as live:
        text = run_tool(
            *(_program("gdb", run), "-nx", "-batch", "-iex", "set debuginfod enabled off"),
            *("-iex", "set pagination off", "-p", live.pid, "-ex", "bt", "-ex", "detach"),
        )
    names = re.findall(r"^#\d+ +(?:0x[0-9a-f]+ in )?(?:_\w*_)?(\S+)", text, re.M)
    return {"chain": [[name, None] for name in names if name in NATIVE]}


def pdb_text(text: str) -> Sighting:
    """What pdb answered to `where`, `args` and three `p`."""
    where = re.findall(r"^(?:\(Pdb\) )*[>\s]+(?:\S*/)?watched\.py\((\d+)\)(\S+?)\(\)", text, re.M)
    chain = [(name, int(line)) for line, name in reversed(where)]
    lines = [_PROMPT.sub("", line) for line in text.splitlines()]
    arguments = dict(
        line.split(" = ", 1) for line in lines if re.match(r"(?:rounds|step|word) = ", line)
    )
    last = lines.index(next((line for line in lines if line.startswith("word = ")), lines[-1]))
    values = lines[last + 1 : last + 4] + [""] * 3
    return _stack(chain) | {
        "arguments": {name: value(shown) for name, shown in arguments.items()},
        **dict(zip(_NAMED.values(), map(value, values[:3]), strict=True)),
    }


def pdb_set_trace(run: Run) -> Sighting:
    text = run.inside("frames.PdbSetTrace")["text"]
    # The stop itself is shown twice before `where` is answered.
    return pdb_text(text[text.index("(Pdb)", text.index("(Pdb)") + 1) :])


def pdb_attach(run: Run) -> Sighting:
    with run.live("polling") as live:
        text = run_tool(
            *(run.place.python, "-m", "pdb", "-p", live.pid),
            text="where\nargs\np count\np half\np thing\nquit\n",
        )
    # Where it has stopped is shown once before `where` is answered.
    return pdb_text(text[text.index("(Pdb)") :])


def within(observer: str):
    """An observer of `programs/`, which looks from within and tells in our words."""
    return partial(Run.inside, observer=observer)
