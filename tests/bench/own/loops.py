"""A loop over ints with the operations that need most care: they round down, and the remainder has the divisor's sign."""

import pyperf

ROUNDS = 200_000


def int_loop(rounds=ROUNDS):
    total = 0
    for number in range(1, rounds):
        total += number // 3 - number % 7
        if total % 5 == 0:
            total -= number
    return total


if __name__ == "__main__":
    pyperf.Runner().bench_func("int_loop", int_loop)
