"""Arguments that die while a generator that handed them over is still running, and can be looked through."""
# expect-compiled: last, of_keyword, method, itself

import gc

from _support import show


class Thing:
    pass


def last(value):
    value = None
    gc.collect()
    things = [item for item in gc.get_referents(RUNNING[-1]) if type(item) is Thing]
    show(value, len(things))
    return 1


def of_keyword(count, *, value):
    return last(value) + count


class Holder:
    def method(self, value):
        self = value = None
        return last(value)


def numbered(thing, holder):
    # Made anew each time: interpreted, at least at first.
    source = "(callee(thing()) + named(1, value=thing()) + holder().method(thing()) for _ in 'abc')"
    names = {"callee": last, "named": of_keyword, "thing": thing, "holder": holder}
    return eval(source, names)


def itself(thing, holder):
    for _ in "abc":
        yield last(thing()) + of_keyword(1, value=thing()) + holder().method(thing())


RUNNING = []


def run(make):
    RUNNING.append(make(Thing, Holder))
    show(sum(RUNNING[-1]))
    RUNNING.pop()


for make in numbered, itself:
    for _ in range(8):
        run(make)
