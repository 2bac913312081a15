# Exception groups: except*, splitting, nesting, re-raising parts, raising inside the handlers.
# expect-compiled: split, star_reraise
from _support import attempt, probe, repeat


def group(*kinds):
    return ExceptionGroup("group", [kind if isinstance(kind, BaseException) else kind(kind.__name__) for kind in kinds])


def split(exc):
    seen = []
    try:
        if exc is not None:
            raise exc
        seen.append("body")
    except* ValueError as eg:
        seen.append(("value", [str(e) for e in eg.exceptions]))
    except* (KeyError, IndexError) as eg:
        seen.append(("lookup", len(eg.exceptions)))
    else:
        seen.append("else")
    finally:
        seen.append("finally")
    return seen


def star_reraise(exc):
    try:
        raise exc
    except* ValueError:
        raise
    except* KeyError as eg:
        raise RuntimeError("from handler") from eg


def star_in_loop(excs):
    counts = {"os": 0, "value": 0}
    for exc in excs:
        try:
            raise exc
        except* OSError as eg:
            counts["os"] += len(eg.exceptions)
        except* ValueError:
            counts["value"] += 1
    return counts


def bad_class(exc, cls):
    try:
        raise exc
    except* cls:
        return_value = "handled"
    return return_value


def normal_except(exc):
    try:
        raise exc
    except ExceptionGroup as eg:
        match = eg.subgroup(ValueError)
        rest = eg.split(ValueError)[1]
        return match, rest


probe(split, (None,), (group(ValueError),), (group(ValueError, KeyError),), (group(OSError, ValueError),), (ValueError("naked"),), (KeyError("naked"),), (OSError("naked"),), (group(group(ValueError, OSError), KeyError),))
probe(split, (group(ValueError, KeyError, ValueError),), (None,), (group(TypeError),), (BaseExceptionGroup("base", [KeyboardInterrupt(), ValueError(1)]),))


def quiet_star(exc):
    try:
        star_reraise(exc)
    except Exception:
        pass


for make in (lambda: group(ValueError), lambda: group(KeyError), lambda: group(ValueError, KeyError, OSError), lambda: ValueError("naked"), lambda: OSError("other")):
    for _ in range(10):
        quiet_star(make())
    attempt(star_reraise, make())
repeat(star_in_loop, [group(OSError, OSError), group(ValueError), group(ValueError, OSError)], times=10)
attempt(star_in_loop, [group(OSError, OSError), group(TypeError)])
for cls in (ValueError, KeyError, ExceptionGroup, 5, (ValueError, BaseExceptionGroup), ()):
    for _ in range(5):
        try:
            bad_class(group(ValueError), cls)
        except Exception:
            pass
    attempt(bad_class, group(ValueError), cls)
repeat(normal_except, group(ValueError, KeyError), times=10)
attempt(normal_except, group(KeyError))
attempt(lambda: ExceptionGroup("empty", []))
