"""Has the engine compile the watched functions, and proves that it did."""

import os
import sys
from functools import partial
from operator import call

NAME = os.environ["MATRIX_ENGINE"]


class Plain:
    def __init__(self, functions):
        self.functions = functions

    def compile(self):
        """Whatever it takes beside calling the functions often."""

    def compiled(self):
        """Names of the functions that have machine code."""
        return [function.__name__ for function in self.functions]

    def about_to_call(self):
        pass

    def witnesses(self):
        """C functions to be called at the gate, which learn what Python code would disturb."""
        return []

    def running(self):
        """Names of the functions that the current frames run compiled, as far as the engine tells."""
        return self.compiled()


class Rjit(Plain):
    def compile(self):
        import rjit

        for function in self.functions:
            rjit.compile(function)

    def compiled(self):
        return sorted(self.counts())

    def counts(self):
        """For each function the entries into its machine code, and how often it was left early."""
        import rjit

        codes = {function.__code__: function.__name__ for function in self.functions}
        found = {}
        for each in rjit.executables():
            if each.kind == "function" and each.code in codes:
                entries, left = found.get(codes[each.code], (0, 0))
                found[codes[each.code]] = (
                    entries + each.entries,
                    left + each.deopts + each.reifications,
                )
        return found

    def about_to_call(self):
        self.before = self.counts()

    def running(self):
        import rjit

        counts = self.counts().items()
        names = {name for name, now in counts if (now[0] - 1, now[1]) == self.before[name]}
        # Those that are a part of others are not entered.
        for each in rjit.executables():
            if each.code.co_name in names:
                names |= {name for name, *_ in each.inlined} & self.before.keys()
        return sorted(names)


class CPythonJit(Plain):
    def compiled(self):
        """The function with the loop; that JIT compiles traces of loops, and what they call."""
        import _opcode

        names = []
        for function in self.functions:
            code = function.__code__
            for offset in range(0, len(code.co_code), 2):
                try:
                    if _opcode.get_executor(code, offset) is not None:
                        names.append(function.__name__)
                        break
                except ValueError:
                    pass
        return names

    def witnesses(self):
        self.active = []
        return [partial(self.active.extend, map(call, [sys._jit.is_active]))]

    def running(self):
        return ["leaf"] if self.active == [True] else []


class CinderX(Plain):
    def compile(self):
        import cinderx.jit

        cinderx.jit.enable()
        for function in self.functions:
            cinderx.jit.force_compile(function)

    def compiled(self):
        import cinderx.jit

        return [
            function.__name__
            for function in self.functions
            if cinderx.jit.is_jit_compiled(function)
        ]


ENGINES = {"plain": Plain, "rjit": Rjit, "cpython-jit": CPythonJit, "cinderx": CinderX}


def engage(functions):
    """The engine that this process runs under."""
    if NAME == "cpython-jit":
        assert sys._jit.is_enabled()
    return ENGINES[NAME](functions)
