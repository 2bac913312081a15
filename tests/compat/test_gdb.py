"""gdb, which stops the process at any instruction and must leave it as it was.

It is told of compiled functions while they are there: their names and lines, and how to find their
callers.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import chain
import pytest
import watching
from conftest import needs_rjit
from watching import Live, Start, line_of, run_tool, tool

MIDDLE = f"py::middle:{chain.PATH}"
FUNCTIONS = "functions.py"

# Frames of compiled functions: the name, the line.
FRAME = re.compile(r"^#\d+ +(?:0x[0-9a-f]+ in )?py::([^:\s]+):(\S+) \(\) at \2:(\d+)$", re.M)


def gdb(*commands: str, attach: Live | None = None, arguments: tuple[str, ...] = ()) -> str:
    """Has gdb execute commands, attached to a program or about to start one."""
    settings = ("debuginfod enabled off", "pagination off", "auto-load off", "width 0")
    options = [word for setting in settings for word in ("-iex", f"set {setting}")]
    if attach:
        options += ["-p", str(attach.pid)]
    options += [word for command in commands for word in ("-ex", command)]
    text = run_tool(tool("gdb"), "-nx", "-batch", *options, *arguments)
    if attach:
        attach.check_alive()
    return text


def backtrace(program: Live) -> str:
    return gdb("bt", "detach", attach=program)


def compiled_frames(text: str) -> list[chain.Frame]:
    return [(name, int(line)) for name, _file, line in FRAME.findall(text)]


@pytest.fixture
def compiled(tmp_path: Path) -> Iterator[Start]:
    """Starts compiled programs."""
    with watching.starter("compiled", tmp_path) as start:
        yield start


def test_attach_and_go_on(live: Start) -> None:
    program = chain.rounds(live)
    for _ in range(3):
        assert "#0 " in backtrace(program)
    assert program.finish() == chain.RESULT


def test_attach_within_a_long_loop(live: Start) -> None:
    program = chain.forever(live)
    assert "#0 " in backtrace(program)


@needs_rjit
def test_backtrace(compiled: Start) -> None:
    program = chain.forever(compiled)
    for _ in range(3):
        text = backtrace(program)
        (inner, line), *callers = compiled_frames(text)
        assert inner == "leaf" and line in chain.LOOP, text
        assert callers == chain.CALLERS[: len(callers)] and len(callers) >= 2, text
        # On through the interpreter, and to the end of the stack.
        assert re.search(r" in Py_BytesMain .*\n(?:#.*\n)*#\d+ .* in _start ", text), text


@needs_rjit
def test_looking_at_a_frame(compiled: Start) -> None:
    program = chain.forever(compiled)
    text = gdb(
        f"frame function \"'{MIDDLE}'\"",
        *("info line", "list", "info symbol $pc", "disassemble", "echo up:\\n", "up"),
        *("echo down:\\n", "down", "detach"),
        attach=program,
    )
    line = line_of(chain.PROGRAM, "leaf(limit, 3)")
    assert f'Line {line} of "{chain.PATH}" starts at address' in text
    assert f"{line + 1}\t    return result + int(weight)" in text
    # gdb takes what follows the last point of any symbol for what a compiler has added, and sets
    # it in brackets.
    assert re.search(
        rf"^{re.escape(MIDDLE.removesuffix('.py'))}\S+ \+ \d+ in section \.text", text, re.M
    )
    assert f"Dump of assembler code for function {MIDDLE}:" in text
    assert re.search(r"^=> 0x[0-9a-f]+ <\+\d+>:", text, re.M)
    up, down = text.split("up:\n")[1].split("down:\n")
    number = int(down[1:].split()[0])
    assert up.startswith(f"#{number + 1} ")
    assert compiled_frames(down) == chain.CALLERS[:1]


@needs_rjit
def test_breakpoint_and_steps(compiled: Start) -> None:
    program = chain.rounds(compiled)
    text = gdb(
        f"break -function '{MIDDLE}'",
        *(
            "continue",
            "bt",
            *["next"] * 4,
            "bt 1",
            "delete",
            "finish",
            "echo finished:\\n",
            "bt",
            "detach",
        ),
        attach=program,
    )
    assert f"Breakpoint 1, {MIDDLE} () at {chain.PATH}" in text
    first = line_of(chain.PROGRAM, "def middle(")
    frames = compiled_frames(text)
    assert frames[0] == ("middle", first)
    assert frames[1] == chain.CALLERS[1]
    stepped = re.findall(r"^(\d+)\t", text[text.index("Breakpoint 1, ") :], re.M)
    assert stepped[:5] == [str(first + step) for step in range(5)]
    at_last, (caller, *_) = map(compiled_frames, text.split("finished:\n"))
    assert at_last[-1] == ("middle", first + 4)
    assert caller == chain.CALLERS[1]
    assert program.finish() == chain.RESULT


@needs_rjit
def test_breakpoint_at_a_line(compiled: Start) -> None:
    program = chain.rounds(compiled)
    line = line_of(chain.PROGRAM, "weight = factor")
    text = gdb(f"tbreak {chain.PROGRAM}:{line}", "continue", "detach", attach=program)
    assert f"Temporary breakpoint 1, {MIDDLE} () at {chain.PATH}:{line}\n{line}\t" in text
    assert program.finish() == chain.RESULT


@needs_rjit
@pytest.mark.parametrize(
    "place",
    [
        f"{chain.PROGRAM}:'py::other:{chain.PATH}'",
        f"-function 'py::other:{chain.PATH}'",
    ],
)
def test_breakpoint_in_a_program_to_come(place: str) -> None:
    text = gdb(
        "set breakpoint pending on",
        *(f"set environment {name} {value}" for name, value in watching.AT_ONCE.items()),
        f"break {place}",
        *("run", "bt", "delete", "continue"),
        arguments=("--args", sys.executable, str(chain.PATH), "rounds"),
    )
    frames = compiled_frames(text)
    assert frames[0][0] == "other"
    assert frames[1] == ("outer", line_of(chain.PROGRAM, "result = other(limit)")), text
    assert chain.RESULT in text
    assert "exited normally" in text


@needs_rjit
def test_what_is_gone_is_not_shown(compiled: Start) -> None:
    program = compiled(FUNCTIONS)
    order(program, "make 40")
    assert known(program) == {f"made_{index}" for index in range(40)}
    for index in (0, 7, 39):
        order(program, f"drop made_{index}")
    assert known(program) == {f"made_{index}" for index in range(40)} - {
        "made_0",
        "made_7",
        "made_39",
    }


@needs_rjit
def test_thousands_of_functions(compiled: Start) -> None:
    program = compiled(FUNCTIONS)
    order(program, "make 2000")
    order(program, "call made_1234", "calling")
    text = backtrace(program)
    assert ("made_1234", 4) in compiled_frames(text), text


def order(program: Live, what: str, answer: str = "done") -> None:
    program.process.stdin.write(f"{what}\n".encode())
    program.process.stdin.flush()
    assert program.read_line(watching.TOOL_TIMEOUT) == answer


def known(program: Live) -> set[str]:
    """The functions of the program that gdb knows of."""
    return set(re.findall(r"py::(made_\d+):", gdb("info functions ^py::made_", attach=program)))
