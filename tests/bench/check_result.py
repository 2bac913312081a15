"""Runs a program of the benchmarks once and prints what comes of it: `check_result.py NAME TASK FILE ARGUMENTS...`.

pyperf's Runner is replaced by one that calls what it is to measure and prints what that returns. What a program
does not return is asked for afterwards, of the functions that have just become hot.
"""

import copy
import hashlib
import runpy
import subprocess
import sys
import tempfile
from array import array
from pathlib import Path

import pyperf

TIMES = 3

# Loops of programs of which one is too short to make anything hot, or far too long.
LOOPS = {
    "mdp": 1,
    "comprehensions": 1000,
    "deepcopy": 100,
    "deepcopy_reduce": 1000,
    "deepcopy_memo": 200,
}


def told(value):
    """A value as text, short and the same in each process."""
    text = value.hex() if isinstance(value, (bytes, bytearray)) else repr(value)
    if len(text) > 2000:
        return f"{text[:200]}... ({hashlib.sha256(text.encode()).hexdigest()})"
    return text


class Runner(pyperf.Runner):
    """Calls once or a few times, in this process."""

    wanted = 0

    def _next(self):
        self.count = getattr(self, "count", -1) + 1
        return self.count == self.wanted

    def _parsed(self):
        if self.args is None:
            self.parse_args()

    def bench_func(self, name, func, *args, **_options):
        self._parsed()
        if self._next():
            for _ in range(TIMES):
                print(name, told(func(*args)))

    def bench_time_func(self, name, func, *args, **_options):
        self._parsed()
        if self._next():
            print(name, func(LOOPS.get(name, TIMES), *args) > 0)

    def bench_command(self, name, command):
        self._parsed()
        if self._next():
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            print(name, done.returncode, done.stdout, done.stderr)


def spectral_norm(module):
    vector = [1] * 30
    for _ in range(5):
        vector = module["eval_AtA_times_u"](vector)
    return vector


def richards(module):
    area = module["taskWorkArea"]
    return area.holdCount, area.qpktCount


def coroutines(module):
    coroutine = module["fibonacci"](15)
    try:
        while True:
            coroutine.send(None)
    except StopIteration as stop:
        return stop.value


def deepcopy(module):
    data = module["A"]("text", [1, [2, 3]], True)
    shared = [1] * 3
    made = copy.deepcopy({"a": (shared, shared), "b": [shared] * 4, "c": data, "d": {"e": None}})
    return made, made["a"][0] is made["a"][1], made["a"][0] is made["b"][3]


def fft(module):
    data = module["Random"](7).RandomVector(64)
    module["FFT_transform"](64, data)
    first = list(data)
    module["FFT_inverse"](64, data)
    return first, list(data)


def lu(module):
    size = 20
    matrix = module["Random"](7).RandomMatrix(module["ArrayList"](size, size))
    factored, pivot = module["ArrayList"](size, size), array("i", [0]) * size
    module["LU"](factored, matrix, pivot)
    return [list(row) for row in factored.data], list(pivot)


def sor(module):
    grid = module["Array2D"](20, 20, [[x * y for x in range(20)] for y in range(20)])
    module["SOR_execute"](1.25, grid, 5, module["Array2D"])
    return list(grid.data)


def sparse_mat_mult(module):
    y, x = array("d", [0]) * 4, array("d", [1.5, 2.5, 3.5, 4.5])
    value, column = array("d", [0.5, 1.5, -2.0, 4.0]), array("i", [3, 1, 0, 2])
    module["SparseCompRow_matmult"](4, y, value, array("i", [0, 1, 2, 3, 4]), column, x, 50)
    return list(y)


# What a program leaves behind, or can be asked for.
ASKED = {
    "nbody": lambda module: module["SYSTEM"],
    "spectral_norm": spectral_norm,
    "richards": richards,
    "nqueens": lambda module: list(module["n_queens"](6)),
    "deltablue": lambda module: module["planner"].current_mark,
    "go": lambda module: (module["MOVES"], module["TIMESTAMP"]),
    "generators": lambda module: list(module["tree"](range(100))),
    "comprehensions": lambda module: (
        module["WidgetTray"](1, module["make_some_widgets"]()).sorted_widgets
    ),
    "coroutines": coroutines,
    "deepcopy": deepcopy,
    "deepcopy_reduce": deepcopy,
    "deepcopy_memo": deepcopy,
    "scimark_fft": fft,
    "scimark_lu": lu,
    "scimark_monte_carlo": lambda module: module["MonteCarlo"](2000),
    "scimark_sor": sor,
    "scimark_sparse_mat_mult": sparse_mat_mult,
    "cold_native": lambda module: module["fresh"](module["NATIVE"], 1)[0](module["NUMBERS"]),
    "cold": lambda module: module["calls"](module["fresh"]()[:5]),
}

# Programs that write what they have drawn, if they are told where.
DRAWS = ("chaos", "raytrace")


def main():
    name, task, file, *arguments = sys.argv[1:]
    Runner.wanted = int(task)
    pyperf.Runner = Runner
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder, "picture")
        if name in DRAWS:
            arguments.append(f"--filename={picture}")
        sys.argv = [file, *arguments]
        module = runpy.run_path(file, run_name="__main__")
        if name in DRAWS:
            print("picture", hashlib.sha256(picture.read_bytes()).hexdigest())
    # The functions have globals of their own; those are what counts.
    functions = [value for value in module.values() if hasattr(value, "__globals__")]
    for value in functions:
        if value.__globals__.get("__name__") == "__main__":
            module = value.__globals__
            break
    if name in ASKED:
        for _ in range(TIMES):
            print(name, told(ASKED[name](module)))


if __name__ == "__main__":
    main()
