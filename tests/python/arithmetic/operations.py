"""What can be done with numbers, as source text of functions over a, b and c."""

ARITHMETIC = ["+", "-", "*", "/", "//", "%", "&", "|", "^"]
# Their right operand must be small.
SHIFTS = ["<<", ">>"]
POWER = ["**"]
COMPARISONS = ["<", "<=", "==", "!=", ">", ">="]


def expression(text: str) -> str:
    return f"def f(a, b=None, c=None):\n    return {text}\n"


def in_place(operator: str) -> str:
    return f"def f(a, b):\n    a {operator}= b\n    return a\n"


def branch(operator: str) -> str:
    return f"def f(a, b):\n    if a {operator} b:\n        return 1\n    return 2\n"


def known(operator: str) -> dict[str, str]:
    """An operation after others, from which it is known what its operands are.

    Most operators have no specialized instruction: machine code has fast paths for them here only.
    """
    texts = (f"(a * 1) {operator} (b * 1)", f"(a * 1.0) {operator} (b * 1.0)")
    return {text: expression(text) for text in texts}


# Of two operands, each with each.
PAIRS = {
    **{f"a {op} b": expression(f"a {op} b") for op in [*ARITHMETIC, "@"]},
    **{f"a {op}= b": in_place(op) for op in [*ARITHMETIC, "@"]},
    **{f"a {op} b": expression(f"a {op} b") for op in [*COMPARISONS, "is", "is not"]},
    **{f"if a {op} b": branch(op) for op in [*COMPARISONS, "is"]},
    **{text: source for op in [*ARITHMETIC, *COMPARISONS] for text, source in known(op).items()},
    **{
        text: expression(text)
        for text in (
            "(a * 1.0) * b",
            "a / (b * 1.0)",
            "(a * 1) - (b * 1.0)",
            "-(a * 1) + -(b * 1.0)",
            "-(a * 1.0) == -(b * 1)",
            "divmod(a, b)",
            "a and b",
            "a or b",
            "not a == b",
            "a < b < a",
            "a <= b != a",
            "(a, 1) < (b, 2)",
            "[a, b] == [b, a]",
            "(a, b) == (a, b)",
            "a in (b, 1)",
            "a in [b]",
            "{a: 1}.get(b)",
            "hash(a) == hash(b)",
            "min(a, b)",
            "max(a, b)",
            "sum([a, b])",
            "sum((a, b, a), 0.0)",
            "sorted([b, a])",
            "complex(a, b)",
            "math.fmod(a, b)",
            "math.hypot(a, b)",
            "math.copysign(a, b)",
            "math.atan2(a, b)",
            "math.nextafter(a, b)",
            "math.isclose(a, b)",
            "math.fsum([a, b])",
            "math.gcd(a, b)",
            "math.lcm(a, b)",
            "round(a, 2) == round(b, 2)",
            "a * b + a",
            "a - b * b",
            "a / b - a",
            "a // b * b + a % b",
            "-a - b",
            "a + b is a + b",
            "int(a) + int(b)",
            "float(a) * float(b)",
        )
    },
}

# With a right operand that must be small.
SMALL = {
    "shifts": {
        **{f"a {op} b": expression(f"a {op} b") for op in SHIFTS},
        **{text: source for op in SHIFTS for text, source in known(op).items()},
        **{f"a {op}= b": in_place(op) for op in SHIFTS},
    },
    "powers": {
        "a ** b": expression("a ** b"),
        "a **= b": in_place("**"),
        "pow(a, b)": expression("pow(a, b)"),
        "pow(a, b, 7)": expression("pow(a, b, 7)"),
        "pow(a, b, -(2**64))": expression("pow(a, b, -(2**64))"),
        "pow(a, b, 0)": expression("pow(a, b, 0)"),
        "math.pow(a, b)": expression("math.pow(a, b)"),
        "math.ldexp(a, b)": expression("math.ldexp(a, b)"),
        "round(a, b)": expression("round(a, b)"),
    },
}

# Of one operand.
SINGLE = {
    text: expression(text)
    for text in (
        "-a",
        "+a",
        "~a",
        "not a",
        "not not a",
        "- -a",
        "-(a * 1)",
        "-(a * 1.0)",
        "not a * 1",
        "not a * 1.0",
        "abs(a)",
        "round(a)",
        "round(a, None)",
        "round(a, 1)",
        "round(a, -2)",
        "int(a)",
        "float(a)",
        "bool(a)",
        "complex(a)",
        "str(a)",
        "repr(a)",
        "hash(a)",
        "int(str(a))",
        "float(str(a))",
        "complex(str(a))",
        "float(repr(a)) == a",
        "f'{a}'",
        "f'{a!r:>30}'",
        "f'{a:+.3e}'",
        "f'{a:g}'",
        "f'{a:.0f}'",
        "f'{a:,}'",
        "f'{a:#x}'",
        "f'{a:b}'",
        "f'{a:d}'",
        "f'{a:%}'",
        "f'{a:030}'",
        "'%d %s' % (a, a)",
        "'%.3g' % a",
        "'%x' % a",
        "format(a, 'n')",
        "a.hex()",
        "float.fromhex(a.hex())",
        "a.is_integer()",
        "a.as_integer_ratio()",
        "a.bit_length()",
        "a.bit_count()",
        "a.conjugate()",
        "a.real",
        "a.imag",
        "a.numerator / a.denominator",
        "a.to_bytes(9, 'big', signed=True)",
        "a.to_bytes(8, 'little')",
        "int.from_bytes(a.to_bytes(200, 'little', signed=True), 'little', signed=True)",
        "float.__repr__(a)",
        "int.__add__(a, 1)",
        "operator.index(a)",
        "bin(a)",
        "hex(a)",
        "oct(a)",
        "chr(a)",
        "bytes([a])",
        "range(a)[-1:]",
        "range(a, a + 3)[1]",
        "'abc'[a]",
        "[1, 2, 3][a]",
        "(1, 2, 3)[-a]",
        "[1, 2, 3][a:]",
        "isinstance(a, int)",
        "type(a)(a)",
        "a if a else -1",
        "1 if a == a else 2",
        "a is a",
        "a - a",
        "a * a",
        "a / a",
        "a // 1",
        "a % 1",
        "a % 5 == 0",
        "a % 12 != 0",
        "'rest' if a % 96 else 'none'",
        "not a % 7",
        "a + 0",
        "0 - a",
        "a * 1",
        "a * -1",
        "a * 0.0",
        "a + 0.0",
        "-0.0 + a",
        "a - 0.0",
        "a * 1.0",
        "a / 2",
        "2 / a",
        "a // 2",
        "7 // a",
        "a // -3",
        "-7 % a",
        "a % -3",
        "a % 2.0",
        "a & 255",
        "a | 1",
        "a ^ -1",
        "a << 1",
        "a << 62",
        "a >> 1",
        "a >> 70",
        "1 << 2 + (a == 1)",
        "a ** 2",
        "a ** 0",
        "a ** -1",
        "a ** 0.5",
        "a + 4611686018427387904",
        "a * 4611686018427387904",
        "9223372036854775807 - a",
        "a - -9223372036854775808",
        "a // -1",
        "a % -1",
        "a < 0",
        "a == 0.0",
        "0 < a <= 1024",
        "1 != a",
        "a < 9223372036854775807",
        "a > 9007199254740993",
        "a == 9007199254740993.0",
        "math.floor(a)",
        "math.ceil(a)",
        "math.trunc(a)",
        "math.sqrt(a)",
        "math.isqrt(a)",
        "math.exp(a)",
        "math.log(a)",
        "math.log2(a)",
        "math.log(a, 3)",
        "math.sin(a)",
        "math.fabs(a)",
        "math.isnan(a)",
        "math.isinf(a)",
        "math.isfinite(a)",
        "math.frexp(a)",
        "math.modf(a)",
        "math.ulp(a)",
        "math.cbrt(a)",
    )
}
SINGLE |= {
    "if a": "def f(a):\n    if a:\n        return 1\n    return 2\n",
    "if not a": "def f(a):\n    if not a:\n        return 1\n    return 2\n",
    "while a": "def f(a):\n    while a:\n        return 1\n    return 2\n",
    "if a and a": "def f(a):\n    if a and a > 1 or a == -1:\n        return 1\n    return 2\n",
    "assert a": "def f(a):\n    assert a, a\n    return a\n",
    "match a": "def f(a):\n    match a:\n        case 0:\n            return 'zero'\n"
    "        case 1.5 | -1:\n            return 'other'\n        case int(x):\n            return x\n"
    "        case _:\n            return a\n",
    "if known": "def f(a):\n    if a * 1:\n        return 1\n    return 2 if a * 1.0 else 3\n",
    "count down": "def f(a):\n    n = 0\n    while a > 0 and n < 5:\n        a -= 1\n        n += 1\n"
    "    return a, n\n",
    "sum up": "def f(a):\n    t = 0\n    for _ in range(4):\n        t += a\n    return t\n",
    "sum up floats": "def f(a):\n    t = 0.0\n    for _ in range(4):\n        t += a\n    return t\n",
    "double": "def f(a):\n    for _ in range(5):\n        a *= 2\n    return a\n",
}
