# try, except, else and finally: raised here or in a callee, caught here or above, by class, tuple, expression, with names deleted.
# expect-compiled: classify, nested, loop_handler, with_else
import sys

from _support import attempt, probe, repeat, show


class Mine(ValueError):
    pass


def thrower(kind):
    if kind is None:
        return "fine"
    raise kind


def classify(kind):
    try:
        return thrower(kind)
    except (KeyError, IndexError) as exc:
        return "lookup", exc.args
    except Mine as exc:
        return "mine", str(exc)
    except ValueError:
        return "value"
    except OSError as exc:
        return "os", exc.errno


def with_else(kind):
    trail = []
    try:
        trail.append("try")
        thrower(kind)
    except ValueError as exc:
        trail.append(repr(exc))
    else:
        trail.append("else")
    finally:
        trail.append("finally")
    return trail


def nested(outer, inner):
    trail = []
    try:
        try:
            thrower(inner)
        except ValueError:
            trail.append("inner")
            thrower(outer)
        finally:
            trail.append("inner finally")
    except KeyError as exc:
        trail.append(("outer", type(exc.__context__).__name__))
    return trail


def loop_handler(values):
    good = bad = 0
    for value in values:
        try:
            good += int(value)
        except ValueError:
            bad += 1
        except TypeError:
            bad += 100
            continue
    return good, bad


def in_place_raise(x):
    try:
        if x > 2:
            raise ValueError("big", x)
        return 10 // x
    except ZeroDivisionError:
        return "zero"
    except TypeError as exc:
        return f"type: {exc}"


def bare(kind):
    try:
        thrower(kind)
    except:  # noqa: E722
        return sys.exception() is kind or sys.exception().__class__.__name__
    return "none"


def name_deleted(kind):
    try:
        thrower(kind)
    except Exception as exc:
        kept = exc
    try:
        return exc, kept
    except UnboundLocalError as error:
        return str(error)


def computed_class(kind, classes):
    try:
        thrower(kind)
    except classes() as exc:
        return "caught", exc
    return "fine"


KINDS = [None, KeyError("k"), IndexError(1, 2), Mine("m"), ValueError, OSError(2, "no"), TypeError("t"), KeyboardInterrupt(), SystemExit(3), 5, "text", int, Mine]
for func in (classify, with_else, bare, name_deleted):
    probe(func, (None,), *[(kind,) for kind in KINDS])
    probe(func, (Mine("usual"),), *[(kind,) for kind in KINDS])
probe(nested, (KeyError(1), ValueError(2)), (None, None), (None, ValueError(1)), (OSError(1), Mine(2)), (KeyError(1), KeyError(2)), (ValueError(1), ValueError(2)))
probe(loop_handler, (["1", "x", "2"],), ([None, "5"],), ([1.5, "7"],), (["1"] * 5,), (None,), ([b"1", object],))
probe(in_place_raise, (2,), (0,), (5,), ("x",), (0.0,), (2.5,), (None,))
probe(computed_class, (KeyError("k"), lambda: KeyError), (KeyError("k"), lambda: (ValueError, KeyError)), (KeyError("k"), lambda: ()), (KeyError("k"), lambda: 5), (KeyError("k"), lambda: (KeyError, 5)), (KeyError("k"), lambda: 1 / 0), (None, lambda: 5))
show(sys.exception(), sys.exc_info())
repeat(classify, None)
attempt(thrower, classify)
