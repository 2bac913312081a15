"""Generators that ask each other for items, and one that delegates to another."""

from witness import ready


def leaf(limit):
    value = 0.5
    for index in range(limit):
        value = value * 0.75 + index * 0.001
        value = value * 0.75 + 1.0
        yield value


def middle(limit):
    yield "first"
    last = yield from leaf(limit)
    return last


def outer(limit):
    for item in middle(limit):
        yield item, limit


def run(limit):
    for item in outer(limit):  # noqa: B007
        pass
    return item


def main():
    for _ in range(20):
        run(20)
    ready()
    run(10**15)


main()
