"""Constants, with a liking for the places where things go wrong."""

import random

SMALL = ("0", "1", "2", "3", "5", "7", "-1", "-3", "10", "63")

CORNERS = (
    "255",
    "256",
    "257",
    "-5",
    "-6",
    "536870912",
    "1073741823",
    "1073741824",
    "-1073741824",
    "2147483647",
    "2147483648",
    "-2147483649",
    "4294967296",
    "1152921504606846975",
    "1152921504606846976",
    "4611686018427387904",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551616",
    "100000000000000000000",
    "3037000500",
)

FLOATS = ("0.0", "-0.0", "0.5", "1.5", "-2.25", "0.1", "3.0", "100.0", "1e16", "9007199254740993.0")

ODD_FLOATS = (
    'float("inf")',
    '-float("inf")',
    'float("nan")',
    "1e308",
    "5e-324",
    "-1e308",
    "2.2250738585072014e-308",
    "9223372036854775808.0",
)

STRINGS = (
    "''",
    "'a'",
    "'b'",
    "'xy'",
    "'hello'",
    "'\\u00e9'",
    "'\\u4e2d'",
    "'\\U0001f600z'",
    "'x y'",
    "'%'",
)

BYTES = ("b''", "b'a'", "b'xyz'", "bytearray(b'q')")


def integer(rng: random.Random) -> str:
    return rng.choice(SMALL if rng.random() < 0.85 else CORNERS)


def floating(rng: random.Random) -> str:
    return rng.choice(FLOATS if rng.random() < 0.88 else ODD_FLOATS)


def string(rng: random.Random) -> str:
    return rng.choice(STRINGS)
