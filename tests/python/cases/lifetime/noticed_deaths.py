# What dies while machine code runs may change anything that the code has known before: it leaves then.
# expect-compiled: stores, replaces, closes, by_weak_reference, by_callback, nested, twice, observed, of_caller, of_indexer
import sys
import weakref

from _support import show

WEIGHT = 1


class Box:
    def __init__(self, value):
        self.value = value


class Changes:
    """Changes what is global, and an attribute of another object, when it dies."""

    def __init__(self, box=None):
        self.box = box

    def __del__(self):
        global WEIGHT
        WEIGHT += 1
        if self.box is not None:
            self.box.value += 100


class Holder:
    def __init__(self, *held):
        self.held = held


def stores(items, box):
    total = 0
    for item in items:
        before = WEIGHT + box.value
        kept = item
        item = 0
        items[0] = None
        kept = 1.5
        total += before + WEIGHT + box.value + kept
    return total


def replaces(makers, box):
    total = 0
    for make in makers:
        local = make()
        before = WEIGHT * box.value
        local = 7
        total += before - WEIGHT * box.value + local
    return total


def closes(makers, box):
    total = 0
    for make in makers:
        first = box.value
        make()
        total += WEIGHT * first + box.value
    return total


def by_weak_reference(count, box):
    seen = []
    for number in range(count):
        local = Box(number)
        if number % 50 == 3:
            reference = weakref.ref(local, seen.append)
        before = len(seen)
        local = number
        show_if = len(seen) != before
        if show_if:
            box.value += len(seen)
    return len(seen), box.value


def by_callback(count):
    # No Python code runs: the callback is a method of a list.
    gone = []
    held = []
    total = 0
    for number in range(count):
        local = Box(number)
        if number % 40 == 1:
            held.append(weakref.ref(local, gone.append))
        before = len(gone)
        local = 0.5
        total += (len(gone) - before) * number
    return total, len(gone)


def nested(count, box):
    total = 0
    for number in range(count):
        local = [Holder((number, [Changes(box)] if number % 60 == 5 else [])), number]
        before = box.value
        local = number
        total += box.value - before + local
    return total


def twice(count, box):
    # The object is in two places, and dies with both.
    total = 0
    for number in range(count):
        shared = Changes(box) if number % 60 == 7 else Box(number)
        local = (shared, [shared])
        shared = 0
        before = box.value
        local = 1
        total += box.value - before + local
    return total


class Peeks:
    def __init__(self, depth):
        self.depth = depth

    def __del__(self):
        frame = sys._getframe(self.depth)
        frame.f_locals["seen"] = 1000


def observed(count):
    seen = 1
    total = 0
    for number in range(count):
        local = Peeks(1) if number % 70 == 9 else Box(number)
        local = 2
        total += seen
        seen = 2
    return total


def drop(local):
    local = 2
    return local


def of_caller(count):
    seen = 1
    total = 0
    for number in range(count):
        total += drop(Peeks(2) if number % 70 == 9 else Box(number))
        total += seen
        seen = 3
    return total


class Slot:
    def __init__(self):
        self.item = None

    def __getitem__(self, index):
        self.item = None
        return index


def of_indexer(count):
    # An operator's special method is a callee without a call.
    slot = Slot()
    seen = 1
    total = 0
    for number in range(count):
        slot.item = Peeks(2) if number % 70 == 9 else number
        total += slot[number]
        total += seen
        seen = 3
    return total


def main():
    box = Box(1)
    makers = [(lambda n=n: Changes(box) if n % 50 == 49 else Box(n)) for n in range(200)]
    for _ in range(3):
        show(stores([Changes(box) if n % 50 == 30 else Box(n) for n in range(200)], box))
        show(replaces(makers, box))
        show(closes(makers, box))
        show(by_weak_reference(200, box))
        show(by_callback(200))
        show(nested(200, box))
        show(twice(200, box))
        show(observed(200))
        show(of_caller(200))
        show(of_indexer(200))
    show(box.value, WEIGHT)


main()
