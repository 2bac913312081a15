"""What tools see of a known program: the part of `cargo xtask matrix` that is always there, held fast."""

import conftest
import pytest
from common.engines import here
from matrix import engines
from matrix.facts import YES
from matrix.looking import Tool, fill
from matrix.tools import ALWAYS_THERE, KNOWN_GAPS


@pytest.mark.parametrize("tool", ALWAYS_THERE, ids=lambda tool: tool.name)
def test_plain(tool: Tool) -> None:
    """The tool shows the truth of an interpreted program, or else the table says nothing."""
    row = fill(tool, engines.ENGINES["plain"], here())
    assert not row.missing + row.trouble
    assert {fact: row.cells[fact] for fact in tool.facts if row.cells[fact].word != YES} == {}


@conftest.needs_rjit
@pytest.mark.parametrize("tool", ALWAYS_THERE, ids=lambda tool: tool.name)
def test_rjit(tool: Tool) -> None:
    """The same of a program that runs compiled."""
    row = fill(tool, engines.ENGINES["rjit"], here())
    assert not row.missing + row.trouble
    expected = {fact: KNOWN_GAPS.get((tool.name, fact), (YES,))[0] for fact in tool.facts}
    assert {fact: row.cells[fact].word for fact in tool.facts} == expected, row.cells
