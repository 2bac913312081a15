# Exceptions as the traceback module shows them: notes, groups, chains, suggestions, captured locals, frames in between.
# expect-compiled: fails, suggests
import traceback

from _support import repeat


class Thing:
    attribute = 1

    def method(self):
        return self.atribute


def suggests(kind):
    number = 5
    if kind == "name":
        return numbr  # noqa: F821
    if kind == "attribute":
        return Thing().method()
    if kind == "import":
        from collections import namedtupel

        return namedtupel
    if kind == "keyword":
        return sorted([], revers=True)
    if kind == "own keyword":
        return suggests(knd=1)
    if kind == "module":
        return traceback.fromat_exc()
    return number


def fails(n):
    value = n * 2
    if n:
        return fails(n - 1) + value
    try:
        return [1, 2][value + 5]
    except IndexError as exc:
        exc.add_note("a note")
        exc.add_note("with\nlines")
        raise ValueError("wrapped") from exc


def in_group(n):
    errors = []
    for i in range(n):
        try:
            fails(i)
        except ValueError as exc:
            errors.append(exc)
    raise ExceptionGroup("several", errors)


def shown(func, *args, **options):
    for _ in range(8):
        try:
            func(*args)
        except Exception as exc:
            text = "".join(traceback.TracebackException.from_exception(exc, **options).format())
    print(text)


repeat(suggests, "none")
for kind in ("name", "attribute", "import", "keyword", "own keyword", "module"):
    shown(suggests, kind)
shown(fails, 0)
shown(suggests, "name", capture_locals=True, limit=-1)
shown(fails, 2, capture_locals=True, limit=-3)
shown(fails, 6)
shown(in_group, 2)
shown(fails, 1, limit=1)
for i in range(100):
    try:
        fails(i % 3)
    except ValueError as exc:
        last = exc
traceback.print_exception(last)
print(len(traceback.extract_tb(last.__traceback__)))
