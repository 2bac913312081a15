"""Small functions called all the time, whose code becomes a part of their caller's machine code."""

from witness import ready


def half(value):
    a = value * 0.5
    b = a + 0.25
    c = b * a
    return a + c * 0.001


def step(value):
    moved = half(value) + 1.0
    return half(moved) - 0.5


def run(limit):
    value = 1.0
    for _ in range(limit):
        value = step(value)
    return value


def main():
    for _ in range(20):
        run(20)
    ready()
    run(10**15)


main()
