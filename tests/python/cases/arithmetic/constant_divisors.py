# expect-compiled: small, large, powers, in_loop
# expect-osr: 1
"""Floor division and remainder by constants, for which machine code does not divide."""

from _support import probe, repeat, show


def small(n):
    n = n + 0
    return n // 1, n % 1, n // 3, n % 3, n // 5, n % 5, n // 7, n % 7, n // 10, n % 10, n // 641, n % 641


def large(n):
    n = n + 0
    thirty, sixty = n // 1073741827, n % 1152921504606846977
    return thirty, n % 1073741827, n // 1152921504606846977, sixty, n // 9223372036854775807, n % 9223372036854775807


def powers(n):
    n = n + 0
    return n // 2, n % 2, n // 1024, n % 1024, n // 4611686018427387904, n % 4611686018427387904


def in_loop(n):
    total = 0
    for i in range(-n, n):
        total += i // 3 - i % 7 + (i * 1000003) // 10 % 12
        if total % 5 == 0:
            total -= i
    return total


numbers = [0, 1, 2, 3, 6, 7, 2**30, 2**31, 2**32, 2**53, 2**60 + 1, 2**62, 2**63 - 1, 2**63, 2**64]
for number in numbers:
    for n in (number, -number, number + 1, -number - 1):
        show(n, *small(n), *large(n), *powers(n))
repeat(small, 12)
for n in (*numbers, True, 7.5):
    probe(small, (100,), (n,), (-n,))
    probe(large, (100,), (n,), (-n,))
    probe(powers, (100,), (n,), (-n,))
repeat(in_loop, 800)
