"""Arithmetic, each operation with each pair of kinds: compiled as interpreted, to the last bit.

Machine code depends on what the interpreter has learned, so every operation is compiled after it
has met each pair of kinds, and then given all corner values of those kinds and some of others.
Random programs are in test_arithmetic_programs.py.
"""

import itertools

import pytest

rjit = pytest.importorskip("rjit", reason="rjit is not installed here")

from arithmetic import operations, values  # noqa: E402
from arithmetic.twins import WARMING, Twins, make  # noqa: E402
from arithmetic.values import KINDS, NUMBERS, Kind  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def compiler():
    """On, but compiling only what it is told to."""
    rjit.enable(calls=10**9, loops=10**9)
    yield
    rjit.disable()


def strangers(*kinds: Kind) -> list:
    """One value of each kind that the code was not made for."""
    return [kind.all_tame()[0] for kind in KINDS.values() if kind not in kinds]


@pytest.mark.parametrize("name", operations.PAIRS)
def test_each_pair(name: str) -> None:
    for left, right in itertools.product(NUMBERS, repeat=2):
        twins = Twins(
            operations.PAIRS[name],
            list(zip(left.all_tame(), itertools.cycle(right.all_tame()))),
        )
        exact = left in values.EXACT and right in values.EXACT
        firsts, seconds = (
            kind.all_corners() if exact else [kind.make(value) for value in kind.corners[-9:]]
            for kind in (left, right)
        )
        twins.check_all(itertools.product(firsts, seconds))
        known = left.all_tame()[0], right.all_tame()[0]
        for stranger in strangers(left, right):
            twins.check((stranger, known[1]))
            twins.check((known[0], stranger))


@pytest.mark.parametrize("group", operations.SMALL)
def test_shifts_and_powers(group: str) -> None:
    seconds = values.SHIFTS if group == "shifts" else values.EXPONENTS
    for source in operations.SMALL[group].values():
        for kind in NUMBERS:
            for usual in (2, 0.5):
                twins = Twins(source, [(value, usual) for value in kind.all_tame()])
                twins.check_all(itertools.product(kind.all_corners(), seconds))
                twins.check_all((stranger, 2) for stranger in strangers(kind))


@pytest.mark.parametrize("name", operations.SINGLE)
def test_each_kind(name: str) -> None:
    for kind in KINDS.values():
        twins = Twins(operations.SINGLE[name], [(value,) for value in kind.all_tame()])
        twins.check_all((value,) for value in [*kind.all_corners(), *strangers(kind)])


@pytest.mark.parametrize("name", [*operations.PAIRS, *operations.SINGLE])
def test_unwarmed(name: str) -> None:
    """The generic path, of code that the interpreter has never run."""
    if name in operations.SINGLE:
        twins = Twins(operations.SINGLE[name])
        twins.check_all((value,) for kind in KINDS.values() for value in kind.all_corners())
        return
    twins = Twins(operations.PAIRS[name])
    some = [value for kind in KINDS.values() for value in kind.all_corners()[-3:]]
    twins.check_all(itertools.product(some, repeat=2))


@pytest.mark.parametrize(
    ("text", "usual", "expected"),
    [
        ("a + b", (3, 2), "int.Add"),
        ("a - b", (3, 2), "int.Sub"),
        ("a * b", (3, 2), "int.Mul"),
        # What the interpreter does not specialize becomes fast where the kinds are known.
        ("(a - 1) // (b + 1)", (3, 2), "int.FloorDiv"),
        ("(a - 1) % (b + 1)", (3, 2), "int.Mod"),
        ("(a - 1) & (b + 1)", (3, 2), "int.And"),
        ("(a - 1) | (b + 1)", (3, 2), "int.Or"),
        ("(a - 1) ^ (b + 1)", (3, 2), "int.Xor"),
        ("(a - 1) << (b + 1)", (3, 2), "int.Shl"),
        ("(a - 1) >> (b + 1)", (3, 2), "int.Shr"),
        ("-(a + b)", (3, 2), "int_neg"),
        ("a < b", (3, 2), "compare.Lt"),
        ("a == b", (3, 2), "compare.Eq"),
        ("a + b", (1.5, 2.5), "float.Add"),
        ("a - b", (1.5, 2.5), "float.Sub"),
        ("a * b", (1.5, 2.5), "float.Mul"),
        ("(a + 1.0) / (b + 1.0)", (1.5, 2.5), "float.Div"),
        ("(a + 1) * (b + 1.0)", (3, 2.5), "int_to_float"),
        ("-(a + b)", (1.5, 2.5), "float_neg"),
        ("a >= b", (1.5, 2.5), "float_compare.Ge"),
    ],
)
def test_fast_paths_are_reached(text: str, usual: tuple, expected: str) -> None:
    """The tests above would pass with a compiler that has nothing but generic paths."""
    name = f"probe_{expected.replace('.', '_')}"
    function = make(operations.expression(text).replace("def f(", f"def {name}("), name)
    for _ in range(WARMING):
        function(*usual)
    rjit.compile(function)
    (executable,) = [each for each in rjit.executables() if each.qualname == name]
    assert f" {expected} " in executable.hir()
