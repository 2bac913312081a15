"""The same function twice: one copy is compiled, the other never, and both have to agree."""

import math
import os
import random
import sys
from collections.abc import Callable, Iterable, Sequence

import hypothesis
import rjit

from arithmetic import values

# Calls after which the interpreter has specialized every instruction.
WARMING = 8

# A guess that failed 8 times is left out of new machine code. Before that happens a fresh copy is
# compiled, or else the rest of the operands would never meet the fast path.
FAILURES = 6

# So many copies at most, unless the compiler gives one up. Operands that fail most guesses see the
# generic path in the end.
COPIES = 40

NAMES = {
    "math": math,
    "operator": __import__("operator"),
    **{name: getattr(values, name) for name in ("PlainInt", "LoudInt", "Index")},
}

# A sequence that is repeated too often: the interpreter's specialized instruction says it in other
# words than the general one.
REPEATED_TOO_OFTEN = (
    "Python int too large to convert to C ssize_t",
    "cannot fit 'int' into an index-sized integer",
)

EXAMPLES = int(os.environ.get("RJIT_TEST_EXAMPLES", "0"))


def settings(usual: int) -> hypothesis.settings:
    """So many examples, the same each time; as many as are asked for, new ones each time."""
    return hypothesis.settings(
        max_examples=EXAMPLES or usual,
        derandomize=not EXAMPLES,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(hypothesis.HealthCheck),
    )


def describe(value: object) -> str:
    """A value with its type, to the last bit."""
    kind = type(value)
    if isinstance(value, float):
        return f"{kind.__name__} {value!r} {float.hex(value)}"
    if isinstance(value, complex):
        parts = describe(value.real), describe(value.imag)
        return f"{kind.__name__} {value!r} {parts}"
    if isinstance(value, (tuple, list)):
        return f"{kind.__name__} [{', '.join(map(describe, value))}]"
    if isinstance(value, int) and value.bit_length() > 10_000:
        return f"{kind.__name__} {int.__format__(value, 'x')}"
    return f"{kind.__name__} {value!r}"


def outcome(function: Callable, args: Sequence) -> str:
    """What a call comes to: the result or the exception, and what became of the references."""
    before = [sys.getrefcount(value) for value in args]
    try:
        shown = describe(function(*args))
    except Exception as error:
        shown = f"{type(error).__name__}: {error}".replace(*REPEATED_TOO_OFTEN)
        del error
    after = [sys.getrefcount(value) for value in args]
    if before != after:
        shown += f" and references changed from {before} to {after}"
    return shown


def make(source: str, name: str = "f") -> Callable:
    """A new function, with a code object of its own."""
    namespace = dict(NAMES)
    exec(compile(source, "<arithmetic>", "exec"), namespace)
    return namespace[name]


def shuffled(all_args: Iterable[Sequence]) -> list[Sequence]:
    """In an order that mixes everything, always the same."""
    mixed = list(all_args)
    random.Random(0).shuffle(mixed)
    return mixed


class Twins:
    """A function `f` of some source, interpreted and compiled with what `warm` has taught."""

    def __init__(self, source: str, warm: Sequence[Sequence] = ()) -> None:
        self.source = source
        self.warm = warm
        self.interpreted = make(source)
        self.copies = 0
        self.renew()

    def renew(self) -> None:
        self.copies += 1
        self.compiled = make(self.source)
        for index in range(WARMING if self.warm else 0):
            try:
                self.compiled(*self.warm[index % len(self.warm)])
            except Exception:
                pass
        rjit.compile(self.compiled)

    def check(self, args: Sequence) -> None:
        """Both copies do the same with these arguments."""
        expected, actual = outcome(self.interpreted, args), outcome(self.compiled, args)
        assert expected == actual, (
            f"{self.source}\nwarmed with {self.warm!r:.300}\ncalled with {args!r:.600}\n"
            f"interpreted: {expected:.600}\ncompiled:    {actual:.600}"
        )
        state = rjit.explain(self.compiled)
        failed = sum(count for *_, count in state["deopts"])
        if not state["compiled"] or (failed >= FAILURES and self.copies < COPIES):
            self.renew()

    def check_all(self, all_args: Iterable[Sequence]) -> None:
        for args in shuffled(all_args):
            self.check(args)
        assert not rjit.explain(self.interpreted)["compiled"]
        assert rjit.explain(self.compiled)["compiled"]
