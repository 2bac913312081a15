"""Allocates much memory at the end of a chain of calls."""

AMOUNT = 50_000_000


def leaf(amount):
    return bytearray(amount)


def middle(amount):
    block = leaf(amount)
    return block


def outer(amount):
    block = middle(amount)
    return block


for _ in range(50):
    outer(1)
block = outer(AMOUNT)
