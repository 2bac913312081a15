"""What it costs to have rjit, and to look at a program while it runs."""

import contextlib
import os
import pty
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from common.live import find_tool

from bench import figures
from bench.engines import LOADED, PLAIN, RJIT, Engine, Say
from bench.measuring import (
    Amount,
    Measured,
    Settings,
    Trouble,
    Watch,
    calibrated,
    run,
    unwatched,
)
from bench.programs import COLD, PROGRAMS, Program

PY_SPY, PERF, INSPECTOR = "py-spy record", "perf record", "rjit-inspect"

# How long a tool has to write down what it has.
_ENDING = 30


@dataclass(frozen=True)
class Way:
    """An engine, and who looks. Its times are set against those of `reference`, an engine nobody looks at."""

    engine: str
    tool: str
    reference: str
    # The share that it may cost.
    limit: float | None = None


WAYS = (
    Way(PLAIN, "", PLAIN),
    Way(LOADED, "", PLAIN, 0.01),
    Way(RJIT, "", RJIT),
    Way(PLAIN, PY_SPY, PLAIN),
    Way(RJIT, PY_SPY, RJIT),
    Way(PLAIN, PERF, PLAIN),
    Way(RJIT, PERF, RJIT),
    Way(RJIT, INSPECTOR, RJIT, 0.03),
)

# Of a program in which nothing becomes hot there is nothing to look at.
COLD_WAYS = (Way(PLAIN, "", PLAIN), Way(RJIT, "", PLAIN, 0.01))


@dataclass
class Cost:
    """How much longer a program takes: a share. None, with a reason, if it could not be measured."""

    program: str
    engine: str
    tool: str
    share: float | None = None
    # How far the medians of single processes lie apart: a share smaller than this says nothing.
    noise: float | None = None
    missing: str = ""
    limit: float | None = None
    times: list[float] = field(default_factory=list)


@contextlib.contextmanager
def _tool(command: list[str], **options: object) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(command, **options)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        try:
            process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def _recorded(command: list[str], pid: int) -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder, Path(folder, "said").open("wb") as said:
        words = [word.format(pid=pid, output=Path(folder, "output")) for word in command]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": said, "stderr": said}
        with _tool(words, **quiet) as process:
            yield
            # They may notice the program's end first, and say nothing against it.
            code = process.poll()
        if code:
            raise Trouble(Path(folder, "said").read_text(errors="replace").strip()[-500:])


@contextlib.contextmanager
def _inspected(command: str, pid: int) -> Iterator[None]:
    """The inspector's screen, on a terminal that nobody sees."""
    ours, its = pty.openpty()
    env = os.environ | {"TERM": "xterm-256color", "COLUMNS": "110", "LINES": "30"}

    def read() -> None:
        with contextlib.suppress(OSError):
            while os.read(ours, 65536):
                pass

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    with _screen(command, pid, its, env):
        os.close(its)
        yield
    os.close(ours)
    reader.join(_ENDING)


@contextlib.contextmanager
def _screen(command: str, pid: int, terminal: int, env: dict[str, str]) -> Iterator[None]:
    # It refuses a process that has no page yet.
    script = (
        f"until {command} {pid} --once >/dev/null 2>&1; do sleep 0.05; done; exec {command} {pid}"
    )
    streams = {"stdin": terminal, "stdout": terminal, "stderr": terminal}
    with _tool(["/bin/sh", "-c", script], env=env, start_new_session=True, **streams):
        yield


def watches(python: Path) -> dict[str, Watch | str]:
    """For each tool how to have it look, or why it cannot."""
    py_spy, perf, inspector = (
        find_tool(name, python) for name in ("py-spy", "perf", "rjit-inspect")
    )
    found: dict[str, Watch | str] = {"": unwatched}
    recorders = {
        PY_SPY: (
            py_spy,
            "record --rate 100 --duration 3600 --format raw --output {output} --pid {pid}",
        ),
        PERF: (perf, "record -q -e cpu-clock -F 999 -g --output {output} -p {pid}"),
    }
    for name, (program, options) in recorders.items():
        if program is None:
            found[name] = "it is not installed"
            continue
        command = [program, *options.split()]
        found[name] = lambda pid, command=command: _recorded(command, pid)
    found[INSPECTOR] = "it is not installed"
    if inspector is not None:
        found[INSPECTOR] = lambda pid: _inspected(inspector, pid)
    return found


def observe(
    names: Sequence[str],
    engines: dict[str, Engine],
    tools: dict[str, Watch | str],
    settings: Settings,
    measured: Measured,
    say: Say,
) -> list[Cost]:
    """The costs of all ways for these programs, and of rjit for those that stay cold."""
    costs = []
    for name in names:
        costs += _program(PROGRAMS[name], WAYS, engines, tools, settings, measured, say)
    for name in COLD:
        costs += _program(PROGRAMS[name], COLD_WAYS, engines, tools, settings, measured, say)
    return costs


def _program(
    program: Program,
    ways: tuple[Way, ...],
    engines: dict[str, Engine],
    tools: dict[str, Watch | str],
    settings: Settings,
    measured: Measured,
    say: Say,
) -> list[Cost]:
    say(f"observed: {program.name}")
    costs = {way: Cost(program.name, way.engine, way.tool, limit=way.limit) for way in ways}
    for way, cost in costs.items():
        engine, tool = engines.get(way.engine), tools[way.tool]
        if engine is None or engine.missing:
            cost.missing = engine.missing if engine else "the engine was not chosen"
        elif isinstance(tool, str):
            cost.missing = tool
    plain = engines.get(PLAIN)
    if plain is None or plain.missing:
        return []
    try:
        amount = calibrated(plain, program, settings)
    except Trouble as trouble:
        measured.trouble(program.name, PLAIN, str(trouble))
        return []
    for _ in range(settings.observed_rounds):
        for way, cost in costs.items():
            if not cost.missing:
                _once(program, way, cost, engines, tools, amount)
    return _compared(costs)


def _once(
    program: Program,
    way: Way,
    cost: Cost,
    engines: dict[str, Engine],
    tools: dict[str, Watch | str],
    amount: Amount,
) -> None:
    try:
        series = run(engines[way.engine], program, amount, tools[way.tool])
    except Trouble as trouble:
        cost.missing = str(trouble)
        return
    cost.times.append(sorted(series.values)[len(series.values) // 2])


def _compared(costs: dict[Way, Cost]) -> list[Cost]:
    alone = {way.engine: cost.times for way, cost in costs.items() if not way.tool}
    for way, cost in costs.items():
        reference = alone.get(way.reference, [])
        if not cost.missing:
            cost.share = figures.cost(cost.times, reference)
            if len(cost.times) > 1:
                cost.noise = max(figures.spread(cost.times), figures.spread(reference))
    shown = [(way, cost) for way, cost in costs.items() if way.tool or way.engine != way.reference]
    return [cost for _way, cost in shown]
