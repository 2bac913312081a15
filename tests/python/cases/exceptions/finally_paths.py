# finally: left by return, break, continue, exception and falling through; what it overrides and what it does not.
# expect-compiled: returns, overrides, loops, nested
import warnings

from _support import attempt, probe, repeat, show

warnings.simplefilter("ignore", SyntaxWarning)
trail = []


def act(step):
    trail.append(step)
    if step == "raise":
        raise ValueError("acted")
    if step == "key":
        raise KeyError("acted")
    return step


def returns(step):
    try:
        return act(step)
    finally:
        act("finally")


def overrides(step):
    try:
        return act(step)
    finally:
        return "overridden"


def raises_in_finally(step, last):
    try:
        return act(step)
    finally:
        act(last)


def value_kept(n):
    x = n
    try:
        return x
    finally:
        x = "changed"


def loops(steps):
    seen = []
    for step in steps:
        try:
            if step == "continue":
                continue
            if step == "break":
                break
            if step == "return":
                return seen, "returned"
            act(step)
            seen.append(step)
        finally:
            seen.append("f")
    else:
        seen.append("else")
    return seen


def break_in_finally(steps):
    seen = []
    for step in steps:
        try:
            act(step)
        finally:
            seen.append(step)
            if step == "raise":
                break
    return seen


def continue_in_finally(steps):
    seen = []
    for step in steps:
        try:
            act(step)
        finally:
            seen.append(step)
            continue
    return seen


def nested(a, b, c):
    out = []
    try:
        try:
            try:
                out.append(act(a))
            finally:
                out.append(act(b))
        except ValueError as exc:
            out.append(repr(exc))
            raise
        finally:
            out.append(act(c))
    except (ValueError, KeyError) as exc:
        out.append((repr(exc), repr(exc.__context__)))
    return out


def while_true(n):
    while True:
        try:
            n -= 1
            if n < 0:
                return n
        finally:
            if n == -1:
                act("leaving")


probe(returns, ("ok",), ("raise",), ("key",))
probe(overrides, ("ok",), ("raise",), ("key",))
probe(raises_in_finally, ("ok", "ok"), ("ok", "raise"), ("raise", "key"), ("raise", "raise"))
repeat(value_kept, 5)
repeat(value_kept, [1])
probe(loops, (["a", "continue", "b"],), (["a", "break", "b"],), (["a", "return"],), (["a", "raise", "b"],), ([],), (None,))
probe(break_in_finally, (["a", "b"],), (["a", "raise", "b"],), (["key"],))
probe(continue_in_finally, (["a", "b"],), (["raise", "key", "c"],))
for a in ("x", "raise", "key"):
    for b in ("y", "raise", "key"):
        for c in ("z", "raise", "key"):
            repeat(nested, a, b, c, times=5)
repeat(while_true, 5)
attempt(while_true, "s")
show(len(trail))
