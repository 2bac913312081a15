"""What can be seen of the program, what is true of it, and what a tool's answer is worth."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROGRAMS = Path(__file__).resolve().parent / "programs"
WATCHED = PROGRAMS / "watched.py"

FACTS = {
    "function": "function name",
    "line": "line",
    "arguments": "arguments",
    "int": "local int",
    "float": "local float",
    "object": "local object",
    "chain": "call chain",
    "events": "events",
}

YES, NO, WRONG, CRASH, NONE, MISSING = "yes", "no", "wrong", "crash", "-", "missing"

# From good to bad.
ORDER = (YES, NONE, NO, WRONG, CRASH)

_OBJECT = re.compile(r"<?(?:[\w.]+\.)?(\w+)(?: object)? at (0x[0-9a-f]+)>?")

type Sighting = dict[str, object]


class Crashed(Exception):
    """The program that was watched did not survive it."""


def line_of(text: str) -> int:
    """The number of the only line of the program that contains a text."""
    lines = WATCHED.read_text().splitlines()
    (number,) = (number for number, line in enumerate(lines, 1) if text in line)
    return number


GATE = line_of("while next(gate)")
LEFT = line_of("return count, half")
ALLOCATION = line_of("room = bytearray")
CALLERS = [
    ["middle", line_of("result = leaf(")],
    ["outer", line_of("result = middle(")],
    ["<module>", line_of("outer(session.rounds)")],
]


@dataclass(frozen=True)
class Cell:
    """What one tool shows of one fact under one engine, with the evidence if it is not right."""

    word: str
    expected: object = None
    seen: object = None

    def __str__(self) -> str:
        return self.word


@dataclass(frozen=True)
class Truth:
    """What is true of the program at the moment at which a tool looks."""

    line: int = GATE
    rounds: int = 1001
    events: list | None = None
    # Where it is not from `leaf` to the module.
    chain: list | None = None

    def facts(self, thing: str) -> Sighting:
        return {
            "function": "leaf",
            "line": self.line,
            "arguments": {"rounds": str(self.rounds), "step": "3", "word": "word"},
            "int": str(self.rounds * 3),
            "float": str(self.rounds * 0.5),
            "object": f"Thing at {thing}",
            "chain": self.chain or [["leaf", self.line], *CALLERS],
            "events": self.events,
        }


def value(text: str) -> str | None:
    """A value as tools show it, without quotes, and an object by its class and address."""
    if found := _OBJECT.fullmatch(text):
        return f"{found[1]} at {found[2]}"
    if text.startswith("***"):
        # pdb has none.
        return None
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text


def judge(
    shows: frozenset[str], truth: Mapping[str, object], seen: Mapping[str, object]
) -> dict[str, Cell]:
    """The cells of a tool that is known to show some facts, and showed some."""
    return {
        fact: _cell(fact, truth[fact], seen.get(fact)) if fact in shows else Cell(NONE)
        for fact in FACTS
    }


def _cell(fact: str, expected, seen) -> Cell:
    if seen is None or seen in ({}, []):
        return Cell(NO, expected, seen)
    if fact == "chain":
        return _chain_cell(expected, seen)
    if seen == expected:
        return Cell(YES)
    if fact == "arguments" and all(v in (None, expected.get(n)) for n, v in seen.items()):
        # All that is shown is true, but not all is shown.
        return Cell(NO, expected, seen)
    return Cell(WRONG, expected, seen)


def _chain_cell(expected: list, seen: list) -> Cell:
    """Tools may leave out all names or all lines; frames that are missing are less than a lie."""

    def agrees(frame: list, told: list) -> bool:
        return all(says in (None, is_) for is_, says in zip(frame, told, strict=True))

    if len(seen) == len(expected) and all(map(agrees, expected, seen, strict=True)):
        return Cell(YES)
    rest = iter(expected)
    is_part = all(any(agrees(frame, told) for frame in rest) for told in seen)
    return Cell(NO if is_part else WRONG, expected, seen)


@dataclass
class Row:
    """What a tool showed under one engine: cells by fact, or why there are none."""

    tool: str
    engine: str
    cells: dict[str, Cell] = field(default_factory=dict)
    missing: str = ""
    # What went wrong beyond single facts.
    trouble: str = ""

    def worse_than(self, other: Row) -> dict[str, tuple[Cell, Cell]]:
        """The facts of which another row shows more, with the cells of both."""
        return {
            fact: (cell, other.cells[fact])
            for fact, cell in self.cells.items()
            if fact in other.cells and ORDER.index(cell.word) > ORDER.index(other.cells[fact].word)
        }


def in_words(value: object) -> str:
    """A value of the evidence, in one line."""
    return json.dumps(value) if not isinstance(value, str) else value
