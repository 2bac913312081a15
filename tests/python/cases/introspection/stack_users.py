# Library code that finds out who called it: warnings, logging, inspect, namedtuple, enum, dataclasses, abc, functools, typing.
# expect-compiled: warn_here, warn_above, log_here
import collections
import dataclasses
import enum
import inspect
import io
import logging
import traceback
import typing
import warnings

from _support import attempt, repeat, show


def warn_here():
    warnings.warn("here", stacklevel=1)


def warn_above():
    return warn_for_caller()


def warn_for_caller():
    warnings.warn("above", UserWarning, stacklevel=2)
    return "warned"


def recorded(func):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        func()
    return [(str(w.message), w.lineno, w.filename == __file__) for w in caught]


def log_here(logger, stream):
    logger.warning("message %s", 5)
    text = stream.getvalue()
    stream.seek(0)
    stream.truncate()
    return text


def stack_text():
    return [(entry.name, entry.lineno) for entry in traceback.extract_stack()[-3:]]


def caller_name():
    return inspect.currentframe().f_back.f_code.co_name, inspect.stack()[1].lineno


def asks():
    return caller_name(), stack_text()[-2:]


def make_named():
    Point = collections.namedtuple("Point", "x y")
    return Point(1, 2), Point.__module__, Point(3, 4)._replace(x=5)


def make_enum():
    class Color(enum.Enum):
        RED = 1
        GREEN = enum.auto()

        @property
        def lower(self):
            return self.name.lower()

    functional = enum.Enum("Functional", "A B")
    return Color.GREEN.value, Color.RED.lower, Color(1).name, list(functional)[1].value, functional.__module__


def make_dataclass(value):
    @dataclasses.dataclass(order=True, slots=True)
    class Item:
        name: str
        price: float = 1.5
        tags: list = dataclasses.field(default_factory=list)

        def total(self, n):
            return self.price * n

    return Item(value), Item("a", 2) < Item("b", 1), Item(value, 3).total(2), dataclasses.asdict(Item("x"))


def make_typed():
    class Typed(typing.NamedTuple):
        a: int
        b: str = "b"

    T = typing.TypeVar("T")
    return Typed(1), Typed(1, "c") == (1, "c"), T.__module__


stream = io.StringIO()
logger = logging.getLogger("case")
handler = logging.StreamHandler(stream)
handler.setFormatter(logging.Formatter("%(funcName)s:%(lineno)d:%(message)s"))
logger.addHandler(handler)
logger.propagate = False
for func in (warn_here, warn_above):
    repeat(recorded, func, times=10)
repeat(log_here, logger, stream, times=20)
repeat(asks, times=10)
repeat(make_named, times=10)
repeat(make_enum, times=10)
repeat(make_dataclass, "n", times=10)
repeat(make_typed, times=10)
attempt(make_dataclass)


def bad_eval(text):
    return eval(text)


for text in ("1 +", "1 + 'a'", "undefined_thing", "(", "lambda: (yield)", "a = 5", "'abc'[5]"):
    for _ in range(5):
        try:
            bad_eval(text)
        except Exception:
            message = traceback.format_exc()
    print(message)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("default")
    for i in range(100):
        warnings.warn("in module loop")
        warnings.warn(f"number {i % 3}")
show(len(caught), {w.lineno for w in caught})
