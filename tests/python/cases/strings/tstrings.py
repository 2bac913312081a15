# Template strings: their parts, values, conversions, specs, nesting, and errors inside.
# expect-compiled: simple, describe, specs
from string.templatelib import Interpolation, Template

from _support import attempt, probe, repeat, show


def simple(a, b):
    return t"{a} and {b}"


def specs(x, width):
    return t"[{x!r:>{width}}] [{x:.2f}] {x=} {x!s}"


def nested(a):
    return t"{t'{a}!'} {f'{a}?'}"


def empty():
    return t"", t"literal {{only}}"


def describe(template):
    parts = []
    for part in template:
        match part:
            case Interpolation(value, expression, conversion, spec):
                parts.append((describe(value) if isinstance(value, Template) else value, expression, conversion, spec))
            case str():
                parts.append(part)
    return parts


def combined(a):
    return describe(t"x{a}" + t"{a}y")


def plus_string(a):
    return t"x{a}" + "text"


def render(template):
    return "".join(part if isinstance(part, str) else f"<{part.value}>" for part in template)


def run(a, b):
    return describe(simple(a, b)), render(simple(a, b)), simple(a, b).strings, simple(a, b).values


def run_specs(x, width):
    return describe(specs(x, width))


def run_nested(a):
    return describe(nested(a))


probe(run, (1, "x"), ([1], None), (1.5, 2**70), (print, len))
probe(run_specs, (1.5, 8), ("text", "w"), (None, None))
repeat(run_nested, 5)
repeat(run_nested, "s")
show([describe(t) for t in empty()])
repeat(combined, 3)
attempt(plus_string, 1)


def failing(x):
    return t"{x} {x.missing}"


attempt(failing, 1)
