"""Statements of every form."""

from fuzz.expressions import LONG, SHORT, Expressions
from fuzz.scope import Scope

ERRORS = (
    "Exception",
    "TypeError",
    "ValueError",
    "(TypeError, KeyError)",
    "Fail",
    "ZeroDivisionError",
)
EXCEPTIONS = ("Fail", "ValueError", "KeyError", "TypeError", "ZeroDivisionError")
OPERATORS = ("+", "-", "+", "-", "&", "|", "^")

IMPORTS = (
    "import math",
    "from math import floor as u",
    "import collections.abc as t",
    "from math import nothing_there",
    "from math import *",
)


def indented(lines: list[str]) -> list[str]:
    return ["    " + line for line in lines] or ["    pass"]


class Statements(Expressions):
    """The part of the generator that makes statements."""

    def body(self, count: int, depth: int) -> list[str]:
        lines: list[str] = []
        for _ in range(count):
            lines += self.statement(depth)
        return lines

    def block(self, depth: int, count: int | None = None) -> list[str]:
        """A nested block. What it assigns may or may not have happened."""
        scope = self.scope
        before = dict(scope.variables)
        scope.nested += 1
        lines = self.body(count or self.rng.randint(1, 3), depth - 1)
        scope.nested -= 1
        if self.rng.random() < 0.97:
            scope.variables = before
        return indented(lines)

    def statement(self, depth: int) -> list[str]:
        rng = self.rng
        if depth > 0 and rng.random() < 0.45:
            return rng.choice(self.compound)(depth)
        if rng.random() < self.observing:
            return self.observer()
        return rng.choice(self.simple)()

    def __init__(self) -> None:
        self.simple = (
            *[self.assign] * 7,
            *[self.augment] * 5,
            *[self.unpack] * 2,
            *[self.store] * 4,
            self.effect,
            self.effect,
            self.show,
            self.show,
            self.delete,
            self.leave,
            self.fail,
            self.chained,
            self.annotated,
            self.assertion,
            self.importing,
            self.odd,
            *[self.consumed] * 2,
            self.change_kind,
        )
        self.compound = (
            *[self.if_statement] * 4,
            *[self.for_loop] * 5,
            *[self.while_loop] * 2,
            *[self.try_statement] * 4,
            *[self.with_statement] * 2,
            *[self.match_statement] * 2,
            self.nested_function,
            self.star_handlers,
            self.grouped,
            self.nested_class,
            self.changing_loop,
        )

    # Simple statements.

    def assign(self) -> list[str]:
        kind = self.rng.choice(
            ("int", "int", "int", "float", "float", "str", "list", "dict", "obj", self.any_kind())
        )
        value = self.expr(kind, 2)
        name = self.target(kind) or "_"
        self.scope.variables[name] = kind
        return [f"{name} = {value}"]

    def change_kind(self) -> list[str]:
        """A variable that changes its type in one of many runs."""
        kind = self.any_kind()
        name = self.target(self.rng.choice(("int", "float", "list", "obj"))) or "_"
        if name not in self.scope.variables:
            return self.assign()
        return [f"if STEP == {self.rng.randint(4, 14)}:", f"    {name} = {self.expr(kind, 1)}"]

    def chained(self) -> list[str]:
        value = self.expr("int", 2)
        first, second = self.target("int") or "_", self.target("int") or "_"
        self.scope.variables[first] = self.scope.variables[second] = "int"
        return [f"{first} = {second} = {value}"]

    def annotated(self) -> list[str]:
        name = self.target("int") or "_"
        value = self.expr("int", 1)
        if name in self.declared:
            return [f"{name} = {value}"]
        self.scope.variables[name] = "int"
        return [f"{name}: int = {value}"]

    def augment(self) -> list[str]:
        rng = self.rng
        kind = rng.choice(("int", "int", "int", "float", "float", "str", "list", "set"))
        name = self.variable(kind)
        if name is None or name in self.scope.fixed or name not in self.scope.variables:
            return self.assign()
        if kind == "int":
            form = rng.randrange(5)
            if form == 0:
                return [
                    f"{name} *= {self.expr('int', 1)}",
                    f"{name} %= {rng.choice(('1000003', '97', '65537'))}",
                ]
            if form == 1:
                return [f"{name} {rng.choice(('//=', '%=', '>>='))} {self.expr('int', 1)}"]
            return [f"{name} {rng.choice(OPERATORS)}= {self.expr('int', 2)}"]
        if kind == "float":
            return [
                f"{name} {rng.choice(('+', '-', '*', '/'))}= {self.expr(rng.choice(('float', 'int')), 2)}"
            ]
        if kind == "str":
            value = self.expr("str", 1)
            return (
                [f"{name} += {value}", f"{name} = {name}[-20:]"]
                if self.scope.loops
                else [f"{name} += {value}"]
            )
        if kind == "list":
            return [f"{name} += {self.expr(rng.choice(('list', 'tuple')), 1)}", f"del {name}[6:]"]
        return [f"{name} {rng.choice('&|^-')}= {self.expr('set', 1)}"]

    def unpack(self) -> list[str]:
        rng, form = self.rng, self.rng.randrange(6)
        names = list(dict.fromkeys(self.target("int") or "_" for _ in range(3)))
        if form >= 4 and len(names) < 3:
            names = names[:1]
        elif form == 5:
            names = names[:2]
        for name in names:
            self.scope.variables[name] = "int"
        count = len(names)
        if form == 0:
            values = ", ".join(self.expr("int", 1) for _ in names)
            return [
                f"{', '.join(names)}, = {values},"
                if count == 1
                else f"{', '.join(names)} = {values}"
            ]
        if form == 1:
            return [f"[{', '.join(names)}] = [{', '.join(self.expr('int', 1) for _ in names)}]"]
        if form == 2:
            starred = rng.randrange(count)
            self.scope.variables[names[starred]] = "list"
            names[starred] = "*" + names[starred]
            return [f"{', '.join(names)}, = {self.expr(rng.choice(('list', 'tuple')), 1)}"]
        if form == 3:
            source = f"[*{self.expr('list', 1)}, 1, 2, 3][:{count}]"
            if self.maybe(0.15):
                source = self.expr(rng.choice(("list", "tuple", "str")), 1)
            return [f"{', '.join(names)}, = {source}"]
        if form == 4 and count == 3:
            return [
                f"{names[0]}, ({names[1]}, {names[2]}) = {self.expr('int', 1)}, ({self.expr('int', 1)}, STEP)"
            ]
        if count > 1:
            return (
                [f"{names[0]}, {names[1]} = {names[1]}, {names[0]}"]
                if self.maybe(0.5)
                else [f"{names[0]}, {names[1]} = {self.expr('int', 1)}, {names[0]}"]
            )
        return [f"({names[0]},) = ({self.expr('int', 1)},)"]

    def place(self) -> str:
        """Something other than a name that can be stored to."""
        rng = self.rng
        form = rng.randrange(6)
        if form <= 2:
            fields = [name for cls in self.classes for name in cls.fields] or ["x"]
            receiver = "self" if self.scope.method_of and self.maybe(0.6) else self.variable("obj")
            return f"({receiver or self.expr('obj', 1)}).{rng.choice(fields)}"
        if form == 3:
            return f"({self.variable('list') or self.expr('list', 0)})[{self.index(1)}]"
        if form == 4:
            return f"({self.variable('dict') or self.expr('dict', 0)})[{self.expr(rng.choice(('int', 'str')), 0)}]"
        return f"({self.variable('list') or self.expr('list', 0)})[{self.slice(0)}]"

    def store(self) -> list[str]:
        place = self.place()
        name = self.variable("list")
        if name and self.maybe(0.12):
            # Often as many items as there were.
            k = self.rng.choice(("2", "3", self.variable("int") or "4"))
            places = (
                (f"[: {k} + 1]", f"[{k}::-1]"),
                (f"[1:{k}]", f"[{k}:1:-1]"),
                (f"[:{k}:]", f"[0:{k}:1]"),
                ("[None:None]", "[::-1]"),
                (f"[{self.slice(0)}]", f"[{self.slice(0)}]"),
            )
            to, of = self.rng.choice(places)
            source = name if self.maybe(0.7) else self.variable("list")
            return [f"{name}{to} = {source}{of}", f"del {name}[9:]"]
        if place.endswith(("]",)) and ":" in place:
            return [f"{place} = {self.expr('list', 1)}[:3]"]
        if self.maybe(0.35):
            return [
                f"{place} {self.rng.choice(('+=', '-='))} {self.expr(self.rng.choice(('int', 'float')), 1)}"
            ]
        return [f"{place} = {self.expr(self.rng.choice(('int', 'int', 'float', 'str', 'obj')), 2)}"]

    def effect(self) -> list[str]:
        form = self.rng.randrange(7)
        if form == 6 and self.classes and self.scope.may_call and self.scope.rounds <= 60:
            cls = self.rng.choice(self.classes)
            methods = [m for m in cls.methods.values() if m.name.startswith("m")]
            if methods:
                method = self.rng.choice(methods)
                bound = f"_m = ({self.expr('obj', 1)}).{method.name}"
                if self.maybe(0.5):
                    named = [f"{n}={self.expr(kind, 0)}" for n, kind in method.params]
                    return [bound, f"_m({', '.join(named)})"]
                return [bound, f"_m({self.arguments(method, 1)})"]
        if self.scope.in_handler and self.maybe(0.3) and "err" in self.scope.variables:
            return ["err.add_note('n')"]
        if form == 0:
            name = self.variable("list")
            if name:
                return [
                    f"{name}.append({self.expr(self.rng.choice(('int', 'any')), 1)})",
                    f"del {name}[:-9]",
                ]
        if form == 1:
            name = self.variable("dict")
            if name:
                return [
                    f"{name}.{self.rng.choice(('pop', 'setdefault'))}({self.expr('str', 0)}, {self.expr('int', 1)})"
                ]
        if form == 2:
            name = self.variable("set")
            if name:
                return [f"{name}.add({self.expr('int', 1)})"]
        if self.scope.may_call:
            found = self.call("any" if self.maybe(0.3) else "int", 1)
            if found:
                return [found]
        return [self.expr("any", 2)]

    def show(self) -> list[str]:
        return [
            f"out({', '.join(self.expr(self.any_kind(), 1) for _ in range(self.rng.randint(1, 2)))})"
        ]

    def delete(self) -> list[str]:
        form = self.rng.randrange(5)
        names = [
            name
            for name in self.scope.variables
            if name not in self.scope.fixed and name in self.local_names
        ]
        if form == 0 and names:
            name = self.rng.choice(names)
            lines = [f"del {name}"]
            if self.maybe(0.85):
                kind = self.scope.variables.pop(name)
                lines.append(f"{name} = {self.expr(kind, 0)}")
                self.scope.variables[name] = kind
            if self.maybe(0.6):
                return [f"if STEP % 4 == {self.rng.randrange(4)}:", *indented(lines)]
            return lines
        place = self.place()
        return [f"if STEP == {self.rng.randint(2, 12)}:", f"    del {place}"]

    def leave(self) -> list[str]:
        scope = self.scope
        if scope.in_loop and self.maybe(0.7):
            line = self.rng.choice(("break", "continue"))
        elif scope.kind in ("function", "coroutine", "generator") and not scope.in_star:
            line = f"return {self.expr(self.returning, 1)}"
        elif scope.kind == "asyncgen" and not scope.in_star:
            line = "return"
        else:
            return self.show()
        condition = (
            self.condition(1)
            if scope.in_loop or self.maybe(0.3)
            else f"STEP == {self.rng.randrange(14)}"
        )
        return [f"if {condition}:", f"    {line}"]

    def fail(self) -> list[str]:
        form = self.rng.randrange(6)
        kind = self.rng.choice(EXCEPTIONS)
        value = self.expr(self.rng.choice(("int", "str")), 1)
        if form == 0:
            line = f"raise {kind}({value}) from {self.rng.choice(('None', 'Fail(1)', 'KeyError'))}"
        elif form == 1:
            line = f"raise {kind}"
        elif form == 2 and self.scope.in_handler:
            line = "raise"
        elif form == 3:
            line = f"raise {self.expr('any', 0)}"
        elif form == 4:
            line = f"raise ExceptionGroup({self.expr('str', 0)}, [{kind}({value}), ValueError(2)])"
        else:
            line = f"raise {kind}({value})"
        condition = f"STEP % 5 == {self.rng.randrange(5)}"
        if self.maybe(0.3):
            condition += f" or {self.condition(1)}"
        return [f"if {condition}:", f"    {line}"]

    def assertion(self) -> list[str]:
        return [
            f"assert {self.expr('any', 0)} or STEP != {self.rng.randint(3, 12)}, {self.expr('str', 1)}"
        ]

    def importing(self) -> list[str]:
        line = self.rng.choice(IMPORTS[:-1] if self.scope.kind != "module" else IMPORTS)
        if self.maybe(0.7) or line == IMPORTS[3]:
            return ["try:", f"    {line}", "except ImportError as err:", "    out(err)"]
        return [line]

    def odd(self) -> list[str]:
        """What is seldom written."""
        form = self.rng.randrange(10)
        if form == 9:
            return [f"type T = list[{self.rng.choice(('int', 'STEP', 'G0'))}]", "out(T.__name__)"]
        if form == 0:
            return ["..."]
        if form == 1:
            return ["pass"]
        if form == 2:
            return [f"out(sorted(locals())[:{self.rng.randint(1, 5)}])"]
        if form == 3:
            return [f"_ = {self.expr('any', 1)}, {self.expr('any', 1)}"]
        if form == 4 and self.scope.kind in ("generator", "asyncgen"):
            return [f"yield {self.expr('any', 1)}"]
        if form == 5 and self.scope.kind == "generator":
            return [f"_ = yield from {self.iterable(1)}"]
        if form == 6 and self.scope.kind == "function":
            return [f"exec({f'out({self.expr("int", 1)})'!r})"]
        if form == 7:
            return [
                f"_ = [a0 for a0 in {self.iterable_of_comprehension(1)} if a0 is not None]",
                "out(len(_))",
            ]
        return [f"out({self.expr('bytes', 1)}, {self.expr('complex', 1)})"]

    def consumed(self, kind: str | None = None) -> list[str]:
        """A number that was just computed, or an object that dies, as each instruction's operand."""
        rng, scope = self.rng, self.scope
        kind = kind or rng.choice(("int", "int", "float"))
        first, second = (self.variable(kind) or self.expr(kind, 0) for _ in range(2))
        number = f"({first} {rng.choice('+-*')} {second})"
        dying = rng.choice((f"Dying({scope.loops})", self.expr("obj", 0), "Bag(x=1)"))
        name = self.target(kind)
        forms = [
            f"_ = [{number}, {dying}]",
            f"_ = {{{number}: {number}, 'a': {dying}}}",
            f"_ = ({number}, {dying})",
            f"_ = {{{number}, STEP}}",
            f"_ = f'{{{number}!r}}{{{number}:4}}{{{dying}!s:>3}}'",
            f"_ = t'{{{number}}}{{{number}!r}}'",
            f"_ = {number} is {first}",
            f"_ = {number} in {self.expr('list', 0)}",
            f"_ = {number} == {self.expr('str', 0)}",
            f"_ = {number} if {number} else {number}",
            f"_ = [{number} for _ in (1, 2, 3)]",
            f"_ = {{n: {number} for n in range(3)}}",
            f"_ = Bag(x={number}, y={number})",
            f"Bag().x = {number}",
            f"_ = -{number}",
            f"_ = {number} and {number} or {number}",
            f"_ = {self.expr('list', 0)}[{number}:{dying}]",
            f"_ = {self.expr('list', 0)}[{number}::{dying}]",
            f"_ = max(*[{number}], {number})",
            f"_ = {number} < {number} <= {number}",
            f"_, _b = {number}, {number}",
            f"for _ in {number}:\n    pass",
            f"_ = ({dying}, {dying})[{number}]",
            f"_ = isinstance({number}, {dying})",
            f"del {self.expr('list', 0)}[{number}]",
            f"_ = format({dying}, str({number}))",
            f"_ = ~{number}",
            f"match {number}:\n    case 1 | 2.5:\n        _ = {number}",
            f"_ = {number} {rng.choice(('<', '<=', '>', '>='))} {first}",
            f"_ = {rng.choice(("'hello'", "'h\\xe9\u4e2d'"))}[{number} % 5]",
            f"_ = [1, 2, 3]\n_[{number} % 4] = {number}",
            f"_m = Deeper(max, {dying}).__add__\n_m(other={number})",
            f"_ = Slotted().w + {number}",
            "_ = Bag()\ndel _.x",
            f"_ = ({number}).{rng.choice(('real', 'numerator', 'nothing'))}",
            f"_ = 1 if ({number}) is {rng.choice(('', 'not '))}None else 2",
            f"_, *_b = {number}",
            f"_ = ({number}) if STEP % {rng.randint(2, 3)} else {dying}",
            f"_ = max({dying} if STEP % 2 else {number}, {number})",
            f"_ = ({number}, STEP % 2 or {number}, {number})",
            f"_ = ({number}, STEP % 2 and {number}, {number})",
            f"_ = ({number}, ({number}) if not STEP % 2 else ({number}) / 2, None if STEP else 1)",
            f"_ = -(({number}) if STEP % 2 else {dying})",
            f"match {number}:\n    case {rng.choice(('Bag()', 'int(real=_)', 'float()'))}:\n        pass",
            f"match {number}:\n    case {{'little': _}}:\n        pass",
            f"match {number}:\n    case [_, *_]:\n        pass",
            f"match {{'little': {number}}}:\n    case {{'little': _, sys.byteorder: 1}}:\n        pass",
        ]
        if name:
            forms += [f"{name} = {number}; _ = {name}", f"{name}, _ = {number}, {dying}"]
        if scope.kind in ("module", "class"):
            forms += ["del nothing", f"_ = {dying}; del _; del _"]
        if scope.kind in ("function", "coroutine"):
            forms += [f"GX = {number}", f"GX = {dying}; del GX; del GX"]
            forms += [
                f"def k():\n    nonlocal _c\n    _c = {number}\n    del _c\n"
                f"_c = {dying}\nk()\n_c = {number}\ndel _c"
            ]
        form = rng.choice(forms)
        if form.startswith("GX") and not scope.has_global:
            scope.has_global = True
            form = f"global GX; {form}"
        lines = form.split("\n")
        return ["try:", *indented(lines), "except Exception as error:", "    out(error)"]

    # Compound statements.

    def if_statement(self, depth: int) -> list[str]:
        lines = [f"if {self.condition(2)}:", *self.block(depth)]
        while self.maybe(0.25):
            lines += [f"elif {self.condition(1)}:", *self.block(depth, 1)]
        if self.maybe(0.45):
            lines += ["else:", *self.block(depth)]
        return lines

    def looped(self, depth: int, rounds: int, fixed: list[str]) -> list[str]:
        """The body of a loop."""
        scope = self.scope
        saved = scope.loops, scope.in_loop, scope.rounds, set(scope.fixed)
        scope.loops += 1
        scope.in_loop = True
        scope.rounds *= rounds
        scope.fixed |= set(fixed)
        lines = self.block(depth)
        scope.loops, scope.in_loop, scope.rounds, scope.fixed = saved
        return lines

    def for_loop(self, depth: int) -> list[str]:
        rng = self.rng
        long = self.scope.loops == 0 and self.maybe(0.5)
        rounds = 40 if long else 6
        name = rng.choice(("i", "j", "k"))
        form = rng.randrange(10)
        prefix = (
            "async " if self.scope.kind in ("coroutine", "asyncgen") and self.maybe(0.4) else ""
        )
        if prefix:
            head = f"async for {name} in Iter({rng.randint(0, 5)}, {rng.choice((-1, 3))}):"
        elif form == 0:
            head = f"for {name}, {name}2 in {self.pairs(1)}:"
            self.scope.variables[name + "2"] = "int"
        elif form == 1 and self.classes:
            objects = ", ".join(self.expr("obj", 1) for _ in range(rng.randint(2, 5)))
            self.scope.variables["o"] = "obj"
            head = f"for o in ({objects}{', ' if objects else ''}):"
            if self.maybe(0.3):
                head = f"for o in [{objects}] * {rng.choice(SHORT)}:"
            if self.maybe(0.4):
                self.scope.variables[name] = "int"
                head = f"for {name}, o in enumerate([{objects}]{rng.choice(('', ', 3'))}):"
            return self.finished_loop(
                [head, *self.looped(depth, 6, ["o"] if self.maybe(0.7) else [])], depth
            )
        elif form == 2:
            place = self.place()
            source = f"range({rng.choice(SHORT)})"
            if ":" in place:
                source = "[[1], [2, 3]]"
            return [f"for {place} in {source}:", *self.looped(depth, 8, [])]
        else:
            head = f"for {name} in {self.iterable(1, long)}:"
        self.scope.variables[name] = "int"
        return self.finished_loop(
            [head, *self.looped(depth, rounds, [name] if self.maybe(0.8) else [])], depth
        )

    def finished_loop(self, lines: list[str], depth: int) -> list[str]:
        if self.maybe(0.2):
            lines += ["else:", *self.block(depth, 1)]
        return lines

    def while_loop(self, depth: int) -> list[str]:
        rng = self.rng
        name = self.scope.new("n")
        long = self.scope.loops == 0 and self.maybe(0.5)
        most = rng.choice(LONG if long else SHORT)
        rounds = int(most)
        self.scope.fixed.add(name)
        self.scope.variables[name] = "int"
        form = rng.randrange(4)
        if form == 0:
            lines = ["while True:", f"    {name} += 1", f"    if {name} > {most}:", "        break"]
        elif form == 1:
            lines = [f"while {name} < {most} and {self.condition(1)}:", f"    {name} += 1"]
        else:
            lines = [f"while {name} < {most}:", f"    {name} += 1"]
        lines += self.looped(depth, rounds, [name])
        return [f"{name} = 0", *self.finished_loop(lines, depth)]

    def try_statement(self, depth: int) -> list[str]:
        rng, scope = self.rng, self.scope
        lines = ["try:", *self.block(depth)]
        form = rng.randrange(4)
        if form != 0:
            for _ in range(rng.choice((1, 1, 2))):
                if self.maybe(0.6):
                    lines += [f"except {rng.choice(ERRORS)} as err:"]
                    scope.variables["err"] = "exception"
                else:
                    lines += [f"except {rng.choice(ERRORS)}:"]
                saved, scope.in_handler = scope.in_handler, True
                lines += self.block(depth)
                scope.in_handler = saved
                scope.variables.pop("err", None)
            if self.maybe(0.25):
                lines += ["except:", *self.block(depth, 1)]
                lines += ["    raise"] if self.maybe(0.7) else []
            if self.maybe(0.25):
                lines += ["else:", *self.block(depth, 1)]
        if form in (0, 1):
            lines += ["finally:", *self.block(depth)]
        return lines

    def star_handlers(self, depth: int) -> list[str]:
        scope = self.scope
        lines = ["try:", *self.block(depth)]
        lines += [f"    if STEP % 3 == {self.rng.randrange(3)}:"]
        lines += [
            f"        raise ExceptionGroup('g', [Fail(1), {self.rng.choice(EXCEPTIONS)}(STEP)])"
        ]
        saved = scope.in_star, scope.in_handler, scope.in_loop
        scope.in_star, scope.in_handler, scope.in_loop = True, True, False
        lines += [
            f"except* {self.rng.choice(ERRORS)} as err:",
            "    out(err)",
            *self.block(depth, 1),
        ]
        if self.maybe(0.5):
            lines += ["except* Fail:", *self.block(depth, 1)]
        scope.in_star, scope.in_handler, scope.in_loop = saved
        if self.maybe(0.3):
            lines += ["finally:", *self.block(depth, 1)]
        return lines

    def grouped(self, depth: int) -> list[str]:
        """Groups in groups, taken apart by hand and by handlers, some of which raise."""
        rng, scope = self.rng, self.scope
        kind = rng.choice(EXCEPTIONS)
        inner = (
            f"ExceptionGroup('in', [{rng.choice(EXCEPTIONS)}({self.expr('int', 0)}), {kind}(1)])"
        )
        group = f"{rng.choice(('ExceptionGroup', 'BaseExceptionGroup'))}('out', [Fail(2), {inner}])"
        if self.maybe(0.3):
            form = rng.choice((f"split({kind})", f"subgroup({kind})", "derive([Fail(3)])"))
            return [f"out({group}.{form})"]
        raised = rng.choice((group, group, inner, f"{kind}(STEP)"))
        saved = scope.in_star, scope.in_handler, scope.in_loop
        scope.in_star, scope.in_handler, scope.in_loop = True, True, False
        lines = [
            "try:",
            "    try:",
            *indented(self.block(depth, 1)),
            f"        raise {raised}",
            f"    except* {kind} as err:",
            "        out(err)",
        ]
        lines += rng.choice(
            (
                ["        raise"],
                [f"        raise {rng.choice(EXCEPTIONS)}(4)"],
                ["        raise err.exceptions[0] from None"],
                indented(self.block(depth, 1)),
            )
        )
        if self.maybe(0.5):
            lines += [
                f"    except* ({rng.choice(EXCEPTIONS)}, Fail):",
                *indented(self.block(depth, 1)),
            ]
        if self.maybe(0.3):
            lines += ["    else:", *indented(self.block(depth, 1))]
        lines += ["except BaseExceptionGroup as err:", "    out(err, err.__context__)"]
        lines += [f"except {rng.choice(EXCEPTIONS)}:", *self.block(depth, 1)]
        scope.in_star, scope.in_handler, scope.in_loop = saved
        return lines

    def changing_loop(self, depth: int) -> list[str]:
        """A loop in one round of which something changes that the others rely on."""
        rng, scope = self.rng, self.scope
        if scope.kind == "class" or scope.loops:
            return self.for_loop(depth)
        name, rounds = scope.new("n"), rng.choice((8, 16, 26))
        target = self.target("int") or "_"
        scope.fixed.add(name)
        functions = [f for f in self.functions if f.flavour == "function"]
        if functions and scope.may_call and scope.rounds <= 2 and self.maybe(0.5):
            function = rng.choice(functions)
            change = rng.choice(
                (
                    f"{function.name}.__code__ = {rng.choice(functions).name}.__code__",
                    f"{function.name}.__defaults__ = ({', '.join(self.expr(k, 0) for _, k in function.params) or ','})",
                    f"{function.name}.__defaults__ = None",
                    f"{function.name}.__kwdefaults__ = {{'kw': {name}}}",
                    f"{function.name}.__kwdefaults__ = None",
                )
            )
            use = [f"{target} = {function.name}({self.arguments(function, 0)})"]
        elif self.classes:
            receiver = scope.new("o")
            scope.fixed.add(receiver)
            cls = rng.choice(self.classes)
            change = f"{receiver}.__class__ = {cls.name}"
            fields = [*cls.fields, "x"]
            use = (
                [f"{receiver}.{rng.choice(fields)} = {self.expr('int', 0)}"]
                if self.maybe(0.5)
                else []
            )
            use += [f"{target} = {receiver}.{rng.choice(fields)}"]
            methods = [
                m for m in cls.methods.values() if m.flavour == "function" and m.name[0] == "m"
            ]
            if methods and scope.may_call and scope.rounds <= 2:
                method = rng.choice(methods)
                use += [f"{target} = {receiver}.{method.name}({self.arguments(method, 0)})"]
            head = [f"{receiver} = {self.own_instance()}"]
        else:
            return self.for_loop(depth)
        scope.variables[target] = "any"
        lines = [f"for {name} in range({rounds}):", "    try:"]
        lines += [f"        if {name} == {rng.randrange(1, rounds)}:", f"            {change}"]
        lines += indented(indented(use))
        lines += [
            "    except (TypeError, AttributeError, UnboundLocalError) as err:",
            "        out(err)",
        ]
        return [*(head if "__class__" in change else []), *lines]

    def own_instance(self) -> str:
        """An instance of one of the program's classes, as a rule."""
        made = [self.instance(0) for _ in range(3)]
        return next((text for text in made if not text.startswith(("Bag", "Meddler"))), made[0])

    def with_statement(self, depth: int) -> list[str]:
        rng = self.rng
        prefix = (
            "async " if self.scope.kind in ("coroutine", "asyncgen") and self.maybe(0.4) else ""
        )
        items = []
        for _ in range(rng.choice((1, 1, 2))):
            name = self.target("str")
            bound = f" as {name}" if name and self.maybe(0.5) else ""
            if bound:
                self.scope.variables[name] = "str"
            managers = [cls.name for cls in self.classes if "__enter__" in cls.members]
            if managers and self.maybe(0.4) and not prefix:
                items.append(f"{rng.choice(managers)}(){bound}")
            else:
                items.append(
                    f"Ctx('{rng.choice('pqr')}', {rng.choice(('False', 'False', 'True'))}){bound}"
                )
        return [f"{prefix}with {', '.join(items)}:", *self.block(depth)]

    def match_statement(self, depth: int) -> list[str]:
        rng = self.rng
        kind = rng.choice(("int", "tuple", "list", "dict", "obj", "any"))
        lines = [f"match {self.expr(kind, 1)}:"]
        for _ in range(rng.randint(1, 4)):
            guard = f" if {self.condition(1)}" if self.maybe(0.25) else ""
            lines += [f"    case {self.pattern(2)}{guard}:", *indented(self.block(depth, 1))]
        if self.maybe(0.5):
            lines += ["    case _:", *indented(self.block(depth, 1))]
        return lines

    def pattern(self, depth: int, names: list[str] | None = None) -> str:
        """A pattern that does not match everything, which only the last one of a match may."""
        rng = self.rng
        names = ["m1", "m2", "m3", "m4"] if names is None else names

        def capture() -> str:
            return rng.choice((names.pop(0) if names and self.maybe(0.5) else "_", "1", "'a'"))

        form = rng.randrange(11)
        if form == 0:
            return rng.choice(("0", "1", "-1", "2.5", "'a'", "None", "True", "'xy'"))
        if form == 1:
            return f"[{capture()}, {capture()}]"
        if form == 2:
            star = f"*{names.pop(0)}" if names and self.maybe(0.6) else "*_"
            return f"[{capture()}, {star}]"
        if form == 3:
            rest = f", **{names.pop(0)}" if names and self.maybe(0.5) else ""
            return f"{{'a': {capture()}{rest}}}"
        if form == 4:
            return f"int({names.pop(0)})" if names else "int()"
        if form == 5:
            return f"{rng.choice(('str', 'float', 'list', 'tuple', 'dict', 'bool'))}()"
        if form == 6 and self.classes:
            cls = rng.choice(self.classes)
            return f"{cls.name}(x={capture()})"
        if form == 7 and self.classes:
            return f"{rng.choice(self.classes).name}({capture()})"
        if form == 8:
            return "0 | 1 | 'b'"
        if form == 9 and depth > 0:
            return f"({self.pattern(0, [])} | None)"
        return "({}, ({}, 2))".format(capture(), rng.choice(("1", "_")))

    def nested_function(self, depth: int) -> list[str]:
        """A closure that is called here."""
        rng, outer = self.rng, self.scope
        if outer.kind == "class":
            return self.assign()
        name = rng.choice(("g", "h"))
        scope = Scope(
            "function", {"p": "int", "q": "float"}, may_call=outer.may_call and outer.rounds <= 6
        )
        scope.outer = outer.outer | outer.variables if outer.kind != "module" else {}
        scope.fixed = set(outer.fixed) | set(scope.outer)
        scope.rounds = outer.rounds * 3
        lines = []
        changed = [
            n
            for n in scope.outer
            if n in self.local_names
            and outer.kind in ("function", "generator", "coroutine")
            and n not in outer.fixed
            and n in outer.variables
            and n not in self.declared
        ]
        saved = self.scope, self.returning, self.declared
        self.scope, self.returning, self.declared = scope, "int", set()
        if changed and self.maybe(0.6):
            shared = rng.choice(changed)
            lines.append(f"nonlocal {shared}")
            scope.variables[shared] = scope.outer[shared]
            scope.fixed.discard(shared)
            self.declared = {shared}
        # What is assigned here is local here: names of the outer function are left alone.
        names = self.local_names
        self.local_names = tuple(n + "_" for n in names[:3]) + (tuple(self.declared))
        lines += self.body(rng.randint(1, 3), min(depth - 1, 1))
        lines.append(f"return {self.expr('int', 2)}")
        self.local_names = names
        self.scope, self.returning, self.declared = saved
        lines = [f"def {name}(p, q=1.5):", *indented(lines)]
        outer.variables.pop(name, None)
        for _ in range(rng.randint(1, 2)):
            target = self.target("int") or "_"
            outer.variables[target] = "int"
            lines.append(f"{target} = {name}({self.expr('int', 1)})")
        if self.maybe(0.3):
            lines.append(f"out(list(map({name}, {self.expr('list', 1)})))")
        return lines

    def nested_class(self, depth: int) -> list[str]:
        if self.scope.kind == "class" or self.maybe(0.5):
            return self.for_loop(depth)
        reading = [name for name in self.scope.variables if name in self.local_names]
        if self.maybe(0.5) and reading:
            name = self.rng.choice(reading)
            return [
                "class K:",
                f"    x: int = {self.rng.choice(('STEP', '1', '2.5'))}",
                f"    for i in range({self.rng.choice((2, 24))}):",
                f"        y = {name}",
                "        w = [i, x, STEP]",
                f"out(K.y, K.w{self.rng.choice(('', ', K.__annotations__'))})",
            ]
        return [
            "class K:",
            f"    x = {self.rng.choice(('STEP', '1', '2.5'))}",
            "    def m(self, p=STEP):",
            f"        return self.x {self.rng.choice('+-*')} p",
            f"out(K().m({self.expr('int', 1)}), K.x)",
        ]
