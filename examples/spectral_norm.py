"""The largest singular value of an infinite matrix, from its n by n corner.

Many calls of a tiny arithmetic function, list comprehensions, mixed integer
and float arithmetic.
"""

import sys
from math import sqrt


def cell(i, j):
    """The matrix: 1, 1/2, 1/4 / 1/3, 1/5, ... along its diagonals."""
    return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)


def row_product(i, vector):
    total = 0.0
    for j, value in enumerate(vector):
        total += cell(i, j) * value
    return total


def column_product(j, vector):
    total = 0.0
    for i, value in enumerate(vector):
        total += cell(i, j) * value
    return total


def times(vector):
    return [row_product(i, vector) for i in range(len(vector))]


def times_transposed(vector):
    return [column_product(j, vector) for j in range(len(vector))]


def power_step(vector):
    return times_transposed(times(vector))


def dot(u, v):
    total = 0.0
    for a, b in zip(u, v, strict=True):
        total += a * b
    return total


def spectral_norm(n, rounds=10):
    u = [1.0] * n
    v = u
    for _ in range(rounds):
        v = power_step(u)
        u = power_step(v)
    return sqrt(dot(u, v) / dot(v, v))


def main(n):
    print(f"spectral norm of {n}: {spectral_norm(n):.9f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 800)
