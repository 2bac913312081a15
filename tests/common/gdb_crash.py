"""Runs within gdb: lets a program run until it dies, and writes down what it died of.

gdb brings a Python of its own, which may be older than the one that the rest is written for. Settings
come as the file `settings.json` in the folder that the variable `rjit_folder` names, which is set
before; the findings go there, too.
"""

import json
import os

import gdb

FATAL = ("SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT", "SIGSYS")
FRAME_LIMIT = 100
INSTRUCTIONS_AROUND = 8


def read_index(dump, process):
    """The executables that a process has dumped, as (address, size, fields)."""
    try:
        with open(os.path.join(dump, str(process), "index.tsv"), encoding="utf-8") as file:
            lines = [line for line in file if line.endswith("\n") and not line.startswith("#")]
    except OSError:
        return []
    rows = [line.rstrip("\n").split("\t") for line in lines]
    # Of a forked child's lines the later ones count.
    return [(int(row[0], 16), int(row[1]), row[2:]) for row in reversed(rows)]


class Compiled:
    """The executables of the process that gdb looks at, read anew when it has stopped."""

    def __init__(self, dump):
        self.dump = dump
        self.process = None
        self.executables = []

    def refresh(self):
        self.process = gdb.selected_inferior().pid
        self.executables = read_index(self.dump, self.process)

    def find(self, pc):
        for executable in self.executables:
            if executable[0] <= pc < executable[0] + executable[1]:
                return executable
        return None


def told(command):
    try:
        return gdb.execute(command, to_string=True)
    except gdb.error as error:
        return f"{command}: {error}\n"


def described(frame, compiled):
    """A line of the native stack, and the executable that it runs, if it does."""
    pc = frame.pc()
    executable = compiled.find(pc)
    if frame.type() == gdb.SIGTRAMP_FRAME:
        return "<signal handler called>", None
    if executable is not None:
        kind, line, _first, _files, qualname, filename = executable[2]
        return f"compiled {kind} {qualname} ({filename}:{line})", executable
    name = frame.name() or "??"
    place = frame.find_sal()
    if place.symtab is not None:
        return f"{name} ({place.symtab.filename}:{place.line})", None
    library = gdb.solib_name(pc)
    return f"{name} from {library}" if library else name, None


def native_stack(compiled):
    lines, frames, interrupted = [], [], False
    frame = gdb.newest_frame()
    number = 0
    while frame is not None and number < FRAME_LIMIT:
        text, executable = described(frame, compiled)
        interrupted = interrupted or frame.type() == gdb.SIGTRAMP_FRAME
        lines.append(f"#{number:<3} {frame.pc():#018x} in {text}")
        if executable is not None:
            frames.append({"number": number, "pc": frame.pc(), "executable": executable[0]})
        try:
            frame = frame.older()
        except gdb.error as error:
            lines.append(f"     (no further: {error})")
            break
        number += 1
    return lines, frames, interrupted


def disassembly():
    """The instructions around the current one, which may lie in nothing that has a name."""
    pc = gdb.newest_frame().pc()
    text = told(f"x/{INSTRUCTIONS_AROUND}i {pc:#x}")
    # Instructions cannot be read backwards: from a few starts, one that meets the current one.
    for back in range(40, 0, -1):
        before = told(f"x/{back}i {pc - back:#x}")
        addresses = [line[3:].split(":")[0].split(" ")[0] for line in before.splitlines()]
        if hex(pc) in addresses:
            lines = before.splitlines()[: addresses.index(hex(pc))]
            return "\n".join(lines[-INSTRUCTIONS_AROUND:]) + "\n" + text
    return text


def look(signal, compiled):
    compiled.refresh()
    gdb.invalidate_cached_frames()
    stack, frames, interrupted = native_stack(compiled)
    return {
        "signal": signal,
        "process": compiled.process,
        "interrupted": interrupted,
        "siginfo": told("print $_siginfo._sifields._sigfault.si_addr"),
        "stack": stack,
        "frames": frames,
        "registers": told("info registers"),
        "disassembly": disassembly(),
        "executables": [[row[0], row[1], *row[2]] for row in compiled.executables],
    }


def main(folder):
    with open(os.path.join(folder, "settings.json"), encoding="utf-8") as file:
        settings = json.load(file)
    for command in (
        "set pagination off",
        "set confirm off",
        "set debuginfod enabled off",
        "set print thread-events off",
        "set print inferior-events off",
        "set backtrace past-main on",
        "set disable-randomization " + ("off" if settings["randomize"] else "on"),
        "handle all nostop noprint pass",
    ):
        told(command)
    for signal in FATAL:
        told(f"handle {signal} stop print pass")
    if settings["follow_children"]:
        told("set detach-on-fork off")
        told("set schedule-multiple on")
    compiled = Compiled(settings["dump"])

    stops, ends = [], []

    def on_stop(event):
        if isinstance(event, gdb.SignalEvent) and event.stop_signal in FATAL:
            pending.append(event.stop_signal)

    def on_exit(event):
        code = getattr(event, "exit_code", None)
        ends.append({"process": event.inferior.pid, "exit_code": code})

    pending = []
    gdb.events.stop.connect(on_stop)
    gdb.events.exited.connect(on_exit)
    command = "run"
    while True:
        try:
            gdb.execute(command, to_string=True)
        except gdb.error as error:
            ends.append({"process": 0, "exit_code": None, "error": str(error)})
            break
        while pending:
            stops.append(look(pending.pop(0), compiled))
            # What is found is kept even if gdb itself does not survive what follows.
            with open(os.path.join(folder, "findings.json"), "w", encoding="utf-8") as file:
                json.dump({"stops": stops, "ends": ends}, file)
        alive = [inferior for inferior in gdb.inferiors() if inferior.pid]
        if not alive:
            break
        if not gdb.selected_inferior().pid:
            told(f"inferior {alive[0].num}")
        command = "continue"
    with open(os.path.join(folder, "findings.json"), "w", encoding="utf-8") as file:
        json.dump({"stops": stops, "ends": ends}, file)


main(rjit_folder)  # noqa: F821
