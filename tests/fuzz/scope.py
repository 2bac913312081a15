"""What the generator knows about the place it is at, and the pieces programs are made of."""

from dataclasses import dataclass, field

LOCALS = ("a", "b", "c", "d", "f", "s", "t", "u")

KINDS = ("int", "float", "str", "list", "dict", "tuple", "set", "bool", "obj", "any")


@dataclass
class Scope:
    """One function's body (or the module's, or a class's) while it is being made."""

    kind: str
    """module, function, generator, coroutine, asyncgen or class"""
    variables: dict[str, str] = field(default_factory=dict)
    """The names that can be read, and the kind of value each most likely has."""
    fixed: set[str] = field(default_factory=set)
    """Names that must not be assigned: what keeps loops finite."""
    outer: dict[str, str] = field(default_factory=dict)
    """Variables of enclosing functions."""
    loops: int = 0
    """How many loops there are around the place."""
    in_loop: bool = False
    """Whether break and continue mean something here."""
    rounds: int = 1
    """How often the place runs in one call, at most."""
    in_handler: bool = False
    """Whether a bare raise means something here."""
    in_star: bool = False
    """Whether this is a handler of except*, which must not be left by jumps."""
    fresh: int = 0
    nested: int = 0
    """How many statements around the place may not run, or not to their end."""
    may_call: bool = True
    """Whether functions of the program may be called; leaf functions keep their loops hot."""
    method_of: str | None = None
    has_global: bool = False
    """Whether ``GX`` has been declared global."""

    def new(self, prefix: str) -> str:
        """A name that nothing else uses."""
        self.fresh += 1
        return f"{prefix}{self.fresh}"


@dataclass
class Function:
    """A function that can be called."""

    name: str
    params: list[tuple[str, str]]
    """Positional parameters and their kinds."""
    returns: str
    defaults: int = 0
    star: bool = False
    keyword: tuple[str, str] | None = None
    """A keyword-only parameter with a default."""
    keywords: bool = False
    flavour: str = "function"
    cost: int = 1


@dataclass
class Class:
    """A class of the program."""

    name: str
    base: Class | None = None
    builtin: str | None = None
    slots: bool = False
    fields: dict[str, str] = field(default_factory=dict)
    methods: dict[str, Function] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)
    properties: dict[str, str] = field(default_factory=dict)
    operators: list[str] = field(default_factory=list)
