# Builtins that read their caller's variables, under their own names and under others.
# expect-compiled: by_locals, by_eval, by_exec, by_dir_and_vars, by_alias, in_loop, Derived.method, Derived.renamed
import sys

from _support import repeat

L, E, X, D, V, S = locals, eval, exec, dir, vars, super


def by_locals(a, b=2.5):
    number = 5000
    number += 1
    b += 1.0
    before = locals()
    number += 1
    return before, locals()["number"], sorted(before)


def by_eval(a):
    number, real = 3000, 0.5
    number += a
    real += a
    return eval("a + number + real"), eval("sorted(locals())"), eval("number", {}, {"number": 1}), [eval("a") for _ in "x"]


def by_exec(a):
    number = 7000
    number += a
    found = {}
    exec("found['number'] = number; number = 0; new = a", globals(), locals())
    exec("found['a'] = a; found['names'] = sorted(locals())")
    return number, found, "new" in locals()


def by_dir_and_vars(a):
    real = 1.5
    real *= a
    return dir(), vars(), vars() == locals()


def by_alias(a):
    number, real = 2000, 0.5
    number += a
    real *= a
    return L(), E("number + real"), X("global_found.append((number, real))"), D(), V()["real"]


def in_loop(n, look):
    real, number = 0.0, 1000
    seen = []
    for i in range(n):
        real += 0.25
        number += 50
        values = look()
        seen.append((values["real"], values["number"], values["i"]))
    return seen


def look_through(frame=sys._getframe):
    return frame(1).f_locals


class Base:
    def method(self, n):
        return f"Base {n}"

    def renamed(self, n):
        return f"Base {n} again"


class Derived(Base):
    def method(self, n):
        number = 1500
        number += n
        return super().method(number)

    def renamed(self, n):
        number = 2.5
        number += n
        __class__  # noqa: B018
        return S().renamed(number)


def lost_self():
    class Lost(Base):
        def method(self, n):
            self = n * 1.0
            self += 1.0
            return super().method(n)

    try:
        return Lost().method(3)
    except TypeError as error:
        return str(error)


global_found = []
repeat(by_locals, 1)
repeat(by_eval, 2)
repeat(by_exec, 3)
repeat(by_dir_and_vars, 2)
repeat(by_alias, 4)
for look in (locals, L, look_through):
    repeat(in_loop, 5, look)
derived = Derived()
repeat(derived.method, 4)
repeat(derived.renamed, 4)
repeat(lost_self)
print(global_found)
