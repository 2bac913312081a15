"""Makes a program small while it stays interesting: statements go first, then parts of expressions."""

import ast
import copy
import time
import warnings
from collections.abc import Callable, Iterator

Interesting = Callable[[str], bool]

LISTS = ("body", "orelse", "finalbody", "handlers", "cases")


def compiles(source: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "program.py", "exec")
    except SyntaxError, ValueError, RecursionError:
        return False
    return True


class Shrinker:
    """One program on its way down."""

    def __init__(self, source: str, interesting: Interesting, seconds: float) -> None:
        self.source = source
        self.interesting = interesting
        self.deadline = time.monotonic() + seconds
        self.tried: set[str] = set()
        self.tests = 0

    def accept(self, source: str) -> bool:
        """Whether a smaller program is as good; it is the program from now on if it is."""
        if source in self.tried or self.late() or not compiles(source):
            return False
        self.tried.add(source)
        self.tests += 1
        if not self.interesting(source):
            return False
        self.source = source
        return True

    def late(self) -> bool:
        return time.monotonic() > self.deadline

    def run(self) -> str:
        tree = ast.parse(self.source)
        if not self.accept(ast.unparse(tree) + "\n"):
            # What differs depends on how the text is laid out.
            self.lines()
            return self.source
        size = None
        while size != len(self.source) and not self.late():
            size = len(self.source)
            self.statements()
            self.unwrap()
            self.expressions()
        return self.source

    def lines(self) -> None:
        """Leaves out lines of the text."""
        chunk = max(1, len(self.source.splitlines()) // 2)
        while chunk:
            at = 0
            while at < len(self.source.splitlines()):
                lines = self.source.splitlines()
                if not self.accept("\n".join(lines[:at] + lines[at + chunk :]) + "\n"):
                    at += chunk
            chunk //= 2

    def try_edit(self, edit: Callable[[ast.Module], bool]) -> bool:
        """Applies an edit to a fresh tree, and keeps the result if that is as good."""
        tree = ast.parse(self.source)
        if not edit(tree):
            return False
        ast.fix_missing_locations(tree)
        try:
            text = ast.unparse(tree) + "\n"
        except ValueError, RecursionError:
            return False
        return len(text) < len(self.source) and self.accept(text)

    def statements(self) -> None:
        """Leaves out statements: chunks of each list, the longest chunks first."""
        number = 0
        while number < len(list(_lists(ast.parse(self.source)))) and not self.late():
            chunk = max(1, len(list(_lists(ast.parse(self.source)))[number]))
            while chunk:
                at = 0
                while not self.late():
                    lists = list(_lists(ast.parse(self.source)))
                    if number >= len(lists) or at >= len(lists[number]):
                        break

                    def leave_out(tree: ast.Module, number=number, at=at, chunk=chunk) -> bool:
                        statements = list(_lists(tree))[number]
                        kept = statements[:at] + statements[at + chunk :]
                        if not kept and statements and isinstance(statements[0], ast.Pass):
                            return False
                        statements[:] = kept
                        _fill(tree)
                        return True

                    if not self.try_edit(leave_out):
                        at += chunk
                chunk //= 2
            number += 1

    def unwrap(self) -> None:
        """Puts the body of a compound statement in its place."""
        number = 0
        while not self.late():
            places = list(_compounds(ast.parse(self.source)))
            if number >= len(places):
                return

            def unwrapped(tree: ast.Module, number=number) -> bool:
                statements, at = list(_compounds(tree))[number]
                statements[at : at + 1] = statements[at].body
                return True

            if not self.try_edit(unwrapped):
                number += 1

    def expressions(self) -> None:
        """Puts parts of expressions, or constants, in the place of the whole."""
        number = 0
        while not self.late():
            count = len(list(_expressions(ast.parse(self.source))))
            if number >= count:
                return
            changed = False
            for choice in range(12):

                def simpler(tree: ast.Module, number=number, choice=choice) -> bool:
                    set_it, node = list(_expressions(tree))[number]
                    options = list(_simpler(node))
                    if choice >= len(options):
                        return False
                    set_it(options[choice])
                    return True

                if self.try_edit(simpler):
                    changed = True
                    break
            if not changed:
                number += 1


def _lists(tree: ast.AST) -> Iterator[list]:
    for node in ast.walk(tree):
        for name in LISTS:
            statements = getattr(node, name, None)
            if isinstance(statements, list) and statements:
                yield statements
        if isinstance(node, ast.With) and len(node.items) > 1:
            yield node.items
        if isinstance(node, (ast.Call,)):
            if node.args:
                yield node.args
            if node.keywords:
                yield node.keywords
        if isinstance(node, (ast.List, ast.Tuple)) and node.elts:
            yield node.elts
        if (
            isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            and node.decorator_list
        ):
            yield node.decorator_list
        if isinstance(node, ast.ClassDef) and node.bases:
            yield node.bases


def _fill(tree: ast.AST) -> None:
    """No body may be empty, and a try needs something behind it."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and not body and not isinstance(node, ast.Module):
            node.body = [ast.Pass()]
        if isinstance(node, (ast.Try, ast.TryStar)) and not node.handlers and not node.finalbody:
            node.finalbody = [ast.Pass()]
            node.orelse = []
        if isinstance(node, ast.Match) and not node.cases:
            node.cases = [ast.match_case(ast.MatchAs(), None, [ast.Pass()])]


def _compounds(tree: ast.AST) -> Iterator[tuple[list, int]]:
    kinds = (
        ast.If,
        ast.For,
        ast.While,
        ast.Try,
        ast.TryStar,
        ast.With,
        ast.FunctionDef,
        ast.ClassDef,
    )
    for statements in _lists(tree):
        for at, statement in enumerate(statements):
            if isinstance(statement, kinds):
                yield statements, at


def _expressions(tree: ast.AST) -> Iterator[tuple[Callable, ast.expr]]:
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.expr) and not _is_plain(value):
                yield lambda new, node=node, name=name: setattr(node, name, new), value
            elif isinstance(value, list):
                for at, item in enumerate(value):
                    if isinstance(item, ast.expr) and not _is_plain(item):
                        yield lambda new, value=value, at=at: value.__setitem__(at, new), item


def _is_plain(node: ast.expr) -> bool:
    if isinstance(node, (ast.Constant, ast.JoinedStr, ast.FormattedValue)):
        return (
            not isinstance(getattr(node, "value", None), (str, int)) or len(ast.unparse(node)) < 2
        )
    return isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del))


def _simpler(node: ast.expr) -> Iterator[ast.expr]:
    yield ast.Constant(None)
    yield ast.Constant(0)
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield copy.deepcopy(child)
        elif isinstance(child, ast.comprehension):
            yield copy.deepcopy(child.iter)


def shrink(source: str, interesting: Interesting, seconds: float = 120.0) -> str:
    """A smaller program that is interesting, too, found within some time."""
    return Shrinker(source, interesting, seconds).run()


def shrink_all(
    programs: list[str], interesting: Callable[[list[str]], bool], seconds: float = 120.0
) -> list[str]:
    """Fewer and smaller programs that are interesting one after the other, found within some time."""
    deadline = time.monotonic() + seconds
    programs = list(programs)
    chunk = len(programs) // 2
    while chunk:
        at = 0
        while at < len(programs) and time.monotonic() < deadline:
            fewer = programs[:at] + programs[at + chunk :]
            if interesting(fewer):
                programs = fewer
            else:
                at += chunk
        chunk //= 2
    # What the last one does is what differs, as a rule, so that it gets the most time.
    for at in reversed(range(len(programs))):
        left = deadline - time.monotonic()

        def fits(source: str, at: int = at) -> bool:
            return interesting([*programs[:at], source, *programs[at + 1 :]])

        programs[at] = shrink(programs[at], fits, left if at == 0 else left / 2)
    return programs
