# The order in which objects die: locals at return and at exceptions, overwritten values, temporaries, arguments, loop variables.
# expect-compiled: at_return, overwrite, temporaries
from _support import Loud, attempt


def at_return():
    a, b, c = Loud("a"), Loud("b"), Loud("c")
    print("returning", a.name)
    return 5


def at_error(n):
    first = Loud("first")
    second = Loud("second")
    print("dividing", first, second)
    return 1 // n


def overwrite():
    x = Loud("one")
    x = Loud("two")
    print("overwritten")
    x = None
    print("gone", x)


def temporaries():
    print(Loud("temporary").name)
    Loud("statement")
    print("after statement")
    [Loud("in list"), Loud("in list too")][0].name
    print("after list")
    f"{Loud('formatted')}"
    print("after format")
    (Loud("l") and Loud("r"))
    print("after and")


def argument(x):
    print("got", x)
    x = None
    print("forgot", x)


def arguments(a, b, *rest, k=None, **kw):
    del b
    print("b deleted")
    rest = None
    print("rest dropped")
    return "end"


def loops():
    for item in [Loud("l1"), Loud("l2")]:
        print("in loop", item)
    print("after loop", item)
    for item in (Loud(f"g{i}") for i in range(2)):
        print("generator loop", item)
    item = 0
    print("unbound")


def handler():
    try:
        local = Loud("in try")
        raise ValueError(Loud("argument"))
    except ValueError as exc:
        print("handler", exc.args[0].name)
    print("after handler", local)


def returned():
    a = Loud("kept")
    b = Loud("left")
    return a


def containers():
    box = {"k": Loud("v1"), "l": Loud("v2")}
    box["k"] = Loud("v3")
    print("replaced")
    del box["l"]
    print("deleted")
    items = [Loud("i1"), Loud("i2"), Loud("i3")]
    items[1:] = []
    print("sliced")
    items[0] = None
    print("end")


def unpacking():
    a, b = Loud("u1"), Loud("u2")
    a, b = b, a
    print("swapped", a, b)
    a, *b = [Loud("s1"), Loud("s2")]
    print("starred")


def with_block():
    class Manager(Loud):
        def __enter__(self):
            return Loud("entered")

        def __exit__(self, *args):
            print("exit", args[0] is None)
            return True

    with Manager("manager") as entered:
        print("inside", entered)
        raise KeyError(Loud("raised"))
    print("after with")


def attributes():
    holder = Loud("holder")
    holder.attr = Loud("attr1")
    holder.attr = Loud("attr2")
    print("set")
    holder.attr = holder.missing if hasattr(holder, "missing") else None
    print("end")


def binary():
    class Num(Loud):
        def __add__(self, other):
            print("add")
            return Num(self.name + other.name)

    total = Num("x") + Num("y") + Num("z")
    print("sum", total)
    total += Num("w")
    print("end")


def failing_call():
    try:
        argument(Loud("p"), Loud("q"))
    except TypeError as exc:
        print(exc)
    print("end")


def method_chain():
    Loud("chain").__repr__().upper().lower()
    print("after chain")


def conditional(x):
    y = Loud("true") if x else Loud("false")
    return [Loud("element") for _ in range(2) if y] and None


for func in (at_return, overwrite, temporaries, loops, handler, containers, unpacking, with_block, attributes, binary, failing_call, method_chain):
    for _ in range(5):
        print("--", func.__name__)
        func()
for _ in range(5):
    attempt(at_error, 0)
    attempt(at_error, 1)
    argument(Loud("argument"))
    attempt(arguments, Loud("a"), Loud("b"), Loud("r"), k=Loud("k"), z=Loud("z"))
    print(returned())
    returned()
    print("after returned")
    conditional(1)
for i in range(100):
    module_level = Loud(i) if i % 40 == 39 else None
print("end of module", module_level)
last = Loud("last one")
