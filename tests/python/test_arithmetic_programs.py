"""Random arithmetic: expressions, branches and loops of several operations, compiled as interpreted.

Inside an expression numbers have no boxes, and what one operation knows of an operand serves the
next. `RJIT_TEST_EXAMPLES=1000` makes up that many new programs for each test.
"""

import pytest

rjit = pytest.importorskip("rjit", reason="rjit is not installed here")

import hypothesis  # noqa: E402
from arithmetic import values  # noqa: E402
from arithmetic.twins import Twins, settings  # noqa: E402
from arithmetic.values import KINDS, NUMBERS, Choices  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

CONSTANTS = ["0", "1", "-1", "2", "3", "7", "10", "-5", "255", "1024", "1025", "2**30", "-(2**60)"]
CONSTANTS += ["2**62", "2**63 - 1", "-(2**63)", "2**63", "2**64", "10**30"]
CONSTANTS += [
    "0.0",
    "-0.0",
    "0.5",
    "-1.5",
    "2.5",
    "1e308",
    "5e-324",
    "1e999",
    "2.0**53",
    "1j",
    "True",
]

FREE = ["+", "-", "*", "+", "-", "*", "/", "//", "%", "&", "|", "^"]
COMPARISONS = ["<", "<=", "==", "!=", ">", ">="]


@pytest.fixture(scope="module", autouse=True)
def compiler():
    """On, but compiling only what it is told to."""
    rjit.enable(calls=10**9, loops=10**9)
    yield
    rjit.disable()


UNARY = [
    "(-{})",
    "(-{})",
    "(+{})",
    "(~{})",
    "(not {})",
    "abs({})",
    "int({})",
    "float({})",
    "bool({})",
]
BINARY = [f"({{}} {op} {{}})" for op in [*FREE, *FREE, *COMPARISONS, "is"]]
BINARY += ["({} and {})", "({} or {})", "divmod({}, {})[1]", "((d := {}) - {})", "min({}, {})"]
TERNARY = ["({} if {} else {})", "({} < {} <= {})", "({} == {} != {})"]

# Where the right operand has to be small, `n` and `s` are: others would fill the memory.
LIMITED = [
    "({} ** n)",
    "pow({}, n)",
    "({} << s)",
    "({} << s)",
    "({} >> s)",
    "({} >> n)",
    "round({}, n)",
]


def expression(choices: Choices, depth: int) -> str:
    """An expression of so many levels at most; with nothing left to choose, `a`."""
    forms = choices.pick([None, BINARY, BINARY, BINARY, UNARY, LIMITED, TERNARY]) if depth else None
    if forms is None:
        if choices.pick((False, False, True)):
            return f"({choices.pick(CONSTANTS)})"
        return choices.pick("abc")
    form = choices.pick(forms)
    return form.format(*[expression(choices, depth - 1) for _ in range(form.count("{}"))])


# Values that grow by no more than a factor in each round.
STEPS = [f"({{}} {op} {{}})" for op in FREE]
STEPS += ["(-{0} - {1})", "({0} - {0} * {1})", "(int({}) + {})"]
STEP_OPERANDS = ["(a)", "(b)", "(c)", "(i)", "(3)", "(1.5)", "(-1)", "(2**62)"]


def step(choices: Choices) -> str:
    return choices.pick(STEPS).format(choices.pick("xya"), choices.pick(STEP_OPERANDS))


SHAPES = [
    "    return {0}\n",
    "    r = {0}\n    return r\n",
    "    r = {0}\n    s = r\n    return r is s, r, s + {1}\n",
    "    a = {0}\n    b = {1}\n    return a, b, a == b\n",
    "    a += {0}\n    a -= {1}\n    a *= 2\n    return a\n",
    "    if {0}:\n        return 1, {1}\n    return 2, a\n",
    "    while {0}:\n        return 'once'\n    return {1}\n",
    "    r = []\n    r.append({0})\n    r.append({1})\n    return r\n",
    "    return ({0}, {1}) == ({1}, {0}), f'{{({0})}} {{({1})!r:>9}}'\n",
    "    try:\n        return {0}\n    except (ArithmeticError, TypeError) as e:\n"
    "        return type(e), str(e), {1}\n",
    "    r = 0\n    for i in (1, 2, 3):\n        try:\n            r = {0}\n        finally:\n"
    "            c = i\n    return r, c\n",
    "    g = lambda x: (x, {1})\n    return g({0})\n",
    "    match {0}:\n        case 0 | 1.5:\n            return 'number'\n        case bool(x):\n"
    "            return x\n        case y if y == a:\n            return y\n    return {1}\n",
]

# What the machine code knows of its operands before it comes to the point.
PRELUDES = {
    "nothing": "",
    "int": "    a = a * 1\n    b = b - 0\n    c = c + 0\n",
    "float": "    a = a * 1.0\n    b = b * 1.0\n    c = c - 0.0\n",
    "mixed": "    b = b + 0\n    c = c * 1.0\n",
}

LOOPS = [
    "    x = a\n    y = b\n    r = []\n    for i in range(k):\n        x = {0}\n        r.append(x)\n"
    "    return r\n",
    "    x = a\n    y = 1.0\n    for i in range(k):\n        x = {0}\n        y = {1}\n    return x, y\n",
    "    x = 0\n    y = 0\n    for i in range(k):\n        x += {0}\n        if x < {1}:\n"
    "            y += i\n        else:\n            y -= x\n    return x, y\n",
    "    x = 0.0\n    y = b\n    i = 0\n    while i < k:\n        x -= {0}\n        i += 1\n"
    "        if {1} == x:\n            continue\n        y = -y\n    return x, y, i\n",
]


USUAL = ["int", "float", "bool"]
COUNTS = [2, 0, 1, -1, 3, 5, -2, True, 0.5, values.PlainInt(2)]
SHIFTS = [1, 0, 30, 31, 60, 61, 62, 63, 64, 100, -1, 2**63, True, 1.5]


def kinds(choices: Choices) -> list[str]:
    """Of the three operands: mostly all ints, or all floats."""
    plain = choices.pick(["int", "int", "float", "usual", "numbers", "all"])
    if plain in KINDS:
        return [plain] * 3
    names = {"usual": USUAL, "numbers": [kind.name for kind in NUMBERS], "all": list(KINDS)}[plain]
    return [choices.pick(names) for _ in range(3)]


def warming(choices: Choices, chosen: list[str]) -> list[list]:
    """What the interpreter sees beforehand: the same kinds, others, or nothing."""
    seen = choices.pick(["same", "same", "same", "others", "nothing"])
    if seen == "nothing":
        return []
    if seen == "others":
        chosen = kinds(choices)
    return [[choices.pick(KINDS[kind].all_tame()) for kind in chosen] for _ in range(2)]


def operands(choices: Choices, chosen: list[str]) -> list:
    return [KINDS[kind].value(choices) for kind in chosen]


CONTENTS = st.binary(min_size=Choices.SIZE, max_size=Choices.SIZE)


@hypothesis.given(content=CONTENTS)
@settings(1000)
def test_expressions(content: bytes) -> None:
    choices = Choices(content)
    chosen = kinds(choices)
    fitting = chosen[0] if chosen[0] in PRELUDES else "mixed"
    prelude = PRELUDES[choices.pick([fitting, fitting, *PRELUDES])]
    body = choices.pick(SHAPES).format(expression(choices, 3), expression(choices, 2))
    warm = [[*args, 2, 1] for args in warming(choices, chosen)]
    twins = Twins(f"def f(a, b, c, n, s):\n{prelude}{body}", warm)
    for _ in range(8):
        args = operands(choices, chosen)
        twins.check([*args, choices.pick(COUNTS), choices.pick(SHIFTS)])
    twins.check([*operands(choices, kinds(choices)), 2, 1])


@hypothesis.given(content=CONTENTS)
@settings(500)
def test_loops(content: bytes) -> None:
    """Numbers that live on from round to round, and change their type while they do."""
    choices = Choices(content)
    chosen = kinds(choices)
    body = choices.pick(LOOPS).format(step(choices), step(choices))
    warm = [[*args, 5] for args in warming(choices, chosen)]
    twins = Twins(f"def f(a, b, c, k):\n{body}", warm)
    for rounds in (0, 1, 3, 12, 12, 40):
        twins.check([*operands(choices, chosen), rounds])


SEQUENCES = [
    st.text("ab\xe9\u20ac\U0001f600", max_size=4),
    st.binary(max_size=3),
    st.lists(st.integers(0, 3), max_size=3).map(tuple),
]
REPEATS = st.sampled_from([0, 1, 2, 3, -1, True, 2**63, -(2**64), 1.5, None])
REPEATS |= st.sampled_from([values.PlainInt(2), values.LoudInt(5), values.Index(2)])

SEQUENCE_SHAPES = [
    "    return a + b\n",
    "    return a * n\n",
    "    return n * a\n",
    "    a += b\n    a *= n\n    return a\n",
    "    r = a\n    for i in range(5):\n        r += b\n    return r, a\n",
    "    r = a\n    s = r\n    r += b\n    return r, s, r is s\n",
    "    return [*a, b] * n + [a]\n",
    "    return (a, b) * n + (a,)\n",
    "    return a < b, a == b, a != b, a + b == b + a\n",
    "    return (1 if a else 2), not b, a and b, n in a if n is None else len(a)\n",
    "    return a[n], a[:n]\n",
    "    return '%s %r' % (a, b), f'{a!r:>9}{n}'\n",
]


@hypothesis.given(data=st.data())
@settings(100)
def test_sequences(data: st.DataObject) -> None:
    """Numbers of times, and what is added that is no number."""
    twins = Twins(
        f"def f(a, b, n):\n{data.draw(st.sampled_from(SEQUENCE_SHAPES))}",
        data.draw(st.sampled_from([[("ab", "c", 2)], [(b"a", b"b", 2)], [((1,), (2,), 3)], []])),
    )
    for _ in range(6):
        kind = data.draw(st.sampled_from(SEQUENCES))
        first = data.draw(kind)
        second = data.draw(st.one_of(kind, *SEQUENCES))
        twins.check([first, second, data.draw(REPEATS)])
