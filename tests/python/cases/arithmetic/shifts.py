# Shifts: by nothing, by much, by a negative count, of negative numbers.
# expect-compiled: left, right
from _support import attempt, probe, repeat


def left(a, b):
    return a << b


def right(a, b):
    return a >> b


def left_in_place(a, b):
    a <<= b
    return a


def mix(x, n):
    for i in range(n):
        x ^= x << 13 & 0xFFFFFFFFFFFFFFFF
        x ^= x >> 7
        x ^= x << 17 & 0xFFFFFFFFFFFFFFFF
        x &= 0xFFFFFFFFFFFFFFFF
        x |= i & 3
    return x


for value in (0, 1, -1, 3, -3, 2**29, 2**30, -(2**30), 2**62, -(2**63), 2**64 + 1):
    for count in (0, 1, 2, 29, 30, 31, 32, 33, 59, 60, 61, 62, 63, 64, 65, 100):
        print(value, count, left(value, count), right(value, count), left_in_place(value, count))
repeat(mix, 88172645463325252, 50)
probe(left, (1, 4), (1, -1), (-1, -5), (0, -1), (1.0, 2), (1, 2.0), (True, True), (2**70, 2), (0, 2**70))
probe(right, (1024, 4), (1, -1), (1, 2**70), (-1, 2**70), (-(2**70), 3), ("a", 1))
attempt(left, 1, 2**64)
