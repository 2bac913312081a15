# expect-deopts: 5
# Builtins that are done in place: the same results, objects and errors for whatever comes by, and no more builtins once they
# are replaced.
import math
import sys

from _support import Loud, attempt, probe, repeat, show


class Int(int):
    def __abs__(self):
        return "own abs"

    def __lt__(self, other):
        print("own lt")
        return int(self) < int(other)

    def __floor__(self):
        return "own floor"

    def __int__(self):
        return 77


class Float(float):
    def __round__(self, digits=None):
        return "own round", digits

    def __gt__(self, other):
        return "own truth"

    def __trunc__(self):
        return 78


FLOATS = [0.0, -0.0, 0.5, -0.5, 1.5, 2.5, -1.5, -2.5, 1e15 + 0.5, 2.0**51, 2.0**51 - 0.5, -(2.0**51), 2.0**52 + 1, 2.0**62]
FLOATS += [2.0**63, -(2.0**63), 1e300, -1e300, 5e-324, 0.49999999999999994, 4503599627370495.5, 1.7976931348623157e308]
FLOATS += [float("inf"), float("-inf"), float("nan"), 1 / 3, 9223372036854774784.0, -9223372036854777856.0]
INTS = [0, 1, -1, 256, 257, -6, 1023, 1024, 1025, 2**30, 2**62, 2**63 - 1, -(2**63), 2**63, 2**64, 10**30, -(10**30)]
OTHERS = [True, None, "12", b"7", Int(-3), Float(2.5), 1j, [1], Loud("odd")]


def to_int(x):
    return int(x)


def rounded(x):
    return round(x)


def whole(x):
    return math.floor(x), math.ceil(x), math.trunc(x)


def computed(x):
    y = x * 1.0
    return int(y), round(y), math.floor(y), math.ceil(y), math.trunc(y), bool(y)


def absolute(x):
    return abs(x)


def absolute_of_sum(x):
    return abs(x + 0)


for function in (to_int, rounded, whole, computed, absolute, absolute_of_sum):
    probe(function, (2.75,), *[(x,) for x in FLOATS + INTS + OTHERS])


def to_int_of_int(x):
    return int(x), abs(x), round(x), math.floor(x), bool(x), float(x)


probe(to_int_of_int, (5,), *[(x,) for x in FLOATS + INTS + OTHERS])


def same_objects(a, b):
    return max(a, b) is a, max(a, b) is b, min(a, b) is a, min(a, b) is b, abs(a) is a, int(a) is a, round(a) is a, float(b) is b


probe(same_objects, (2000, 3000), (3000, 2000), (-2000, 2000), (5, 5), (1.5, 2.5), (2.5, 1.5), (Int(3), Int(4)), (10**20, 10**21))
show([same_objects(x, float(str(x))) for x in (1.25, 2.5)])


def extremes(a, b):
    return max(a, b), min(a, b), max(a + 0, b + 0), min(b, 7), max(a, 10**6)


PAIRS = [(a, b) for a in (0.0, -0.0, 1.5, float("nan"), float("inf")) for b in (0.0, -0.0, 1.5, float("nan"), float("-inf"))]
for a, b in PAIRS:
    show([x.hex() for x in extremes(a, b)[:3]])
repeat(extremes, 3, 4)
probe(extremes, (3, 4), (4, 3), (2**62, 2**63), (True, 2), ("a", "b"), (Int(3), Int(2)), (1, 2.5), (None, 1), *PAIRS)


def extremes_of_floats(a, b):
    x, y = a * 1.0, b * 1.0
    return max(x, y).hex(), min(x, y).hex(), max(a, b), min(a, b)


for pair in PAIRS:
    show(extremes_of_floats(*pair))
probe(extremes_of_floats, (1.5, 2.5), (1, 2), (Float(1), Float(2)), ("a", 1), *PAIRS)


def more_extremes(items):
    return max(items), min(items), max(items[0], items[1], 3), max(items, default=4), max(*items, key=lambda x: -x)


probe(more_extremes, ([1, 2],), ([2, 1],), ([],), ([1.5, "a"],))


def divided(a, b):
    q, r = divmod(a, b)
    both = divmod(a, b)
    return q, r, both


probe(divided, (17, 5), (-17, 5), (17, -5), (-17, -5), (0, 3), (1, 0), (-(2**63), -1), (10**30, 7), (7.5, 2), (True, 2), ("a", 1))


def unpacked_wrongly(a, b):
    try:
        x, y, z = divmod(a, b)
    except ValueError as error:
        return str(error)
    return x, y, z


probe(unpacked_wrongly, (17, 5), (1, 0))


def letters(text):
    total = 0
    for i in range(len(text)):
        c = text[i]
        if c == "b" or c != "a" and text[i] == "c":
            total += ord(c)
        total += ord(text[-i - 1]) * 3
        if c is text[i]:
            total += 1
    return total, ord(text[0]), text[0] == "é", text[0] in "ab"


probe(letters, ("abcab",), ("äbc",), ("aé",), ("日本",), ("",), (["a", "b"],), (["ab"],), (b"abc",), ("a\x7f\x80\xff",))


class Text(str):
    def __getitem__(self, index):
        return "own"

    def __eq__(self, other):
        return "own eq"

    __hash__ = None


probe(letters, ("abcab",), (Text("abc"),), (["a", Text("b")],))


def code(text):
    return ord(text)


probe(code, ("a",), ("ab",), ("",), ("日",), (b"x",), (b"xy",), (3,), (Text("q"),), (bytearray(b"z"),))


def from_code(n):
    c = chr(n)
    return c, chr(n + 1), ord(c), c == "a"


probe(from_code, (97,), (0,), (254,), (255,), (256,), (-1,), (0x10FFFE,), (0x110000,), (True,), (97.0,), (2**64,), (None,))
show([from_code(n) for n in range(260)] == [(chr(n), chr(n + 1), n, n == 97) for n in range(260)])
show(all(from_code(n)[0] is chr(n) for n in range(256)))


def smooth(x):
    y = x * 1.0
    return math.sin(y).hex(), math.cos(y).hex(), math.tan(y).hex(), math.atan(y).hex(), math.exp(y).hex(), math.tanh(y).hex()


def partial(x):
    y = x * 1.0
    return math.log(y).hex(), math.log2(y).hex(), math.log10(y).hex(), math.log1p(y).hex(), math.expm1(y).hex(), math.log(y, 2)


def others(x):
    y = x * 1.0
    return math.asin(y).hex(), math.acos(y).hex(), math.sinh(y).hex(), math.cosh(y).hex()


def of_anything(x):
    return math.sin(x), math.log(x), math.log2(x), math.log10(x), math.sqrt(x), math.exp(x)


for function in (smooth, partial, others, of_anything):
    repeat(function, 0.5)
    for x in FLOATS + [0.1 * i for i in range(1, 9)] + [710.0, -745.2, -1000.0, 1e-310, 1.0, -1.0]:
        try:
            show(function(x))
        except (ValueError, OverflowError) as error:
            show(str(error))
    probe(function, (0.25,), *[(x,) for x in INTS + OTHERS + FLOATS[-6:]])
repeat(of_anything, 12)
probe(of_anything, (12,), *[(x,) for x in INTS])


def kinds(x):
    return type(x), isinstance(x, int), isinstance(x, (int, str)), isinstance(x, list | dict), bool(x), type(x) is int


class Meta(type):
    def __instancecheck__(cls, instance):
        print("own check")
        return cls.answer


class Checked(metaclass=Meta):
    answer = True


class Liar:
    @property
    def __class__(self):
        print("own class")
        return int

    def __bool__(self):
        raise ValueError("no truth")


probe(kinds, (1,), *[(x,) for x in OTHERS], (Liar(),), ({},), ([],), ({1},), (Checked(),))


def checked(x, cls):
    if isinstance(x, cls):
        return "yes"
    return "no"


probe(checked, (1, int), (True, int), (1, str), (1, Checked), (Checked(), Checked), (Liar(), int), (1, (str, (int,))), (1, 5), (1, ()))
Checked.answer = False
probe(checked, (Checked(), Checked), (1, Checked), (2, int))


def dying():
    type(Loud("typed"))
    print("after type")
    isinstance(Loud("checked"), Loud)
    print("after isinstance")
    bool(Loud("truth"))
    print("after bool")
    id(Loud("identified"))
    print("after id")
    len([Loud("counted")])
    print("after len")
    try:
        isinstance(Loud("failed"), 3)
    except TypeError:
        print("failed")
    return type(Loud("kept").__class__)


repeat(dying, times=12)


def identities(x):
    y = x
    return id(x) == id(y), id(x) - id(x), {id(x): 1}[id(y)], id(x + 0) > 0


repeat(identities, 1.5)
probe(identities, (2000,), ("a",), (None,), ([],))


def references(x):
    type(x), isinstance(x, int), max(x, x), min(x, 5), int(x), round(x), abs(x), float(x)
    kept = max(x, 1), abs(x), int(x)
    return sys.getrefcount(x), len(kept)


number = 123456
repeat(references, number)
show(sys.getrefcount(number) - sys.getrefcount(type(number)) < 0)
number = 1234.5
repeat(references, number)


# Nobody takes a reference to the functions for good.


def uses_of_functions(x):
    return math.ulp(x), math.sin(x * 1.0), hash(x), divmod(x, 2), math.floor(x), math.gcd(3, 6), oct(7), isinstance(x, (str, int))


FUNCTIONS = [math.ulp, math.sin, hash, divmod, math.floor, math.gcd, oct]
counted = [sys.getrefcount(function) for function in FUNCTIONS]
repeat(uses_of_functions, 1.5, times=200)
show([sys.getrefcount(function) - count for function, count in zip(FUNCTIONS, counted)])


# Sums whose objects are overwritten in place while a result that is the same object is kept.


def in_place(n):
    low = high = 100000
    kept = []
    for i in range(n):
        low = min(low, high - i)
        high = max(high, low + i)
        best = max(low, high)
        kept.append(best)
        best += 1
        kept.append(abs(low))
        low -= 1
    return kept[-6:], low, high, best


repeat(in_place, 50)


def replaced(x, text):
    return abs(x), max(x, 3), int(x), ord(text[0]), isinstance(x, str), type(x), chr(x), round(x), bool(x), math.sin(x)


repeat(replaced, 65, "a")
for name in ("abs", "max", "int", "ord", "isinstance", "type", "chr", "round", "bool"):
    globals()[name] = lambda *args, name=name: ("mine", name, args)
    repeat(replaced, 65, "a", times=8)
    del globals()[name]
repeat(replaced, 65, "a", times=8)
old, math.sin = math.sin, math.cos
repeat(replaced, 65, "a", times=8)
math.sin = lambda x: "mine"
repeat(replaced, 65, "a", times=8)
math.sin = old
repeat(replaced, 65, "a", times=8)


def tracer(frame, event, argument):
    if frame.f_code.co_name == "traced":
        print(event, frame.f_lineno - frame.f_code.co_firstlineno)
    return tracer


class Starts:
    def __init__(self, is_on):
        self.is_on = is_on

    def __bool__(self):
        if self.is_on:
            sys.settrace(tracer)
            sys._getframe(1).f_trace = tracer
        return True


def traced(x, start):
    y = bool(start)
    q, r = divmod(x, 7)
    z = max(q, r)
    sys.settrace(None)
    return y, q, r, z


probe(traced, (30, Starts(False)), (30, Starts(True)), (2**70, Starts(True)))
attempt(traced, 1, None)
