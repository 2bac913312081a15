"""The list of expected differences, and its place in the documents."""

import dataclasses
import linecache
from importlib.util import find_spec
from pathlib import Path

import pytest

from regrtest import expected, runs
from regrtest.expected import Expected
from regrtest.outcomes import Difference

ENTRY = Expected("test_f", "test.test_f.C.*", 12, "a reason", "3.15.2")
TEXT = 'File "/usr/lib/python3.15/test/test_f.py", line 12, in test_a'
MATCH = Difference("test_f", "test.test_f.C.a", "ok", "FAIL", TEXT)
OTHER = Difference("test_f", "test.test_f.D.a", "ok", "FAIL", TEXT)


def test_differences_are_divided() -> None:
    assert expected.divide([MATCH, OTHER], [ENTRY]) == ([OTHER], [MATCH])


def test_another_file_is_not_meant() -> None:
    assert not ENTRY.covers(dataclasses.replace(MATCH, file="test_g"))


def test_another_line_is_not_meant() -> None:
    assert not ENTRY.covers(dataclasses.replace(MATCH, text=TEXT.replace("12", "13")))


def test_a_crash_within_a_test_is_never_expected() -> None:
    listed = Expected("test_f", "", 12, "a reason", "3.15.2", ending="killed by SIGSEGV")
    at_exit = Difference("test_f", "", "PASSED", "killed by SIGSEGV")
    assert listed.covers(at_exit)
    assert not listed.covers(dataclasses.replace(at_exit, rjit="killed by SIGABRT"))
    assert not listed.covers(dataclasses.replace(at_exit, text="It was in test_f.C.a."))
    assert not listed.covers(MATCH)
    whole = Expected("test_f", "", 12, "a reason", "3.15.2")
    assert whole.covers(Difference("test_f", "", "PASSED", "ENV_CHANGED"))
    for ending in ("killed by SIGSEGV", "did not end within 9 s", "ended with exit code 1 before"):
        assert not whole.covers(Difference("test_f", "", "PASSED", ending))


def test_what_stays_away_is_told() -> None:
    assert expected.absent([ENTRY], [OTHER], ["test_f"]) == [ENTRY]
    assert expected.absent([ENTRY], [MATCH], ["test_f"]) == []
    assert expected.absent([ENTRY], [], ["test_g"]) == []
    now_and_then = Expected("test_f", "x", 12, "a reason", "3.15.2", sometimes=True)
    assert expected.absent([now_and_then], [], ["test_f"]) == []


def test_the_document_says_what_the_list_says() -> None:
    """`cargo xtask regrtest --update-docs` brings the document up to date."""
    document = expected.DOCUMENT.read_text("utf-8")
    assert expected.in_document(document, expected.load(), expected.load_adjusted()) == document


@pytest.mark.skipif(not runs.has_test_suite(), reason="the interpreter has no test suite")
@pytest.mark.parametrize("entry", expected.load(), ids=lambda entry: entry.test or entry.file)
def test_places_exist(entry: Expected) -> None:
    package = find_spec("test")
    assert package is not None and package.submodule_search_locations is not None
    file = Path(package.submodule_search_locations[0], entry.place.split("/", 2)[2].split(":")[0])
    assert linecache.getline(str(file), entry.line).strip()


def test_names_stand_for_files() -> None:
    files = ["test.test_asyncio.test_a", "test.test_asyncio.test_b", "test_grammar", "test_gram"]
    assert runs.choose(["test_asyncio"], files) == files[:2]
    assert runs.choose(["test/test_asyncio/test_b.py"], files) == files[1:2]
    assert runs.choose(["test.test_gram"], files) == ["test_gram"]
    assert runs.choose(["test_g*"], files) == ["test_grammar", "test_gram"]
    with pytest.raises(ValueError, match="test_nothing"):
        runs.choose(["test_nothing"], files)
