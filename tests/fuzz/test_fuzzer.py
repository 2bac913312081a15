"""The fuzzer itself: its programs can be relied on, and it finds what there is to find."""

import ast
import importlib.util
import warnings
from pathlib import Path

import pytest

from fuzz import campaign, runner, shrink
from fuzz.coverage import UNREACHABLE, Coverage
from fuzz.generator import generate

SEEDS = range(200, 240)

with_rjit = pytest.mark.skipif(
    importlib.util.find_spec("rjit") is None, reason="rjit is not installed"
)


def test_a_seed_is_a_program() -> None:
    assert generate(7) == generate(7)
    assert generate(7) != generate(8)


def test_programs_are_valid() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        for seed in range(400):
            compile(generate(seed), f"seed {seed}", "exec")


def test_programs_contain_every_form() -> None:
    """Each kind of statement, expression and pattern that Python has."""
    found: set[type] = set()
    for seed in range(400):
        found |= {type(node) for node in ast.walk(ast.parse(generate(seed)))}
    abstract = (ast.stmt, ast.expr, ast.pattern, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)
    wanted = {kind for base in abstract for kind in base.__subclasses__()}
    # Aliases of other things, and type parameters' statement.
    missing = {
        kind.__name__ for kind in wanted - found if not kind.__doc__.startswith("Deprecated")
    }
    assert missing <= {"TypeAlias", "AugLoad", "AugStore", "Param", "Suite"}


def test_programs_terminate_and_repeat() -> None:
    sources = [generate(seed) for seed in SEEDS]
    first, second = (runner.run_batch(sources, runner.PLAIN) for _ in range(2))
    assert len(first.results) == len(sources)
    assert all(len(result) == 40 for result in first.results.values()), first.results
    assert first.results == second.results


class Planted:
    """A compiler that is wrong: the process that should run compiled has one more change to it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
        command = runner.command

        def damaged(mode: str, *arguments: str) -> list[str]:
            made = command(runner.PLAIN, *arguments)
            if mode == runner.PLAIN:
                return made
            start = f"import runpy, sys; sys.argv[0] = 'child'; {damage}; runpy.run_module('fuzz.child', run_name='__main__')"
            return [made[0], "-c", start, *made[3:]]

        monkeypatch.setattr(runner, "command", damaged)


def run(tmp_path: Path, **options: object) -> campaign.Campaign:
    made = campaign.Campaign(
        campaign.Options(
            **{
                "seed": 300,
                "minutes": 1.0,
                "programs": 10,
                "jobs": 1,
                "modes": ["eager"],
                "shrink_seconds": 20.0,
                "keep": tmp_path,
                "most_failures": 1,
                **options,
            }
        )
    )
    made.work()
    return made


def test_a_wrong_result_is_found_and_shrunk(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Planted(
        monkeypatch,
        "from fuzz import support; tick = support.tick; real = support.R;"
        "support.R = lambda v, d=3: 'wrong' if type(v) is tuple else real(v, d)",
    )
    done = run(tmp_path)
    assert [failure.what for failure in done.failures] != []
    path = done.failures[0].path
    assert path is not None
    text = path.read_text()
    assert text.startswith("# Found with seed 3")
    assert len(text) < len(generate(done.failures[0].seed)) / 2


def test_a_crash_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Planted(
        monkeypatch,
        "import os; from fuzz import support; support.tick.__code__ = (lambda: os.abort()).__code__;"
        "support.os = os",
    )
    monkeypatch.setattr(runner, "crash_report", lambda *details: "")
    done = run(tmp_path)
    assert done.failures[0].what == "exit -6"


def test_nothing_is_found_where_nothing_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Planted(monkeypatch, "pass")
    done = run(tmp_path)
    assert not done.failures
    assert done.programs == 10


def test_only_the_order_within_a_failing_operation_may_differ() -> None:
    early, late = "del 1\ntrace exception f:2 E\ndel 2", "trace exception f:2 E\ndel 1\ndel 2"
    assert runner.settled(early) == runner.settled(late)
    assert runner.settled(early) != runner.settled("del 2\ntrace exception f:2 E\ndel 1")
    assert runner.settled("trace exception f:2 E\ntrace return f:2 None\ndel 1") != runner.settled(
        "trace exception f:2 E\ndel 1\ntrace return f:2 None"
    )


def test_shrinking() -> None:
    source = """
def f(a, b):
    x = a + b
    for i in range(3):
        if i > 1:
            print('here', [a, (b, x)])
        else:
            x += 1
    return x

f(1, 2)
g = f
"""
    small = shrink.shrink(source, lambda text: "print(" in text and "range" in text)
    assert "print(" in small and "range" in small
    assert len(small) < 60


def test_shrinking_what_depends_on_the_layout() -> None:
    source = "a = 1\nb   = 2\nc = 3\n"
    assert shrink.shrink(source, lambda text: "b   =" in text) == "b   = 2\n"


def test_shrinking_several_programs() -> None:
    programs = [f"a{n} = {n}\nb = 2\n" for n in range(9)]

    def interesting(programs: list[str]) -> bool:
        text = "".join(programs)
        return "a3 = " in text and "a8 = " in text

    small = shrink.shrink_all(programs, interesting)
    assert [text.split()[0] for text in small] == ["a3", "a8"]
    assert not any("b =" in text for text in small)


def test_what_differs_only_after_other_programs_is_kept_with_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Planted(
        monkeypatch,
        "from fuzz import support; real = support.record; ends = [];"
        "late = lambda text: text == 'the end' and (ends.append(1) or len(ends) == 3);"
        "support.record = lambda text: real(text + '!' * late(text))",
    )
    done = run(tmp_path, programs=4)
    path = done.failures[0].path
    assert path is not None
    assert len(runner.in_turn(path.read_text())) == 3
    trial = campaign.Trial(tmp_path / "again.py", "eager")
    assert trial.difference(runner.in_turn(path.read_text())) == done.failures[0].what


def test_complaints_of_the_compiler_are_recorded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Planted(monkeypatch, "import os; os.write(2, b'rjit: stress: the mark is gone\\n')")
    done = run(tmp_path)
    assert done.failures[0].what == "record: nothing instead of value"
    assert "the mark is gone" in done.failures[0].detail


@with_rjit
def test_what_cannot_be_reached_exists() -> None:
    from rjit import _rjit

    there = _rjit.coverage()
    for section in ("opcodes", "instructions"):
        assert set(UNREACHABLE[section]) <= set(there[section])
    reasons = {"*"} | {
        name.removeprefix("guard ") for name in there["instructions"] if name.startswith("guard ")
    }
    reasons |= {"Memory", "Observed", "Overflow", "Raise", "ZeroDivision"}
    for name in UNREACHABLE["exits_made"]:
        reason, opcode = name.split(" at ")
        assert reason in reasons
        assert opcode in {"*", *there["opcodes"]}


@with_rjit
def test_most_is_reached(tmp_path: Path) -> None:
    """Shares that a few programs reach; a run of minutes reaches all."""
    done = run(tmp_path, seed=1, programs=50, modes=["late", "deopt"])
    assert not done.failures
    assert done.coverage.wrongly_listed() == []
    shares = {
        title: 1 - len(missing) / len(wanted) for title, wanted, missing in done.coverage.sections()
    }
    least = {"opcodes": 0.85, "HIR instructions": 0.85, "side exits": 0.7}
    assert all(shares[title] > least[title] for title in least), shares


def test_sums_of_coverage() -> None:
    sums = Coverage()
    report = {
        "opcodes": {"LOAD_FAST": 3, "GET_AWAITABLE": 0, "POP_TOP": 0, "NOP": 0},
        "instructions": {"box_int": 1},
        "exits_made": {"Type at LOAD_ATTR": 2},
        "exits_taken": {},
    }
    sums.add(report)
    sums.add({**report, "exits_taken": {"Type at LOAD_ATTR": 4}, "opcodes": {"POP_TOP": 1}})
    assert sums.opcodes == {"LOAD_FAST": 3, "GET_AWAITABLE": 0, "POP_TOP": 1, "NOP": 0}
    text = "\n".join(sums.summary())
    assert "opcodes: 2 of 3 reached\n    not reached: NOP" in text
    assert sums.wrongly_listed() == []
    sums.add({**report, "opcodes": {"GET_AWAITABLE": 1}})
    assert sums.wrongly_listed() == ["GET_AWAITABLE"]
    assert "HIR instructions: 1 of 1" in text
    assert "side exits: 1 of 1" in text
