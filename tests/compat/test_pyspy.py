"""py-spy, which reads frames out of the process's memory and knows nothing of a compiler."""

import json
import re
import time
from collections import Counter
from pathlib import Path

import chain
from watching import TOOL_TIMEOUT, Live, Start, run_tool, tool

SAMPLE = re.compile(r"(.+) \((?:.*/)?chain\.py:(\d+)\)")

POINT = re.compile(r"<Point at 0x[0-9a-f]+>")

# The locals of the frames that wait for a callee, as py-spy shows them; arguments first.
CALLER_LOCALS = {
    "middle": {
        "limit": "1000000000000000",
        "factor": "7",
        "weight": "1.75",
        "origin": "<Point>",
        "pair": '(7, "seven")',
    },
    "outer": {
        "limit": "1000000000000000",
        "way": "True",
        "words": '["some", "words"]',
        "table": '{"key": 12}',
        "negative": "-5",
    },
}
ARGUMENTS = {
    "leaf": ["limit", "step"],
    "middle": ["limit", "factor"],
    "outer": ["limit", "way"],
}


def dump(program: Live) -> list[dict]:
    (thread,) = json.loads(
        run_tool(tool("py-spy"), "dump", "--json", "--locals", "--pid", program.pid)
    )
    program.check_alive()
    return thread["frames"]


def record(program: Live, folder: Path) -> Counter[tuple[chain.Frame, ...]]:
    """Two seconds of samples, each a stack from the innermost frame outwards."""
    raw = folder / "raw.txt"
    run_tool(
        *(tool("py-spy"), "record", "--format", "raw", "--output", raw),
        *("--duration", 2, "--rate", 200, "--pid", program.pid),
    )
    program.check_alive()
    samples = Counter()
    for line in raw.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [SAMPLE.fullmatch(frame) for frame in stack.split(";")]
        key = tuple((m[1], int(m[2])) if m else ("?", 0) for m in reversed(frames))
        samples[key] += int(count)
    return samples


def shown(frame: dict) -> dict[str, str]:
    return {item["name"]: POINT.sub("<Point>", item["repr"]) for item in frame["locals"] or ()}


def test_dump(live: Start) -> None:
    frames = dump(chain.forever(live))
    chain.check_stack([(frame["name"], frame["line"]) for frame in frames])
    assert {frame["filename"] for frame in frames} == {str(chain.PATH)}


def test_locals_of_callers(live: Start) -> None:
    frames = {frame["name"]: frame for frame in dump(chain.forever(live))}
    for name, expected in CALLER_LOCALS.items():
        assert shown(frames[name]) == expected


def test_arguments(live: Start) -> None:
    frames = {frame["name"]: frame for frame in dump(chain.forever(live))}
    for name, expected in ARGUMENTS.items():
        assert [item["name"] for item in frames[name]["locals"] if item["arg"]] == expected


def loop_round(program: Live) -> int:
    """The round that the loop is in, having checked that its locals fit each other."""
    values = shown(dump(program)[0])
    assert values.pop("limit") == str(10**15)
    assert values.pop("step") == "3"
    assert values.pop("label") == '"leaf"'
    assert values.pop("big") == "+bigint"
    i, count, half = (float(values.pop(name)) for name in ("i", "count", "half"))
    assert not values
    # The moment may lie between the statements of a round.
    assert abs(count - 3 * i) <= 6
    assert abs(2 * half - i) <= 2
    return int(i)


def test_locals_of_the_loop(live: Start) -> None:
    program = chain.forever(live)
    first = loop_round(program)
    deadline = time.monotonic() + TOOL_TIMEOUT
    while (now := loop_round(program)) == first:
        # A busy machine may not have let the program run at all.
        assert time.monotonic() < deadline, "the locals do not change"
        time.sleep(0.1)
    assert now > first


def test_native_frames_do_not_end_at_compiled_code(live: Start, mode: str) -> None:
    """With `--native` py-spy unwinds the C stack and puts the Python frames into it: all of them have to be there."""
    program = chain.forever(live)
    text = run_tool(tool("py-spy"), "dump", "--native", "--pid", program.pid)
    program.check_alive()
    frames = [SAMPLE.fullmatch(line.strip()) for line in text.splitlines()]
    frames = [(m[1], int(m[2])) for m in frames if m]
    chain.check_stack(frames)
    if mode == "compiled":
        # The way into machine code lies beyond it, as seen from the innermost frame.
        assert "vectorcall (" in text


def test_record_of_one_stack(live: Start, tmp_path: Path) -> None:
    chain.check_endless_samples(record(chain.forever(live), tmp_path))


def test_record_of_changing_stacks(live: Start, tmp_path: Path) -> None:
    program = chain.rounds(live)
    chain.check_round_samples(record(program, tmp_path))
    assert program.finish() == chain.RESULT
