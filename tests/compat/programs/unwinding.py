"""Calls a native library below compiled functions, which looks at the native stack."""

import ctypes
import json
import sys

import rjit

LIBRARY = ctypes.PyDLL(sys.argv[2])
LIBRARY.function_at.restype = ctypes.c_char_p
LIBRARY.function_at.argtypes = [ctypes.c_void_p]
BODY = ctypes.PYFUNCTYPE(None)
MOST = 400


def leaf(function, *args):
    return function(*args)


def middle(function, *args):
    result = None
    for _ in range(3):
        result = leaf(function, *args)
    return result


def outer(function, *args):
    try:
        return middle(function, *args)
    except KeyError:
        return None


def compile_all():
    for _ in range(20):
        outer(abs, -1)
    kinds = {(found.code.co_name, found.kind) for found in rjit.executables()}
    assert {("leaf", "function"), ("middle", "function"), ("outer", "function")} <= kinds, kinds


def regions():
    return {
        (found.address, found.address + found.size): found.code.co_name
        for found in rjit.executables()
    }


def backtrace():
    """The names of the functions on the native stack, the innermost first."""
    addresses = (ctypes.c_void_p * MOST)()
    count = outer(LIBRARY.stack, addresses, MOST)
    names = []
    for address in addresses[:count]:
        compiled = [name for (start, end), name in regions().items() if start <= address < end]
        symbol = LIBRARY.function_at(address)
        names.append(compiled[0] if compiled else symbol and symbol.decode())
    print(json.dumps(names))


def exception():
    LIBRARY.catch_parcel(BODY(lambda: outer(LIBRARY.throw_parcel, 42)))


LOOP = compile(
    """
for i in range(50):
    if i == 40:
        LIBRARY.throw_parcel(43)
""",
    "loop.py",
    "exec",
)


def exception_in_loop():
    """Of a module nothing but the loops is compiled, while they run."""
    LIBRARY.catch_parcel(BODY(lambda: exec(LOOP, globals())))


def fibonacci(n):
    if n < 2:
        return n
    return fibonacci(n - 1) + fibonacci(n - 2)


def mean(values):
    total = 0.0
    for value in values:
        if value < 0:
            raise ValueError(value)
        total += value * 0.5
    return total / len(values)


def guarded(values):
    try:
        return mean(values)
    except ValueError as error:
        return str(error)


WORK = [
    (fibonacci, 6),
    (mean, [1.0, 2.0, 3.0]),
    (guarded, [1.0, -2.0]),
    (guarded, []),
    (outer, "".join, ["a", "b"]),
]


def do_work():
    results = []
    for function, *args in WORK:
        try:
            results.append(function(*args))
        except ZeroDivisionError as error:
            results.append(type(error).__name__)
    return results


def every_instruction():
    for _ in range(20):
        expected = do_work()
    found = list(regions())
    addresses = ctypes.c_size_t * len(found)
    starts, ends = addresses(*(start for start, _ in found)), addresses(*(end for _, end in found))
    LIBRARY.start_stepping(starts, ends, len(found))
    results = do_work()
    LIBRARY.stop_stepping()
    assert results == expected
    print(json.dumps([LIBRARY.checked_steps(), LIBRARY.wrong_steps()]))


compile_all()
globals()[sys.argv[1]]()
