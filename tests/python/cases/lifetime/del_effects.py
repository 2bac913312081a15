# Finalizers that do more than print: raise, resurrect, change variables and classes under the code that let go of the object.
# expect-compiled: loop, replace_type
import sys

from _support import repeat, show

saved = []
level = 0


class Resurrected:
    def __del__(self):
        saved.append(self)


class Raises:
    def __del__(self):
        raise ValueError("in __del__")


class ChangesGlobal:
    def __del__(self):
        global level
        level += 1


class ChangesCaller:
    def __del__(self):
        frame = sys._getframe(1)
        if "x" in frame.f_locals:
            frame.f_locals["y"] = "changed by __del__"


class ChangesClass:
    attr = 1

    def __del__(self):
        ChangesClass.attr += 1


def loop(n):
    seen = []
    for i in range(n):
        x = ChangesGlobal()
        seen.append(level)
        del x
        seen.append(level)
    return seen[-1] - seen[0]


def replace_type(n):
    total = 0
    for i in range(n):
        obj = ChangesClass()
        total += obj.attr - ChangesClass.attr
        obj = None
    return total


def changed_by_del():
    y = 1
    x = ChangesCaller()
    x = None
    return x, y


def resurrect(n):
    for i in range(n):
        x = Resurrected()
        x.i = i
        del x
    return len(saved)


def unraisable(args):
    messages.append((type(args.exc_value).__name__, str(args.exc_value), args.object is None))


def raises(n):
    for i in range(n):
        x = Raises()
        x = None
    return i, x


class Shrinks:
    def __init__(self, owner):
        self.owner = owner

    def __del__(self):
        self.owner.clear()


def item_replaced(n):
    items = [0] * 4
    items[1] = Shrinks(items)
    items[1] = n
    return items


def attribute_replaced(n):
    class Owner:
        pass

    owner = Owner()
    owner.value = Shrinks(owner.__dict__)
    owner.value = n
    return sorted(owner.__dict__)


repeat(loop, 10)
repeat(replace_type, 10)
repeat(changed_by_del)
repeat(resurrect, 2)
show([x.i for x in saved[:4]])
messages = []
sys.unraisablehook = unraisable
repeat(raises, 3, times=10)
show(len(messages), set(messages))
repeat(item_replaced, 5)
repeat(attribute_replaced, 5)
del Resurrected.__del__
saved.clear()


def changed_by_del_of_cell(n):
    x = 1
    c = ChangesX()

    def inner():
        return c

    del c
    return x


class ChangesX:
    def __del__(self):
        frame = sys._getframe(1)
        if "x" in frame.f_locals:
            frame.f_locals["x"] = 99


repeat(changed_by_del_of_cell, 1)
