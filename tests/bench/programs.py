"""What is measured: pyperformance's programs as they are, and some of our own in the same form."""

from dataclasses import dataclass
from pathlib import Path

from bench.engines import SUITE

OWN = Path(__file__).parent / "own"


@dataclass(frozen=True)
class Program:
    """A file that uses pyperf, and which of its tasks is meant."""

    name: str
    file: Path
    task: int = 0
    arguments: tuple[str, ...] = ()
    # It measures processes that it starts, so what the compiler did in its own says nothing.
    starts_processes: bool = False
    # It is about costs, and no part of the mean.
    in_mean: bool = True

    @property
    def command(self) -> list[str]:
        return [str(self.file), *self.arguments]


def _pyperformance(folder: str, name: str = "", task: int = 0, *arguments: str) -> Program:
    file = SUITE / f"bm_{folder}" / "run_benchmark.py"
    return Program(name or folder, file, task, arguments)


_ALONE = (
    "nbody fannkuch spectral_norm float richards deltablue nqueens chaos go hexiom raytrace pyflate "
    "generators comprehensions coroutines"
).split()

_LIST = [
    *(_pyperformance(name) for name in _ALONE),
    *(
        _pyperformance("deepcopy", name, task)
        for task, name in enumerate(("deepcopy", "deepcopy_reduce", "deepcopy_memo"))
    ),
    *(
        _pyperformance("scimark", f"scimark_{name}", 0, name)
        for name in ("fft", "lu", "monte_carlo", "sor", "sparse_mat_mult")
    ),
    _pyperformance("mdp"),
    *(
        Program(name, OWN / "calls.py", task)
        for task, name in enumerate(
            ("call_function", "call_method", "call_closure", "call_keywords", "call_class")
        )
    ),
    Program("mandelbrot", OWN / "mandelbrot.py"),
    Program("int_loop", OWN / "loops.py"),
    Program("startup", OWN / "startup.py", 0, starts_processes=True, in_mean=False),
    Program("startup_library", OWN / "startup.py", 1, starts_processes=True, in_mean=False),
    Program("cold", OWN / "cold.py", in_mean=False),
    Program("cold_native", OWN / "cold.py", 1, in_mean=False),
]

PROGRAMS = {program.name: program for program in _LIST}

# Those that have a warm-up curve, with what makes one iteration short enough.
CURVES = {
    "nbody": ("--iterations=2000",),
    "richards": (),
    "deltablue": (),
    "hexiom": (),
}

# Those in which nothing becomes hot.
COLD = ("cold", "cold_native")

# Those under which the costs of having rjit and of looking are measured.
OBSERVED = ("nbody", "richards")
