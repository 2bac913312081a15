"""`RJIT_STRESS`: machine code is left at the guard that was asked for, and everything comes out the same.

The cases run under stress in test_semantics. Here it is tested that the stress is what it says.
"""

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytest.importorskip("rjit", reason="rjit is not installed here")

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

# The test sizes in the README's table.
ROW = re.compile(r"\| `(\w+)\.py` \|.*\| \d+ \| (\d+) \|")
SIZES = dict(ROW.findall((EXAMPLES / "README.md").read_text(encoding="utf-8")))

STRESSES = ["deopt:every:29", "deopt:1234", "invalidate", "reify", "gc"]


def example_runs() -> list[tuple[str, str]]:
    """Every forced side exit for each example, and each other stress for some of them in turn."""
    if os.environ.get("RJIT_TEST_STRESS") == "all":
        return [(name, stress) for name in SIZES for stress in ["deopt:all", *STRESSES]]
    names = sorted(SIZES)
    others = [(name, STRESSES[index % len(STRESSES)]) for index, name in enumerate(names)]
    return [(name, "deopt:all") for name in names] + others


# A function with guards of many kinds, called until each had its turn.
WORK = """
import json, sys, rjit

class Point:
    def __init__(self, x):
        self.x = x
    def __len__(self):
        return self.x + 1

def work(points, factor):
    total, text = 0, ""
    for index, point in enumerate(points):
        total += point.x * factor + len(point)
        total = -total if index % 3 == 2 else total
        text += "ab"[index % 2]
    half = total / 2.5
    return total, text, half, [points[i].x for i in range(len(points))]

points = [Point(x) for x in range(5)]
results = {repr(work(points, 3)) for _ in range(500)}
executables = {e.qualname: e for e in rjit.executables() if e.kind == "function"}
json.dump({
    "results": sorted(results),
    "guards": {name: e.forced for name, e in executables.items()},
    "stress": rjit.stats()["stress"],
    "compiles": rjit.stats()["compiles"],
    "explained": rjit.explain(work)["stress"],
    "recompilations": rjit.explain(work)["recompilations"],
}, sys.stdout)
"""


def python(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RJIT")}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHON_COLORS": "0"}
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=environment | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def work(stress: str) -> dict:
    done = python("-c", WORK, RJIT="1", RJIT_CALLS="3", RJIT_LOOPS="1000000", RJIT_STRESS=stress)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found["explained"] == (stress or None)
    assert len(found["results"]) == 1
    return found


def test_off_there_is_none() -> None:
    found = work("")
    assert found["stress"] is None
    assert not any(found["guards"].values())


def test_all_guards_that_run_have_their_turn() -> None:
    plain, found = work(""), work("deopt:all")
    assert found["results"] == plain["results"]
    guards = found["guards"]["work"]
    assert len(guards) > 40
    taken = [count for _, _, count in guards]
    assert max(taken) == 1
    # What is left is on ways that the program does not go: floats too large, errors.
    assert sum(taken) >= 0.9 * len(guards), guards
    assert all(count == 1 for _, _, count in found["guards"]["Point.__len__"])
    stress = found["stress"]
    assert stress["forced"] == stress["reached"] <= stress["guards"]
    assert found["recompilations"] == 0, "forced exits are no wrong guesses"


def test_the_nth_guard_is_the_nth() -> None:
    total = work("deopt:every:1")["stress"]["forced"]
    assert total > 1000
    places = set()
    for number in (1, 2, 3, 4, 50, 51, 500):
        found = work(f"deopt:{number}")
        assert found["stress"]["forced"] == 1
        [place] = [
            (name, index)
            for name, guards in found["guards"].items()
            for index, (_, _, count) in enumerate(guards)
            if count
        ]
        places.add(place)
    assert len(places) >= 5
    # Each exit leaves the guards of that round unexecuted, so it is not exactly so many.
    tenth = work("deopt:every:10")["stress"]["forced"]
    assert 10 < tenth < total


def test_beyond_the_last_guard_nothing_fails() -> None:
    assert work("deopt:4294967295")["stress"]["forced"] == 0


def test_invalidated_code_is_compiled_anew() -> None:
    plain, found = work(""), work("invalidate")
    assert found["results"] == plain["results"]
    assert found["stress"]["invalidations"] > 5
    assert found["compiles"] > plain["compiles"] + 5
    assert found["recompilations"] == 0, "nothing failed, so nothing is given up"
    assert "work" in found["guards"], "in the end it is compiled"


@pytest.mark.parametrize("stress, key", [("reify", "reified"), ("gc", "collections")])
def test_safepoints_are_used(stress: str, key: str) -> None:
    plain, found = work(""), work(stress)
    assert found["results"] == plain["results"]
    assert found["stress"][key] > 100
    assert found["stress"]["safepoints"] > 1000


def test_stresses_can_be_combined() -> None:
    found = work("deopt:all,invalidate,reify,gc")
    assert found["results"] == work("")["results"]
    assert all(
        found["stress"][key] for key in ("forced", "invalidations", "reified", "collections")
    )


@pytest.mark.parametrize(
    "value", ["yes", "deopt", "deopt:0", "deopt:all,deopt:1", "gc,", "deopt:-1"]
)
def test_bad_values_are_refused(value: str) -> None:
    done = python("-c", "print(1)", RJIT="1", RJIT_STRESS=value)
    assert done.stdout == "1\n"
    [line] = done.stderr.splitlines()
    assert line.startswith(f"rjit: running uncompiled: RJIT_STRESS={value} is not a list")
    assert "deopt:every:N" in line
    call = textwrap.dedent("""
        import rjit
        try:
            rjit.compile(lambda: 0)
        except ValueError as error:
            print(error)
    """)
    assert "is not a list" in python("-c", call, RJIT_STRESS=value).stdout


def test_the_summary_says_so() -> None:
    done = python("-c", WORK, RJIT="1", RJIT_CALLS="3", RJIT_STATS="1", RJIT_STRESS="deopt:all")
    assert re.search(r"stress deopt:all reached \d+ of \d+ guards", done.stderr)


@pytest.mark.parametrize("name, stress", example_runs())
def test_examples(name: str, stress: str) -> None:
    path = EXAMPLES / f"{name}.py"
    done = python(path, SIZES[name], RJIT="1", RJIT_CALLS="3", RJIT_LOOPS="20", RJIT_STRESS=stress)
    assert done.stderr == ""
    assert done.stdout == (EXAMPLES / "expected" / f"{name}.txt").read_text(encoding="utf-8")


# Numbers that are unboxed until the last moment, on top of operands that own no reference.
BOXES = """
import json, sys, weakref, rjit

class Thing:
    pass

def result(x):
    return x * 2.5 if x else None

def display(thing, x):
    return [thing, x * 2.5]

def joined(thing, x, items):
    return (thing, x * 2.5, [item + 1 for item in items])

def called(thing, x):
    return max(x * 2.5, x * 1.5, key=lambda number: number if thing else -number)

seen = set()
for _ in range(200):
    thing = Thing()
    alive = weakref.ref(thing)
    shown = [result(1.5), display(thing, 1.5)[1], joined(thing, 1.5, [1, 2])[1:], called(thing, 1.5)]
    del thing
    seen.add((repr(shown), alive() is None))
boxes = {e.qualname: [count for reason, _, count in e.forced if "memory" in reason]
         for e in rjit.executables() if e.kind == "function"}
json.dump({"seen": sorted(seen), "boxes": boxes}, sys.stdout)
"""


def test_a_box_that_cannot_be_made_loses_nothing() -> None:
    done = python("-c", BOXES, RJIT="1", RJIT_CALLS="3", RJIT_STRESS="deopt:all")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found["seen"] == [["[3.75, 3.75, (3.75, [2, 3]), 3.75]", True]]
    for name in ("result", "display", "joined"):
        assert 1 in found["boxes"][name], found["boxes"]
