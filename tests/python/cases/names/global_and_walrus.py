# global statements, walrus in every place, assert, annotations of locals and of functions.
# expect-compiled: walrus, check, annotated
import annotationlib

from _support import attempt, probe, repeat, show


def walrus(items):
    if (n := len(items)) > 2:
        first = n
    else:
        first = -n
    while (n := n - 1) > 0:
        pass
    return first, n, [y := x for x in items], y, (z := n, z), f"{(w := 5)}", w


def check(x):
    assert x > 0, f"not positive: {x}"
    assert x < 100
    return x


def check_message(x):
    assert not x, (x, "tuple")
    return "ok"


def annotated(a: int, b: "text" = 2, *c: undefined_name, d: (lambda: 5) = None, **e) -> list[int]:  # noqa: F821
    local: int = a
    other: undefined_too  # noqa: F821, F842
    (paren): str = "p"
    return local, paren, b


def unbound_annotated():
    x: int
    return x


def attribute_annotated(obj):
    obj.value: int = 5
    obj.items[0]: str = "s"
    return obj.value, obj.items


class Box:
    def __init__(self):
        self.items = {}


def make_annotated(kind):
    def inner(x: kind) -> list[kind]:
        return x

    class Inner:
        a: kind
        b: list[kind] = []

    return inner, Inner


def global_everything(n):
    global g_one, g_two
    g_one, g_two = n, [n]
    for g_one in range(n):
        g_two.append(g_one)
    try:
        raise ValueError(n)
    except ValueError as g_error:
        g_one = str(g_error)
    import math as g_two

    def g_function():
        return g_one

    return g_function(), g_two.__name__


probe(walrus, ([1, 2, 3],), ("a",), ((1.5, 2, 3, 4),), ([],), (5,))
probe(check, (5,), (-1,), (100,), (0.5,), ("x",), (True,))
probe(check_message, (0,), (1,), ([],), ("s",))
repeat(annotated, 1)
repeat(annotated, "s", None)
attempt(unbound_annotated)
repeat(attribute_annotated, Box())
attempt(attribute_annotated, 5)
for kind in (int, "s", None) * 10:
    inner, Inner = make_annotated(kind)
    result = inner.__annotations__, Inner.__annotations__
show(*result)
attempt(lambda: annotated.__annotations__)
show(annotationlib.get_annotations(annotated, format=annotationlib.Format.STRING))
repeat(global_everything, 5)
show(g_one)  # noqa: F821
module_level: int = 5
not_assigned: undefined_annotation  # noqa: F821
for module_loop in range(100):
    annotated_in_loop: int = module_loop
attempt(lambda: __annotations__)
show(annotationlib.get_annotations(make_annotated), annotated_in_loop)
