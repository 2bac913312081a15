"""`python -m rjit [options] script.py | -m mod | -c code`: run a program compiled.

The program gets a process of its own making: this one replaces itself with the same interpreter,
given the same flags and the program as if rjit had not been there. So argv, `__main__`, sys.path,
exit code and tracebacks are the interpreter's own. What is left of rjit is a message in the
environment, which the start-up file rjit.pth takes out again.
"""

import argparse
import os
import site
import sys

_DESCRIPTION = """\
Run a Python program with rjit turned on. Everything after the program is passed on to it."""

_VALUE_OPTIONS = ("--calls", "--loops", "--stats-json", "--dump-code")


def _positive(text):
    value = int(text)
    if value < 1:
        raise ValueError
    return str(value)


_positive.__name__ = "positive number"


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m rjit",
        usage="%(prog)s [options] (script.py | -m module | -c code | -) [arguments...]",
        description=_DESCRIPTION,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--calls",
        metavar="N",
        type=_positive,
        help="compile a function at its Nth call",
    )
    parser.add_argument(
        "--loops",
        metavar="N",
        type=_positive,
        help="compile a loop at its Nth iteration",
    )
    parser.add_argument("--stats", action="store_true", help="print a summary to stderr at exit")
    parser.add_argument(
        "--stats-json", metavar="FILE", default="", help="write all statistics to FILE at exit"
    )
    parser.add_argument(
        "--dump-code",
        metavar="DIR",
        default="",
        help="write all that is compiled into DIR, as text and as ELF files",
    )
    parser.add_argument("--version", action="store_true", help="print rjit's version")
    return parser


def split(arguments):
    """Divide the arguments into rjit's own options and the program with its arguments."""
    at = 0
    while at < len(arguments):
        argument = arguments[at]
        if not argument.startswith("--"):
            # rjit's only short option is -h; any other belongs to the program (-m, -c, -), or is a
            # mistake for Python to report.
            if argument != "-h":
                break
        elif argument in _VALUE_OPTIONS:
            at += 1
        at += 1
    return arguments[:at], arguments[at:]


def interpreter_flags(orig_argv, argument_count):
    """Return the flags of an interpreter run as `python FLAGS -m rjit ARGUMENTS`.

    The -m may close a cluster of flags (`-Im rjit`) and may have the module's name attached
    (`-mrjit`).
    """
    command = orig_argv[1 : len(orig_argv) - argument_count]
    if command[-1].startswith("-"):
        last = command.pop().removesuffix("rjit")
    else:
        command.pop()
        last = command.pop()
    last = last.removesuffix("m")
    return command if last == "-" else [*command, last]


def _start_up_file_is_used():
    if sys.flags.no_site:
        return False
    folders = site.getsitepackages()
    if site.ENABLE_USER_SITE:
        folders.append(site.getusersitepackages())
    return any(os.path.exists(os.path.join(folder, "rjit.pth")) for folder in folders)


def main():
    """Replace this process by the program, or say what is wrong with the command line."""
    arguments = sys.argv[1:]
    own, program = split(arguments)
    parser = _parser()
    options = parser.parse_args(own)
    if options.version:
        from importlib.metadata import version

        print(f"rjit {version('rjit')}")
        return
    if not program:
        parser.error("name a script, -m module or -c code to run")
    if not _start_up_file_is_used():
        parser.error(
            "the interpreter would not read rjit.pth, which turns rjit on: run without -S, and "
            "install rjit into the environment instead of adding it to PYTHONPATH (or call "
            "rjit.enable() in the program)"
        )

    import _rjit_startup

    environment = dict(os.environ)
    environment["RJIT"] = _rjit_startup.message(
        _rjit_startup.Options(
            options.calls or "",
            options.loops or "",
            "1" if options.stats else "",
            os.path.abspath(options.stats_json) if options.stats_json else "",
            os.path.abspath(options.dump_code) if options.dump_code else "",
        )
    )
    flags = interpreter_flags(sys.orig_argv, len(arguments))
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.orig_argv[0], *flags, *program], environment)


main()
