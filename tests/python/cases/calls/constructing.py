# Calls of classes: instances that machine code makes itself, and all that makes a class unfit for it.
# expect-compiled: make_pair, make_bare, make_slotted, make_default, make_keywords
# expect-deopts: 1

import gc
import sys
import traceback

from _support import Loud, attempt, repeat, show


class Pair:
    def __init__(self, x, y):
        self.x = x
        self.y = y


class Bare:
    kind = "bare"


class Slotted:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y


class Default:
    def __init__(self, x, y=5, z=("t", 6)):
        self.x, self.y, self.z = x, y, z


class Keyword:
    def __init__(self, x, *, y, z=7):
        self.x, self.y, self.z = x, y, z


def make_pair(x, y):
    return Pair(x, y)


def make_bare():
    return Bare()


def make_slotted(x, y):
    return Slotted(x, y)


def make_default(x):
    return Default(x)


def make_keywords(x):
    return Keyword(x, z=8, y=x)


def make_some_default(x):
    return Default(z=1, x=x)


def rest(instance):
    names = getattr(type(instance), "__slots__", None) or sorted(vars(instance))
    return [(name, getattr(instance, name)) for name in names]


show("pair", rest(repeat(make_pair, 1, "two")))
show("bare", vars(repeat(make_bare)))
show("slotted", rest(repeat(make_slotted, 1.5, None)))
show("default", rest(repeat(make_default, 1)))
show("keywords", rest(repeat(make_keywords, 1)))
show("some default", rest(repeat(make_some_default, 2)))


# ---- what is counted, who dies when


class Counting:
    def __init__(self, arg):
        self.counts = sys.getrefcount(self), sys.getrefcount(arg)


class SlottedCounting:
    __slots__ = ("counts",)

    def __init__(self, arg, other=None):
        self.counts = sys.getrefcount(self), sys.getrefcount(arg)


def count(cls, arg):
    return cls(arg).counts


def count_plain(arg):
    return Counting(arg).counts


def count_slotted(arg):
    return SlottedCounting(arg).counts


def count_keyword(arg):
    return SlottedCounting(arg=arg).counts


def count_mixed(arg):
    return SlottedCounting(arg, other=arg).counts


for function in (count_plain, count_slotted, count_keyword, count_mixed):
    argument = object()
    repeat(function, argument)
    show(function.__name__, repeat(function, argument), sys.getrefcount(argument))
show("functions", sys.getrefcount(Pair.__init__), sys.getrefcount(Slotted.__init__))


def say(text):
    if not quiet:
        print(text)


class Dropping:
    def __init__(self, arg):
        say("in init")
        arg = None
        say("dropped")


class SlottedDropping:
    __slots__ = ()

    def __init__(self, arg, other=1):
        say("in init")
        arg = None
        say("dropped")


def drop():
    Dropping(object() if quiet else Loud("moved"))
    say("--")


def drop_slotted():
    SlottedDropping(object() if quiet else Loud("lent"))
    say("--")


# How the interpreter passes the arguments on changes when it specializes the calls.
for quiet in [True] * 20 + [False] * 3:
    drop()
    drop_slotted()


# ---- __init__ that fails


class Failing:
    def __init__(self, how):
        self.how = how
        if how == "raise":
            raise ValueError(how)
        if how == "return":
            return Loud("returned")

    def __del__(self):
        print("del", self.how)


class SlottedFailing:
    __slots__ = ("how",)

    def __init__(self, how, extra=1):
        self.how = how
        if how == "raise":
            raise ValueError(how)
        if how == "return":
            return 12

    def __del__(self):
        print("del", self.how)


def fail(how):
    return Failing(how).how


def fail_slotted(how):
    return SlottedFailing(how).how


def fail_handled(how):
    try:
        return [1, Failing(how).how, 2]
    except (TypeError, ValueError) as error:
        return traceback.format_exc(), error.args


def fail_in_loop(how):
    done = []
    for index in range(30):
        try:
            done.append(Failing(how if index > 25 else "no").how)
        except (TypeError, ValueError) as error:
            done.append(str(error))
    return done


for function in (fail, fail_slotted, fail_handled):
    repeat(function, "no")
    for how in ("raise", "return", "no"):
        attempt(function, how)
for how in ("raise", "return"):
    show("loop", fail_in_loop(how))
attempt(make_pair, 1)
attempt(lambda: Pair(1))
attempt(lambda: Bare(1))
attempt(lambda: Keyword(1))


def wrong_count():
    return Pair(1)


def wrong_keyword():
    return Default(1, x=2)


def positional_keyword():
    return Keyword(1, 2)


for function in (wrong_count, wrong_keyword, positional_keyword):
    for _ in range(5):
        attempt(function)


# ---- frames


class Looking:
    def __init__(self, depth):
        frame = sys._getframe()
        self.names = []
        while frame is not None:
            self.names.append((frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))
            frame = frame.f_back
        self.locals = sorted(sys._getframe(1).f_locals)


def look(depth):
    return Looking(depth)


for _ in range(5):
    looking = look(1)
show("frames", looking.names[:2], looking.locals)


class Node:
    def __init__(self, depth):
        global reached
        reached += 1
        self.below = Node(depth - 1) if depth else None


class SlottedNode:
    __slots__ = ("below",)

    def __init__(self, depth, more=0):
        global reached
        reached += 1
        self.below = SlottedNode(depth - 1) if depth else None


class KeywordNode:
    def __init__(self, depth, *, more=0):
        global reached
        reached += 1
        self.below = KeywordNode(depth - 1, more=1) if depth else None


def make_node(depth):
    return Node(depth)


def make_slotted_node(depth):
    return SlottedNode(depth)


def make_keyword_node(depth):
    return KeywordNode(depth, more=0)


sys.setrecursionlimit(400)
for make in (make_node, make_slotted_node, make_keyword_node):
    reached = 0
    for _ in range(20):
        make(20)
    # Once only: what reaches the limit has the interpreter take back what it has specialized.
    reached = 0
    try:
        make(1000)
    except RecursionError as error:
        show("limit", reached, str(error))
sys.setrecursionlimit(1000)


# ---- tracing and f_locals in the middle


class Tracing:
    def __init__(self, trace):
        self.before = 1
        if trace:
            events.clear()
            sys.settrace(tracer)
        self.after = 2


events = []


def tracer(frame, event, arg):
    events.append((frame.f_code.co_name, event, frame.f_lineno - frame.f_code.co_firstlineno))
    return tracer


def traced(trace):
    made = Tracing(trace)
    sys.settrace(None)
    return made.after


for _ in range(5):
    traced(False)
traced(True)
show("traced", [event for event in events if event[0] != "settrace"])


class Writing:
    def __init__(self, value):
        if value == "write":
            sys._getframe(1).f_locals["extra"] = "written"
        self.value = value


def written(value, extra=None):
    made = Writing(value)
    return made.value, extra


repeat(written, 1)
show("written", written("write"))


# ---- classes that change, and classes that are not simple


def make_changing(x):
    return Changing(x).x


class Changing:
    def __init__(self, x):
        self.x = x


repeat(make_changing, 1)


def other_init(self, x):
    self.x = [x]


Changing.__init__ = other_init
show("other init", [make_changing(n) for n in range(12)])
Changing.__init__.__code__ = (lambda self, x: setattr(self, "x", {x})).__code__
show("other code", [make_changing(n) for n in range(12)])
Changing.__init__.__defaults__ = (3,)
show("with default", [make_changing(n) for n in range(3)])


def new(cls, x):
    print("new", x)
    return object.__new__(cls)


Changing.__new__ = new
show("new", [make_changing(n) for n in range(3)])


class Meta(type):
    def __call__(cls, *args):
        return "meta", args


class ToBeMeta:
    def __init__(self, x):
        self.x = x


def make_meta(x):
    return ToBeMeta(x)


repeat(make_meta, 1)
attempt(setattr, ToBeMeta, "__class__", Meta)
show("meta", type(make_meta(2)).__name__)


def make_defaults(x):
    return Default(x).y


repeat(make_defaults, 1)
Default.__init__.__defaults__ = (1, 2, 3)
show("more defaults", [make_defaults(n) for n in range(12)])
Default.__init__.__defaults__ = ("a", "b")
show("other defaults", [make_defaults(n) for n in range(12)])
Default.__init__.__defaults__ = None
attempt(make_defaults, 1)


def keyword_function(a, b=2, *, c, d=4):
    return a, b, c, d


def call_keywords(x):
    return keyword_function(d=x, a=1, c=x), keyword_function(1, c=x, b=3, d=0)


show("keywords", repeat(call_keywords, 9))
keyword_function.__kwdefaults__ = {"d": 40}
keyword_function.__defaults__ = (20,)
show("other keywords", call_keywords(9))


def loud_keywords(first, *, second, third):
    print("inside")
    second = None
    print("dropped")


def call_loud():
    loud_keywords(Loud("first"), third=Loud("third"), second=Loud("second"))


for _ in range(5):
    call_loud()


import abc  # noqa: E402


class Abstract:
    def __init__(self):
        pass


def make_abstract():
    return Abstract()


repeat(make_abstract)
Abstract.__abstractmethods__ = frozenset(["missing"])
attempt(make_abstract)
del abc
gc.collect()
