"""Runs programs one after the other and tells what each did: the process that is compared.

``python -m fuzz.child [--compiled CALLS,LOOPS] FILE`` runs a program and prints all it records. A
file may contain several programs with a line before each of them, which run in turn. With ``--batch`` there is a JSON list of sources on stdin; of each a line is printed when it begins
and one with a digest of its record when it ends.
"""

import argparse
import builtins
import collections.abc  # noqa: F401 (imported by programs)
import gc
import hashlib
import json
import math  # noqa: F401 (imported by programs)
import resource
import signal
import sys
import types
import warnings
from pathlib import Path

from fuzz import support
from fuzz.runner import in_turn

MEMORY = 3 << 30

ERRORS = Path("/proc/self/fd/2")

COMPLAINT = "rjit: stress:"
"""What the compiler says when a frame does not look as it should."""


def run_program(code, namespace):
    exec(code, namespace)


def restore(saved):
    """Puts back what belongs to the process and not to one program."""
    if builtins.__dict__ != saved:
        builtins.__dict__.clear()
        builtins.__dict__.update(saved)
    sys.settrace(None)
    sys.setprofile(None)
    support.monitor_off()
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    sys.setrecursionlimit(1000)
    gc.disable()
    support.STATE.reset()


def counts(namespace):
    """The reference counts of all that a program's module holds."""
    for name, value in list(namespace.items()):
        if name.startswith(("__", "originals")) or getattr(support, name, None) is value:
            continue
        if getattr(value, "__module__", None) == "builtins" or type(value) is types.ModuleType:
            # The process has its own uses for these.
            continue
        # The module's dict, the list of items, the pair and the loop's variable hold it as well.
        yield f"refcount {name} {type(value).__name__} {sys.getrefcount(value)}"


def run(source, name):
    """Runs one program. The lines of its record."""
    lines = []
    support.STATE.reset()
    support.STATE.sink = lines.append
    saved = dict(builtins.__dict__)
    module = types.ModuleType("program")
    namespace = module.__dict__
    sys.modules["program"] = module
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(source, name, "exec")
            try:
                run_program(code, namespace)
            except BaseException as exc:
                support.show_error(exc)
            del code
        restore(saved)
        lines.extend(counts(namespace))
        support.record("the end")
        del sys.modules["program"]
        namespace.clear()
        gc.collect()
    finally:
        restore(saved)
        support.STATE.sink = support._print
    return lines


class Complaints:
    """What the compiler complains of on stderr, where that is a file."""

    def __init__(self):
        self.read = 0

    def new(self):
        if not ERRORS.is_file():
            return []
        text = ERRORS.read_text(encoding="utf-8", errors="replace")
        lines = text[self.read :].splitlines()
        self.read = len(text)
        return [line for line in lines if line.startswith(COMPLAINT)]


def hook(unraisable):
    support.record(f"unraisable {support.R(unraisable.exc_value)}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m fuzz.child")
    parser.add_argument("--compiled", metavar="CALLS,LOOPS")
    parser.add_argument("--batch", action="store_true")
    parser.add_argument("file", nargs="?")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.unraisablehook = hook
    gc.disable()
    sources = json.loads(sys.stdin.read()) if options.batch else None
    if options.compiled:
        # Only now, so that no time goes into compiling what is imported above.
        import rjit
        from rjit import _rjit

        _rjit.coverage()
        calls, loops = options.compiled.split(",")
        rjit.enable(calls=int(calls), loops=int(loops))
    complaints = Complaints()
    if sources is not None:
        for number, source in enumerate(sources):
            print("begin", number, flush=True)
            lines = run(source, f"program{number}.py") + complaints.new()
            text = "\n".join(lines)
            digest = hashlib.sha1(text.encode("utf-8", "backslashreplace")).hexdigest()
            print("end", number, digest, int("OutOfFuel" in text), len(lines), flush=True)
        if options.compiled:
            print("coverage", json.dumps(_rjit.coverage()), flush=True)
    if options.file:
        text = Path(options.file).read_text(encoding="utf-8")
        for number, source in enumerate(in_turn(text)):
            for line in run(source, f"program{number}.py") + complaints.new():
                print(line.encode("utf-8", "backslashreplace").decode())


if __name__ == "__main__":
    main()
