"""gdb, which stops the process at any instruction and must leave it as it was."""

import chain
from watching import Live, Start, run_tool, tool


def backtrace(program: Live) -> str:
    text = run_tool(
        *(tool("gdb"), "-nx", "-batch", "-iex", "set debuginfod enabled off"),
        *(
            "-iex",
            "set pagination off",
            "-p",
            program.pid,
            "-ex",
            "bt",
            "-ex",
            "detach",
        ),
    )
    program.check_alive()
    return text


def test_attach_and_go_on(live: Start) -> None:
    program = chain.rounds(live)
    for _ in range(3):
        assert "#0 " in backtrace(program)
    assert program.finish() == chain.RESULT


def test_attach_within_a_long_loop(live: Start) -> None:
    program = chain.forever(live)
    assert "#0 " in backtrace(program)
