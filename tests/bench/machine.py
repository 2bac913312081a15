"""On what the numbers were taken."""

import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Machine:
    cpu: str
    processors: int
    memory_gib: float
    kernel: str
    load_before: float
    load_after: float = 0.0


def machine() -> Machine:
    names = _entries(Path("/proc/cpuinfo"), "model name") or [platform.machine()]
    memory = _entries(Path("/proc/meminfo"), "MemTotal") or ["0 kB"]
    return Machine(
        names[0],
        len(os.sched_getaffinity(0)),
        round(int(memory[0].split()[0]) / 2**20, 1),
        platform.release(),
        load(),
    )


def load() -> float:
    """How many processes wanted to run, on average over the last minute."""
    return round(os.getloadavg()[0], 2)


def _entries(file: Path, name: str) -> list[str]:
    try:
        lines: Iterable[str] = file.read_text().splitlines()
    except OSError:
        return []
    pairs = (line.partition(":") for line in lines)
    return [value.strip() for key, _, value in pairs if key.strip() == name]
