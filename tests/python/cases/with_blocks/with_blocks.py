# with: normal ends, exceptions passed on and suppressed, errors in enter and exit, several managers, and every way to leave.
# expect-compiled: use, two, leave_return, suppressing
from _support import attempt, probe, repeat, show

log = []


class Manager:
    def __init__(self, name, suppress=False, fail=""):
        self.name = name
        self.suppress = suppress
        self.fail = fail

    def __enter__(self):
        log.append(f"enter {self.name}")
        if "enter" in self.fail:
            raise RuntimeError(f"enter {self.name}")
        return self.name

    def __exit__(self, kind, value, tb):
        log.append(f"exit {self.name} {kind.__name__ if kind else None} {value} {tb.tb_lineno if tb else None}")
        if "exit" in self.fail:
            raise LookupError(f"exit {self.name}")
        return self.suppress

    def __repr__(self):
        return f"Manager({self.name})"


def use(manager, work):
    with manager as name:
        result = work(name)
    return result


def two(a, b, work):
    with a as x, b as y:
        return x, y, work(x)
    return "suppressed"


def parenthesized(a, b, work):
    with (
        a as x,
        b,
    ):
        work(x)
    return "done"


def leave_return(manager, flag):
    with manager:
        if flag:
            return "returned"
        log.append("stays")
    return "after"


def leave_loop(manager, n):
    seen = []
    for i in range(n):
        with manager as seen_name:
            if i == 1:
                continue
            if i == 3:
                break
            seen.append((i, seen_name))
    else:
        seen.append("else")
    return seen


def suppressing(manager, bad):
    before = "before"
    with manager:
        before = "changed"
        if bad:
            raise ValueError("inside")
        before = "end"
    return before


def nested(outer, inner, work):
    with outer:
        with inner:
            work(0)
        log.append("between")
    return "end"


def targets(manager, box):
    with manager as box["name"], manager as (a, *b):
        return box, a, b


def bad_work(name):
    return 1 / 0


def fine(name):
    return name


def M(*args, **kwargs):
    return Manager(*args, **kwargs)


class NoExit:
    def __enter__(self):
        return 1


class NoEnter:
    def __exit__(self, *args):
        return True


probe(use, (M("a"), fine), (M("a"), bad_work), (M("a", True), bad_work), (M("a", fail="enter"), fine), (M("a", fail="exit"), fine), (M("a", fail="exit"), bad_work))
probe(use, (M("a"), fine), (5, fine), (NoExit(), fine), (NoEnter(), fine), (None, fine), (M("a"), None))
probe(two, (M("a"), M("b"), fine), (M("a"), M("b", True), bad_work), (M("a", True), M("b"), bad_work), (M("a"), M("b"), bad_work), (M("a", True), M("b", fail="enter"), fine), (M("a", True), M("b", fail="exit"), fine))
probe(parenthesized, (M("a"), M("b"), fine), (M("a"), M("b"), bad_work), (M("a", 1), M("b", ""), bad_work))
probe(leave_return, (M("a"), True), (M("a"), False), (M("a", fail="exit"), True), (M("a", True), True))
probe(leave_loop, (M("a"), 5), (M("a"), 3), (M("a", fail="exit"), 5), (M("a"), 0))
probe(suppressing, (M("a"), False), (M("a", True), True), (M("a"), True), (M("a", [1]), True), (M("a", []), True))
probe(nested, (M("o"), M("i"), fine), (M("o", True), M("i"), bad_work), (M("o"), M("i", True), bad_work), (M("o", True), M("i", fail="exit"), bad_work))
probe(targets, (M("abc"), {}), (M("", True), {}), (M("abc"), None), (M("x", True), {}))
show(len(log), log[-40:])


class Odd:
    def __enter__(self):
        return self

    def __exit__(self, *args):
        class Undecided:
            def __bool__(self):
                raise OSError("undecided")

        return Undecided()


attempt(use, Odd(), bad_work)
repeat(use, Odd(), type)
Manager.__exit__ = lambda self, *args: True
repeat(use, M("new"), fine, times=5)
attempt(suppressing, M("new"), True)
del Manager.__enter__
attempt(use, M("gone"), fine)
