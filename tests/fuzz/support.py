"""What generated programs import: recording, and looking at running frames in every way there is.

All that a program does is recorded as lines of text. ``record`` prints by default, so that a found
program can be run by hand; the process that runs many programs collects the lines instead.
Nothing recorded varies by itself: no addresses, no times.
"""

import _thread
import asyncio
import builtins
import gc
import signal
import sys
import threading
import weakref
from array import array
from math import ceil, exp, fabs, floor, log, sin, sqrt, tanh, trunc

__all__ = [
    "array",
    "ceil",
    "exp",
    "fabs",
    "floor",
    "log",
    "sin",
    "sqrt",
    "tanh",
    "trunc",
    "Bag",
    "Ctx",
    "Dying",
    "Fail",
    "Grid",
    "Iter",
    "Meddler",
    "Pause",
    "R",
    "attempt",
    "block",
    "collect",
    "deepest",
    "drain",
    "finish",
    "guard",
    "handle_signals",
    "interrupt",
    "jump_on",
    "kick",
    "monitor_off",
    "monitor_on",
    "out",
    "poke",
    "profile_off",
    "profile_on",
    "refs",
    "seen",
    "stack",
    "through_asyncio",
    "thread",
    "tick",
    "trace_off",
    "trace_on",
    "weak",
]

# Programs change builtins. What is recorded should not depend on that.
__builtins__ = dict(vars(builtins))

FIELDS = ("x", "y", "z", "w")
"""Attributes that generated classes have; read one by one, since ``__dict__`` would leave a trace."""

FUEL = 150
"""Calls of functions that are allowed within one ``attempt``."""

JUMPS = 20
"""Jumps that are allowed in a program: each may make a loop begin anew."""

MAX_LINES = 6000
MAX_EVENTS = 300

TOOL = 4
"""A tool id of ``sys.monitoring`` that has no meaning of its own."""


def _print(text):
    print(text, flush=True)


class _State:
    """What has to be put back between programs."""

    def __init__(self):
        self.sink = _print
        self.reset()

    def reset(self):
        self.fuel = FUEL
        self.jumps = JUMPS
        self.has_loop = False
        self.lines = 0
        self.events = 0
        self.kept = []


STATE = _State()


class Fail(Exception):
    """Raised by programs on purpose."""


class OutOfFuel(BaseException):
    """A program has called too much."""


def record(text):
    STATE.lines += 1
    if STATE.lines <= MAX_LINES:
        STATE.sink(text)


def tick():
    """Called first thing by functions that call others, so that no program runs on for ever."""
    STATE.fuel -= 1
    if STATE.fuel < 0:
        raise OutOfFuel


# `'q' * 2**64` fails with the first text as long as the interpreter has not specialized it, then with the second.
SAME_TEXTS = {
    "cannot fit 'int' into an index-sized integer": "Python int too large to convert to C ssize_t",
}


def _number(value):
    if value.bit_length() > 2000:
        return f"bits={value.bit_length()},low={value & (2**64 - 1):x}"
    return int.__repr__(value)


def _items(values, depth):
    shown = [R(value, depth) for value in values[:12]]
    if len(values) > 12:
        shown.append(f"...{len(values)}")
    return ", ".join(shown)


def R(value, depth=3):
    """A text for a value that tells its type and never varies by itself."""
    kind = type(value)
    if value is None or kind is bool:
        return str(value)
    if kind is int:
        return _number(value)
    if kind is float:
        return float.hex(value)
    if kind is str:
        if " at 0x" in value:
            value = value[: value.index(" at 0x")]
        value = SAME_TEXTS.get(value, value)
        return repr(value) if len(value) < 100 else f"{value[:60]!r}...{len(value)}"
    if kind is bytes or kind is bytearray:
        return f"{kind.__name__}:{bytes(value[:40])!r},{len(value)}"
    if kind is complex:
        return f"complex:{float.hex(value.real)},{float.hex(value.imag)}"
    if depth <= 0:
        return f"<{kind.__name__}>"
    if kind is list:
        return f"[{_items(value, depth - 1)}]"
    if kind is tuple:
        return f"({_items(value, depth - 1)},)"
    if kind is dict:
        pairs = list(value.items())
        shown = [f"{R(key, depth - 1)}: {R(item, depth - 1)}" for key, item in pairs[:12]]
        return f"{{{', '.join(shown)}}}{len(pairs)}"
    if kind is set or kind is frozenset:
        return f"{kind.__name__}{sorted([R(item, depth - 1) for item in value])}"
    if kind is range or kind is slice:
        return repr(value)
    if isinstance(value, BaseException):
        return f"{kind.__name__}({_items(value.args, depth - 1)})"
    if isinstance(value, type):
        return f"<class {value.__qualname__}>"
    name = f"<{kind.__qualname__}"
    own = object.__getattribute__
    if kind.__module__ == "program":
        for field in FIELDS:
            try:
                member = own(value, field)
            except Exception as exc:
                if type(exc) is not AttributeError:
                    name += f" {field}!{type(exc).__name__}"
                continue
            name += f" {field}={R(member, depth - 1)}"
        if isinstance(value, int):
            name += f" {_number(int(value))}" if type(value).__int__ is int.__int__ else ""
        if isinstance(value, (list, tuple, dict, str)):
            name += f" of {len(value)}" if type(value).__len__ in _LENGTHS else ""
    elif hasattr(kind, "__qualname__") and kind.__name__ in _NAMED:
        name += f" {value.__qualname__}"
    return name + ">"


_LENGTHS = {list.__len__, tuple.__len__, dict.__len__, str.__len__}
_NAMED = {"function", "builtin_function_or_method", "generator", "coroutine", "async_generator"}


def out(*values):
    record(" ".join([R(value) for value in values]))


def _position(code, lasti):
    for index, (line, end_line, column, end_column) in enumerate(code.co_positions()):
        if index == lasti // 2:
            return f"{line}:{column}-{end_line}:{end_column}"
    return f"outside, at {lasti}"


# Repeating a sequence too often gives either message: the interpreter's specialized instruction has one of
# its own.
REPEATED_TOO_OFTEN = (
    "Python int too large to convert to C ssize_t",
    "cannot fit 'int' into an index-sized integer",
)


def error_lines(exc, indent="", depth=3):
    """An exception in full: its chain, and of each frame the place and the locals it left."""
    yield f"{indent}! {R(exc).replace(*map(repr, REPEATED_TOO_OFTEN)).replace(*REPEATED_TOO_OFTEN)}"
    tb = exc.__traceback__
    while tb is not None:
        code = tb.tb_frame.f_code
        if _is_ours(code):
            yield f"{indent}  in {code.co_qualname} {_position(code, tb.tb_lasti)} {tb.tb_lineno}"
            if code.co_flags & 2:
                yield f"{indent}     {_locals(tb.tb_frame)}"
        tb = tb.tb_next
    if depth <= 0:
        return
    if exc.__cause__ is not None:
        yield f"{indent}  cause"
        yield from error_lines(exc.__cause__, indent + "    ", depth - 1)
    if exc.__context__ is not None and exc.__context__ is not exc.__cause__:
        yield f"{indent}  context {exc.__suppress_context__}"
        yield from error_lines(exc.__context__, indent + "    ", depth - 1)
    if isinstance(exc, BaseExceptionGroup):
        for member in exc.exceptions:
            yield f"{indent}  member"
            yield from error_lines(member, indent + "    ", depth - 1)


def _locals(frame):
    return " ".join([f"{name}={R(value, 2)}" for name, value in frame.f_locals.items()])


def show_error(exc):
    for line in error_lines(exc):
        record(line)


def attempt(func, /, *args, **kwargs):
    """Calls, and records the result or the whole exception."""
    STATE.fuel = FUEL
    try:
        result = func(*args, **kwargs)
        record(f"{func.__name__} -> {R(result)}")
    except BaseException as exc:
        if type(exc) is SystemExit and exc.code == "stop":
            raise
        show_error(exc)


def guard(func, /, *args):
    """Calls; a result or the exception's name."""
    try:
        return func(*args)
    except Exception as exc:
        return type(exc).__name__


def drain(iterable, most=8):
    """The first items of an iterable, and how it ended."""
    items = []
    try:
        for item in iterable:
            items.append(item)
            if len(items) >= most:
                break
    except Exception as exc:
        items.append(type(exc).__name__)
    return items


def finish(coroutine, most=12):
    """Runs a coroutine; what it waits for is at once there."""
    if not hasattr(coroutine, "send"):
        return coroutine
    value = None
    try:
        for turn in range(most):
            value = coroutine.send(turn if turn else None)
            record(f"awaits {R(value)}")
    except StopIteration as stop:
        return stop.value
    coroutine.close()
    return value


def through_asyncio(*coroutines):
    """What coroutines come to that run in turn in an event loop."""

    async def together():
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(coroutine) for coroutine in coroutines]
        return [task.result() for task in tasks]

    async def alone():
        return await coroutines[0]

    STATE.has_loop = True
    try:
        return asyncio.run(alone() if len(coroutines) == 1 else together())
    finally:
        STATE.has_loop = False


def deepest(func, *args):
    """Calls what calls itself without an end, and records how far that went."""
    depth = [0]
    limit = sys.getrecursionlimit()
    frame, below = sys._getframe(), 0
    while frame is not None:
        frame, below = frame.f_back, below + 1
    sys.setrecursionlimit(below + 100)
    try:
        result = R(func(depth, *args))
    except RecursionError as exc:
        result, tb = R(exc), exc.__traceback__
        entries = 0
        while tb is not None:
            entries += 1
            tb = tb.tb_next
        result += f" through {entries}"
    except Exception as exc:
        result = R(exc)
    finally:
        sys.setrecursionlimit(limit)
    record(f"deepest {depth[0]} {result}")


class Dying:
    """Says when it dies."""

    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return "<Dying>"

    def __del__(self):
        record(f"del {R(self.name)}")


def _meddling(name):
    def method(self, *args):
        self.left -= 1
        if self.left == 0:
            self.meddle()
        if name in ("__setitem__", "__delitem__", "__setattr__", "__delattr__", "__delete__"):
            return None
        if name in ("__eq__", "__contains__", "__bool__", "__exit__"):
            return self.left % 2 == 0
        if name in ("__len__", "__hash__", "__index__", "__int__"):
            return 2
        if name in ("__format__", "__repr__", "__str__"):
            return "meddler"
        if name == "__iter__":
            return self
        if name == "__next__":
            if self.left % 4 == 0:
                raise StopIteration
            return 1
        return 3

    return method


class Meddler:
    """Looks harmless in any operation, and does something to its caller's frame at one of them."""

    def __init__(self, left, how="poke"):
        self.__dict__["left"] = left
        self.__dict__["how"] = how

    def meddle(self):
        frame = _caller()
        record(f"meddles {self.how} {frame.f_code.co_qualname}:{frame.f_lineno}")
        if self.how == "poke":
            for name in sorted(frame.f_locals):
                if type(frame.f_locals[name]) in (int, float, str) and name[0] not in "n_":
                    frame.f_locals[name] = 7.5
                    break
        elif self.how == "trace":
            trace_on(True)
        elif self.how == "profile":
            profile_on()
        elif self.how == "raise":
            raise Fail("meddler")
        elif self.how == "look":
            record(_locals(frame))

    def __setattr__(self, name, value):
        self.__dict__["left"] -= 1
        if self.left == 0 and name != "left":
            self.meddle()

    def __del__(self):
        if self.left == 1:
            self.meddle()


for _name in (
    "add radd iadd sub rsub isub mul rmul imul truediv rtruediv floordiv rfloordiv mod rmod and rand iand or ror ior "
    "xor rxor ixor lshift rlshift rshift rrshift pow rpow matmul rmatmul eq lt le gt ge bool len hash index int "
    "getitem setitem delitem contains iter next format repr str neg invert pos enter exit call getattr delattr"
).split():
    setattr(Meddler, f"__{_name}__", _meddling(f"__{_name}__"))


class Grid:
    """A container of the program's own."""

    def __init__(self, items):
        self.items = items

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]

    def __setitem__(self, index, item):
        self.items[index] = item


class Bag:
    """Any attributes."""

    def __repr__(self):
        return "<Bag>"

    def __init__(self, **attributes):
        self.__dict__.update(attributes)


class Ctx:
    """A context manager that tells, and may swallow exceptions."""

    def __init__(self, name, swallow=False):
        self.name = name
        self.swallow = swallow

    def __enter__(self):
        record(f"enter {self.name}")
        return self.name

    def __exit__(self, kind, value, tb):
        record(f"exit {self.name} {kind and kind.__name__} {tb and tb.tb_lineno}")
        return self.swallow

    async def __aenter__(self):
        return await Pause(self.name)

    async def __aexit__(self, kind, value, tb):
        record(f"aexit {self.name} {kind and kind.__name__}")
        await Pause(self.name)
        return self.swallow


class Iter:
    """An iterator, forwards and asynchronous, that may fail on its way."""

    def __init__(self, count, fails_at=-1):
        self.count = count if isinstance(count, int) and count < 20 else 5
        self.at = 0
        self.fails_at = fails_at

    def __iter__(self):
        return self

    def __next__(self):
        self.at += 1
        if self.at == self.fails_at:
            raise Fail(self.at)
        if self.at > self.count:
            raise StopIteration
        return self.at

    def __aiter__(self):
        return self

    async def __anext__(self):
        await Pause(self.at)
        try:
            return self.__next__()
        except StopIteration:
            raise StopAsyncIteration from None


class Pause:
    """Something to wait for."""

    def __init__(self, value):
        self.value = value

    def __await__(self):
        if STATE.has_loop:
            yield
            return self.value
        sent = yield self.value
        return sent


# Observers.


def _caller(depth=2):
    frame = sys._getframe(depth)
    while not _is_ours(frame.f_code):
        frame = frame.f_back
    return frame


def seen(depth=1):
    """Records the variables and the place of the caller, or of its callers."""
    frame = _caller()
    while frame is not None and depth:
        if not _is_ours(frame.f_code):
            frame = frame.f_back
            continue
        record(f"seen {frame.f_code.co_qualname}:{frame.f_lineno}@{frame.f_lasti}")
        if frame.f_code.co_flags & 2:
            record(f"     {_locals(frame)}")
        frame = frame.f_back
        depth -= 1


def stack():
    """Records where all the callers are."""
    frame = _caller()
    places = []
    while frame is not None:
        if _is_ours(frame.f_code):
            places.append(f"{frame.f_code.co_qualname}:{frame.f_lineno}")
        frame = frame.f_back
    record(f"stack {' '.join(places[:20])}")


def poke(name, value, depth=1):
    """Writes a variable of the caller, or of one of its callers."""
    frame = _caller()
    for _ in range(depth - 1):
        if _is_ours(frame.f_back.f_code):
            frame = frame.f_back
    if frame.f_code.co_flags & 2:
        variables = frame.f_locals
        old = variables.get(name, "nothing")
        if name in variables or name in frame.f_code.co_varnames:
            variables[name] = value
        record(f"poke {name}: {R(old, 1)}")


def refs(*values):
    """Records reference counts."""
    if _in_specialized_call():
        return record("refs of no meaning")
    record(f"refs {[sys.getrefcount(value) for value in values]}")


def _in_specialized_call():
    """Whether a caller was called by an instruction which takes references that it does not take once the interpreter
    has specialized it: what is counted then depends on how often it was run."""
    frame = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_name in ("p", "z", "__getitem__", "__getattribute__"):
            return True
        frame = frame.f_back
    return False


def collect():
    gc.collect()
    record("collected")


def weak(value, name):
    """Tells when a value dies."""
    try:
        STATE.kept.append(weakref.ref(value, lambda ref: record(f"gone {name}")))
    except TypeError:
        record("no weakref")


def _event(text):
    STATE.events += 1
    if STATE.events <= MAX_EVENTS:
        record(text)


def _is_ours(code):
    """Whether code belongs to a program: what else runs may depend on other threads and programs."""
    return code.co_filename.startswith("program")


def _tracer(frame, event, arg):
    code = frame.f_code
    if not _is_ours(code):
        return None
    shown = ""
    if event == "return":
        shown = R(arg, 1)
    elif event == "exception":
        shown = arg[0].__name__
    _event(f"trace {event} {code.co_qualname}:{frame.f_lineno} {shown}")
    return _tracer


def _locals_tracer(frame, event, arg):
    if _tracer(frame, event, arg) is None:
        return None
    if frame.f_code.co_flags & 2:
        _event(f"      {_locals(frame)}")
    return _locals_tracer


def trace_on(here=False, with_locals=False):
    tracer = _locals_tracer if with_locals else _tracer
    sys.settrace(tracer)
    if here:
        frame = _caller()
        while frame is not None:
            if _is_ours(frame.f_code):
                frame.f_trace = tracer
            frame = frame.f_back


def trace_off():
    sys.settrace(None)


def jump_on(after, by):
    """Has the caller jump by so many lines, so many lines later."""
    target = _caller()
    left = after

    def tracer(frame, event, arg):
        nonlocal left
        if frame is not target or event != "line":
            return tracer if frame is target else None
        left -= 1
        if left == 0 and STATE.jumps > 0:
            STATE.jumps -= 1
            line = frame.f_lineno
            try:
                frame.f_lineno = line + by
                record(f"jump {line} to {frame.f_lineno}")
            except ValueError as exc:
                record(f"jump {line}: {exc}")
            sys.settrace(None)
        return tracer

    target.f_trace = tracer
    sys.settrace(tracer)


def _profiler(frame, event, arg):
    if not _is_ours(frame.f_code):
        return
    name = getattr(arg, "__name__", "") if event.startswith("c_") else ""
    _event(f"profile {event} {frame.f_code.co_qualname}:{frame.f_lineno} {name}")


def profile_on():
    sys.setprofile(_profiler)


def profile_off():
    sys.setprofile(None)


def _monitored(name):
    def callback(code, *details):
        if not _is_ours(code):
            return None
        if name == "LINE" and details[0] == code.co_firstlineno:
            # Not reported unless some tool, as the compiler does, wants to know about starts.
            return None
        shown = details[0] if name == "LINE" else ""
        _event(f"monitor {name} {code.co_qualname} {shown}")
        return None

    return callback


EVENTS = ("LINE", "PY_START", "PY_RETURN", "CALL", "RAISE", "PY_UNWIND", "BRANCH_LEFT")


def monitor_on(*names, func=None):
    """Switches events on, everywhere or for one function."""
    monitoring = sys.monitoring
    if monitoring.get_tool(TOOL) is None:
        monitoring.use_tool_id(TOOL, "fuzz")
    events = 0
    for name in names:
        number = getattr(monitoring.events, name)
        monitoring.register_callback(TOOL, number, _monitored(name))
        events |= number
    code = getattr(func, "__code__", None)
    if code is None:
        monitoring.set_events(TOOL, events)
    else:
        monitoring.set_local_events(TOOL, code, events)


def monitor_off():
    if sys.monitoring.get_tool(TOOL) is not None:
        sys.monitoring.free_tool_id(TOOL)


def handle_signals(what):
    """Chooses what a signal does: "look", "raise", "poke" or "trace"."""

    def handler(number, frame):
        while not _is_ours(frame.f_code):
            frame = frame.f_back
        record(f"signal in {frame.f_code.co_qualname}:{frame.f_lineno}")
        if what == "raise":
            raise Fail("signal")
        if frame.f_code.co_flags & 2:
            if what == "look":
                record(f"     {_locals(frame)}")
            elif what == "poke":
                for name in sorted(frame.f_locals):
                    if type(frame.f_locals[name]) is int and not name.startswith("n"):
                        frame.f_locals[name] = 2.5
                        break
        if what == "trace":
            sys.settrace(_tracer)
            frame.f_trace = _tracer

    signal.signal(signal.SIGUSR1, handler)


if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)


def kick():
    """A signal that is handled before this returns."""
    if signal.getsignal(signal.SIGUSR1) not in (signal.SIG_DFL, signal.SIG_IGN):
        signal.raise_signal(signal.SIGUSR1)


def interrupt():
    """A signal that is handled when the interpreter looks next."""
    if signal.getsignal(signal.SIGUSR1) not in (signal.SIG_DFL, signal.SIG_IGN):
        _thread.interrupt_main(signal.SIGUSR1)


def thread(func, *args):
    """Calls in another thread."""
    results = []
    worker = threading.Thread(target=lambda: results.append(guard(func, *args)))
    worker.start()
    worker.join()
    return results[0] if results else None


def block(count):
    """A callback that may be called so many times."""
    left = [count]

    def again():
        left[0] -= 1
        return left[0] >= 0

    return again
