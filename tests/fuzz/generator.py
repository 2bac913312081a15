"""From a seed to a program."""

import random

from fuzz.definitions import Definitions
from fuzz.scope import LOCALS, Function, Scope

HEAD = """\
import builtins
import sys
from fuzz.support import *
originals = dict(vars(builtins))
STEP = 0
def decorate(func):
    def inner(*args, **kwargs):
        return func(*args, **kwargs)
    return inner
class Namespace(dict):
    def __setitem__(self, key, value):
        dict.__setitem__(self, key, value)
class Slotted:
    __slots__ = ()
    w = 5
class Deeper:
    def __init__(self, func, depth):
        self.func, self.depth = func, depth
    def __add__(self, other):
        return self.func(self.depth, other)
    @property
    def down(self):
        return self.func(self.depth, 1)
"""


class Generator(Definitions):
    """Makes one program."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.rng = rng = random.Random(seed)
        self.surprise = rng.choice((0.0, 0.005, 0.01, 0.03))
        self.observing = rng.choice((0.0, 0.02, 0.06, 0.15))
        self.meddling = rng.choice((0.0, 0.0, 0.02, 0.08))
        # Whether items have keys of two parts, in the whole program.
        self.pair_keys = rng.random() < 0.4
        self.globals: dict[str, str] = {}
        self.objects: list[str] = []
        self.signatures: dict[str, Function] = {}
        self.functions = []
        self.classes = []
        self.metaclasses: list[str] = []
        self.scope = Scope("module", may_call=False)
        self.returning = "any"
        self.declared: set[str] = set()
        self.local_names = LOCALS

    def program(self) -> str:
        rng = self.rng
        lines = HEAD.splitlines()
        if self.maybe(0.06):
            # Annotations are then kept as text, in another way.
            lines = ["from __future__ import annotations", *lines, "noted: int = 1"]
            lines += ["for STEP in range(24):", "    noted += STEP", "out(__annotations__)"]
        for number in range(rng.randint(1, 4)):
            kind = rng.choice(("int", "float", "list", "str", "dict", "any"))
            kind = self.any_kind() if kind == "any" else kind
            lines.append(f"G{number} = {self.expr(kind, 1)}")
            self.globals[f"G{number}"] = kind
        if self.maybe(0.2):
            lines += self.metaclass("M0")
        for number in range(rng.choice((0, 1, 2, 2, 3))):
            lines += self.class_statement(f"C{number}")
        for number in range(min(2, len(self.classes))):
            lines.append(f"O{number} = guard(lambda: {self.instance(1)})")
            self.globals[f"O{number}"] = "obj"
            self.objects.append(f"O{number}")
        for number in range(rng.choice((0, 0, 2, 5))):
            lines += self.tiny(f"tiny{number}")
        for number in range(rng.randint(2, 5)):
            flavour = rng.choice(
                ("function",) * 8 + ("generator", "generator", "coroutine", "asyncgen")
            )
            lines += self.function(f"f{number}", flavour)
        if self.maybe(0.3):
            lines += self.module_statements()
        for function in self.functions:
            lines += self.driver(function)
        if self.maybe(0.2):
            lines += self.module_statements()
        if self.maybe(0.15):
            lines += self.endless("deep")
        return "\n".join(lines) + "\n"

    def tiny(self, name: str) -> list[str]:
        """A function so small that each guard in it gets its turn to fail."""
        kind = self.rng.choice(("int", "int", "float"))
        scope = Scope("function", {"a": kind, "b": kind}, may_call=False)
        lines = self.in_scope(scope, "any", lambda: self.consumed(kind))
        arguments = (
            self.rng.choice(("STEP, 3", "7, STEP + 2")) if kind == "int" else "STEP + 0.5, 2.5"
        )
        return [
            f"def {name}(a, b):",
            *lines,
            f"for STEP in range({self.rng.choice((12, 30))}):",
            f"    out(guard({name}, {arguments}))",
        ]

    def module_statements(self) -> list[str]:
        saved = self.scope
        self.scope = Scope("module", {}, may_call=False)
        lines = self.body(self.rng.randint(1, 3), 3)
        self.scope = saved
        return lines

    def driver(self, function) -> list[str]:
        """Calls with usual arguments, and with odd ones in between; changes of the world between the calls."""
        rng = self.rng
        saved, self.scope = self.scope, Scope("module", {}, may_call=False)
        rounds = rng.choice((8, 12, 15, 24))
        usual = ", ".join(self.expr(kind, 1) for _, kind in function.params)
        wrap = {
            "generator": "lambda *a: drain({}(*a))",
            "coroutine": rng.choice(
                (
                    "lambda *a: finish({}(*a))",
                    "lambda *a: finish({}(*a))",
                    "lambda *a: through_asyncio({}(*a))",
                    "lambda *a: through_asyncio({0}(*a), {0}(*a))",
                )
            ),
            "asyncgen": "lambda *a: finish(collected({}(*a)))",
        }.get(function.flavour, "{}").format(function.name)
        lines = []
        if function.flavour == "asyncgen":
            lines += [
                "async def collected(source):",
                "    return [item async for item in source][:8]",
            ]
        lines += [f"for STEP in range({rounds}):"]
        for _ in range(rng.choice((0, 1, 2))):
            lines += [f"    if STEP == {rng.randint(3, rounds)}:", f"        {self.mutation()}"]
        for _ in range(rng.choice((0, 1, 1, 2))):
            odd = ", ".join(
                self.expr("any" if self.maybe(0.5) else kind, 1) for _, kind in function.params
            )
            lines += [
                f"    if STEP == {rng.randint(3, rounds)}:",
                f"        attempt({wrap}, {odd})",
            ]
        lines += [f"    attempt({wrap}, {usual})"]
        self.scope = saved
        return lines


def generate(seed: int) -> str:
    """The program of a seed: always the same."""
    return Generator(seed).program()
