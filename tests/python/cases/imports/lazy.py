# Lazy imports: nothing is loaded before the first use, and that use may fail inside compiled code.
# expect-compiled: use, use_from
import sys
import types

from _support import attempt, repeat, show

lazy import colorsys
lazy import does_not_exist_either
lazy from keyword import iskeyword as is_keyword
lazy from math import no_such_name
lazy from stat import S_ISDIR, no_such_flag


def use(r):
    return colorsys.rgb_to_hsv(r, 0.5, 0.5)


def use_from(word):
    return is_keyword(word)


def use_missing():
    return does_not_exist_either.x


def use_missing_name():
    return no_such_name


def use_flags():
    return S_ISDIR(0), no_such_flag


def as_value():
    module = colorsys
    return type(module) is types.ModuleType


show("colorsys" in sys.modules, type(globals()["colorsys"]).__name__)
repeat(use, 0.25)
show("colorsys" in sys.modules, type(globals()["colorsys"]).__name__)
repeat(use_from, "lambda")
repeat(use_from, "word")
repeat(as_value)
for func in (use_missing, use_missing_name, use_flags):
    for _ in range(10):
        try:
            func()
        except Exception:
            pass
    try:
        func()
    except ImportError as exc:
        show(type(exc).__name__, str(exc).partition(" (")[0], type(exc.__cause__).__name__)
attempt(use, "x")
