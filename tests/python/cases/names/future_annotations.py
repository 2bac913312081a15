# Annotations kept as text: the module and class bodies then fill __annotations__ themselves.
# expect-compiled: annotated
from __future__ import annotations

from _support import attempt, repeat, show

first: int = 1
second: undefined_name  # noqa: F821
box = {}
box["key"]: str = "value"


class Body:
    a: int
    b: list[undefined_name] = []  # noqa: F821
    for i in range(60):
        looped: int = i


def annotated(x: int, *args: undefined_name, **kw: "quoted") -> None:  # noqa: F821, UP037
    local: undefined_name = x  # noqa: F821
    return local


repeat(annotated, 5)
show(__annotations__, Body.__annotations__, annotated.__annotations__, box)
for i in range(60):
    in_loop: float = i / 2
show(__annotations__, in_loop)
if first:
    __annotations__ = {}
    third: bool = True
show(__annotations__)
del __annotations__
attempt(exec, "x: int = 5\nprint(__annotations__)", {})
attempt(exec, "from __future__ import annotations\nx: int = 5\nprint(__annotations__, x)", {})
