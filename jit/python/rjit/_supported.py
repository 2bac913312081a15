"""Which interpreters rjit is for.

The native module knows the private layouts of one CPython version. Loading it into another could
crash before it has a chance to look around, so this is asked first, in Python.
"""

import sys

VERSION = (3, 15)


def reason_against(sys=sys):
    """Say why this interpreter cannot be served, or return None."""
    implementation = sys.implementation.name
    if implementation != "cpython":
        return f"this is {implementation}"
    if sys.version_info[:2] != VERSION:
        return f"this is Python {sys.version_info[0]}.{sys.version_info[1]}"
    if "t" in sys.abiflags:
        return "this is a free-threaded build"
    if hasattr(sys, "gettotalrefcount"):
        return "this is a debug build"
    if sys.platform != "linux":
        return f"this is {sys.platform}, not Linux"
    return None


def check():
    """Raise ImportError unless this interpreter can be served."""
    reason = reason_against()
    if reason is not None:
        major, minor = VERSION
        raise ImportError(
            f"rjit needs a default (GIL) release build of CPython {major}.{minor} on Linux; "
            f"{reason} ({sys.executable})",
            name="rjit",
        )
