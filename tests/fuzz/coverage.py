"""What of the compiler the programs have reached, summed over many processes, and what cannot be reached."""

import fnmatch
from dataclasses import dataclass, field

Counts = dict[str, int]

AWAITS = "occurs only in code that awaits, which is not compiled"
NOT_IN_CODE = "is no part of any code object"
NO_MEMORY = "is at the handler of an error that only a lack of memory causes"
FOLDED = "is read as part of the instruction behind it"
BEFORE_LOOPS = "comes before all loops of a module or class, of which nothing but loops is compiled"
FOR_OTHER_JIT = "CPython puts it into code when its own JIT is built and switched on"

UNREACHABLE: dict[str, dict[str, str]] = {
    "opcodes": {
        "END_ASYNC_FOR": AWAITS,
        "GET_AITER": AWAITS,
        "GET_ANEXT": AWAITS,
        "GET_AWAITABLE": AWAITS,
        "SEND_ASYNC_GEN": AWAITS,
        "CACHE": NOT_IN_CODE,
        "EXTENDED_ARG": FOLDED,
        "EXIT_INIT_CHECK": NOT_IN_CODE,
        "INTERPRETER_EXIT": NOT_IN_CODE,
        "JUMP_BACKWARD_JIT": FOR_OTHER_JIT,
        "RESERVED": NOT_IN_CODE,
        "RESUME_CHECK_JIT": FOR_OTHER_JIT,
    },
    "instructions": {"call setup_annotations": BEFORE_LOOPS},
    "exits_made": {
        "Observed at BUILD_LIST": NO_MEMORY,
        "Observed at BUILD_TUPLE": NO_MEMORY,
    },
}
"""What is left out of the totals, and why. Names of side exits may have wildcards."""


def cannot_be_reached(section: str, name: str) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in UNREACHABLE[section])


@dataclass
class Coverage:
    """Sums of ``rjit.coverage()``: how often each thing was compiled or happened, zeros included."""

    opcodes: Counts = field(default_factory=dict)
    instructions: Counts = field(default_factory=dict)
    exits_made: Counts = field(default_factory=dict)
    exits_taken: Counts = field(default_factory=dict)

    def add(self, report: dict[str, Counts]) -> None:
        for name, counts in report.items():
            sums = getattr(self, name)
            for key, count in counts.items():
                sums[key] = sums.get(key, 0) + count

    def sections(self) -> list[tuple[str, list[str], list[str]]]:
        """Titles, with all that there is and what of it was not reached."""
        made = []
        for title, section, taken in (
            ("opcodes", "opcodes", "opcodes"),
            ("HIR instructions", "instructions", "instructions"),
            ("side exits", "exits_made", "exits_taken"),
        ):
            reached = getattr(self, taken)
            wanted = [
                name
                for name in getattr(self, section)
                # A list that is wrong must not hide anything.
                if reached.get(name) or not cannot_be_reached(section, name)
            ]
            missing = sorted(name for name in wanted if not reached.get(name))
            made.append((title, wanted, missing))
        return made

    def summary(self) -> list[str]:
        """A line for each kind of thing, and the names of what was not reached."""
        lines = []
        for title, wanted, missing in self.sections():
            lines.append(f"{title}: {len(wanted) - len(missing)} of {len(wanted)} reached")
            if missing:
                lines.append(f"    not reached: {', '.join(missing)}")
        return lines

    def wrongly_listed(self) -> list[str]:
        """What was reached although the list says that it cannot be."""
        return sorted(
            name
            for section, taken in (
                ("opcodes", self.opcodes),
                ("instructions", self.instructions),
                ("exits_made", self.exits_taken),
            )
            for name, count in taken.items()
            if count and cannot_be_reached(section, name)
        )
