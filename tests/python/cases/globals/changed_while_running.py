# What machine code takes for granted changes while that very code runs: names of modules, builtins, functions' code, classes.
# expect-compiled: scaled, mixed, made, attribute_of_class, of_module, of_builtin, in_loop, with_finalizer
import builtins
import sys
import types

from _support import attempt, repeat, show

scale = 3
floating = 1.5
things = ["a", "b"]


def helper(x):
    return x * scale


def change(what):
    """Does nothing most of the time."""
    if what is not None:
        what()


def scaled(x, what):
    before = helper(x)
    change(what)
    return before, helper(x), scale, floating, len(things)


def set_scale():
    global scale
    scale += 1


def same_scale():
    global scale
    scale = scale


def set_floating():
    globals()["float" + "ing"] = "text"


def set_helper():
    global helper

    def helper(x):
        return "other", x, scale


def delete_things():
    global things
    del things


repeat(scaled, 2, None)
for act in (set_scale, same_scale, set_floating, set_helper, set_scale):
    show(scaled(2, act))
    repeat(scaled, 2, None)
attempt(scaled, 2, delete_things)
attempt(scaled, 2, None)
things = ()
repeat(scaled, 2, None)


def doubled(x):
    return x + x


def tripled(x):
    return x + x + x


def mixed(x, what):
    before = doubled(x)
    change(what)
    return before, doubled(x)


def set_code():
    doubled.__code__ = tripled.__code__


def update():
    globals().update(doubled=tripled, another=1)


repeat(mixed, 4, None)
show(mixed(4, set_code))
repeat(mixed, 4, None)
show(mixed(4, update))
repeat(mixed, 4, None)


class Made:
    count = 1

    def __init__(self, x):
        self.x = x


def made(x, what):
    before = Made(x).x
    change(what)
    return before, Made(x).x


def set_init():
    Made.__init__ = lambda self, x: setattr(self, "x", ("other", x))


def set_class():
    global Made

    class Made:
        count = 2

        def __init__(self, x):
            self.x = -x


def attribute_of_class(what):
    before = Made.count
    change(what)
    return before, Made.count


def set_count():
    Made.count += 10


repeat(made, 1, None)
repeat(attribute_of_class, None)
show(attribute_of_class(set_count))
repeat(attribute_of_class, None)
show(made(1, set_init))
repeat(made, 1, None)
show(made(1, set_class))
show(attribute_of_class(None))
repeat(made, 1, None)
repeat(attribute_of_class, None)
show(attribute_of_class(set_count))

module = types.ModuleType("module")
exec("value = 7\ndef function(x): return value, x", module.__dict__)


def of_module(x, what):
    before = module.function(x), module.value
    change(what)
    return before, module.function(x), module.value


def set_value():
    module.value = 8


def set_function():
    module.__dict__["function"] = lambda x: ("lambda", x)


def set_module():
    global module
    module = types.SimpleNamespace(function=str, value=None)


repeat(of_module, 1, None)
for act in (set_value, set_function, set_module):
    show(of_module(1, act))
    repeat(of_module, 1, None)


def of_builtin(x, what):
    before = len(x), isinstance(x, list)
    change(what)
    return before, len(x), isinstance(x, list)


def shadow():
    global len

    def len(x):
        return "shadow"


def unshadow():
    global len
    del len


original = builtins.isinstance


def replace():
    builtins.isinstance = lambda x, kind: "replaced"


def restore():
    builtins.isinstance = original


repeat(of_builtin, [1], None)
for act in (shadow, unshadow, replace, restore):
    show(of_builtin([1], act))
    repeat(of_builtin, [1], None)

limit = 10


def bump(i):
    global limit
    if i in (3, 30, 300):
        limit += i


def in_loop(n):
    total = 0
    for i in range(n):
        bump(i)
        total += limit
    return total


repeat(in_loop, 5)
show(in_loop(1000))
show(in_loop(1000))


class Final:
    def __init__(self, what):
        self.what = what

    def __del__(self):
        change(self.what)


def with_finalizer(thing):
    before = limit
    thing = None
    return before, limit


def set_limit():
    global limit
    limit = "set by a finalizer"


for _ in range(40):
    with_finalizer(Final(None))
show(with_finalizer(Final(set_limit)))
repeat(with_finalizer, 1)


def in_namespace(text, **names):
    """A function in a namespace of its own, which dies with it."""
    namespace = {"__builtins__": builtins, **names}
    exec(text, namespace)
    return namespace["function"], namespace


for turn in range(5):
    function, namespace = in_namespace("def function(x): return x, value, len(other)", value=turn, other="a" * turn)
    repeat(function, 1)
    namespace["value"] = "changed"
    repeat(function, 1)
    namespace.clear()
    attempt(function, 1)
    namespace.update(value=1, len=lambda x: "own", other=None)
    attempt(function, 1)
    del function, namespace

sys.modules.pop("module", None)
