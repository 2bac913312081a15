# Properties that are read where objects of the class and of its subclasses come by, which keep attributes in different order.
# expect-compiled: functions.<locals>.read, functions.<locals>.spend, functions.<locals>.label
from _support import repeat, show



def classes():
    class Base:
        def __init__(self, name, size):
            self.name = name
            self.color = "none"
            self._size = size

        @property
        def size(self):
            return self._size

        @size.setter
        def size(self, size):
            if size < 0:
                raise ValueError(size)
            self._size = size

        @property
        def label(self):
            return self.name, self.size

    class Other(Base):
        pass

    class Own(Base):
        @property
        def size(self):
            return self._size + 100

        @size.setter
        def size(self, size):
            self._size = size - 100

    return Base, Other, Own


def functions():
    def read(thing):
        return thing.size

    def read_in_turn(things):
        return [thing.size for thing in things]

    def spend(thing):
        if thing._size:
            thing.size -= 1

    def label(thing):
        return thing.label

    return read, spend, label, read_in_turn


# The getters are compiled for the first class that comes by, the functions for all of them in the end.
for count in (5, 12, 40, 150):
    for order in ((0, 1, 2), (1, 0, 2), (2, 1, 0)):
        read, spend, label, read_in_turn = functions()
        some = classes()
        things = [some[place]("abc"[place], 100 * place - 150) for place in order]
        for thing in things:
            for _ in range(count):
                last = read(thing), label(thing)
            show(last)
            thing.size = 400
            for _ in range(count):
                spend(thing)
            show(vars(thing))
        for thing in things * 10:
            last = read(thing), label(thing)
            spend(thing)
            show(last)
        repeat(read_in_turn, things * 5)
