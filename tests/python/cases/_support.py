"""What cases share: calling things many times, and showing results and errors in a form that never varies by itself."""

import sys


def show(*values):
    """Prints each value with its type, so that 1, 1.0 and True differ."""
    print(*[f"{type(value).__name__}:{without_addresses(repr(value))}" for value in values])


def without_addresses(text):
    """A text with the memory addresses of default reprs left out: they vary from run to run."""
    first, *rest = text.split(" at 0x")
    return first + "".join(" at ADDRESS" + part.lstrip("0123456789abcdef") for part in rest)


def error_lines(exc, indent=""):
    """An exception in full: text, notes, the place in each frame to the column, cause, context, members."""
    yield f"{indent}{type(exc).__name__}: {without_addresses(str(exc))}"
    for note in getattr(exc, "__notes__", ()):
        yield f"{indent}  note {note}"
    tb = exc.__traceback__
    while tb is not None:
        code = tb.tb_frame.f_code
        if code.co_filename != __file__:
            yield f"{indent}  in {code.co_qualname} {position(code, tb.tb_lasti)}"
            if tb.tb_lineno != line_of(code, tb.tb_lasti):
                yield f"{indent}  tb_lineno {tb.tb_lineno}"
        tb = tb.tb_next
    if exc.__cause__ is not None:
        yield f"{indent}  cause"
        yield from error_lines(exc.__cause__, indent + "    ")
    elif exc.__context__ is not None and not exc.__suppress_context__:
        yield f"{indent}  context"
        yield from error_lines(exc.__context__, indent + "    ")
    if isinstance(exc, BaseExceptionGroup):
        for member in exc.exceptions:
            yield f"{indent}  member"
            yield from error_lines(member, indent + "    ")


def position(code, lasti):
    """LINE:COLUMN-LINE:COLUMN of the instruction at a byte offset."""
    for index, (line, end_line, column, end_column) in enumerate(code.co_positions()):
        if index == lasti // 2:
            return f"{line}:{column}-{end_line}:{end_column}"
    return f"outside, at {lasti}"


def line_of(code, lasti):
    for start, end, line in code.co_lines():
        if start <= lasti < end:
            return line
    return None


def show_error(exc):
    print("\n".join(error_lines(exc)))


def attempt(func, /, *args, **kwargs):
    """Calls, and shows the result or the whole exception. Gives the result back."""
    try:
        result = func(*args, **kwargs)
    except BaseException as exc:
        show_error(exc)
        return None
    show(result)
    return result


def repeat(func, /, *args, times=60, **kwargs):
    """Calls with the same arguments often enough to be compiled in every mode but the default one. Shows the last result."""
    result = None
    for _ in range(times):
        result = func(*args, **kwargs)
    print(func.__qualname__, end=" -> ")
    show(result)
    return result


def probe(func, usual, *odd):
    """Warms a function up with its usual arguments, then surprises it with each of the odd ones, twice, with usual calls between."""
    repeat(func, *usual)
    for _ in range(2):
        for args in odd:
            attempt(func, *args)
            func(*usual)
        repeat(func, *usual, times=5)


class Loud:
    """Says when it dies."""

    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("del", self.name)

    def __repr__(self):
        return f"Loud({self.name})"


class Dies:
    """Puts its name into a list when it dies, and does what it is to do then."""

    log = []

    def __init__(self, name, act=None):
        self.name, self.act = name, act

    def __del__(self):
        Dies.log.append(self.name)
        if self.act:
            self.act()


def caller_locals(depth=1):
    """A snapshot of the variables of a running caller: 1 is who called this."""
    return dict(sys._getframe(depth).f_locals)
