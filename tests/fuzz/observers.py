"""Statements that look at the running program, and that change it while it runs."""

from fuzz.items import Items
from fuzz.statements import indented

MONITORED = ("LINE", "PY_START", "PY_RETURN", "CALL", "RAISE", "PY_UNWIND")


class Observers(Items):
    """The part of the generator that makes observers and mutations."""

    def observer(self) -> list[str]:
        """Something that looks at the frame or changes it. Most of them only once in a while."""
        rng, form = self.rng, self.rng.randrange(23)
        line = self.observation(form)
        if form < 3 or self.maybe(0.2):
            return [line]
        return [f"if STEP == {rng.randint(1, 14)}:", *indented([line])]

    def observation(self, form: int) -> str:
        rng = self.rng
        if form <= 1:
            return f"seen({rng.choice(('', '', '2', '3'))})"
        if form == 2:
            return "stack()"
        if form <= 5:
            names = [name for name in self.scope.variables if name not in self.scope.fixed]
            name = rng.choice(names) if names else "a"
            kind = self.scope.variables.get(name, "int") if self.maybe(0.4) else self.any_kind()
            return f"poke({name!r}, {self.expr(kind, 1)}{rng.choice(('', '', '', ', 2'))})"
        if form == 6:
            return f"refs({self.expr(rng.choice(('obj', 'list', 'any')), 0)})"
        if form == 7:
            return "collect()"
        if form == 8:
            return f"weak({self.expr('obj', 0)}, {rng.randint(0, 9)})"
        if form == 9:
            return f"trace_on({rng.choice(('True', 'False'))}, {rng.choice(('True', 'False'))})"
        if form == 10:
            return "trace_off()"
        if form == 11:
            return rng.choice(("profile_on()", "profile_off()", "profile_off()"))
        if form == 12:
            events = ", ".join(repr(name) for name in rng.sample(MONITORED, rng.randint(1, 3)))
            if self.functions and self.maybe(0.5):
                return f"monitor_on({events}, func={rng.choice(self.functions).name})"
            return f"monitor_on({events})"
        if form == 13:
            return "monitor_off()"
        if form == 14:
            return rng.choice(("kick()", "interrupt()"))
        if form == 15:
            return f"handle_signals({rng.choice(('look', 'raise', 'poke', 'trace'))!r})"
        if form == 16:
            return "out(R(locals()))"
        if form == 17 and self.functions and self.scope.rounds <= 6 and self.scope.may_call:
            function = rng.choice(self.functions)
            if function.flavour == "function":
                values = ", ".join(self.expr(kind, 0) for _, kind in function.params)
                return f"out(thread({function.name}, {values}))"
        if form >= 20:
            return f"jump_on({rng.randint(1, 4)}, {rng.choice((-4, -3, -2, -1, 1, 2, 2, 3, 4, 6))})"
        return self.mutation()

    # Changes to what compiled code has made guesses about.

    def mutation(self) -> str:
        rng = self.rng
        forms = [self.change_global, self.change_builtin]
        if self.classes:
            forms += [self.change_class] * 3 + [self.change_object] * 2
        if self.functions:
            forms += [self.change_function] * 2
        return rng.choice(forms)()

    def change_global(self) -> str:
        rng = self.rng
        name = rng.choice(list(self.globals) or ["STEP"])
        form = rng.randrange(5)
        if form == 0:
            return f"globals().pop({name!r}, None)"
        if form == 1:
            return f"globals()['new{rng.randrange(9)}'] = {self.expr('int', 1)}"
        kind = self.any_kind() if form == 2 else self.globals.get(name, "int")
        return f"globals()[{name!r}] = {self.expr(kind, 1)}"

    def change_builtin(self) -> str:
        rng = self.rng
        name = rng.choice(
            ("len", "range", "abs", "isinstance", "sum", "int", "str", "list", "min", "bool")
        )
        place = rng.choice(("globals()", "builtins.__dict__"))
        form = rng.randrange(4)
        if form == 0:
            return f"globals().pop({name!r}, None)"
        if form == 1:
            return f"builtins.{name} = originals[{name!r}]"
        if form == 2:
            return f"{place}[{name!r}] = lambda *args, old=originals[{name!r}]: old(*args)"
        return f"{place}[{name!r}] = originals[{name!r}]"

    def change_class(self) -> str:
        rng = self.rng
        cls = rng.choice(self.classes)
        names = [*cls.methods, *cls.fields, *cls.properties, "x", "m0"]
        name = rng.choice(names)
        form = rng.randrange(11)
        if form <= 1:
            return f"{cls.name}.{name} = {self.expr('int', 1)}"
        if form == 2:
            return f"{cls.name}.{name} = property(lambda self: {self.expr('int', 0)})"
        if form == 3:
            return f"{cls.name}.{name} = lambda self, *args, **kw: {self.expr('int', 0)}"
        if form == 4:
            return f"guard(delattr, {cls.name}, {name!r})"
        if form == 5:
            return f"{cls.name}.__getattr__ = lambda self, name: {self.expr('int', 0)}"
        if form == 6:
            return f"{cls.name}.{rng.choice(('__eq__', '__add__', '__lt__', '__getitem__'))} = lambda self, other: {self.expr(rng.choice(('bool', 'int')), 0)}"
        if form == 7:
            return f"{cls.name}.{rng.choice(('__len__', '__bool__', '__hash__'))} = lambda self: {rng.choice('012')}"
        if form == 8:
            return f"{cls.name}.extra = {self.expr('any', 0)}"
        if form == 9 and len(self.classes) > 1:
            other = rng.choice(self.classes)
            return f"guard(setattr, {cls.name}, '__bases__', ({other.name},))"
        if form == 10:
            return f"{cls.name}.__getattribute__ = lambda self, name: object.__getattribute__(self, name)"
        return f"guard(setattr, {cls.name}, '__slots__', ())"

    def change_object(self) -> str:
        rng = self.rng
        form = rng.randrange(6)
        name = self.variable("obj") or rng.choice(self.objects or ["None"])
        if form == 0:
            return f"guard(setattr, {name}, '__class__', {rng.choice(self.classes).name})"
        if form == 1:
            return f"guard(setattr, {name}, '__dict__', {{'x': {self.expr('int', 0)}, 'z': 's'}})"
        if form == 2:
            return f"guard(vars, {name})"
        if form == 3:
            return f"guard(delattr, {name}, {rng.choice('xyz')!r})"
        if form == 4:
            return f"guard(setattr, {name}, 'attr{rng.randrange(40)}', {self.expr('any', 0)})"
        return f"guard(setattr, {name}, {rng.choice(('m0', 'x', 'w'))!r}, {self.expr('any', 0)})"

    def change_function(self) -> str:
        rng = self.rng
        function = rng.choice(self.functions)
        form = rng.randrange(6)
        if form == 0:
            same = [f for f in self.functions if f.flavour == function.flavour]
            return f"guard(setattr, {function.name}, '__code__', {rng.choice(same).name}.__code__)"
        if form == 1:
            return f"{function.name}.__defaults__ = ({self.expr('int', 0)}, {self.expr('int', 0)})"
        if form == 2:
            return f"{function.name}.__defaults__ = None"
        if form == 3:
            return f"{function.name}.__kwdefaults__ = {{'kw': {self.expr('int', 0)}}}"
        if form == 4:
            return f"{function.name}.note = {self.expr('int', 0)}"
        # The code with its constants changed, as tools that rewrite functions do.
        return f"{function.name}.__code__ = {function.name}.__code__.replace(co_name='renamed')"
