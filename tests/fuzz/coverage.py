"""What of the compiler the programs have reached, summed over many processes."""

from dataclasses import dataclass, field

Counts = dict[str, int]


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

    def summary(self) -> list[str]:
        """A line for each kind of thing, and the names of what was not reached."""
        lines = []
        for title, all_of, reached in (
            ("opcodes", self.opcodes, self.opcodes),
            ("HIR instructions", self.instructions, self.instructions),
            ("side exits", self.exits_made, self.exits_taken),
        ):
            missing = sorted(name for name in all_of if not reached.get(name))
            lines.append(f"{title}: {len(all_of) - len(missing)} of {len(all_of)} reached")
            if missing:
                lines.append(f"    not reached: {', '.join(missing)}")
        return lines
