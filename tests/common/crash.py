"""Reports on a program that has crashed, by letting it crash again under gdb.

The second run has faulthandler on and dumps what it compiles (`RJIT_DUMP`), so that addresses on the
native stack lead to functions, their HIR and their assembly.
"""

import contextlib
import dataclasses
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from common import sessions

TIME_LIMIT = 300
_SCRIPT = Path(__file__).with_name("gdb_crash.py")

# How much of each thing a report shows. The innermost functions are shown whole, within reason.
_OUTPUT_LINES = 60
_PYTHON_STACK_LINES = 120
_WHOLE_LINES = 500
_AROUND_LINES = 80
_WHOLE_FUNCTIONS = 3
_FUNCTIONS = 6

# Addresses are the same in each run under gdb, then once as random as usual.
_ATTEMPTS = (False, True)


def is_crash(exit_code: int) -> bool:
    """Whether a process that ended with this code was killed by a signal that tells of a mistake."""
    number = -exit_code if exit_code < 0 else exit_code - 128
    return number in _CRASH_SIGNALS


_CRASH_SIGNALS = {
    signal.SIGSEGV,
    signal.SIGBUS,
    signal.SIGILL,
    signal.SIGFPE,
    signal.SIGABRT,
    signal.SIGSYS,
}


def report(
    command: list[str],
    *,
    env: dict[str, str],
    cwd: Path,
    exit_code: int,
    time_limit: float = TIME_LIMIT,
    keep: Path | None = None,
) -> str:
    """Run a command that has crashed again under gdb, and return what there is to see.

    `exit_code` is how it ended, as `subprocess` tells. Unless that is a crash of the process itself,
    one of its children is looked for that crashes. `keep` is where all that was dumped stays.
    """
    parts = [
        f"Crash: {shlex.join(command)}",
        f"    ended with {_ending(exit_code)}, in {cwd}",
        f"    environment: {_environment(env)}",
    ]
    gdb = shutil.which("gdb")
    if gdb is None:
        parts.append("No native stack: gdb is not installed (apt-get install gdb).")
        return "\n".join(parts) + "\n"
    with contextlib.ExitStack() as stack:
        if keep is None:
            keep = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rjit-crash-")))
        keep.mkdir(parents=True, exist_ok=True)
        rerun = None
        for number, randomize in enumerate(_ATTEMPTS, 1):
            rerun = _Rerun.run(
                gdb,
                _with_faulthandler(command),
                env=env,
                cwd=cwd,
                folder=keep / f"run-{number}",
                randomize=randomize,
                follow_children=not is_crash(exit_code),
                time_limit=time_limit,
            )
            if rerun.crash is not None or rerun.timed_out:
                break
        parts += rerun.lines(number)
    return "\n".join(parts) + "\n"


def _ending(exit_code: int) -> str:
    number = -exit_code if exit_code < 0 else exit_code - 128
    try:
        return f"{exit_code} ({signal.Signals(number).name})"
    except ValueError:
        return str(exit_code)


def _environment(env: dict[str, str]) -> str:
    telling = {name: value for name, value in env.items() if name.startswith(("RJIT", "PYTHON"))}
    return shlex.join(f"{name}={value}" for name, value in sorted(telling.items())) or "no RJIT*"


def _with_faulthandler(command: list[str]) -> list[str]:
    """The command with faulthandler turned on even if it ignores the environment."""
    program, *arguments = command
    if Path(program).name.startswith("python"):
        return [program, "-X", "faulthandler", *arguments]
    return command


@dataclasses.dataclass
class _Executable:
    address: int
    size: int
    kind: str
    line: int
    first_line: int
    files: str
    qualname: str
    filename: str

    def text(self, dump: Path, extension: str) -> list[str]:
        try:
            return (dump / f"{self.files}.{extension}").read_text("utf-8", "replace").splitlines()
        except OSError as error:
            return [f"({error})"]


@dataclasses.dataclass
class _Rerun:
    """A run under gdb and what came of it."""

    dump: Path
    output: str
    crash: dict | None
    ends: list[dict]
    timed_out: bool

    @classmethod
    def run(
        cls,
        gdb: str,
        command: list[str],
        *,
        env: dict[str, str],
        cwd: Path,
        folder: Path,
        randomize: bool,
        follow_children: bool,
        time_limit: float,
    ) -> _Rerun:
        dump = folder / "dump"
        dump.mkdir(parents=True, exist_ok=True)
        settings = {
            "dump": str(dump),
            "randomize": randomize,
            "follow_children": follow_children,
        }
        (folder / "settings.json").write_text(json.dumps(settings))
        # The program writes where gdb writes: gdb gives it no files of its own.
        output = folder / "output.txt"
        timed_out = False
        with output.open("wb") as file:
            process = subprocess.Popen(
                [
                    *(gdb, "-nx", "-q", "-batch", "-eiex", "set python ignore-environment on"),
                    *("-ex", f"python rjit_folder = {str(folder)!r}", "-x", str(_SCRIPT)),
                    *("--args", *command),
                ],
                env=env | {"RJIT_DUMP": str(dump), "PYTHONFAULTHANDLER": "1"},
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                process.wait(time_limit)
            except subprocess.TimeoutExpired:
                timed_out = True
            finally:
                sessions.end(process)
        try:
            findings = json.loads((folder / "findings.json").read_text())
        except OSError, ValueError:
            findings = {"stops": [], "ends": []}
        stops = findings["stops"]
        # faulthandler raises the signal once more, from within its handler.
        original = [stop for stop in stops if not stop["interrupted"]]
        crash = (original or stops or [None])[-1]
        return cls(dump, output.read_text("utf-8", "replace"), crash, findings["ends"], timed_out)

    def lines(self, attempts: int) -> list[str]:
        if self.crash is None:
            return self._unrepeated(attempts)
        crash = self.crash
        fault = crash["siginfo"].strip().partition("= ")[2]
        parts = [f"Under gdb: {crash['signal']} in process {crash['process']}, address {fault}"]
        parts += _section("Python stack (faulthandler)", self._python_stack())
        parts += _section("Native stack", crash["stack"])
        parts += _section("Registers", crash["registers"].splitlines())
        parts += _section("Instructions at the fault", crash["disassembly"].splitlines())
        executables = {row[0]: _Executable(*row) for row in crash["executables"]}
        shown: set[int] = set()
        for frame in crash["frames"]:
            if frame["executable"] in shown:
                continue
            if len(shown) == _FUNCTIONS:
                parts.append("\n(further compiled functions are left out)")
                break
            whole = len(shown) < _WHOLE_FUNCTIONS
            parts += self._function(executables[frame["executable"]], frame, whole=whole)
            shown.add(frame["executable"])
        if not crash["frames"]:
            parts += ["", f"No compiled frame on the stack; {len(executables)} were compiled."]
        return parts

    def _unrepeated(self, attempts: int) -> list[str]:
        if self.timed_out:
            what = "It did not end in time under gdb."
        else:
            codes = [str(end["exit_code"]) for end in self.ends]
            what = (
                f"It did not crash in {attempts} runs under gdb, which changes addresses and timing"
                f" (exit codes of the last run: {', '.join(codes) or 'none'})."
            )
        parts = [what]
        if python_stack := self._python_stack():
            parts += _section("Python stack (faulthandler)", python_stack)
        output = self.output.splitlines()[-_OUTPUT_LINES:]
        return parts + _section("The end of its output under gdb", output)

    def _python_stack(self) -> list[str]:
        lines = self.output.splitlines()
        starts = [at for at, line in enumerate(lines) if "Fatal Python error:" in line]
        if not starts:
            return []
        # What comes from gdb itself.
        said = (
            "Program received signal",
            "Program terminated with",
            "The program no longer exists.",
            "[Inferior ",
        )
        own = [line for line in lines[starts[-1] :] if not line.startswith(said)]
        return own[:_PYTHON_STACK_LINES]

    def _function(self, executable: _Executable, frame: dict, *, whole: bool) -> list[str]:
        # A caller's position is where it goes on, which is past the call that it is in.
        pc = frame["pc"] - (0 if frame["number"] == 0 else 1)
        title = (
            f"Frame #{frame['number']}: compiled {executable.kind} {executable.qualname}"
            f" ({executable.filename}:{executable.line}), {executable.size} bytes at"
            f" {executable.address:#x}"
        )
        assembly = executable.text(self.dump, "asm")
        at, origin = _position(assembly, pc)
        hir = executable.text(self.dump, "hir")
        hir_at = next((n for n, line in enumerate(hir) if origin and origin in line), None)
        limit = _WHOLE_LINES if whole else _AROUND_LINES
        return [
            *_section(f"{title}: HIR", _around(hir, hir_at, limit)),
            *_section(f"{title}: assembly", _around(assembly, at, limit)),
        ]


def _position(assembly: list[str], pc: int) -> tuple[int | None, str | None]:
    """The line of the instruction that contains an address, and the HIR that it was made from."""
    found, origin, current = None, None, None
    for number, line in enumerate(assembly):
        if line.startswith(";"):
            current = line.removeprefix(";").strip()
            continue
        try:
            address = int(line.split(maxsplit=1)[0], 16)
        except IndexError, ValueError:
            continue
        if address > pc:
            break
        found, origin = number, current
    return found, origin


def _around(lines: list[str], at: int | None, limit: int) -> list[str]:
    """At most `limit` lines, with a mark at line `at` and as much on either side of it."""
    first = 0
    if len(lines) > limit and at is not None:
        first = max(0, min(at - limit // 2, len(lines) - limit))
    shown = [
        ("=> " if number == at else "   ") + line
        for number, line in enumerate(lines[first : first + limit], first)
    ]
    before, after = first, len(lines) - first - len(shown)
    if before:
        shown.insert(0, f"   ... {before} lines before")
    if after > 0:
        shown.append(f"   ... {after} lines after")
    return shown


def _section(title: str, lines: list[str]) -> list[str]:
    return ["", f"---- {title}", *(lines or ["(none)"])]


def main() -> int:
    """`python -m common.crash COMMAND...`: run a command, and report if it crashes."""
    command = sys.argv[1:]
    if not command:
        print("usage: python -m common.crash COMMAND...", file=sys.stderr)
        return 2
    exit_code = subprocess.run(command, check=False).returncode
    if is_crash(exit_code):
        print(report(command, env=dict(os.environ), cwd=Path.cwd(), exit_code=exit_code))
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
