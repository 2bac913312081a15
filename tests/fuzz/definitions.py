"""Functions, generators, coroutines and classes."""

import dataclasses

from fuzz.observers import Observers
from fuzz.scope import LOCALS, Class, Function, Scope
from fuzz.statements import indented

BINARY = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "truediv": "/",
    "floordiv": "//",
    "mod": "%",
    "and": "&",
    "or": "|",
    "xor": "^",
    "lshift": "<<",
    "rshift": ">>",
    "matmul": "@",
    "pow": "**",
}

# Special methods: parameters and what they return.
SPECIAL = {
    "__eq__": ("other", "bool"),
    "__lt__": ("other", "bool"),
    "__le__": ("other", "bool"),
    "__ne__": ("other", "bool"),
    "__bool__": ("", "bool"),
    "__len__": ("", "small"),
    "__getitem__": ("key", "int"),
    "__setitem__": ("key, value", "none"),
    "__delitem__": ("key", "none"),
    "__contains__": ("key", "bool"),
    "__call__": ("p=1", "int"),
    "__iter__": ("", "iterator"),
    "__hash__": ("", "small"),
    "__neg__": ("", "int"),
    "__invert__": ("", "int"),
    "__pos__": ("", "int"),
    "__index__": ("", "small"),
    "__int__": ("", "small"),
    "__float__": ("", "float"),
    "__format__": ("spec", "str"),
    "__repr__": ("", "str"),
    "__str__": ("", "str"),
    "__enter__": ("", "str"),
    "__del__": ("", "none"),
    "__getattr__": ("name", "int"),
    "__getattribute__": ("name", "getter"),
    "__setattr__": ("name, value", "setter"),
    "__abs__": ("", "int"),
    "__iadd__": ("other", "self"),
    "__reversed__": ("", "iterator"),
    "__matmul__": ("other", "int"),
}


# Members of metaclasses.
META = (
    ("def __call__(cls, *args, **kwargs):", "return super().__call__(*args, **kwargs)"),
    ("def __instancecheck__(cls, other):", "return STEP % 2 == 0"),
    ("def __getattr__(cls, name):", "return STEP"),
    ("def __len__(cls):", "return STEP % 3"),
    ("def __contains__(cls, item):", "return item == STEP"),
    ("def __iter__(cls):", "return iter((1, STEP))"),
    ("def __getitem__(cls, key):", "return key"),
    ("def __add__(cls, other):", "return 1"),
    ("def __init__(cls, *args, **kwargs):", "out(args[0], sorted(kwargs))"),
    ("def mro(cls):", "return super().mro()"),
)


class Definitions(Observers):
    """The part of the generator that makes functions and classes."""

    def metaclass(self, name: str) -> list[str]:
        rng = self.rng
        lines = [line for head, body in rng.sample(META, 3) for line in (head, f"    {body}")]
        if self.maybe(0.5):
            lines += ["@classmethod", "def __prepare__(meta, name, bases, **kwargs):"]
            lines += [f"    return {rng.choice(('{}', 'Namespace()', "{'w': 5}"))}"]
        if self.maybe(0.5):
            lines += ["def __new__(meta, name, bases, namespace, **kwargs):"]
            lines += [f"    namespace['{rng.choice('xyzw')}'] = {self.expr('int', 1)}"]
            lines += ["    return super().__new__(meta, name, bases, dict(namespace))"]
        else:
            lines += ["def __new__(meta, name, bases, namespace, **kwargs):"]
            lines += ["    return super().__new__(meta, name, bases, namespace)"]
        self.metaclasses.append(name)
        return [f"class {name}(type):", *indented(lines)]

    def endless(self, name: str) -> list[str]:
        """A function that calls itself, in one way or another, until there is no room.

        Not by ``f(*args)``, which makes the interpreter itself crash where the others raise.
        """
        rng = self.rng
        again = rng.choice(
            (
                f"{name}(depth, a + 1)",
                f"{name}(depth, a=a + 1)",
                f"sum([{name}(depth, n) for n in (a,)])",
                f"(lambda: {name}(depth, a))()",
                f"next(map({name}, [depth], [a]))",
                f"max([a], key=lambda n: {name}(depth, n))",
                f"Deeper({name}, depth) + a",
                f"Deeper({name}, depth).down",
                f"next({name}(depth, n) for n in (a,))",
                f"eval('{name}(depth, a)')",
            )
        )
        lines = [f"def {name}(depth, a=0):", "    depth[0] += 1"]
        form = rng.randrange(4)
        if form == 0:
            lines += ["    try:", f"        return {again}", "    finally:", "        a += 1"]
        elif form == 1:
            lines += ["    try:", f"        a = {again}", "    except RecursionError:"]
            lines += ["        a = depth[0]", "    return a"]
        elif form == 2:
            lines += ["    for n in range(2):", f"        a += {again}", "    return a"]
        else:
            lines += [f"    return {again} + 1"]
        lines += [f"for STEP in range({rng.randint(3, 9)}):", f"    deepest({name})"]
        if self.maybe(0.3):
            lines += [f"    if STEP == {rng.randint(1, 4)}:", f"        deepest({name}, 0.5)"]
        return lines

    def function(self, name: str, flavour: str = "function") -> list[str]:
        made = self.signature(name)
        made.flavour = flavour
        scope = Scope(flavour, dict(made.params))
        scope.may_call = bool(self.functions) and self.maybe(0.6)
        if made.star:
            scope.variables["rest"] = "tuple"
        if made.keyword:
            scope.variables["kw"] = made.keyword[1]
        if made.keywords:
            scope.variables["more"] = "dict"
        recursive = flavour == "function" and self.maybe(0.12)
        lines = self.in_scope(
            scope, made.returns, lambda: self.function_body(made, scope, recursive)
        )
        if flavour == "generator" and not any("yield" in line for line in lines):
            lines.append("    yield 1")
        head = {"coroutine": "async def", "asyncgen": "async def"}.get(flavour, "def")
        if flavour == "asyncgen":
            lines.append("    yield STEP")
        text = [f"{head} {name}({self.parameters(made)}):", *lines]
        if self.maybe(0.06) and flavour == "function":
            text.insert(0, "@decorate")
        self.functions.append(made)
        return text

    def in_scope(self, scope: Scope, returning: str, make, names=LOCALS) -> list[str]:
        saved = self.scope, self.returning, self.declared, self.local_names
        self.scope, self.returning, self.declared, self.local_names = scope, returning, set(), names
        try:
            return indented(make())
        finally:
            self.scope, self.returning, self.declared, self.local_names = saved

    def signature(self, name: str) -> Function:
        rng = self.rng
        if name in self.signatures and self.maybe(0.9):
            # Methods of a name take the same, so that objects of many classes can meet at one place.
            return dataclasses.replace(self.signatures[name])
        kinds = ("int", "int", "int", "float", "list", "obj", "str", "any", "dict")
        names = LOCALS[: rng.randint(1, 3)]
        made = Function(
            name,
            [(n, rng.choice(kinds)) for n in names],
            rng.choice(("int", "int", "float", "str", "list", "obj", "any")),
        )
        made.defaults = rng.choice((0, 0, 0, 1, 2)) if len(names) > 1 else 0
        made.defaults = min(made.defaults, len(names))
        made.star = self.maybe(0.12)
        if self.maybe(0.12):
            made.keyword = ("kw", rng.choice(("int", "float")))
        made.keywords = self.maybe(0.08)
        self.signatures[name] = made
        return made

    def parameters(self, function: Function, first: str = "") -> str:
        parts = [first] if first else []
        required = len(function.params) - function.defaults
        for index, (name, kind) in enumerate(function.params):
            default = (
                f"={self.expr(kind if kind != 'any' else 'int', 0)}" if index >= required else ""
            )
            parts.append(f"{name}{default}")
        if function.star:
            parts.append("*rest")
        elif function.keyword:
            parts.append("*")
        if function.keyword:
            parts.append(f"kw={self.expr(function.keyword[1], 0)}")
        if function.keywords:
            parts.append("**more")
        return ", ".join(parts)

    def function_body(self, function: Function, scope: Scope, recursive: bool) -> list[str]:
        rng, lines = self.rng, []
        if scope.may_call or recursive:
            lines.append("tick()")
        if self.globals and self.maybe(0.15):
            name = rng.choice(list(self.globals))
            lines.append(f"global {name}")
            self.local_names = (*self.local_names, name)
            self.declared = {name}
            scope.variables[name] = self.globals[name]
        for name, kind in (("s", "int"), ("t", "float"), ("u", "list"))[: rng.randint(0, 3)]:
            if name not in scope.variables:
                lines.append(f"{name} = {self.expr(kind, 0)}")
                scope.variables[name] = kind
        if recursive:
            first = function.params[0][0]
            arguments = [f"{first} - 1", *[self.expr(kind, 0) for _, kind in function.params[1:]]]
            lines += [f"if type({first}) is int and 0 < {first} < 9:"]
            lines += [f"    {rng.choice('st')} = {function.name}({', '.join(arguments)})"]
        lines += self.body(rng.randint(2, 5), 3)
        if scope.kind == "asyncgen":
            lines.append(f"yield {self.expr('any', 1)}")
        else:
            lines.append(f"return {self.expr(function.returns, 2)}")
        return lines

    # Classes.

    def class_statement(self, name: str) -> list[str]:
        rng = self.rng
        cls = Class(name)
        bases = ""
        if self.classes and self.maybe(0.4):
            cls.base = rng.choice(self.classes)
            bases = f"({cls.base.name})"
            cls.builtin = cls.base.builtin
            cls.fields = dict(cls.base.fields)
            cls.properties = dict(cls.base.properties)
        elif self.maybe(0.12):
            cls.builtin = rng.choice(("int", "list", "dict", "str", "Exception"))
            bases = f"({cls.builtin})"
        elif self.metaclasses and self.maybe(0.5):
            bases = f"(metaclass={rng.choice(self.metaclasses)}{rng.choice(('', ', n=STEP'))})"
        lines: list[str] = []
        saved = self.scope, self.declared, self.returning, self.local_names
        self.scope, self.declared, self.local_names = (
            Scope("class", may_call=False),
            set(),
            ("x", "y"),
        )
        names = rng.sample(("x", "y", "z"), rng.randint(1, 3))
        kinds = {
            n: rng.choice(("int", "int", "float", "list", "str", "any")) for n in sorted(names)
        }
        if not cls.builtin and self.maybe(0.25):
            cls.slots = True
            lines.append(
                f"__slots__ = ({', '.join(repr(n) for n in kinds)}, '__weakref__')"
                if not cls.base
                else f"__slots__ = ('w{name}',)"
            )
        if cls.slots:
            lines.append(f"w = {self.expr('int', 1)}")
            cls.fields["w"] = "int"
        elif self.maybe(0.25):
            lines.append(f"{rng.choice('xyzw')} = {self.expr('int', 1)}")
        if self.maybe(0.1):
            lines += [f"for i in range({rng.choice((3, 30))}):", f"    w = i {rng.choice('+*-')} 2"]
            cls.fields["w"] = "int"
        if not cls.builtin and (cls.base is None or self.maybe(0.4)):
            cls.fields |= kinds
            lines += self.constructor(cls, kinds)
        if not cls.base and not cls.builtin:
            # The usual one contains the address.
            lines += ["def __repr__(self):", f"    return '<{name}>'"]
        for number in range(rng.randint(1, 3)):
            lines += self.method(cls, f"m{number}")
        if self.maybe(0.3):
            lines += self.prop(cls)
        for _ in range(rng.choice((0, 1, 1, 2, 3))):
            lines += self.special(cls)
        self.scope, self.declared, self.returning, self.local_names = saved
        self.classes.append(cls)
        text = [f"class {name}{bases}:", *indented(lines)]
        return text

    def constructor(self, cls: Class, kinds: dict[str, str]) -> list[str]:
        made = Function("__init__", [(n, kind) for n, kind in kinds.items()], "none")
        made.defaults = self.rng.choice((0, len(kinds)))
        scope = Scope("function", dict(made.params), may_call=False, method_of=cls.name)

        def body() -> list[str]:
            lines = [f"self.{name} = {name}" for name in kinds]
            if self.maybe(0.12) and not cls.slots and cls.base is None:
                # A dict of its own: no inline values.
                lines.insert(0, "self.__dict__ = {'v': 1}")
            if self.maybe(0.2):
                lines += self.statement(1)
            if cls.base and self.maybe(0.5):
                lines.insert(0, "super().__init__()")
            return lines

        cls.methods["__init__"] = made
        return [
            f"def __init__({self.parameters(made, 'self')}):",
            *self.in_scope(scope, "none", body),
        ]

    def method(self, cls: Class, name: str) -> list[str]:
        rng = self.rng
        made = self.signature(name)
        made.flavour = rng.choice(("function",) * 8 + ("static", "classmethod"))
        first = {"static": "", "classmethod": "cls"}.get(made.flavour, "self")
        scope = Scope(
            "function", dict(made.params), method_of=cls.name if first == "self" else None
        )
        scope.may_call = self.maybe(0.5)
        if first == "self":
            scope.variables["self"] = "obj"
            scope.fixed.add("self")

        def body() -> list[str]:
            lines = ["tick()"] if scope.may_call else []
            if cls.base and first == "self" and self.maybe(0.4):
                inherited = cls.base.methods.get(name)
                form = rng.choice(("super()", "super()", f"super({cls.name}, self)"))
                if inherited and inherited.flavour == "function":
                    lines.append(f"s = {form}.{name}({self.arguments(inherited, 0, 0.0)})")
                    scope.variables["s"] = inherited.returns
                else:
                    lines.append(f"s = {form}.x")
                    scope.variables["s"] = "any"
            if first == "self" and cls.fields:
                field = rng.choice(sorted(cls.fields))
                lines.append(
                    f"self.{field} {rng.choice(('=', '=', '+='))} {self.expr(cls.fields[field], 1)}"
                )
            lines += self.body(rng.randint(1, 3), 2)
            lines.append(f"return {self.expr(made.returns, 2)}")
            return lines

        text = [
            f"def {name}({self.parameters(made, first)}):",
            *self.in_scope(scope, made.returns, body),
        ]
        if made.flavour != "function":
            text.insert(0, {"static": "@staticmethod", "classmethod": "@classmethod"}[made.flavour])
        cls.methods[name] = made
        return text

    def prop(self, cls: Class) -> list[str]:
        name = self.rng.choice(("p", "z"))
        kind = self.rng.choice(("int", "float"))
        if name in cls.fields:
            return []
        scope = Scope(
            "function", {"self": "obj"}, fixed={"self"}, may_call=False, method_of=cls.name
        )
        body = self.in_scope(
            scope, kind, lambda: [*self.body(1, 1), f"return {self.expr(kind, 1)}"]
        )
        lines = ["@property", f"def {name}(self):", *body]
        if self.maybe(0.6):
            scope = Scope(
                "function",
                {"self": "obj", "a": kind},
                fixed={"self"},
                may_call=False,
                method_of=cls.name,
            )
            body = self.in_scope(scope, "none", lambda: self.body(1, 1))
            lines += [f"@{name}.setter", f"def {name}(self, a):", *body]
        cls.properties[name] = kind
        return lines

    def special(self, cls: Class) -> list[str]:
        rng = self.rng
        if self.maybe(0.4):
            operator = rng.choice(list(BINARY))
            name = f"__{rng.choice(('', '', 'r', 'i'))}{operator}__"
            parameters, returns = (
                "other",
                rng.choice(("int", "int", "obj", "self", "notimplemented")),
            )
            cls.operators.append(BINARY[operator])
        else:
            name = rng.choice((*SPECIAL, "__getattribute__"))
            parameters, returns = SPECIAL[name]
        if cls.builtin and name in ("__hash__", "__len__", "__int__", "__index__", "__setattr__"):
            return []
        cls.members.add(name)
        variables = {"self": "obj"} | {
            p: "any" for p in ("other", "key", "value") if p in parameters
        }
        if "p=" in parameters:
            variables["p"] = "int"
        takes_apart = name == "__getitem__" and self.pair_keys and self.maybe(0.9)
        if takes_apart:
            variables = {"self": "obj", "s": "int", "t": "int"}
        scope = Scope(
            "function", variables, fixed=set(variables), may_call=False, method_of=cls.name
        )

        def body() -> list[str]:
            guarded = name in (
                "__getattr__",
                "__getattribute__",
                "__setattr__",
                "__del__",
                "__hash__",
                "__repr__",
                "__bool__",
                "__len__",
            )
            lines = [] if guarded else self.body(rng.randint(0, 2), 1)
            if takes_apart:
                lines.insert(0, "s, t = key")
            if name == "__del__":
                lines.append(f"out('del {cls.name}')")
            elif self.maybe(0.2):
                lines.append(f"out('{name}')")
            if self.maybe(0.08) and name != "__del__":
                lines += [f"if STEP % 7 == {rng.randrange(7)}:", "    raise Fail('special')"]
            lines.append(
                {
                    "small": lambda: f"return {rng.choice('0123')}",
                    "none": lambda: "return None",
                    "self": lambda: "return self",
                    "notimplemented": lambda: (
                        f"return NotImplemented if STEP % 3 == 1 else {self.expr('int', 1)}"
                    ),
                    "iterator": lambda: f"return iter({self.expr('list', 1)})",
                    "getter": lambda: "return object.__getattribute__(self, name)",
                    "setter": lambda: "object.__setattr__(self, name, value)",
                    "bool": lambda: (
                        f"return {self.expr('bool', 1) if not guarded else 'STEP % 3 != 1'}"
                    ),
                    "int": lambda: f"return {self.expr('int', 1) if not guarded else 'STEP'}",
                }.get(returns, lambda: f"return {self.expr(returns, 0 if guarded else 1)}")()
            )
            return lines

        first = f"self, {parameters}" if parameters else "self"
        text = [f"def {name}({first}):", *self.in_scope(scope, "any", body)]
        if name == "__enter__":
            cls.members.add("__exit__")
            text += [
                "def __exit__(self, *error):",
                "    out(error[1])",
                f"    return STEP % 2 == {rng.randrange(2)}",
            ]
        if name == "__eq__" and self.maybe(0.5):
            text.append("__hash__ = object.__hash__")
        return text
