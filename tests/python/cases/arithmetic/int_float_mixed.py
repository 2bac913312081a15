# Each binary operator over every pair of number types, so that a path made for one pair meets all the others.
# expect-compiled: op_add, op_pow
# expect-deopts: 1
from _support import error_lines, repeat


def op_add(a, b):
    return a + b


def op_sub(a, b):
    return a - b


def op_mul(a, b):
    return a * b


def op_truediv(a, b):
    return a / b


def op_floordiv(a, b):
    return a // b


def op_mod(a, b):
    return a % b


def op_pow(a, b):
    return a**b


def op_and(a, b):
    return a & b


def op_or(a, b):
    return a | b


def op_xor(a, b):
    return a ^ b


def op_matmul(a, b):
    return a @ b


def op_lshift(a, b):
    return a << b


def op_rshift(a, b):
    return a >> b


VALUES = [0, 1, -3, True, False, 2.5, -0.0, 1e308, 3 - 2j, 2**40, -(2**65), "ab", b"cd", [1], (2,), None, {3}, frozenset({4}), {5: 6}]
FUNCS = [op_add, op_sub, op_mul, op_truediv, op_floordiv, op_mod, op_pow, op_and, op_or, op_xor, op_matmul, op_lshift, op_rshift]


def outcome(func, a, b):
    if func in (op_mul, op_lshift, op_pow) and (abs_of(a) > 2**20 or abs_of(b) > 2**20):
        return "left out: large"
    try:
        result = func(a, b)
    except Exception as exc:
        return " | ".join(error_lines(exc))
    return f"{type(result).__name__}:{result!r}"


def abs_of(value):
    return abs(value) if isinstance(value, int) else 0


for func in FUNCS:
    for usual in ((6, 3), (6.5, 3.25), (6, 0.5), (0.5, 6)):
        try:
            repeat(func, *usual)
        except TypeError as exc:
            print(func.__name__, usual, exc)
        for a in VALUES:
            for b in VALUES:
                text = outcome(func, a, b)
                if usual == (6, 3):
                    print(func.__name__, repr(a), repr(b), text)
                elif text != outcome(func, a, b):
                    print("differs", func.__name__, a, b)
