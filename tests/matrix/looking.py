"""One program under one engine, looked at by one tool."""

import contextlib
import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from common.engines import Place
from common.live import SETTLING, Ended, Failure, Live, environment, launched

from matrix.engines import Engine
from matrix.facts import CRASH, NO, NONE, WATCHED, Cell, Crashed, Row, Sighting, Truth, judge

PROGRAM_TIMEOUT = 90

COMPILED = {"leaf", "middle", "outer"}


class NotEngaged(Exception):
    """The engine did not compile what it should have, so that what a tool sees proves nothing."""


@dataclass
class Run:
    """Starts the program, and remembers what it told about itself."""

    engine: Engine
    place: Place
    folder: Path
    # Whether the frames have to run compiled when the tool looks.
    compiled: bool = True
    facts: Sighting = field(default_factory=dict)

    def _command(self, observer: str, flags: tuple[str, ...]) -> list[str]:
        return [str(self.place.python), *flags, str(WATCHED), observer]

    def _environment(self, **variables: str) -> dict[str, str]:
        return environment(MATRIX_ENGINE=self.engine.name, **self.engine.variables, **variables)

    def inside(self, observer: str) -> Sighting:
        """Lets an observer look from within, and returns what it saw."""
        command = self._command(observer, ())
        try:
            done = subprocess.run(
                command,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=PROGRAM_TIMEOUT,
                cwd=self.folder,
            )
        except subprocess.TimeoutExpired as expired:
            raise Failure(f"{' '.join(command)} did not end in {PROGRAM_TIMEOUT} s") from expired
        if done.returncode < 0:
            raise Crashed(
                f"{' '.join(command)} ended with {done.returncode}\n{done.stderr[-2000:]}"
            )
        if done.returncode or not done.stdout.strip():
            raise Failure(
                f"{' '.join(command)} ended with {done.returncode}\n{done.stderr[-2000:]}"
            )
        report = json.loads(done.stdout.splitlines()[-1])
        self.arrived(report)
        return report["seen"]

    @contextlib.contextmanager
    def live(
        self, way: str, flags: tuple[str, ...] = (), at_gate: bool = True, **variables: str
    ) -> Iterator[Live]:
        """The program at the gate, where it waits in some way until it is killed."""
        started = launched(
            self._command(way, flags), self._environment(**variables), self.folder / "errors.txt"
        )
        with started as live:
            if at_gate:
                self.arrived(live.facts)
                # It has said so from within the gate's first call, and goes on to the second.
                with contextlib.suppress(subprocess.TimeoutExpired):
                    live.process.wait(SETTLING)
            yield live
            if at_gate:
                live.check_alive()

    def arrived(self, report: Sighting) -> None:
        """Checks that the engine has done its part."""
        self.facts = report
        needed = {"leaf"} if self.engine.name == "cpython-jit" else COMPILED
        if missing := needed - set(report["compiled"]):
            raise NotEngaged(f"not compiled: {', '.join(sorted(missing))}")
        if self.compiled and (missing := needed - set(report["running"])):
            raise NotEngaged(f"not running compiled at the gate: {', '.join(sorted(missing))}")


@dataclass(frozen=True)
class Tool:
    """A tool, the facts that it shows of some program at least, and how to have it look."""

    name: str
    shows: str
    look: Callable[[Run], Sighting]
    truth: Truth = Truth()
    # A distribution, and a program of the system; nothing for what CPython has.
    distribution: str = ""
    program: str = ""
    # Tools that are there from the beginning get the interpreter to run everything, which is right.
    compiled: bool = True

    @property
    def facts(self) -> frozenset[str]:
        return frozenset(self.shows.split())


def fill(tool: Tool, engine: Engine, place: Place) -> Row:
    """What the tool shows, as a row of cells."""
    row = Row(tool.name, engine.name)
    with tempfile.TemporaryDirectory() as folder:
        run = Run(engine, place, Path(folder), tool.compiled)
        word, seen = NO, {}
        try:
            seen = tool.look(run)
        except (Crashed, Ended) as crash:
            word = CRASH if not isinstance(crash, Ended) or crash.exit_code < 0 else NO
            row.trouble = str(crash)
        except Failure as failure:
            row.trouble = str(failure)
        except NotEngaged as idle:
            row.missing = str(idle)
            return row
    if row.trouble:
        row.cells = {
            fact: Cell(word if fact in tool.facts else NONE) for fact in judge(frozenset(), {}, {})
        }
    else:
        row.cells = judge(tool.facts, tool.truth.facts(str(run.facts.get("thing"))), seen)
    return row
