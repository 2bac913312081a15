"""The Mandelbrot set as a bitmap and as a small picture in text.

Float arithmetic in a tight loop that ends early, complex numbers for the
picture, bytes for the bitmap.
"""

import sys
from zlib import crc32

LIMIT = 50
SHADES = " .:-=+*#%@"


def escape_time(cr, ci, limit):
    """Rounds until the orbit of c leaves the circle of radius 2, or limit."""
    zr = zi = 0.0
    for i in range(limit):
        rr = zr * zr
        ii = zi * zi
        if rr + ii > 4.0:
            return i
        zi = 2.0 * zr * zi + ci
        zr = rr - ii + cr
    return limit


def bitmap_row(y, n):
    """One row, eight points in a byte, the leftmost in the highest bit."""
    row = bytearray()
    ci = 2.0 * y / n - 1.0
    bits = 0
    filled = 0
    for x in range(n):
        bits <<= 1
        if escape_time(2.0 * x / n - 1.5, ci, LIMIT) == LIMIT:
            bits |= 1
        filled += 1
        if filled == 8:
            row.append(bits)
            bits = filled = 0
    if filled:
        row.append(bits << (8 - filled))
    return row


def bitmap(n):
    rows = bytearray()
    for y in range(n):
        rows += bitmap_row(y, n)
    return rows


def shade(c):
    z = 0j
    for i in range(LIMIT):
        z = z * z + c
        if abs(z) > 2.0:
            return SHADES[i * len(SHADES) // LIMIT]
    return SHADES[-1]


def picture(width, height):
    lines = []
    for row in range(height):
        y = 2.4 * (row + 0.5) / height - 1.2
        xs = [3.0 * (column + 0.5) / width - 2.1 for column in range(width)]
        lines.append("".join(shade(complex(x, y)) for x in xs).rstrip())
    return lines


def main(n):
    points = bitmap(n)
    inside = sum(byte.bit_count() for byte in points)
    print(f"{n} x {n}: {inside} points inside, crc32 {crc32(points):08x}")
    for line in picture(64, 22):
        print(line)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_200)
