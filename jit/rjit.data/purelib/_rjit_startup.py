"""Turns rjit on at interpreter start: rjit.pth calls `start()` when `RJIT` is set, but not to 0.

`RJIT=1` is the user's wish, for this process and all that it starts. `python -m rjit` sets `RJIT`
to a message for the process that it becomes; that one is taken out of the environment here, before
the program can see it.

Whatever goes wrong, the program runs: one line on stderr says why it runs uncompiled. That is why
this module stands beside the package `rjit` and not in it: importing the package may already fail.
It imports nothing from the standard library that the interpreter has not loaded by then, so a
program finds `sys.modules` as it would without rjit.
"""

import os
import sys

# A message is this mark, the options in the order of Options.__slots__, and what RJIT was set to.
MARK = "rjit-run"
SEPARATOR = "\x1f"


class Options:
    """How to run: the thresholds, what to report at exit and where to dump. "" means: the default."""

    __slots__ = ("calls", "loops", "stats", "stats_json", "dump")

    def __init__(self, calls="", loops="", stats="", stats_json="", dump=""):
        self.calls = calls
        self.loops = loops
        self.stats = stats or os.environ.get("RJIT_STATS", "")
        self.stats_json = stats_json or os.environ.get("RJIT_STATS_JSON", "")
        self.dump = dump


def message(options):
    """Write down `options` for the process that this one becomes."""
    fields = [getattr(options, name) for name in Options.__slots__]
    return SEPARATOR.join([MARK, *fields, os.environ.get("RJIT", "")])


def _receive(text):
    _mark, *fields, before = text.split(SEPARATOR)
    if before:
        os.environ["RJIT"] = before
    else:
        del os.environ["RJIT"]
    return Options(*fields)


def start():
    """Enable rjit as the environment says."""
    value = os.environ["RJIT"]
    try:
        if value.startswith(MARK):
            options = _receive(value)
        elif value == "1":
            options = Options()
        else:
            raise ValueError(f"RJIT must be 1 or 0, not {value!r}")
        _enable(options)
        if options.stats not in ("", "0") or options.stats_json:
            from rjit import _report

            _report.at_exit(options.stats not in ("", "0"), options.stats_json)
    except Exception as error:
        if isinstance(error, ImportError) and _in_subinterpreter():
            for name in [name for name in sys.modules if name.startswith("rjit.")]:
                del sys.modules[name]
            return
        print(f"rjit: running uncompiled: {error}", file=sys.stderr)


def _enable(options):
    before = os.environ.get("RJIT_DUMP")
    if options.dump:
        os.environ["RJIT_DUMP"] = options.dump
    try:
        import rjit

        rjit.enable(
            calls=int(options.calls) if options.calls else None,
            loops=int(options.loops) if options.loops else None,
        )
    finally:
        if options.dump:
            if before is None:
                del os.environ["RJIT_DUMP"]
            else:
                os.environ["RJIT_DUMP"] = before


def _in_subinterpreter():
    """Whether this is not the process's main interpreter: what runs in others is never compiled,
    and a line from each of them would tell nothing that is not in the documentation."""
    before = sys.modules.get("_interpreters")
    try:
        import _interpreters

        return _interpreters.get_current()[0] != _interpreters.get_main()[0]
    except ImportError:
        return False
    finally:
        if before is None:
            sys.modules.pop("_interpreters", None)
