# raise in every form: from, from None, re-raise, bare without an active exception, classes, wrong things; contexts and notes.
# expect-compiled: raise_from, reraise, chain
import sys

from _support import attempt, probe, repeat, show


def raise_it(exc):
    raise exc


def raise_from(exc, cause):
    raise exc from cause


def bare():
    raise


def reraise(exc):
    try:
        raise exc
    except ValueError:
        raise


def reraise_named(exc):
    try:
        raise_it(exc)
    except Exception as caught:
        caught.add_note("seen")
        raise caught


def chain(depth):
    try:
        if depth:
            chain(depth - 1)
        raise ValueError(depth)
    except ValueError as exc:
        raise KeyError(depth) if depth % 2 else TypeError(depth) from exc


def replaced(exc):
    try:
        raise exc
    except Exception:
        raise RuntimeError("new") from None


def from_cause(exc):
    try:
        raise exc
    except Exception as caught:
        raise RuntimeError("wrapped") from caught


class NotException:
    pass


class Picky(Exception):
    def __init__(self, a, b):
        super().__init__(a, b)


class NewReturnsOther(Exception):
    def __new__(cls):
        return 5


def exc_info_steps():
    steps = [sys.exception()]
    try:
        try:
            raise ValueError(1)
        except ValueError:
            steps.append(repr(sys.exception()))
            try:
                raise KeyError(2)
            except KeyError:
                steps.append(repr(sys.exception()))
            steps.append(repr(sys.exception()))
            [steps.append(repr(sys.exception())) for _ in range(1)]
            raise OSError(3) from None
    except OSError as exc:
        steps.append((repr(sys.exception()), repr(exc.__context__), exc.__suppress_context__))
    steps.append(sys.exception())
    return steps


def traceback_growth(exc):
    depths = []
    for _ in range(3):
        try:
            raise exc
        except ValueError as caught:
            tb, depth = caught.__traceback__, 0
            while tb:
                tb, depth = tb.tb_next, depth + 1
            depths.append(depth)
    return depths


def quiet(func, *args):
    for _ in range(10):
        try:
            func(*args)
        except BaseException:
            pass


for exc in (ValueError("v"), ValueError, KeyError, Picky(1, 2), Picky, NotException(), NotException, NewReturnsOther, 5, None, "s", BaseException("b")):
    quiet(raise_it, exc)
    attempt(raise_it, exc)
    attempt(reraise, exc)
    attempt(replaced, exc)
for cause in (None, KeyError("cause"), KeyError, Picky, 5, NotException):
    quiet(raise_from, ValueError("x"), cause)
    attempt(raise_from, ValueError("fresh"), cause)
quiet(bare)
attempt(bare)
quiet(chain, 3)
attempt(chain, 4)
for _ in range(30):
    attempt_error = ValueError("noted")
    try:
        reraise_named(attempt_error)
    except ValueError:
        pass
attempt(reraise_named, ValueError("noted once"))
quiet(from_cause, OSError(1))
attempt(from_cause, OSError(1))
repeat(exc_info_steps)
for _ in range(10):
    result = traceback_growth(ValueError("grown"))
show(result)


def active_elsewhere():
    try:
        raise ValueError("outer")
    except ValueError:
        return bare()


quiet(active_elsewhere)
attempt(active_elsewhere)
probe(lambda x: x or bare(), (1,), (0,))
