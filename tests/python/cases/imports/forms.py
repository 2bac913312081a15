# Import statements of every form inside functions and loops, failing ones, and a module that changes between imports.
# expect-compiled: plain, from_, dotted, failing
import sys
import types

from _support import attempt, probe, repeat, show


def plain():
    import math

    return math.floor(1.5)


def from_():
    from math import ceil as up
    from math import floor, trunc

    return up(1.2), floor(1.7), trunc(-1.5)


def dotted():
    import collections.abc
    import collections.abc as abc

    return collections.abc is abc, abc.__name__, collections.__name__


def failing(which):
    if which == 1:
        import does_not_exist  # noqa: F401
    elif which == 2:
        from math import does_not_exist  # noqa: F401
    elif which == 3:
        import math.does_not_exist  # noqa: F401
    elif which == 4:
        from . import sibling  # noqa: F401
    elif which == 5:
        from ..package import thing  # noqa: F401
    elif which == 6:
        import made.sub.missing  # noqa: F401
    return which


def changing():
    import made
    from made import value

    return value, made.value


def in_loop(n):
    total = 0
    for _ in range(n):
        from math import pi

        total += pi
    return round(total, 5)


def with_handler():
    try:
        import first_choice as chosen
    except ImportError as exc:
        import math as chosen

        return exc.name, chosen.__name__
    return chosen.__name__


def imports_global():
    global late_module
    import json as late_module

    return late_module.__name__


def from_package():
    from made import missing_or_not

    return missing_or_not


def hooked(name):
    import math

    return math


made = types.ModuleType("made")
made.__path__ = []
made.value = 1
sys.modules["made"] = made
for func in (plain, from_, dotted, with_handler, imports_global):
    repeat(func)
probe(failing, (0,), *[(n,) for n in range(1, 7)])
repeat(in_loop, 30)
repeat(changing)
made.value = "two"
repeat(changing)
del made.value
attempt(changing)
made.__getattr__ = lambda name: ("dynamic", name)
repeat(changing)
attempt(from_package)
del made.__getattr__
attempt(from_package)
sys.modules["made.missing_or_not"] = types.ModuleType("found in sys.modules")
show(from_package().__name__)
sys.modules["made"] = None
attempt(changing)
import builtins  # noqa: E402

real = builtins.__import__
builtins.__import__ = lambda name, *args: ("hook", name, args[2], args[3])
repeat(hooked, 1)
attempt(from_)
builtins.__import__ = real
repeat(plain)
attempt(exec, "from math import *\nimport os.path as p\nprint(sqrt(4), p.__name__[-4:])", {})
attempt(exec, "from made_up import *", {})
attempt(exec, "import math", {"__builtins__": {}})
attempt(exec, "def f():\n    import math\n    return math\nf()", {"__builtins__": {}})
