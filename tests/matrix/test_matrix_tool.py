"""The matrix itself: how answers are judged, and what becomes of them in the document."""

import pytest

from matrix import occurrences, table
from matrix.__main__ import surprising
from matrix.facts import CRASH, NO, NONE, WRONG, YES, Cell, Row, Truth, judge, value
from matrix.tools import KNOWN_GAPS

SHOWS = frozenset({"line", "arguments", "chain", "events"})


def cells(seen: dict, **truth) -> dict[str, str]:
    facts = Truth(**truth).facts("0x10")
    return {fact: cell.word for fact, cell in judge(SHOWS, facts, seen).items() if fact in SHOWS}


def test_answers_are_judged() -> None:
    truth = Truth(events=[1, 2]).facts("0x10")
    right = {fact: truth[fact] for fact in SHOWS}
    assert set(cells(right, events=[1, 2]).values()) == {YES}
    assert set(cells({}, events=[1, 2]).values()) == {NO}
    assert judge(SHOWS, truth, right)["float"].word == NONE
    # An event that is lost, invented, or not in its place.
    for events in ([1], [1, 2, 2], [2, 1]):
        assert cells(right | {"events": events}, events=[1, 2])["events"] == WRONG


def test_arguments_that_are_not_shown_are_not_wrong() -> None:
    assert cells({"arguments": {"step": "3"}})["arguments"] == NO
    assert cells({"arguments": {"rounds": "1001", "step": "3", "word": None}})["arguments"] == NO
    assert cells({"arguments": {"step": "4"}})["arguments"] == WRONG


def test_chains() -> None:
    whole = Truth().facts("0x10")["chain"]
    assert cells({"chain": [[name, None] for name, _ in whole]})["chain"] == YES
    assert cells({"chain": [[None, line] for _, line in whole]})["chain"] == YES
    assert cells({"chain": whole[1:]})["chain"] == NO
    assert cells({"chain": [*whole, whole[0]]})["chain"] == WRONG
    assert cells({"chain": whole[::-1]})["chain"] == WRONG
    assert cells({"chain": [["leaf", 1], *whole[1:]]})["chain"] == WRONG


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3003", "3003"),
        ("'word'", "word"),
        ('"word"', "word"),
        ("<__main__.Thing object at 0x7f10>", "Thing at 0x7f10"),
        ("<Thing at 0x7f10>", "Thing at 0x7f10"),
        ("*** undefined ***", None),
    ],
)
def test_values(text: str, expected: str | None) -> None:
    assert value(text) == expected


def test_events_fit_each_other() -> None:
    """The lists are written down by hand, each on its own."""
    lines = [event for event in occurrences.MONITORING if event[0] == "line"]
    assert lines == [event for event in occurrences.LINES if event[0] == "line"]
    assert occurrences.LINES[-len(occurrences.LINES_FROM_GATE) :] == occurrences.LINES_FROM_GATE
    counted = dict(occurrences.HITS)
    assert counted == {
        line: lines.count(["line", "leaf", line])
        for line in occurrences.LINES_RUN
        if line in counted
    }


def row(engine: str, word: str) -> Row:
    known = {fact: Cell(NONE) for fact in judge(frozenset(), {}, {})}
    return Row("a tool", engine, known | {"line": Cell(word), "int": Cell(YES)})


def test_worse_is_found() -> None:
    assert row("rjit", NO).worse_than(row("plain", YES)).keys() == {"line"}
    assert not row("rjit", NO).worse_than(row("plain", WRONG))
    assert row("rjit", CRASH).worse_than(row("plain", WRONG))


def test_surprises() -> None:
    assert surprising([row("plain", YES), row("rjit", YES)]) == []
    assert surprising([row("plain", NO), row("rjit", NO)]) == []
    assert surprising([row("rjit", NO)]) == []
    assert surprising([row("plain", YES), row("rjit", NO)]) == [
        "worse than plain: a tool: line: no"
    ]
    idle = Row("a tool", "rjit", missing="idle")
    assert surprising([row("plain", YES), idle]) == ["missing under rjit: a tool: idle"]
    for tool, fact in KNOWN_GAPS:
        better = Row(tool, "rjit", {fact: Cell(YES)})
        (told,) = surprising([Row(tool, "plain", {fact: Cell(YES)}), better])
        assert told.startswith("expected to be")


def test_the_document_has_a_place_for_the_table() -> None:
    rows = [row("plain", YES), row("rjit", WRONG), Row("a tool", "other", missing="not there")]
    titles = {"plain": "Plain", "rjit": "rjit", "other": "Other"}
    text = table.for_document(titles, ["a tool"], rows, "With nothing.")
    assert "| a tool | line, local int | all | **wrong:** line | missing |" in text
    assert "- a tool, Other: not there" in text
    document = table.in_document(table.DOCUMENT.read_text("utf-8"), text)
    assert table.in_document(document, text) == document
    with pytest.raises(ValueError, match="lost the marks"):
        table.in_document("", text)
