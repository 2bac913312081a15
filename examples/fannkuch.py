"""Pancake flipping over every permutation of n numbers.

List slices, swaps and small integers: for each permutation, reverse as many
leading elements as the first one says until the first is zero.
"""

import sys


def flips(permutation):
    """How many prefix reversals bring zero to the front."""
    first = permutation[0]
    if not first:
        return 0
    stack = permutation[:]
    count = 0
    while first:
        stack[: first + 1] = stack[first::-1]
        count += 1
        first = stack[0]
    return count


def advance(permutation, counters, n):
    """Step to the next permutation in place; False after the last one."""
    permutation[0], permutation[1] = permutation[1], permutation[0]
    level = 1
    while counters[level] >= level:
        counters[level] = 0
        level += 1
        if level == n:
            return False
        first = permutation[0]
        for i in range(level):
            permutation[i] = permutation[i + 1]
        permutation[level] = first
    counters[level] += 1
    return True


def fannkuch(n):
    permutation = list(range(n))
    counters = [0] * n
    checksum = most = 0
    even = True
    more = True
    while more:
        count = flips(permutation)
        most = max(most, count)
        checksum += count if even else -count
        even = not even
        more = advance(permutation, counters, n)
    return checksum, most


def main(n):
    if n < 2:
        raise SystemExit("fannkuch: the size must be at least 2")
    checksum, most = fannkuch(n)
    print(f"checksum: {checksum}")
    print(f"most flips of {n}: {most}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
