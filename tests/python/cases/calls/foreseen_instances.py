# `isinstance` where it is known what the object is: answers stay right when names come to mean something else.
# expect-compiled: kind_of, kinds, several, of_result, of_bool, of_replaced, grid, deep
import builtins

from _support import show, show_error


class Meta(type):
    def __instancecheck__(cls, instance):
        return instance == 3


class Odd(metaclass=Meta):
    pass


class MyInt(int):
    pass


class Pretender:
    @property
    def __class__(self):
        return int


def kind_of(value):
    if isinstance(value, tuple):
        return "tuple"
    if isinstance(value, int):
        return "int"
    if isinstance(value, float):
        return "float"
    return "other"


def kinds(count):
    found = []
    for number in range(count):
        found.append(kind_of(number))
        found.append(kind_of(number * 0.5))
        found.append(kind_of((number, number)))
    return found


show(kinds(40)[-6:])
show([kind_of(value) for value in (True, None, MyInt(3), Pretender(), "x", [], 2**80, 1j)])


def several(count):
    total = 0
    for number in range(count):
        total += isinstance(number, (float, int)) + 2 * isinstance(number * 0.5, (int, str))
        total += 4 * isinstance(number, (Odd, int)) + 8 * isinstance(number, (str, Odd, float))
    return total


show(several(50))
show(several(3))


def of_result(count):
    answers = 0
    for number in range(count):
        answers += isinstance(number < 3, int) + isinstance(number < 3, bool) + isinstance(None, int)
    return answers


show(of_result(60))


def of_bool(values):
    return [isinstance(value, bool) for value in values]


for _ in range(40):
    answers = of_bool([True, 1, 0.0, None])
show(answers)


def of_replaced(count):
    answers = []
    for number in range(count):
        answers.append(isinstance(number, int))
    return answers.count(True), answers.count(False)


show(of_replaced(50))
real = int
# A global of that name hides the builtin.
int = str
show(of_replaced(50), kind_of(3))
del int
show(of_replaced(50), kind_of(3))
builtins.int = Odd
show(of_replaced(50), kind_of(3), kind_of(4))
builtins.int = 3
try:
    of_replaced(50)
except TypeError as error:
    show_error(error)
builtins.int = real
show(of_replaced(50), kind_of(3))


class Grid:
    def __init__(self, width, height):
        self.width = width
        self.rows = [[0.0] * width for _ in range(height)]

    def __getitem__(self, place):
        if isinstance(place, tuple):
            return self.rows[place[1]][place[0]]
        return self.rows[place]

    def area(self):
        return self.width * len(self.rows) + self.width - self.width


def grid(table, size):
    total = 0.0
    for row in range(size):
        for column in range(size):
            table[row][column] += row * column
            total += table[row][column] - table[column, row] * 0.5 + table.area()
    return total


show(grid(Grid(12, 12), 12))
try:
    grid(Grid(3, 3), 5)
except IndexError as error:
    show_error(error)


def third(number):
    return number + 1


def second(number):
    return third(number) + third(number)


def first(number):
    return second(number) + second(number)


def deep(number):
    """Callees in place, which are asked at each depth once whether there is room for them."""
    return first(number) + first(number)


def descend(depth, number):
    return deep(number) if depth == 0 else descend(depth - 1, number)


show([deep(number) for number in range(40)][-1])
for _ in range(30):
    descend(2, 1)
show(descend(100, 5))
