"""The cells as tables, on a terminal and in the documents."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from common.documents import with_part

from matrix.facts import CRASH, FACTS, MISSING, NO, NONE, WRONG, YES, Row, in_words

DOCUMENT = Path(__file__).parents[2] / "docs" / "compatibility.md"

_BEGIN = "<!-- from cargo xtask matrix --update-docs: -->\n"
_END = "<!-- end of the matrix -->\n"
_EVIDENCE = 400


def _columns(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def for_terminal(title: str, rows: Sequence[Row]) -> str:
    """All cells of one engine."""
    lines = [[title, *FACTS.values()]]
    for row in rows:
        cells = [MISSING] * len(FACTS) if row.missing else [str(row.cells[f]) for f in FACTS]
        lines.append([row.tool, *cells])
    return _columns(lines)


def evidence(row: Row) -> list[str]:
    """What was expected and what was seen where a tool does not show the truth."""
    head = f"{row.engine}: {row.tool}"
    if row.missing:
        return [f"{head}: missing: {row.missing}"]
    if row.trouble:
        text = "\n    ".join(row.trouble.strip().splitlines()[-12:])
        return [f"{head}: {_worst(row)}\n    {text}"]
    return [
        f"{head}: {FACTS[fact]}: {cell.word}\n"
        f"    expected {in_words(cell.expected)[:_EVIDENCE]}\n"
        f"    seen     {in_words(cell.seen)[:_EVIDENCE]}"
        for fact, cell in row.cells.items()
        if cell.word in (NO, WRONG, CRASH)
    ]


def _worst(row: Row) -> str:
    words = {cell.word for cell in row.cells.values()}
    return CRASH if CRASH in words else NO


def summed_up(row: Row) -> str:
    """A row in one cell of the document."""
    if row.missing:
        return MISSING
    by_word = {
        word: [fact for fact, cell in row.cells.items() if cell.word == word]
        for word in (YES, NO, WRONG, CRASH)
    }
    by_word = {word: facts for word, facts in by_word.items() if facts}
    if by_word.keys() == {YES}:
        return "all"
    if len(by_word) == 1:
        return "; ".join(f"**{word}:** all" for word in by_word)
    return "; ".join(
        f"**{word}:** {_listed(facts)}" for word, facts in by_word.items() if word != YES
    )


def _listed(facts: Iterable[str]) -> str:
    text = ", ".join(FACTS[fact] for fact in facts)
    return text.replace("local int, local float, local object", "locals")


def shown(row: Row) -> str:
    """The facts that a tool shows."""
    return _listed(fact for fact in FACTS if row.cells[fact].word != NONE)


def for_document(
    titles: Mapping[str, str], tools: Iterable[str], rows: Iterable[Row], versions: str
) -> str:
    """One line a tool, and one column an engine."""
    by_place = {(row.tool, row.engine): row for row in rows}
    lines = [f"| tool | shows | {' | '.join(titles.values())} |", "|---" * (len(titles) + 2) + "|"]
    for tool in tools:
        row_of = {engine: by_place[tool, engine] for engine in titles}
        known = next((row for row in row_of.values() if row.cells), None)
        cells = [tool, shown(known) if known else ""]
        lines.append(f"| {' | '.join([*cells, *map(summed_up, row_of.values())])} |")
    reasons = sorted(
        {f"- {row.tool}, {titles[row.engine]}: {row.missing}" for row in rows if row.missing}
    )
    missing = "\nMissing:\n\n" + "\n".join(reasons) + "\n" if reasons else ""
    return "\n".join(lines) + f"\n{missing}\n{versions}\n"


def in_document(document: str, table: str) -> str:
    """The document with the table in its place."""
    return with_part(document, _BEGIN, _END, table, DOCUMENT)
