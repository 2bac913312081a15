# A frame evaluation function (PEP 523) gets the frames of compiled functions, too.
# expect-compiled: outer, inner, Thing.__init__, Thing.value, loop
from _support import repeat, show

try:
    import _testinternalcapi
except ImportError:
    _testinternalcapi = None


def inner(x, y=1):
    return x + y


class Thing:
    def __init__(self, x):
        self.x = x

    @property
    def value(self):
        return self.x


def outer(x):
    return inner(x) + inner(x, y=2) + inner(*[x, 3]) + Thing(x).value + sum(map(inner, [x]))


def loop(n, calls, when):
    total = 0
    for i in range(n):
        if i == when:
            _testinternalcapi.set_eval_frame_record(calls)
        total += inner(i, 2)
    _testinternalcapi.set_eval_frame_default()
    return total


show(repeat(outer, 5))
if _testinternalcapi:
    seen = []
    _testinternalcapi.set_eval_frame_record(seen)
    outer(5)
    _testinternalcapi.set_eval_frame_default()
    print(seen)
    outer(5)
    print(len(seen))
    for when in (5, 0, 30):
        seen.clear()
        print(loop(40, seen, when), len(seen))
