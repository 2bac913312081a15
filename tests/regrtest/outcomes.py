"""What came of a test file in one run, read from the recorder's lines, and how two runs differ."""

import dataclasses
import json
import re
import signal
from collections.abc import Iterable

# How a file ends when the runner cannot say it.
CRASH = "crash"
TIMEOUT = "timeout"
EXIT = "exit"

# What is said of a test of which only subtests failed.
IN_SUBTESTS = "in its subtests"

# How the text of a file that did not come to its end begins.
_RUNNING = "It was in "

_BAD = {"FAIL", "ERROR", "unexpected success"}

# What a file's state says beyond what its tests say.
_SKIPPED = {"SKIPPED", "RESOURCE_DENIED", "DID_NOT_RUN"}

_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]+\b")
_FIXTURE = re.compile(r"(setUpClass|setUpModule|tearDownClass|tearDownModule) \((.*)\)")


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of a test or a subtest, and what it had to say."""

    kind: str
    text: str = ""
    is_subtest: bool = False

    @property
    def is_bad(self) -> bool:
        return self.kind in _BAD


@dataclasses.dataclass
class FileResult:
    """What came of a file.

    Tests are known by their id, with a number when several have the same. A failed subtest is known
    by its test's id and its description. `state` is the runner's, or CRASH, TIMEOUT or EXIT.
    """

    state: str
    exit_code: int
    seconds: float
    tests: dict[str, Outcome]
    running: str | None = None
    detail: str = ""
    output: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether the runner came to its end."""
        return self.state not in (CRASH, TIMEOUT, EXIT)

    def ending(self) -> str:
        """The state in words."""
        match self.state:
            case "crash":
                try:
                    name = signal.Signals(-self.exit_code).name
                except ValueError:
                    name = f"signal {-self.exit_code}"
                return f"killed by {name}"
            case "timeout":
                return f"did not end within {self.seconds:.0f} s"
            case "exit":
                return f"ended with exit code {self.exit_code} before the runner did"
        return self.state

    def to_json(self) -> dict:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: dict) -> FileResult:
        tests = {name: Outcome(**outcome) for name, outcome in data.pop("tests").items()}
        return cls(tests=tests, **data)


def read(
    lines: Iterable[str], *, exit_code: int, seconds: float, timed_out: bool, output: str
) -> FileResult:
    """Puts together what the recorder wrote and how the process ended."""
    tests: dict[str, Outcome] = {}
    seen: dict[str, int] = {}
    running: str | None = None
    state, detail = None, ""
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            # The process died while it wrote.
            continue
        name = _ADDRESS.sub("0x…", event["test"])
        match event["event"]:
            case "start":
                seen[name] = number = seen.get(name, 0) + 1
                running = name if number == 1 else f"{name} #{number}"
            case "end":
                outcome = Outcome(event["outcome"], event["text"], "subtest" in event)
                # Fixtures of classes and modules fail outside of any test.
                known = running if running and running.split(" #")[0] == name else name
                if "subtest" in event:
                    subtest = _ADDRESS.sub("0x…", event["subtest"])
                    tests[f"{known} {subtest}"] = outcome
                    if outcome.is_bad:
                        tests.setdefault(known, Outcome("FAIL", IN_SUBTESTS))
                else:
                    tests[known] = outcome
            case "file":
                state, detail = event["outcome"], event["text"]
                running = None
    if timed_out:
        state = TIMEOUT
    elif exit_code < 0:
        state = CRASH
    elif state is None:
        state = EXIT
    return FileResult(state, exit_code, seconds, tests, running, detail, output)


@dataclasses.dataclass(frozen=True)
class Difference:
    """A test, or with an empty name the file as a whole, of which something else came."""

    file: str
    test: str
    plain: str
    rjit: str
    text: str = ""

    @property
    def method(self) -> str:
        """The test's id as the runner selects it; empty if it cannot be selected."""
        if _FIXTURE.match(self.test):
            return ""
        return self.test.split(" ", 1)[0]

    @property
    def is_within_a_test(self) -> bool:
        """Whether a test was running when the process ended."""
        return self.text.startswith(_RUNNING)

    @property
    def is_fatal(self) -> bool:
        """Whether the process under rjit did not come to its end."""
        return not self.test and self.rjit.startswith(("killed", "did not end", "ended with"))


def compare(file: str, plain: FileResult, rjit: FileResult) -> list[Difference]:
    """What differs, the file as a whole first."""
    differences = []
    both_whole = plain.is_whole and rjit.is_whole
    missing = Outcome("not run")
    fixtures = [
        found[2]
        for name in rjit.tests
        if name not in plain.tests and (found := _FIXTURE.match(name))
    ]
    for name in sorted(plain.tests.keys() | rjit.tests.keys()):
        there, here = plain.tests.get(name, missing), rjit.tests.get(name, missing)
        if there.kind == here.kind or (there.is_bad and here.is_bad):
            continue
        if IN_SUBTESTS in (there.text, here.text):
            # They are told of themselves.
            continue
        if missing in (there, here):
            # Only failed and skipped subtests are told of.
            if there.is_subtest or here.is_subtest:
                there, here = (
                    Outcome("ok") if found is missing else found for found in (there, here)
                )
            elif not both_whole or any(name.startswith(f"{fixture}.") for fixture in fixtures):
                continue
        text = here.text if here.is_bad or not there.is_bad else there.text
        differences.append(Difference(file, name, there.kind, here.kind, text))
    return _of_the_whole(file, plain, rjit, explained=bool(differences)) + differences


def _of_the_whole(
    file: str, plain: FileResult, rjit: FileResult, *, explained: bool
) -> list[Difference]:
    if not rjit.is_whole:
        differs = rjit.state != plain.state
    elif not plain.is_whole:
        # What ends worse without rjit says nothing about it.
        differs = False
    elif "FAILED" in (plain.state, rjit.state) and not (
        {plain.state, rjit.state} & {*_SKIPPED, "UNCAUGHT_EXC"}
    ):
        differs = plain.state != rjit.state and not explained
    else:
        differs = (plain.state, plain.exit_code) != (rjit.state, rjit.exit_code)
    if not differs:
        return []
    there, here = plain.ending(), rjit.ending()
    if there == here:
        there, here = (
            f"{result.ending()}, exit code {result.exit_code}" for result in (plain, rjit)
        )
    text = "\n".join(part for part in (rjit.detail, rjit.output) if part)
    if rjit.running:
        text = f"{_RUNNING}{rjit.running}.\n{text}"
    return [Difference(file, "", there, here, text)]
