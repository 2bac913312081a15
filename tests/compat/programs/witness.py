"""How a program under observation tells the test where it is."""

import json
import os


def ready(**facts):
    """Say that observation may start, with what the program knows, on a line of its own.

    `compiled` is the qualified names of the functions compiled by now.
    """
    compiled = []
    if os.environ.get("RJIT"):
        import rjit

        compiled = sorted({executable.qualname for executable in rjit.executables()})
    print(json.dumps({"ready": True, "compiled": compiled, **facts}), flush=True)
