"""What became of the tests of a suite, and how two runs of it differ.

An outcome is whatever a suite says of one test: words such as `passed` or `failed`, and a message.
The suites that run other people's tests compare by these, whichever runner the tests have.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

ADDRESS = re.compile(r"\b0x[0-9a-fA-F]+")

ABSENT = "did not run"


@dataclass(frozen=True)
class Outcome:
    """The end of one test: what it is called, and the first line of the reason, if there is one."""

    word: str
    message: str = ""

    def __str__(self) -> str:
        return f"{self.word}: {self.message}" if self.message else self.word


@dataclass(frozen=True)
class Difference:
    """A test that ended differently in the run that is looked at than in the reference."""

    test: str
    plain: str
    compiled: str

    def __str__(self) -> str:
        return f"{self.test}\n    plain:    {self.plain}\n    compiled: {self.compiled}"


def first_line(text: str) -> str:
    """The first line of a message that says something, without what varies from run to run."""
    for line in text.splitlines():
        if line.strip():
            return ADDRESS.sub("0x...", line.strip())
    return ""


def differences(plain: Mapping[str, Outcome], compiled: Mapping[str, Outcome]) -> list[Difference]:
    """All tests that two runs do not agree on, in the order of the reference."""
    found = []
    for test in [*plain, *(test for test in compiled if test not in plain)]:
        expected, actual = plain.get(test), compiled.get(test)
        if expected != actual:
            found.append(Difference(test, str(expected or ABSENT), str(actual or ABSENT)))
    return found
