"""Imported at start by the environment of rjit: writes at exit what was compiled, into the file `BENCH_REPORT`."""

import atexit
import os


def report():
    import rjit

    stats, executables = rjit.stats(), rjit.executables()
    rjit.disable()
    import json

    with open(os.environ["BENCH_REPORT"], "w") as file:
        json.dump(
            {
                "compile_ms": stats["compile_ms"],
                "longest_ms": stats["longest_compile_ms"],
                "compiles": stats["compiles"],
                "refusals": stats["refusal_reasons"],
                "deopts": stats["deopts"],
                "code_bytes": stats["code_bytes"],
                "executables": [
                    {
                        "qualname": item.qualname,
                        "kind": item.kind,
                        "compile_ms": item.compile_ms,
                        "size": item.size,
                        "metadata": item.metadata,
                    }
                    for item in executables
                ],
            },
            file,
        )


atexit.register(report)
