"""A just-in-time compiler for stock CPython 3.15 that hides nothing.

    import rjit

    rjit.enable()

From then on, functions that are called often and loops that run long are compiled to machine code.
Frames, tracebacks, debuggers and profilers show them as they always did. `python -m rjit script.py`
does it from outside, and `RJIT=1` in the environment for every process.
"""

from rjit._supported import check

# An unsupported interpreter must not get as far as loading the native module.
check()

from rjit._rjit import (  # noqa: E402
    Executable,
    NotCompilable,
    compile,
    disable,
    enable,
    executables,
    explain,
    is_enabled,
    stats,
)

__all__ = [
    "Executable",
    "NotCompilable",
    "compile",
    "disable",
    "enable",
    "executables",
    "explain",
    "is_enabled",
    "stats",
]
