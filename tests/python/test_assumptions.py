"""Names, functions and classes that stay what they are: machine code takes them for granted, until it is told of a change."""

import gc
import math
import types

import pytest

rjit = pytest.importorskip("rjit", reason="rjit is not installed here")

SOURCE = """
import math
scale = 3
class Box:
    limit = 10
    def __init__(self, x):
        self.x = x
def helper(x):
    return x * scale
def use(n):
    total = 0
    for i in range(n):
        total += helper(i) + Box.limit + Box(i).x + math.floor(1.5)
    return total
"""
TAKEN = [
    "class Box",
    "global Box",
    "global floor",
    "global helper",
    "global math",
    "global range",
    "global scale",
]


@pytest.fixture
def module():
    """A module whose function is compiled."""
    rjit.enable(calls=5, loops=2000)
    try:
        made = types.ModuleType("made")
        exec(SOURCE, made.__dict__)
        settle(made.use)
        yield made
    finally:
        rjit.disable()


def settle(function):
    for _ in range(100):
        function(5)


def executable(function):
    [found] = [
        it for it in rjit.executables() if it.code is function.__code__ and it.kind == "function"
    ]
    return found


def taken(function):
    """What its machine code takes for granted."""
    return [it for it in executable(function).assumptions if it.startswith(("class ", "global "))]


def test_names_are_constants_and_tested_together(module):
    assert taken(module.use) == TAKEN
    reasons = [reason for reason, *_ in executable(module.use).guards]
    # Which function it is, of those with this code, is asked once: by its two namespaces.
    assert reasons.count("guard dict keys failed") <= 2, reasons
    assert "guard callee failed" not in reasons and "assumption void" in reasons, reasons


@pytest.mark.parametrize(
    ("change", "gone"),
    [
        (lambda module: setattr(module, "scale", 4), "global scale"),
        (lambda module: setattr(module, "helper", lambda x: x), "global helper"),
        (lambda module: setattr(module, "range", lambda n: [1] * n), "global range"),
        (lambda module: setattr(module.Box, "limit", 11), "class Box"),
        (lambda module: module.__dict__.__setitem__("".join(["sca", "le"]), 5), "global scale"),
    ],
    ids=["value", "function", "shadowed", "class", "item"],
)
def test_what_has_changed_is_not_taken_for_granted_again(module, change, gone):
    plain = types.ModuleType("plain")
    exec(SOURCE, plain.__dict__)
    before = executable(module.use)
    change(module)
    change(plain)
    rjit.disable()
    expected = plain.use(5)
    rjit.enable(calls=5, loops=2000)
    assert module.use(5) == expected
    settle(module.use)
    after = executable(module.use)
    assert after.address != before.address
    assert gone not in after.assumptions
    assert module.use(5) == expected


def test_other_code_of_a_function_is_noticed(module):
    assert module.use(2) == 0 + 3 + 2 * 10 + 1 + 2
    module.helper.__code__ = (lambda x: 100).__code__
    assert module.use(2) == 200 + 2 * 10 + 1 + 2
    settle(module.use)
    assert module.use(2) == 200 + 2 * 10 + 1 + 2


def test_the_same_value_changes_nothing(module):
    before = executable(module.use)
    module.scale = module.scale
    module.helper = module.helper
    settle(module.use)
    assert executable(module.use).address == before.address
    assert "assumption void" not in [reason for reason, _, count in before.exits if count]


def test_a_namespace_that_is_written_to_all_the_time_is_not_watched(module):
    """To be told costs something."""
    settle(module.use)
    space = module.__dict__
    for number in range(100_000):
        space["counter"] = number
    assert module.use(2) == 0 + 3 + 2 * 10 + 1 + 2
    settle(module.use)
    assert "global scale" not in taken(module.use)
    assert module.use(2) == 0 + 3 + 2 * 10 + 1 + 2
    module.scale = 4
    assert module.use(2) == 0 + 4 + 2 * 10 + 1 + 2


def test_functions_of_the_same_code_have_namespaces_of_their_own(module):
    spaces = [dict(module.__dict__, scale=scale) for scale in (100, 200)]
    helpers = [types.FunctionType(module.helper.__code__, space) for space in spaces]
    for _ in range(50):
        assert [helper(2) for helper in [module.helper, *helpers]] == [6, 200, 400]


def test_namespaces_may_die(module):
    for turn in range(20):
        space = {"value": turn}
        exec("def function(x): return x, value", space)
        function = space["function"]
        for _ in range(20):
            assert function(1) == (1, turn)
        del space, function
        gc.collect()


def test_modules_may_be_changed(module):
    floor = math.floor
    try:
        math.floor = lambda x: 1000
        assert module.use(1) == 0 + 10 + 0 + 1000
    finally:
        math.floor = floor
    assert module.use(1) == 0 + 10 + 0 + 1
