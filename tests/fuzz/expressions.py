"""Expressions of every form, each made to have a certain kind of value, as a rule."""

import random

from fuzz import values
from fuzz.scope import Class, Function, Scope

COMPARISONS = ("<", "<=", "==", "!=", ">", ">=")

ATOMS = {
    "int": values.integer,
    "float": values.floating,
    "str": values.string,
    "bytes": lambda rng: rng.choice(values.BYTES),
    "bool": lambda rng: rng.choice(("True", "False")),
    "none": lambda rng: "None",
    "complex": lambda rng: rng.choice(("1j", "(2+0.5j)", "-0j", "complex(0.0, -1.5)")),
}


class Expressions:
    """The part of the generator that makes expressions."""

    rng: random.Random
    scope: Scope
    functions: list[Function]
    classes: list[Class]

    def maybe(self, chance: float) -> bool:
        return self.rng.random() < chance

    def exception_expr(self, depth: int) -> str:
        return "Fail(1)"

    def any_kind(self) -> str:
        return self.rng.choice(
            (
                "int",
                "int",
                "float",
                "str",
                "list",
                "dict",
                "tuple",
                "set",
                "bool",
                "none",
                "obj",
                "bytes",
            )
        )

    def expr(self, kind: str = "int", depth: int = 2) -> str:
        if kind == "any":
            name = self.variable("any") if self.maybe(0.4) else None
            if name:
                return name
        if kind == "any" or self.rng.random() < self.surprise:
            kind = self.any_kind()
        if self.rng.random() < self.meddling / 4:
            return self.meddler()
        if depth <= 0 or self.rng.random() < 0.15:
            return self.leaf(kind)
        if self.rng.random() < 0.3:
            found = self.common(kind, depth - 1)
            if found:
                return found
        return getattr(self, f"{kind}_expr")(depth - 1)

    # What there is to read.

    def variable(self, kind: str) -> str | None:
        scope = self.scope
        names = [name for name, has in scope.variables.items() if has == kind]
        names += [
            name for name, has in scope.outer.items() if has == kind and name not in scope.variables
        ]
        if self.rng.random() < 0.25:
            names += [name for name, has in self.globals.items() if has == kind]
        if names:
            return self.rng.choice(names)
        return None

    def leaf(self, kind: str) -> str:
        if self.rng.random() < 0.75:
            name = self.variable(kind)
            if name:
                return name
        if kind in ATOMS:
            return ATOMS[kind](self.rng)
        return self.display(kind)

    def display(self, kind: str) -> str:
        if kind == "obj":
            return self.instance(0)
        if kind == "list":
            if self.maybe(0.2):
                return self.rng.choice(
                    ("[]", "[0.5, 1.5]", "['p', 'q']", "[3, 1.5, None]", "[[1], [2]]")
                )
            return self.rng.choice(
                ("[1, 2, 3]", "[0, 7]", "[5, 3, -1, 4]", "[9223372036854775807, 1]", "[True, 2, 3]")
            )
        if kind == "tuple":
            if self.maybe(0.2):
                return self.rng.choice(("()", "(1.5, 'a', 3)", "(0, (1, 2))", "(None,)"))
            return self.rng.choice(("(1, 2)", "(4,)", "(7, 8, 9)", "(0, -5)"))
        if kind == "dict":
            if self.maybe(0.2):
                return self.rng.choice(("{}", "{1: 'x', 2: 'y'}", "{'a': 0.5, 3: None}"))
            return self.rng.choice(
                (
                    "{'a': 1, 'b': 2}",
                    "{1: 5, 2: 6}",
                    "{'x': 3, 'y': 4, 'hello': 0}",
                    "{0: 1, 'a': 2}",
                )
            )
        if kind == "set":
            return self.rng.choice(("set()", "{1, 2, 3}", "{'a', 'b'}", "frozenset((1, 2))"))
        return "None"

    def common(self, kind: str, depth: int) -> str | None:
        """The forms whose value can be of any kind."""
        expr, form = self.expr, self.rng.randrange(14)
        if form == 0:
            return f"({expr(kind, depth)} if {self.condition(depth)} else {expr(kind, depth)})"
        if form == 1 and self.scope.kind != "class":
            if name := self.target(kind):
                value = expr(kind, depth)
                self.scope.variables[name] = kind
                return f"({name} := {value})"
        if form == 2:
            return f"({expr(kind, depth)} {self.rng.choice(('and', 'or'))} {expr(kind, depth)})"
        if form in (3, 4, 5) and self.scope.may_call:
            return self.call(kind, depth)
        if form == 6:
            return f"(lambda {'q' if self.maybe(0.5) else 'q=1, /, *r'}: {self.inner({'q': 'int'}, kind, depth)})({expr('int', depth)})"
        if form == 7:
            items = ", ".join(expr(kind, depth) for _ in range(self.rng.randint(1, 3)))
            index = self.index(0)
            return f"{self.rng.choice(('[%s]', '(%s,)')) % items}[{index}]"
        if form == 8:
            return f"{{'a': {expr(kind, depth)}, 1: {expr(kind, depth)}}}[{self.rng.choice(('1', repr('a'), 'True', '1.0', f'{self.expr("int", 0)} and 1'))}]"
        if form == 9 and self.scope.kind in ("coroutine", "asyncgen"):
            return f"(await Pause({expr(kind, depth)}))"
        if form == 10 and self.scope.kind == "generator" and self.scope.loops < 2:
            return f"(yield {expr(kind, depth)})"
        if form == 11:
            return self.attribute(kind, depth)
        if form == 12:
            return (
                f"{self.rng.choice(('next', 'list'))}(iter([{expr(kind, depth)}]))"
                if kind == "list"
                else (f"next(iter([{expr(kind, depth)}]))")
            )
        if form == 13 and self.maybe(0.4):
            return f"eval({expr(kind, 0)!r})"
        return None

    def attribute(self, kind: str, depth: int) -> str | None:
        places = [
            name
            for cls in self.classes
            for name, has in (*cls.fields.items(), *cls.properties.items())
            if has == kind
        ]
        if not places:
            return None
        return f"({self.expr('obj', min(depth, 1))}).{self.rng.choice(places)}"

    def inner(self, names: dict[str, str], kind: str, depth: int) -> str:
        """An expression in a scope of its own: a lambda's or a comprehension's."""
        saved = self.scope
        self.scope = Scope("lambda", dict(names), may_call=saved.may_call, rounds=saved.rounds * 4)
        self.scope.outer = saved.outer | saved.variables
        if saved.kind in ("class", "module"):
            self.scope.outer = dict(saved.outer)
        self.scope.fixed = {*LIMITED, *saved.fixed, *saved.variables, *saved.outer}
        try:
            return self.expr(kind, depth)
        finally:
            self.scope = saved

    def target(self, kind: str) -> str | None:
        """A local name to assign a value of this kind to."""
        scope = self.scope
        if scope.kind == "lambda":
            return None
        names = [
            name for name, has in scope.variables.items() if has == kind and name not in scope.fixed
        ]
        if names and self.rng.random() < 0.7:
            return self.rng.choice(names)
        free = [name for name in self.local_names if name not in scope.fixed]
        if scope.nested and self.rng.random() < 0.95:
            # What has another kind keeps it: the place may be passed by.
            free = [name for name in free if scope.variables.get(name, kind) == kind]
        return self.rng.choice(free) if free else None

    # Calls.

    def call(self, kind: str, depth: int) -> str | None:
        if self.scope.rounds > 60:
            return None
        if self.maybe(0.35):
            found = self.method_call(kind, depth)
            if found:
                return found
        fitting = [
            f for f in self.functions if f.flavour == "function" and f.returns in (kind, "any")
        ]
        if not fitting or (self.maybe(0.1)):
            fitting = [f for f in self.functions if f.flavour == "function"]
        if not fitting:
            return None
        function = self.rng.choice(fitting)
        return f"{function.name}({self.arguments(function, depth)})"

    def arguments(self, function: Function, depth: int, odd: float = 0.015) -> str:
        """Arguments that fit, as a rule, in all the ways in which arguments can be given."""
        rng, count = self.rng, len(function.params)
        given = count - (rng.randint(0, function.defaults) if function.defaults else 0)
        parts = []
        for name, kind in function.params[:given]:
            value = self.expr("any" if rng.random() < odd * 2 else kind, min(depth, 1))
            parts.append((name, value))
        shape = rng.random()
        if shape < 0.68:
            shown = [value for _, value in parts]
        elif shape < 0.82:
            cut = rng.randint(0, len(parts))
            shown = [value for _, value in parts[:cut]] + [
                f"{name}={value}" for name, value in parts[cut:]
            ]
        elif shape < 0.92:
            cut = rng.randint(0, len(parts))
            rest = ", ".join(value for _, value in parts[cut:])
            shown = [value for _, value in parts[:cut]] + [f"*[{rest}]"]
        else:
            cut = rng.randint(0, len(parts))
            rest = ", ".join(f"{name!r}: {value}" for name, value in parts[cut:])
            shown = [value for _, value in parts[:cut]] + [f"**{{{rest}}}"]
        keyword_shaped = shape >= 0.68 and shape < 0.82 or shape >= 0.92
        if function.star and not keyword_shaped and self.maybe(0.5):
            shown.append(self.expr("int", 1))
        if function.keyword and self.maybe(0.5):
            shown.append(f"{function.keyword[0]}={self.expr(function.keyword[1], 1)}")
        if function.keywords and self.maybe(0.4):
            shown.append(f"extra={self.expr('any', 0)}")
        if rng.random() < odd:
            shown = shown[:-1] if self.maybe(0.5) else [*shown, "oops=1"]
        return ", ".join(shown)

    def method_call(self, kind: str, depth: int) -> str | None:
        fitting = [
            (cls, method)
            for cls in self.classes
            for method in cls.methods.values()
            if method.returns in (kind, "any")
            and method.flavour in ("function", "static", "classmethod")
        ]
        if not fitting:
            return None
        cls, method = self.rng.choice(fitting)
        receiver = f"({self.expr('obj', min(depth, 1))})"
        if method.flavour != "function" and self.maybe(0.5):
            receiver = cls.name
        arguments = self.arguments(method, depth)
        if method.flavour == "function" and self.maybe(0.08):
            return f"{cls.name}.{method.name}({receiver}{', ' if arguments else ''}{arguments})"
        return f"{receiver}.{method.name}({arguments})"

    def instance(self, depth: int) -> str:
        if not self.classes:
            return "Bag(x=1, y=2.5)"
        if self.maybe(0.06):
            return "Bag(x=1, y=2.5, z='s')"
        if self.maybe(self.meddling):
            return self.meddler()
        cls = self.rng.choice(self.classes)
        method = cls.methods.get("__init__")
        inherited = cls.base
        while method is None and inherited is not None:
            method, inherited = inherited.methods.get("__init__"), inherited.base
        if cls.builtin:
            return f"{cls.name}()"
        return f"{cls.name}({self.arguments(method, depth, 0.01) if method else ''})"

    def meddler(self) -> str:
        how = self.rng.choice(("poke", "poke", "look", "trace", "profile", "raise"))
        return f"Meddler({self.rng.randint(1, 9)}, {how!r})"

    # Conditions.

    def condition(self, depth: int = 1) -> str:
        form = self.rng.randrange(12)
        expr = self.expr
        if form <= 2:
            return f"{expr('int', depth)} {self.rng.choice(COMPARISONS)} {expr('int', depth)}"
        if form == 3:
            return f"{expr('float', depth)} {self.rng.choice(COMPARISONS)} {expr(self.rng.choice(('float', 'int')), depth)}"
        if form == 4:
            return f"{expr('any', depth)}"
        if form == 5:
            return f"not {expr('any', depth)}"
        if form == 6:
            return f"STEP {self.rng.choice(('==', '<', '>', '!='))} {self.rng.randint(0, 14)}"
        if form == 7:
            return f"{expr('any', depth)} is {self.rng.choice(('', 'not '))}{self.rng.choice(('None', 'True', expr('any', 0)))}"
        return self.bool_expr(depth)

    def bool_expr(self, depth: int) -> str:
        expr, rng, form = self.expr, self.rng, self.rng.randrange(13)
        if form == 0:
            kind = self.any_kind()
            return f"({expr(kind, depth)} {rng.choice(('==', '!='))} {expr(kind, depth)})"
        if form == 1:
            kind = rng.choice(("int", "float", "str", "list", "tuple"))
            return f"({expr(kind, depth)} {rng.choice(COMPARISONS)} {expr(kind, depth)})"
        if form == 2:
            return f"(not {expr('any', depth)})"
        if form == 3:
            container = rng.choice(("list", "dict", "tuple", "set"))
            return f"({expr(rng.choice(('int', 'str')), depth)} {rng.choice(('in', 'not in'))} {expr(container, depth)})"
        if form == 4:
            return f"({expr('str', depth)} in {expr('str', depth)})"
        if form == 5:
            return f"({expr('int', depth)} {rng.choice(COMPARISONS)} {expr('int', depth)} {rng.choice(COMPARISONS)} {expr('int', depth)})"
        if form == 6:
            return f"({expr('any', depth)} is {rng.choice(('', 'not '))}{expr('any', depth)})"
        if form == 7:
            return f"isinstance({expr('any', depth)}, {rng.choice(('int', 'float', '(str, list)', 'object'))})"
        if form == 8:
            return f"bool({expr('any', depth)})"
        if form == 9:
            return f"{rng.choice(('all', 'any'))}({self.comprehension('(', 'bool', depth)})"
        if form == 10:
            return f"({expr('bool', depth)} {rng.choice(('and', 'or', '&', '|', '^'))} {expr('bool', depth)})"
        if form == 11 and any("__lt__" in cls.members for cls in self.classes):
            return f"({expr('obj', depth)} {rng.choice(COMPARISONS)} {expr(rng.choice(('obj', 'int')), depth)})"
        return f"callable({expr('any', depth)})"

    # Kinds.

    def int_expr(self, depth: int) -> str:
        expr, rng, form = self.expr, self.rng, self.rng.randrange(30)
        if form == 26:
            if any("__getitem__" in cls.members for cls in self.classes):
                parts = 2 if self.pair_keys and self.maybe(0.95) else 1
                return f"({expr('obj', depth)})[{', '.join(expr('int', 0) for _ in range(parts))}]"
            form = 0
        if form == 27:
            function = rng.choice(("round", "floor", "ceil", "trunc", "int"))
            return f"{function}({expr(rng.choice(('float', 'float', 'int')), depth)})"
        if form == 28:
            return f"ord(chr({expr('int', depth)} & {rng.choice(('127', '255', '511'))}))"
        if form == 29:
            return f"(id({expr('any', depth)}) * 0)"
        if form <= 7:
            return f"({expr('int', depth)} {rng.choice(('+', '-', '+', '-', '&', '|', '^', '//', '%'))} {expr('int', depth)})"
        if form == 8:
            return f"(({expr('int', depth)} * {expr('int', depth)}) % {rng.choice(('1000003', '97', '2147483647', '9223372036854775807'))})"
        if form == 9:
            return f"({expr('int', depth)} * {values.integer(rng)} & {rng.choice(('0xffff', '0xffffffffffff', '0x7fffffffffffffff'))})"
        if form == 10:
            return f"({expr('int', depth)} << ({expr('int', depth)} & 15) & 0xffffffffffffffff)"
        if form == 11:
            return f"({expr('int', depth)} >> ({expr('int', depth)} & 63))"
        if form == 12:
            return f"(-{expr('int', depth)})"
        if form == 13:
            return f"(~{expr('int', depth)})"
        if form == 14:
            return f"(+{expr(rng.choice(('int', 'bool')), depth)})"
        if form == 15:
            return f"len({expr(rng.choice(('list', 'str', 'dict', 'tuple', 'set')), depth)})"
        if form == 16:
            return f"({expr('list', depth)})[{self.index(depth)}]"
        if form == 17:
            return f"({expr('dict', depth)}).get({expr(rng.choice(('int', 'str')), 0)}, {expr('int', depth)})"
        if form == 18:
            return f"sum({self.comprehension(rng.choice('[('), 'int', depth)})"
        if form == 19:
            return f"{rng.choice(('min', 'max'))}({expr('int', depth)}, {expr('int', depth)})"
        if form == 20:
            return f"abs({expr('int', depth)})"
        if form == 21:
            return f"int({expr(rng.choice(('int', 'bool', 'float')), depth)})"
        if form == 22:
            return "STEP"
        if form == 23:
            return f"({expr('tuple', depth)})[{self.index(depth)}]"
        if form == 24:
            return f"({expr('int', depth)} ** {rng.choice(('2', '3', '0', '-1'))} % 1000003)"
        return f"ord({expr('str', depth)}[0])"

    def index(self, depth: int) -> str:
        if self.maybe(0.25):
            return self.rng.choice(
                ("2", "-2", "True", self.expr("int", depth), f"{self.expr('int', 0)} % 3")
            )
        return self.rng.choice(("0", "-1"))

    def float_expr(self, depth: int) -> str:
        expr, rng, form = self.expr, self.rng, self.rng.randrange(16)
        if form == 14:
            function = rng.choice(("sin", "exp", "log", "sqrt", "fabs", "tanh"))
            return f"{function}({expr(rng.choice(('float', 'float', 'int')), depth)})"
        if form == 15:
            return f"{rng.choice(('min', 'max'))}({expr('float', depth)}, {expr('float', depth)})"
        if form <= 4:
            return f"({expr('float', depth)} {rng.choice(('+', '-', '*', '/'))} {expr('float', depth)})"
        if form == 5:
            return f"({expr('float', depth)} {rng.choice(('+', '-', '*', '/', '//', '%'))} {expr('int', depth)})"
        if form == 6:
            return (
                f"({expr('int', depth)} {rng.choice(('+', '-', '*', '/'))} {expr('float', depth)})"
            )
        if form == 7:
            return f"({expr('int', depth)} / {expr('int', depth)})"
        if form == 8:
            return f"(-{expr('float', depth)})"
        if form == 9:
            return f"float({expr('int', depth)})"
        if form == 10:
            return f"({expr('float', depth)} ** 2)"
        if form == 11:
            return f"abs({expr('float', depth)})"
        if form == 12:
            return f"({expr('float', depth)} {rng.choice(('//', '%'))} {expr('float', depth)})"
        return f"sum({self.comprehension('[', 'float', depth)}, 0.5)"

    def complex_expr(self, depth: int) -> str:
        return (
            f"({self.expr('complex', depth)} {self.rng.choice('+-*')} {self.expr('float', depth)})"
        )

    def none_expr(self, depth: int) -> str:
        return "None"

    def bytes_expr(self, depth: int) -> str:
        return f"({self.expr('bytes', depth)} + {self.expr('bytes', depth)})[:9]"

    def str_expr(self, depth: int) -> str:
        expr, rng, form = self.expr, self.rng, self.rng.randrange(14)
        if form <= 2:
            return f"({expr('str', depth)} + {expr('str', depth)})[{rng.choice((':9', '-9:'))}]"
        if form == 3:
            spec = rng.choice(("", "", "!r", ":>4", ":.2f", "!s:<5"))
            kind = "float" if "f" in spec else rng.choice(("int", "str", "float"))
            return f"f'<{{ {expr(kind, depth)}{spec}}}>{{STEP}}'[:12]"
        if form == 4:
            return f"str({expr(rng.choice(('int', 'float', 'bool')), depth)})[:12]"
        if form == 5:
            return f"({expr('str', depth)})[{self.index(depth)}]"
        if form == 6:
            return f"({expr('str', depth)})[{self.slice(depth)}]"
        if form == 7:
            return f"({expr('str', depth)}).{rng.choice(('upper()', 'strip()', 'replace(chr(97), chr(98))', 'title()'))}"
        if form == 8:
            return f"'%s-%s' % ({expr('int', depth)}, {expr('str', depth)})"
        if form == 9:
            return f"'-'.join({self.comprehension(rng.choice('[('), 'str', depth)})[:12]"
        if form == 10:
            return f"({expr('str', depth)} * {rng.choice('0123')})[:12]"
        if form == 11:
            return f"type({expr('any', depth)}).__name__"
        if form == 12:
            return f"R(t'{{ {expr('int', depth)}}} and {{STEP!r:>3}}'.values)"
        return f"'{{}}:{{}}'.format({expr('int', depth)}, {expr('str', depth)})[:14]"

    def slice(self, depth: int) -> str:
        def part() -> str:
            return self.rng.choice(("", "1", "-1", "2", self.expr("int", 0)))

        if self.maybe(0.2):
            return f"{part()}:{part()}:{self.rng.choice(('2', '-1', '1', '0'))}"
        return f"{part()}:{part()}"

    def list_expr(self, depth: int) -> str:
        expr, rng, form = self.expr, self.rng, self.rng.randrange(11)
        kind = "int" if self.maybe(0.8) else rng.choice(("float", "str", "any"))
        if form <= 2:
            return f"[{', '.join(expr(kind, depth) for _ in range(rng.randint(0, 5)))}]"
        if form == 3:
            return f"[*{expr('list', depth)}, {expr(kind, depth)}][:8]"
        if form <= 5:
            return self.comprehension("[", kind, depth)
        if form == 6:
            return f"({expr('list', depth)} + {expr('list', depth)})[:8]"
        if form == 7:
            return f"({expr('list', depth)})[{self.slice(depth)}]"
        if form == 8:
            return f"list({self.iterable(depth)})[:8]"
        if form == 9:
            return f"sorted({expr('list', depth)}, key=R)"
        return f"({expr('list', depth)} * {rng.choice('0123')})[:8]"

    def tuple_expr(self, depth: int) -> str:
        expr, rng, form = self.expr, self.rng, self.rng.randrange(6)
        if form <= 2:
            items = [
                expr("int" if self.maybe(0.7) else "any", depth) for _ in range(rng.randint(1, 4))
            ]
            return f"({', '.join(items)},)"
        if form == 3:
            return f"(*{expr('list', depth)}, {expr('int', depth)})"
        if form == 4:
            return f"tuple({self.iterable(depth)})[:8]"
        return f"divmod({expr('int', depth)}, {expr('int', depth)})"

    def dict_expr(self, depth: int) -> str:
        expr, rng, form = self.expr, self.rng, self.rng.randrange(6)
        value = "int" if self.maybe(0.8) else self.any_kind()

        def key() -> str:
            return expr(rng.choice(("int", "str")), min(depth, 1))

        if form <= 1:
            return f"{{{', '.join(f'{key()}: {expr(value, depth)}' for _ in range(rng.randint(0, 4)))}}}"
        if form == 2:
            return f"{{**{expr('dict', depth)}, {key()}: {expr('int', depth)}}}"
        if form == 3:
            return self.comprehension("{:", "int", depth)
        if form == 4:
            return f"dict(x={expr('any', depth)}, **{{'y': {expr('int', depth)}}})"
        return f"({expr('dict', depth)} | {expr('dict', depth)})"

    def set_expr(self, depth: int) -> str:
        expr, rng, form = self.expr, self.rng, self.rng.randrange(5)
        if form == 0:
            return f"{{{', '.join(expr(rng.choice(('int', 'str')), depth) for _ in range(rng.randint(1, 4)))}}}"
        if form == 1:
            return f"{{*{expr('set', depth)}, {expr('int', depth)}}}"
        if form == 2:
            return self.comprehension("{", "int", depth)
        if form == 3:
            return f"({expr('set', depth)} {rng.choice('&|^-')} {expr('set', depth)})"
        return f"set({expr('list', depth)})"

    def obj_expr(self, depth: int) -> str:
        operators = [sign for cls in self.classes for sign in cls.operators]
        if self.maybe(0.3) and operators:
            return f"({self.expr('obj', depth)} {self.rng.choice(operators)} {self.expr('int', depth)})"
        return self.instance(depth)

    # Loops inside of expressions, and what can be looped over.

    def iterable(self, depth: int, long: bool = False) -> str:
        expr, rng, form = self.expr, self.rng, self.rng.randrange(15)
        if form <= 4:
            return f"range({rng.choice(LONG if long else SHORT)})"
        if form == 5:
            return f"range({expr('int', 0)} % 9)"
        if form == 6:
            return expr("list", depth)
        if form == 7:
            return expr("tuple", depth)
        if form == 8 and self.maybe(0.3):
            return expr("str", depth)
        if form == 9 and self.maybe(0.4):
            return expr("dict", depth)
        if form <= 10:
            return f"Iter({rng.randint(0, 6)}, {rng.choice((-1, -1, -1, -1, -1, 3))})"
        if form == 11:
            return f"range({rng.choice(('5, 0, -1', '0, 12, 3', '-2, 3'))})"
        if form == 12:
            generators = [f for f in self.functions if f.flavour == "generator"]
            if generators and self.scope.may_call and self.scope.rounds <= 60:
                function = rng.choice(generators)
                return f"drain({function.name}({self.arguments(function, depth)}))"
        if form == 13 and self.maybe(0.4):
            return f"sorted({expr('set', depth)}, key=R)"
        return f"({expr('dict', depth)}).values()"

    def iterable_of_comprehension(self, depth: int) -> str:
        """One without assignment expressions, which are not allowed there."""
        kind, self.scope.kind = self.scope.kind, "class"
        made = self.iterable(depth)
        self.scope.kind = kind
        return made

    def pairs(self, depth: int) -> str:
        form = self.rng.randrange(3)
        if form == 0:
            return f"enumerate({self.iterable(depth)})"
        if form == 1:
            return f"zip({self.iterable(depth)}, {self.iterable(depth)})"
        return f"({self.expr('dict', depth)}).items()"

    def comprehension(self, opening: str, kind: str, depth: int) -> str:
        rng = self.rng
        names = {"i": "int"}
        source = f"range({rng.choice(SHORT)})"
        if self.maybe(0.4):
            source = self.iterable_of_comprehension(min(depth, 1))
        clauses = f"for i in {source}"
        if self.maybe(0.15):
            names["j"] = "int"
            clauses += f" for j in {rng.choice(('range(3)', '(i, 1)', '[i]'))}"
        if self.maybe(0.3):
            clauses += f" if {self.inner(names, 'bool', min(depth, 1))}"
        value = self.inner(names, kind, min(depth, 2))
        if opening == "{:":
            return f"{{{rng.choice(('i', 'str(i)'))}: {value} {clauses}}}"
        closing = {"[": "]", "(": ")", "{": "}"}[opening]
        return f"{opening}{value} {clauses}{closing}"


LIMITED = ("i", "j", "q", "r")
SHORT = ("2", "3", "4", "5", "6", "8")
LONG = ("5", "12", "25", "30", "45")
