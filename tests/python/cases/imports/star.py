# Star import at module level, with and without __all__, and loops over what it brought in.
# expect-osr: 1
import sys
import types

first = types.ModuleType("first")
first.alpha, first._hidden, first.beta = 1, 2, 3
second = types.ModuleType("second")
second.__all__ = ["_shown", "gamma"]
second._shown, second.gamma, second.delta = "shown", "gamma", "delta"
third = types.ModuleType("third")
third.__all__ = ["absent"]
fourth = types.ModuleType("fourth")
fourth.__all__ = [5]
sys.modules.update(first=first, second=second, third=third, fourth=fourth)

from first import *  # noqa: E402
from second import *  # noqa: E402

total = 0
for i in range(200):
    total += alpha * i + beta  # noqa: F405
print(total, _shown, gamma)  # noqa: F405
print("_hidden" in globals(), "delta" in globals())
for name in ("third", "fourth", "fifth") * 20:
    try:
        exec(f"from {name} import *")
    except Exception as exc:
        message = f"{type(exc).__name__} {exc}"
        if i < 203:
            print(message)
            i += 1
