"""faulthandler, which walks the frames inside a signal handler, at any instruction."""

import re
import signal
import time
from collections import Counter

import chain
from watching import TOOL_TIMEOUT, Live, Start

# How a dump ends. The interpreter's own frames are invalid for a moment while they come and go.
END = re.compile(r"in <module>\n|<invalid frame>\n")

FRAME = re.compile(r'File "(.*)", line (\d+) in (\S+)')


def dump(program: Live) -> list[tuple[str, str, str]]:
    """File, line and name of each frame, as faulthandler writes them."""
    before = program.errors()
    program.process.send_signal(signal.SIGUSR1)
    deadline = time.monotonic() + TOOL_TIMEOUT
    while time.monotonic() < deadline:
        program.check_alive()
        text = program.errors().removeprefix(before)
        if END.search(text):
            return FRAME.findall(text)
        time.sleep(0.02)
    raise AssertionError(f"no dump came: {program.errors()}")


def test_dump_on_a_signal(live: Start) -> None:
    program = chain.forever(live)
    for _ in range(20):
        frames = dump(program)
        assert {file for file, _, _ in frames} == {str(chain.PATH)}
        chain.check_stack([(name, int(line)) for _, line, name in frames])


def test_dumps_while_frames_come_and_go(live: Start) -> None:
    program = chain.rounds(live)
    dumps = Counter()
    for _ in range(100):
        dumps[tuple((name, int(line)) for _, line, name in dump(program))] += 1
    chain.check_round_samples(dumps)
    assert program.finish() == chain.RESULT
