# Operands whose references are only taken where machine code is left: none is lost and none is left over.
# expect-compiled: total, compared, chained, through
import sys

from _support import show, show_error


class Box:
    def __init__(self, value):
        self.value = value
        self.other = 5


class Odd:
    """Not a number, with operators."""

    def __init__(self):
        self.count = 0

    def __add__(self, other):
        self.count += 1
        return self.count + other

    def __lt__(self, other):
        return True

    def __del__(self):
        print("del odd")


class Leaving(Odd):
    """Takes itself out of the box when it is used."""

    def __add__(self, other):
        held.value = 3
        return 7


def total(box):
    return box.value + box.other


def compared(box):
    return box.value < box.other, box.other < 9


def chained(box):
    return 0 <= box.other < box.value < 100


def through(box):
    inner = total(box)
    return inner + box.value


BIG = 2**100
ODD = Odd()
FLOAT = 1e300
held = Box(1)


def main():
    box = Box(3)
    for _ in range(60):
        total(box)
        compared(box)
        chained(box)
        through(box)
    before = [sys.getrefcount(each) for each in (BIG, ODD, FLOAT)]
    for _ in range(30):
        for value in (3, BIG, FLOAT, 1.5, 2**62, -7):
            box.value = value
            for function in (total, compared, chained, through):
                show(function(box))
        box.value = ODD
        show(total(box), compared(box))
        try:
            show(through(box))
        except TypeError as error:
            show_error(error)
        for missing in (None, "text", [1]):
            box.value = missing
            try:
                show(total(box))
            except TypeError as error:
                show_error(error)
        box.value = 3
    show([sys.getrefcount(each) for each in (BIG, ODD, FLOAT)] == before, ODD.count)
    for _ in range(5):
        held.value = Leaving()
        show(total(held), held.value)
        held.value = 1
        show(total(held))
    print("end")


main()
