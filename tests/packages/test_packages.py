"""The tool itself, with a made-up package and this environment's interpreter: no network."""

import sys
import textwrap
from pathlib import Path

import pytest
from common.outcomes import Difference, Outcome, differences, first_line

from packages import __main__ as command
from packages import check, provide, suite, table
from packages.suite import PLAIN, Mode, Place
from packages.table import Package

# Stands for the compiler: the same interpreter, with a variable that the tests below look at.
OTHER = Mode("compiled", {"OTHER": "1"})

TESTS = {
    "test_good.py": """
        import pytest

        def test_passes(): pass

        @pytest.mark.parametrize("n", [1, 2])
        def test_each(n): assert n

        @pytest.mark.skip(reason="not today")
        def test_skipped(): pass

        @pytest.mark.xfail
        def test_expected(): assert 0

        def test_fails(): raise ValueError(object())
    """,
    "test_differs.py": """
        import os

        def test_differs(): assert "OTHER" not in os.environ

        class TestInside:
            def test_flaky(self, request):
                mark = request.config.rootpath.parent / "flaky"
                first = "OTHER" in os.environ and not mark.exists()
                if "OTHER" in os.environ:
                    mark.touch()
                assert not first
    """,
    "test_crashes.py": """
        import os, signal, time

        def test_before(): pass

        def test_crash():
            if "CRASH" in os.environ: os.kill(os.getpid(), signal.SIGABRT)

        def test_hang():
            if "HANG" in os.environ: time.sleep(60)
    """,
}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    source = tmp_path / "source"
    source.mkdir()
    for name, text in TESTS.items():
        source.joinpath(name).write_text(textwrap.dedent(text))
    # Its own configuration, so that none is found further up.
    source.joinpath("pytest.ini").write_text("[pytest]\n")
    return Place(Path(sys.executable), source, tmp_path / "runs")


def run(place: Place, mode: Mode, *tests: str, timeout: float = 60, name: str = "") -> suite.Run:
    return suite.run(place, mode, (), tests, name=name or mode.name, timeout=timeout)


def package(*tests: str) -> Package:
    return Package("made-up", "1.0", tests, "all")


def test_outcomes_are_words_and_messages(place: Place) -> None:
    done = run(place, PLAIN, "test_good.py")
    assert done.exit_code == 1
    assert done.outcomes == {
        "test_good.py::test_passes": Outcome("passed"),
        "test_good.py::test_each[1]": Outcome("passed"),
        "test_good.py::test_each[2]": Outcome("passed"),
        "test_good.py::test_skipped": Outcome("skipped in setup", "Skipped: not today"),
        "test_good.py::test_expected": Outcome("xfailed", "assert 0"),
        "test_good.py::test_fails": Outcome("failed", "ValueError: <object object at 0x...>"),
    }
    assert "def test_fails" in done.texts["test_good.py::test_fails"]
    assert done.passed == 3


def test_differences_are_repeated(place: Place) -> None:
    verdict = check.Verdict(package("test_differs.py", "test_good.py"))
    verdict.plain = run(place, PLAIN, "test_differs.py", "test_good.py")
    verdict.compiled = run(place, OTHER, "test_differs.py", "test_good.py")
    verdict.compiled.executables = 1
    settings = check.Settings(OTHER, 60, False, None)
    asked = []

    def again(mode: Mode, tests: tuple[str, ...], name: str) -> suite.Run:
        asked.append(tests)
        return run(place, mode, *tests, name=name)

    check.compare(verdict, settings, again)
    assert asked == [(str(place.source / "test_differs.py"),)] * 2
    assert [each.test for each in verdict.differences] == ["test_differs.py::test_differs"]
    assert [each.test for each in verdict.flaky] == ["test_differs.py::TestInside::test_flaky"]
    assert not verdict.good
    text = "\n".join(command.details(verdict))
    assert "failed: AssertionError: assert 'OTHER' not in" in text
    assert f"{place.source / 'test_differs.py'}::test_differs" in text
    assert "made-up 1.0" in command.summary([verdict])


def test_a_crash_and_a_hang_name_the_test(place: Place) -> None:
    crashed = run(place, Mode("compiled", {"CRASH": "1"}), "test_crashes.py")
    assert crashed.crashed
    assert crashed.running == "test_crashes.py::test_crash"
    assert crashed.outcomes == {"test_crashes.py::test_before": Outcome("passed")}
    assert "ended by signal 6 in test_crashes.py::test_crash" in check.trouble(crashed, package())

    hung = run(place, Mode("compiled", {"HANG": "1"}), "test_crashes.py", timeout=5)
    assert hung.timed_out
    assert "in test_crashes.py::test_hang" in check.trouble(hung, package())


def test_a_suite_that_does_not_run_is_a_problem(place: Place) -> None:
    assert "pytest ended with 4" in check.trouble(run(place, PLAIN, "no_such.py"), package())


def test_nothing_compiled_is_a_problem(place: Place) -> None:
    verdict = check.Verdict(package("test_good.py"))
    verdict.plain = run(place, PLAIN, "test_good.py")
    verdict.compiled = run(place, OTHER, "test_good.py")
    check.compare(verdict, check.Settings(OTHER, 60, False, None), run)
    assert verdict.problems[0].startswith("nothing was compiled")


def test_runs_say_how_much_was_compiled(place: Place) -> None:
    pytest.importorskip("rjit", reason="rjit is not installed here")
    done = run(place, suite.compiled(1, 1), "test_good.py")
    assert done.executables
    assert "RJIT_CALLS=1" in done.repeat()


def test_what_cannot_be_provided_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Package) -> Path:
        raise provide.NotProvided("there is no such thing")

    monkeypatch.setattr(provide, "source", fail)
    verdict = check.check(package(), check.Settings(OTHER, 60, False, None), lambda _: None)
    assert verdict.problems == ["not provided: there is no such thing"]
    assert not verdict.good


def test_both_sides_of_a_difference_are_shown() -> None:
    plain = {"a": Outcome("passed"), "b": Outcome("passed"), "c": Outcome("failed", "x")}
    compiled = {"a": Outcome("passed"), "c": Outcome("failed", "y"), "d": Outcome("passed")}
    assert differences(plain, compiled) == [
        Difference("b", "passed", "did not run"),
        Difference("c", "failed: x", "failed: y"),
        Difference("d", "did not run", "passed"),
    ]
    assert first_line("\n  at 0x7f00 and 0xAB\nmore") == "at 0x... and 0x..."


def test_the_table_is_sound() -> None:
    packages = table.load()
    assert len(packages) >= 10
    for each in packages.values():
        assert each.part
        assert all("==" in requirement for requirement in each.requirements)
        assert each.tests


def test_unknown_names_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["no-such-package"]) == 1
    assert "not in the table: no-such-package" in capsys.readouterr().out
    assert command.main(["--list", "attrs"]) == 0
    assert "attrs" in capsys.readouterr().out
