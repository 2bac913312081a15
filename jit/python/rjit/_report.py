"""What a process reports about the compiler when it exits."""

import atexit
import os
import sys

import rjit

_COUNTS = ("executables", "entries", "deopts", "reifications", "refusals")


def at_exit(summary, path):
    """When this process exits, print a summary to stderr or write all statistics to `path` as JSON.

    A forked child has inherited the wish, but not the program that it was made for: it reports
    nothing. In `path`, `%p` stands for the process id, for programs that start others.
    """
    process = os.getpid()

    def report():
        if os.getpid() != process:
            return
        statistics = collect()
        # What follows is not worth compiling.
        rjit.disable()
        if path:
            _write(statistics, path.replace("%p", str(process)))
        if summary:
            print(f"rjit: {describe(statistics)}", file=sys.stderr)

    atexit.register(report)


def collect():
    """Return `rjit.stats()`, with the number of executables in any case."""
    return {"executables": len(rjit.executables())} | rjit.stats()


def describe(statistics):
    """Put the most telling numbers into one line."""
    parts = []
    for name in _COUNTS:
        value = statistics.get(name)
        if value is not None:
            parts.append(f"{value if isinstance(value, int) else len(value)} {name}")
    milliseconds = statistics.get("compile_ms")
    if milliseconds is not None:
        parts.append(f"{milliseconds:.1f} ms compiling")
    stress = statistics.get("stress")
    if stress is not None:
        parts.append(
            f"stress {stress['mode']} reached {stress['reached']} of {stress['guards']} guards"
        )
    return ", ".join(parts)


def _write(statistics, path):
    import json

    try:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(statistics, file, indent=2, default=str)
            file.write("\n")
    except OSError as error:
        print(f"rjit: the statistics could not be written: {error}", file=sys.stderr)
