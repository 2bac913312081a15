# Functions and module code with globals, locals and builtins of the program's own making.
# expect-compiled: make
from _support import attempt, repeat, show

SOURCE = """
def f(x):
    return abs(x) + offset
"""


def make(**names):
    space = dict(names)
    exec(SOURCE, space)
    return space, space["f"]


space, f = make(offset=10)
repeat(f, -5)
space["offset"] = 20
repeat(f, -5)
space["abs"] = lambda x: 1000
repeat(f, -5)
del space["abs"]
repeat(f, -5)
del space["offset"]
attempt(f, -5)

space, f = make(offset=1, __builtins__={"abs": lambda x: f"{x}"[1:]})
attempt(f, -5)
space["offset"] = "!"
repeat(f, -5)
show(f.__builtins__ is space["__builtins__"])
f.__builtins__["abs"] = lambda x: "new"
repeat(f, -5)
del f.__builtins__["abs"]
attempt(f, -5)


class Namespace(dict):
    def __missing__(self, key):
        if key.startswith("dyn_"):
            return key.upper()
        raise KeyError(key)

    def __setitem__(self, key, value):
        if key == "logged":
            print("set", key, value)
        super().__setitem__(key, value)


MODULE = """
logged = 1
values = []
for i in range(40):
    logged_not = dyn_name
    values.append(i * 2)
    logged = i if i > 37 else logged
print(logged_not, sum(values), dyn_other)
try:
    undefined
except NameError as exc:
    print(exc, exc.name)
del logged_not
print("logged_not" in values)
print(len(values), [v for v in values if v < 6])
try:
    del logged_not
except NameError as exc:
    print(exc)
"""
exec(MODULE, {}, Namespace())
exec(MODULE.replace("dyn_", "str_"), {"str_name": 1, "str_other": 2})


class Locals:
    def __init__(self):
        self.names = {"seed": 1}

    def __getitem__(self, key):
        return self.names[key]

    def __setitem__(self, key, value):
        self.names[key] = value

    def __delitem__(self, key):
        del self.names[key]


mapping = Locals()
exec("for i in range(50):\n    seed = seed * 3 % 1001\nprint(seed, i)\ndel i", {}, mapping)
show(mapping.names)
attempt(exec, "x = 1\ndel x\nx", {}, mapping)
attempt(exec, "1", [], {})
code = compile("[a * b for a in range(3) if (last := a) is not None]", "made up", "eval")
for b in (2, 2.5, "x"):
    scope = {"b": b}
    show(eval(code, scope), scope["last"])
