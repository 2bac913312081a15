"""One tool looking once: warms the functions up, begins, lets the program run, reports on the last line."""

import gc
import json
from collections import deque
from functools import partial
from operator import call

import engage
import observers

WARM_CALLS = 60
ROUNDS = 1000


class Session:
    def __init__(self, name, hooks, functions):
        self.observer = observers.named(name)
        self.rounds = self.observer.rounds
        self.hooks = hooks
        self.functions = functions
        self.engine = engage.engage(functions)
        self.report = {}

    def __enter__(self):
        outer, *_ = self.functions
        for _ in range(WARM_CALLS // 2):
            self.hooks.extend([int] * ROUNDS)
            outer(ROUNDS)
        self.engine.compile()
        for _ in range(WARM_CALLS // 2):
            self.hooks.extend([int] * ROUNDS)
            outer(ROUNDS)
        self.report["compiled"] = self.engine.compiled()
        # Called by C code one after the other, so that `leaf` is the caller of each.
        last = map(call, [*self.engine.witnesses(), self.arrive, *self.observer.hooks()])
        self.hooks.extend([int] * (self.observer.rounds - 1))
        if delays := self.observer.delays():
            self.hooks.extend([partial([].extend, last), *delays, int])
        else:
            self.hooks.append(partial(deque, last, 0))
        self.engine.about_to_call()
        self.observer.begin(self.functions)

    @property
    def around(self):
        return self.observer.around

    def arrive(self):
        """The functions are where they are looked at. Whether they run compiled is known now."""
        self.report["running"] = self.engine.running()
        # Asking the frame for it would be looking already.
        (thing,) = (hex(id(each)) for each in gc.get_objects() if type(each).__name__ == "Thing")
        self.report["thing"] = thing
        self.observer.arrived(self.report)

    def __exit__(self, *exception):
        seen = self.observer.end(exception)
        print(json.dumps(self.report | {"seen": seen}), flush=True)
        return True
