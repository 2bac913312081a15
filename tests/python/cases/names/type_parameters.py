# Type parameters of functions, classes and aliases: scopes, laziness, bounds, defaults.
# expect-compiled: first, Stack.push, use
from _support import attempt, probe, repeat, show


def first[T](items: list[T]) -> T:
    return items[0]


def bounded[T: (int, str), *Ts, **P, D = int](x: T, *args: *Ts) -> tuple[*Ts]:
    return x, args


class Stack[T]:
    items: list[T]

    def __init__(self):
        self.items = []

    def push(self, item: T) -> "Stack[T]":
        self.items.append(item)
        return self

    def convert[U](self, f) -> "list[U]":
        return [f(item) for item in self.items]

    def parameters(self):
        return T, type(self).__type_params__


type Alias[A] = dict[A, list[A]]
type Recursive = list[Recursive] | int
type Broken = undefined_name  # noqa: F821


def use(n):
    stack = Stack[int]()
    for i in range(n):
        stack.push(i)
    return stack.convert(str), Stack[str].__origin__ is Stack, len(stack.items)


def make(kind):
    def inner[T: kind](x: T) -> T:
        return x, T.__bound__

    class Local[T: kind]:
        bound = None

        def get(self):
            return T.__bound__

    type Made[T] = list[kind] | T
    return inner(1), Local().get(), Made.__value__.__args__[0], Made.__type_params__


def shadowed[x](x):
    return x


def default[T = 5](value=[]):  # noqa: B006
    value.append(T.__default__)
    return len(value), value[0]


probe(first, ([1, 2],), ("ab",), ([],), (5,), ({0: "z"},))
repeat(bounded, 1, "a", 2)
show(bounded.__type_params__, bounded.__annotations__["return"])
repeat(use, 5)
repeat(make, int)
repeat(make, "text")
probe(shadowed, (1,), ("s",))
repeat(default, times=30)
show(Stack.__type_params__, Stack().parameters(), Alias.__value__, Alias.__type_params__, Alias[int])
show(Recursive.__value__)
attempt(lambda: Broken.__value__)
attempt(lambda: Stack[int, str])
attempt(lambda: T)  # noqa: F821
