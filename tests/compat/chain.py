"""What is true of `programs/chain.py`, whoever looks at it."""

from collections import Counter
from collections.abc import Iterable, Sequence

from watching import PROGRAMS, RIGHT, Live, Start, line_of

PROGRAM = "chain.py"
PATH = PROGRAMS / PROGRAM
COMPILED = ("leaf", "middle", "other", "outer")

LOOP = range(line_of(PROGRAM, "for i in range(limit):"), line_of(PROGRAM, "if count < i:") + 1)

# Who calls whom at which line, from the loop to the module.
CALLERS = [
    ("middle", line_of(PROGRAM, "leaf(limit, 3)")),
    ("outer", line_of(PROGRAM, "middle(limit, 7)")),
    ("main", line_of(PROGRAM, "outer(ENDLESS, True)")),
    ("<module>", line_of(PROGRAM, "main(sys.argv[1])")),
]

# The stacks that can occur while it makes its rounds, from the module to the loop; so can their
# beginnings.
WAYS = [
    ("<module>", "main", "rounds", "outer", "middle", "leaf"),
    ("<module>", "main", "rounds", "outer", "other", "leaf"),
    ("<module>", "main", "rounds", "told_to_stop"),
]

# What it prints when it is told to stop.
RESULT = "True 6002"

Frame = tuple[str, int]


def forever(live: Start, *flags: str, **extra: str) -> Live:
    return live(PROGRAM, "forever", flags=flags, compiled=COMPILED, **extra)


def rounds(live: Start, *flags: str) -> Live:
    return live(PROGRAM, "rounds", flags=flags, compiled=COMPILED)


def check_stack(frames: Sequence[Frame]) -> None:
    """Frames from the loop to the module, of the run that lasts forever."""
    (name, line), *callers = frames
    assert name == "leaf"
    assert line in LOOP
    assert callers == CALLERS


def is_endless_stack(frames: Sequence[Frame]) -> bool:
    try:
        check_stack(frames)
    except AssertionError, ValueError:
        return False
    return True


def is_round_stack(frames: Sequence[Frame]) -> bool:
    """Frames from the loop to the module, of the run that makes its rounds."""
    names = tuple(name for name, _ in reversed(frames))
    return bool(names) and any(way[: len(names)] == names for way in WAYS)


def check_endless_samples(samples: Counter[tuple[Frame, ...]]) -> None:
    check_share(samples, is_endless_stack)


def check_round_samples(samples: Counter[tuple[Frame, ...]]) -> None:
    """Nearly all stacks can occur, and both ways to the loop do."""
    check_share(samples, is_round_stack)
    seen = {tuple(name for name, _ in reversed(frames)) for frames in samples}
    assert set(WAYS[:2]) <= seen


def check_share(samples: Counter[tuple[Frame, ...]], is_right) -> None:
    assert samples.total() >= 50, "too few samples"
    wrong = Counter({frames: n for frames, n in samples.items() if not is_right(frames)})
    assert wrong.total() <= (1 - RIGHT) * samples.total(), show(wrong.most_common(5))


def show(stacks: Iterable[tuple[tuple[Frame, ...], int]]) -> str:
    return "\n".join(f"{count} times {frames}" for frames, count in stacks)
