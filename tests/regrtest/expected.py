"""Differences that cannot be avoided, from `expected.toml`, and their place in the documents."""

import dataclasses
import fnmatch
import textwrap
import tomllib
from collections.abc import Iterable
from pathlib import Path

from common.documents import with_part

from regrtest.outcomes import Difference

FILE = Path(__file__).with_name("expected.toml")
DOCUMENT = Path(__file__).parents[2] / "docs" / "compatibility.md"

_BEGIN = "<!-- from tests/regrtest/expected.toml: -->\n"
_END = "<!-- end -->\n"


@dataclasses.dataclass(frozen=True)
class Expected:
    """An expected difference.

    `test` is a pattern for the ids of tests of `file`; none at all stands for the file as a whole.
    `line` is where in the file (or in `source`, if that is another one) the test asks for what
    cannot hold, in CPython `version`; failing elsewhere is another matter. One that comes only
    `sometimes` may also stay away. `ending` is how the process ends, if it is not as it should be,
    after the last test.
    """

    file: str
    test: str
    line: int
    why: str
    version: str
    source: str = ""
    sometimes: bool = False
    ending: str = ""

    def covers(self, difference: Difference) -> bool:
        """Whether this is the difference that is expected. Of crashes and hangs only those are
        that come when all tests are through, and are listed as such."""
        if difference.is_fatal:
            return (self.file, self.ending) == (
                difference.file,
                difference.rjit,
            ) and not difference.is_within_a_test
        return (
            self.file == difference.file
            and not self.ending
            and fnmatch.fnmatchcase(difference.test, self.test)
            and (difference.rjit not in ("FAIL", "ERROR") or self._is_blamed(difference.text))
        )

    def _is_blamed(self, traceback: str) -> bool:
        return f'/{self._path}", line {self.line}, ' in traceback

    @property
    def _path(self) -> str:
        return self.source or self.file.removeprefix("test.").replace(".", "/") + ".py"

    @property
    def place(self) -> str:
        """The file and the line, as in CPython's repository."""
        return f"Lib/test/{self._path}:{self.line}"


@dataclasses.dataclass(frozen=True)
class Adjusted:
    """A file of which something is replaced for the run under rjit, so that the rest of it can be compared.

    `lines` says where, in CPython `version`; `replace` has pairs of texts.
    """

    file: str
    lines: str
    replace: list[list[str]]
    why: str


def load_adjusted(file: Path = FILE) -> list[Adjusted]:
    """All files that are adjusted."""
    with file.open("rb") as stream:
        return [Adjusted(**entry) for entry in tomllib.load(stream).get("adjusted", ())]


def load(file: Path = FILE) -> list[Expected]:
    """All expected differences."""
    with file.open("rb") as stream:
        data = tomllib.load(stream)
    return [Expected(**{"version": data["version"]} | entry) for entry in data["difference"]]


def divide(
    differences: Iterable[Difference], expected: Iterable[Expected]
) -> tuple[list[Difference], list[Difference]]:
    """Those that nobody expects, and those that are expected."""
    expected = list(expected)
    surprising, known = [], []
    for difference in differences:
        is_known = any(entry.covers(difference) for entry in expected)
        (known if is_known else surprising).append(difference)
    return surprising, known


def absent(
    expected: Iterable[Expected],
    differences: Iterable[Difference],
    files: Iterable[str],
    ignored: Iterable[str] = (),
) -> list[Expected]:
    """Those that should have come up in `files`, and did not.

    Nothing is said of files of which some tests were ignored.
    """
    differences, files = list(differences), set(files)
    return [
        entry
        for entry in expected
        if entry.file in files
        and not any(f".{entry.file}." in pattern for pattern in ignored)
        and not entry.sometimes
        and not any(entry.covers(difference) for difference in differences)
    ]


def described(expected: Iterable[Expected]) -> str:
    """The part of the document that is made from the list."""
    items = []
    for entry in expected:
        what = f"`{entry.test}`" if entry.test else f"`{entry.file}` as a whole"
        what += f", {entry.ending} at exit" if entry.ending else ""
        often = ", sometimes" if entry.sometimes else ""
        text = f"- {what} ({entry.place}{often}): {' '.join(entry.why.split())}"
        items.append(
            textwrap.fill(
                text, 118, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False
            )
        )
    return "\n".join(items) + "\n"


def described_adjusted(adjusted: Iterable[Adjusted]) -> str:
    """The same of the adjusted files."""
    items = []
    for entry in adjusted:
        path = entry.file.removeprefix("test.").replace(".", "/") + ".py"
        pairs = ", ".join(f"`{old}` by `{new}`" for old, new in entry.replace)
        text = f"- Lib/test/{path}, lines {entry.lines}: {pairs}. {' '.join(entry.why.split())}"
        items.append(
            textwrap.fill(
                text, 118, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False
            )
        )
    return "\n".join(items) + "\n"


def in_document(
    document: str, expected: Iterable[Expected], adjusted: Iterable[Adjusted] = ()
) -> str:
    """The document with the list as it is."""
    replaced = described_adjusted(adjusted)
    if replaced.strip():
        replaced = f"\nReplaced for the run under rjit, so that the rest of the file can be compared:\n\n{replaced}"
    return with_part(document, _BEGIN, _END, described(expected) + replaced, DOCUMENT)
