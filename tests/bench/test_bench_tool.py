"""The benchmarks' harness on tiny programs, and what is made of numbers. No times are asserted."""

import json
import os
import sys
from pathlib import Path

import pytest
from common.environments import NotProvided

from bench import cli, engines, figures, machine, measuring, observing, table
from bench.engines import Engine
from bench.measuring import Amount, Measured, Series, Settings
from bench.programs import CURVES, OBSERVED, PROGRAMS, Program

TINY = Settings(1, 0.02, 0.001, 1, 5, 1, 1, 1)
PLAIN = Engine("plain", "CPython", Path(sys.executable), version="3.15")
RJIT = Engine("rjit", "rjit", Path(sys.executable), {"RJIT": "1"}, version="0.1")
GONE = Engine("pypy", "PyPy", missing="it was not to be had")

GOOD = """
import pyperf

def work(number):
    total = 0
    for step in range(number):
        total += step
    return total

if __name__ == "__main__":
    runner = pyperf.Runner()
    runner.bench_func("first", work, 1000)
    runner.bench_time_func("second", lambda loops: loops * 1e-3)
"""

CRASHES = """
import os, signal
import pyperf

def work():
    os.kill(os.getpid(), signal.SIGSEGV)

if __name__ == "__main__":
    pyperf.Runner().bench_func("crashes", work)
"""

UNDER_RJIT = """
import os
import pyperf

def work():
    if "RJIT" in os.environ:
        {consequence}
    return 1

if __name__ == "__main__":
    pyperf.Runner().bench_func("program", work)
"""


def quiet(_text: str) -> None:
    pass


def program(folder: Path, name: str, source: str, task: int = 0) -> Program:
    file = folder / f"{name}.py"
    file.write_text(source)
    return Program(name, file, task)


def collected(programs: list[Program], *found: Engine) -> dict:
    results = cli.collect(programs, {it.name: it for it in found}, TINY, ["programs"], quiet)
    # It goes into a file.
    return json.loads(json.dumps(results))


def test_tiny_programs(tmp_path: Path) -> None:
    programs = [program(tmp_path, "first", GOOD), program(tmp_path, "second", GOOD, 1)]
    results = collected(programs, PLAIN, RJIT, GONE)
    assert results["programs"].keys() == {"first", "second"}
    for by_engine in results["programs"].values():
        assert by_engine.keys() == {"plain", "rjit"}
        assert all(it["median"] > 0 and it["peak_bytes"] > 0 for it in by_engine.values())
        assert by_engine["plain"]["ratio"] == 1
    assert results["wrong"] == {"first": "", "second": ""}
    assert results["means"].keys() == {"plain", "rjit"}
    assert results["machine"]["processors"] > 0
    assert not results["troubles"] and not cli.at_fault(results)
    # The second program's values are made up, and the same everywhere.
    assert results["programs"]["second"]["rjit"]["ratio"] == pytest.approx(1)
    assert table.missing(results) == ["PyPy: it was not to be had"]
    for text in (table.for_terminal(results), table.for_document(results)):
        assert "PyPy: it was not to be had" in text and "second" in text and "rjit 0.1" in text


def test_a_crash_is_reported_and_the_rest_goes_on(tmp_path: Path) -> None:
    only_there = UNDER_RJIT.format(consequence="os.abort()")
    programs = [
        program(tmp_path, "crashes", CRASHES),
        program(tmp_path, "only_there", only_there),
        program(tmp_path, "first", GOOD),
    ]
    results = collected(programs, PLAIN, RJIT)
    assert results["programs"].keys() == {"only_there", "first"}
    assert results["programs"]["only_there"].keys() == {"plain"}
    assert results["programs"]["first"].keys() == {"plain", "rjit"}
    told = "\n".join(table.troubles(results))
    assert "crashes, CPython: killed by signal 11" in told
    assert "only_there, rjit: killed by signal 6" in told
    assert "| only_there | " in table.for_document(results)
    assert cli.at_fault(results) == ["only_there"]


def test_a_wrong_result_is_reported(tmp_path: Path) -> None:
    results = collected(
        [program(tmp_path, "lies", UNDER_RJIT.format(consequence="return 2"))], PLAIN, RJIT
    )
    assert results["wrong"]["lies"] == "plain: 'program 1', rjit: 'program 2'"
    assert cli.at_fault(results) == ["lies"]
    assert "differs" in table.for_document(results)


def test_without_plain_cpython(tmp_path: Path) -> None:
    results = collected([program(tmp_path, "first", GOOD)], RJIT)
    assert results["programs"]["first"]["rjit"]["ratio"] is None
    assert table.for_terminal(results)


def test_a_peer_that_cannot_be_had_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_words: object, **_variables: str) -> str:
        raise NotProvided("uv pip install\nerror: no such package")

    monkeypatch.setattr(engines, "_packages", lambda *_: None)
    monkeypatch.setattr(engines, "environment", fails)
    monkeypatch.delenv("XTASK", raising=False)
    said = []
    found = engines.provide(["cinderx", "pypy"], said.append)
    assert found["cinderx"].missing == "error: no such package"
    assert "cargo xtask bench" in found["pypy"].missing
    assert len([line for line in said if "is missing" in line]) == 2


def test_a_curve_has_each_iteration(tmp_path: Path) -> None:
    series = measuring.run(PLAIN, program(tmp_path, "first", GOOD), Amount(1, 4, 1))
    assert len(figures.curve([series, series]).times) == 5


def test_looking(tmp_path: Path) -> None:
    """That somebody looks, and leaves, and a tool that fails or is not there."""
    looked = []

    def missing_tool(pid: int):
        return observing._recorded(["/bin/sh", "-c", "echo no; exit 3"], pid)

    def fine(pid: int):
        looked.append(Path(f"/proc/{pid}").exists())
        return observing._recorded(["/bin/sleep", "60"], pid)

    tools = {"": measuring.unwatched, "fine": fine, "bad": missing_tool, "gone": "not installed"}
    ways = tuple(observing.Way("plain", tool, "plain") for tool in tools)
    measured = Measured()
    slow = program(tmp_path, "slow", GOOD.replace("1000", "3_000_000"))
    costs = observing._program(slow, ways, {"plain": PLAIN}, tools, TINY, measured, quiet)
    by_tool = {cost.tool: cost for cost in costs}
    assert looked == [True] and by_tool["fine"].share is not None
    assert by_tool["bad"].missing == "no" and by_tool["gone"].missing == "not installed"
    assert not measured.troubles


def test_figures() -> None:
    assert figures.spread([1.0]) == 0
    assert figures.spread([1.0, 2.0, 3.0, 4.0, 5.0]) == pytest.approx(1 / 3)
    assert figures.geometric_mean([2, 8]) == pytest.approx(4)
    assert figures.geometric_mean([]) is None
    assert figures.cost([2.0, 2.2, 9.0], [2.0]) == pytest.approx(0.1)
    assert figures.cost([], [2.0]) is None
    assert figures.to_peak([5, 3, 1.05, 2, 1, 1, 1, 1]) == 8
    assert figures.to_peak([5, 1, 1, 1], loops=3) == 15
    assert figures.to_peak([1]) is None


def test_the_process_in_the_middle_stands_for_all() -> None:
    def series(value: float, milliseconds: float) -> Series:
        piece = {"size": 100, "compile_ms": milliseconds, "metadata": 40}
        report = {"compile_ms": milliseconds, "longest_ms": milliseconds, "compiles": 1}
        report |= {"refusals": {"suspends": 2}, "code_bytes": 100, "executables": [piece]}
        return Series(1, [9.0], [value, value], 1000, report)

    found = figures.of_series([series(1.0, 30), series(2.0, 10), series(3.0, 20)])
    assert (found.median, found.values, found.processes) == (2, 6, 3)
    told = found.compiler
    assert (told.milliseconds, told.refused, told.code_each, told.metadata_each) == (20, 2, 100, 40)


def test_means_are_over_what_all_have_run() -> None:
    measured = Measured()
    for name, by_engine in {
        "both": {"plain": 4.0, "rjit": 2.0},
        "one": {"plain": 4.0},
        "aside": {"plain": 9.0, "rjit": 1.0},
    }.items():
        measured.series[name] = {
            engine: [Series(1, [], [value])] for engine, value in by_engine.items()
        }
    found = figures.summed_up(measured)
    means = figures.means(found, ["both", "one"], ["plain", "rjit"])
    assert means == pytest.approx({"plain": 1, "rjit": 2})


def test_amounts() -> None:
    assert measuring.amount(4, 0.025, 4) == Amount(4, 20, 20)
    assert measuring.amount(1, 9.0, 4) == Amount(1, 1, 1)


def test_differences() -> None:
    assert measuring.differing("a\nb", "a\nb") == ""
    assert measuring.differing("a\nb", "a\nc") == "plain: 'b', rjit: 'c'"
    assert "rjit: 'b'" in measuring.differing("a", "a\nb")


@pytest.mark.parametrize(
    ("time", "text"),
    [(None, "–"), (0, "0 s"), (12.34, "12.3 s"), (0.1234, "123 ms"), (5.678e-6, "5.68 µs")],
)
def test_times_as_text(time: float | None, text: str) -> None:
    assert table.seconds(time) == text


def test_where_rjit_loses() -> None:
    def figures_of(median: float) -> dict:
        return {"median": median, "ratio": 1 / median}

    results = {
        "engines": {name: {"title": name, "missing": ""} for name in ("plain", "rjit", "pypy")},
        "programs": {
            "slow": {"plain": figures_of(1), "rjit": figures_of(2), "pypy": figures_of(3)},
            "same": {"plain": figures_of(1), "rjit": figures_of(1), "pypy": figures_of(1)},
            "fast": {"plain": figures_of(1), "rjit": figures_of(0.5), "pypy": figures_of(0.1)},
        },
    }
    assert table.losses(results) == (
        "rjit is slower than plain CPython on slow. It makes next to no difference (less than 5 %) "
        "on same. pypy is faster on 1 of 3: fast."
    )


def test_the_programs_are_there() -> None:
    wanted = (
        "nbody fannkuch spectral_norm float richards deltablue nqueens chaos go hexiom raytrace "
        "pyflate generators comprehensions coroutines deepcopy scimark_fft scimark_lu "
        "scimark_monte_carlo scimark_sor scimark_sparse_mat_mult mdp startup startup_library "
        "call_function call_method call_closure call_keywords call_class mandelbrot int_loop"
    )
    assert set(wanted.split()) <= PROGRAMS.keys()
    assert {*CURVES, *OBSERVED} <= PROGRAMS.keys()
    own = [it for it in PROGRAMS.values() if not it.file.is_relative_to(engines.PACKAGES)]
    assert own and all(it.file.exists() for it in own)


@pytest.mark.parametrize(
    "name", ["call_class", "mandelbrot", "int_loop", "cold", "cold_native", "startup"]
)
def test_own_programs_have_the_same_result(name: str) -> None:
    expected = measuring.result(PLAIN, PROGRAMS[name])
    assert name in expected and "Traceback" not in expected
    assert measuring.result(RJIT, PROGRAMS[name]) == expected


def test_the_machine() -> None:
    it = machine.machine()
    assert it.cpu and it.processors and it.kernel == os.uname().release


def test_options() -> None:
    for wrong in (["--engines", "no"], ["--programs", "no"], ["--update-docs", "--quick"]):
        with pytest.raises(SystemExit):
            cli.arguments(wrong)
    assert cli.arguments(["--engines", "plain,rjit"]).engines == "plain,rjit"


def test_the_document_has_a_place_for_the_results() -> None:
    document = table.in_document(table.DOCUMENT.read_text("utf-8"), "the text\n")
    assert table.in_document(document, "the text\n") == document
    with pytest.raises(ValueError, match="lost the marks"):
        table.in_document("", "")
