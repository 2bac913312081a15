"""The example of this name: floats in a tight loop that ends early."""

import sys
from pathlib import Path

import pyperf

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "examples"))

from mandelbrot import bitmap  # noqa: E402

if __name__ == "__main__":
    pyperf.Runner().bench_func("mandelbrot", bitmap, 120)
