# Functions and code objects taken apart, copied, pickled, replaced, and put together again after compilation.
# expect-compiled: sample
import copy
import dis
import inspect
import marshal
import pickle
import types

from _support import attempt, probe, repeat, show


def sample(a, b=2, *args, k=3, **kw):
    """The doc."""
    total = a + b + k
    for arg in args:
        total += arg
    return total


repeat(sample, 1, 2, 3, k=4)
code = sample.__code__
show(code.co_name, code.co_varnames, code.co_argcount, code.co_consts, code.co_names, code.co_flags, code.co_stacksize, code.co_nlocals)
show(hash(code) == hash(code.replace()), code == code.replace(), code.co_code == code.replace().co_code)
show(code == code.replace(co_name="other"), inspect.signature(sample))
made = types.FunctionType(code.replace(co_name="renamed"), globals(), "made", (5,))
repeat(made, 1, k=1)
show(made.__name__, made.__code__.co_name)
attempt(made, "x")
reloaded = types.FunctionType(marshal.loads(marshal.dumps(code)), {"__builtins__": {}})
repeat(reloaded, 1, 2, k=3)
attempt(reloaded)
show(pickle.loads(pickle.dumps(sample)) is sample, copy.deepcopy(sample) is sample, copy.copy(sample) is sample)
attempt(pickle.dumps, lambda: 0)
new_consts = code.replace(co_consts=tuple(100 if c == 3 else c for c in code.co_consts))
sample.__code__ = new_consts
repeat(sample, 1, 2)
text = [instruction.opname for instruction in dis.get_instructions(sample)]
show(text[0], text[-1], len(text))
show([instruction.opname for instruction in dis.get_instructions(sample, adaptive=False)] == text)
show(inspect.getsource(repeat).splitlines()[0], sample.__doc__, sample.__module__, sample.__type_params__)
show(len(list(code.co_lines())), len(list(code.co_positions())), code.co_exceptiontable, code.co_linetable == new_consts.co_linetable)


def outer():
    x = 1

    def inner(y):
        return x + y

    return inner


inner = outer()
repeat(inner, 1)
cell = types.CellType("cell ")
attempt(types.FunctionType(inner.__code__, globals(), "with cell", None, (cell,)), "text")
attempt(types.FunctionType, inner.__code__, globals())
show(inspect.getclosurevars(inner).nonlocals, inspect.getclosurevars(sample).unbound)


def raise_line():
    raise ValueError("line")


moved = types.FunctionType(raise_line.__code__.replace(co_firstlineno=5000, co_filename="elsewhere.py"), globals())
for _ in range(10):
    try:
        moved()
    except ValueError as exc:
        tb = exc.__traceback__.tb_next
show(tb.tb_lineno, tb.tb_frame.f_code.co_filename)
probe(inspect.getattr_static(types.SimpleNamespace(f=sample), "f"), (1,), ("x",), (1.5, 2))
sample.extra = [1]
show(sample.__dict__, sample.__kwdefaults__, sample.__defaults__, sample.__closure__, sample.__builtins__ is __builtins__.__dict__)


def bound(self, x):
    return self, x


method = types.MethodType(bound, 5)
repeat(method, 6)
attempt(method)
show(method.__self__, method == types.MethodType(bound, 5), method.__func__ is bound)
