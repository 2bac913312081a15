"""memray, which notes the stack of each allocation; with `--native`, that of the C functions too."""

import subprocess
import sys
from pathlib import Path

import watching
from memray import FileReader
from watching import PROGRAMS, line_of

PROGRAM = "allocating.py"
AMOUNT = 50_000_000
CHAIN = [
    ("leaf", line_of(PROGRAM, "return bytearray(amount)")),
    ("middle", line_of(PROGRAM, "block = leaf(amount)")),
    ("outer", line_of(PROGRAM, "block = middle(amount)")),
    ("<module>", line_of(PROGRAM, "block = outer(AMOUNT)")),
]


def test_whole_stacks(mode: str, tmp_path: Path) -> None:
    """Python's functions and C's in one stack, from the allocator to `main`."""
    capture = tmp_path / "capture.bin"
    done = subprocess.run(
        [sys.executable, "-m", "memray", "run", "--native", "-o", capture, PROGRAMS / PROGRAM],
        env=watching.environment(mode),
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    records = FileReader(str(capture)).get_high_watermark_allocation_records(merge_threads=False)
    (block,) = (record for record in records if record.size >= AMOUNT)
    hybrid = [
        (name, line)
        for name, file, line in block.hybrid_stack_trace()
        if file == str(PROGRAMS / PROGRAM)
    ]
    assert hybrid == CHAIN
    assert [frame[0] for frame in block.native_stack_trace()]
