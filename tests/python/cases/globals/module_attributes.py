# Attributes of modules: rebinding, deletion, __getattr__ of a module, a class assigned to a module.
# expect-compiled: root, read_value, call_member
import math
import types

from _support import attempt, probe, repeat, show


def root(x):
    return math.sqrt(x)


def constant():
    return math.pi * 2


def read_value(module):
    return module.value


def call_member(module, x):
    return module.func(x)


def write_value(module, value):
    module.value = value
    return module.value


probe(root, (16.0,), (16,), (-1,), ("a",), (True,), (10**400,))
repeat(constant)
saved = math.pi
math.pi = 3
repeat(constant)
math.pi = saved
repeat(constant)
saved = math.sqrt
math.sqrt = lambda x: ("fake", x)
repeat(root, 4)
del math.sqrt
attempt(root, 4)
math.sqrt = saved
repeat(root, 4)

module = types.ModuleType("made")
module.value = 1
module.func = lambda x: x + 1
repeat(read_value, module)
repeat(call_member, module, 1)
module.value = "two"
module.func = str
repeat(read_value, module)
repeat(call_member, module, 1)
del module.value
attempt(read_value, module)
module.__getattr__ = lambda name: f"dynamic {name}"
repeat(read_value, module)
module.value = 5
repeat(read_value, module)
repeat(write_value, module, 6)


class Special(types.ModuleType):
    @property
    def value(self):
        return "property"


# With the value still there, whether the interpreter finds it or the property depends on what it has specialized.
del module.value
module.__class__ = Special
repeat(read_value, module)
attempt(write_value, module, 7)
other = types.ModuleType("other")
other.value = 2.5
probe(read_value, (other,), (module,), (types.SimpleNamespace(value=[]),), (1,), (math,))
show(sorted(name for name in vars(module) if not name.startswith("__")))
del math
attempt(root, 4.0)
import math  # noqa: E402

repeat(root, 4.0)
