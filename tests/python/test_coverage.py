"""The cases reach every instruction that compiled code can contain."""

import _opcode
import dis
import opcode
import types
import warnings
from collections.abc import Iterator
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE

import harness
import pytest

# Bodies that can be awaited are not compiled, and these instructions occur nowhere else.
ONLY_WHERE_CODE_AWAITS = {
    "END_ASYNC_FOR",
    "GET_AITER",
    "GET_ANEXT",
    "GET_AWAITABLE",
}

# Instructions that no source text is compiled to: parts of other instructions, frames of the
# interpreter's own, and what takes the place of others while a program runs.
NEVER_IN_BYTECODE = {
    "CACHE",
    "ENTER_EXECUTOR",
    "EXIT_INIT_CHECK",
    "INTERPRETER_EXIT",
    "RESERVED",
    "TRACE_RECORD",
}

# Variants of the instructions that stand for many operations each, by their argument's number.
VARIANTS = {
    "BINARY_OP": set(range(len(_opcode.get_nb_ops()))),
    "CALL_INTRINSIC_1": {
        number
        for number, name in enumerate(_opcode.get_intrinsic1_descs())
        # What an interactive prompt and code that awaits use.
        if name not in ("INTRINSIC_1_INVALID", "INTRINSIC_PRINT", "INTRINSIC_ASYNC_GEN_WRAP")
    },
    "CALL_INTRINSIC_2": set(range(1, len(_opcode.get_intrinsic2_descs()))),
    "LOAD_COMMON_CONSTANT": set(range(len(opcode._common_constants))),
    "LOAD_SPECIAL": {
        number
        for number, name in enumerate(_opcode.get_special_method_names())
        if name in ("__enter__", "__exit__")
    },
}


def awaits(code: types.CodeType) -> bool:
    return bool(code.co_flags & (CO_COROUTINE | CO_ASYNC_GENERATOR))


def code_objects(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from code_objects(constant)


def compilable(case: harness.Case) -> list[types.CodeType]:
    """The code objects of a case that the compiler has to take."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        module = compile(case.path.read_text(encoding="utf-8"), str(case.path), "exec")
    return [code for code in code_objects(module) if not awaits(code)]


@pytest.fixture(scope="module")
def instructions() -> list[dis.Instruction]:
    """All instructions of all cases' code that may be compiled."""
    codes = [code for case in harness.all_cases() for code in compilable(case)]
    return [instruction for code in codes for instruction in dis.get_instructions(code)]


def test_every_instruction_occurs(instructions: list[dis.Instruction]) -> None:
    # Pseudo instructions have numbers above a byte; they never leave CPython's own compiler.
    real = {name for name, number in dis.opmap.items() if number < 256}
    instrumented = {name for name in real if name.startswith("INSTRUMENTED_")}
    wanted = real - instrumented - NEVER_IN_BYTECODE - ONLY_WHERE_CODE_AWAITS
    found = {instruction.opname for instruction in instructions}
    assert wanted - found == set()
    assert found & ONLY_WHERE_CODE_AWAITS == set()


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_occurs(instructions: list[dis.Instruction], name: str) -> None:
    found = {instruction.arg for instruction in instructions if instruction.opname == name}
    assert VARIANTS[name] - found == set()


def test_every_comparison_occurs(instructions: list[dis.Instruction]) -> None:
    found = {
        instruction.argrepr for instruction in instructions if instruction.opname == "COMPARE_OP"
    }
    wanted = {form for sign in dis.cmp_op for form in (sign, f"bool({sign})")}
    assert wanted - found == set()


def test_expectations_are_possible() -> None:
    """What the heads of cases name is there: a misspelling would show as a failure much later."""
    keys = {
        "exit",
        "expect-compiled",
        "expect-deopts",
        "expect-osr",
        "expect-refusals",
        "expect-report",
        "stress-except",
    }
    for case in harness.all_cases():
        assert set(case.expectations) <= keys, case.name
        excepted = case.expectations.get("stress-except", "gc").split(" ")[0]
        assert excepted in harness.STRESS_MODES, case.name
        missing = set(case.listed("expect-compiled")) - {
            code.co_qualname for code in compilable(case)
        }
        assert not missing, case.name
