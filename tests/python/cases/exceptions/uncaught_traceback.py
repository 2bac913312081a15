# exit: 1
# expect-compiled: outer, middle, inner
# What the interpreter itself prints for an exception that nobody caught: lines, carets, chains, notes, repeated frames.
from _support import repeat


def inner(table, key):
    return table[key]["deep"] + table[key]["missing" if key == "b" else "deep"]


def middle(table, key):
    try:
        return inner(
            table,
            key,
        )
    except KeyError as exc:
        exc.add_note(f"while looking for {key}")
        raise LookupError("middle") from exc


def recursive(n, table):
    if n == 0:
        return middle(table, "b")
    return recursive(n - 1, table) + 1


def outer(key):
    table = {"a": {"deep": 1}, "b": {"deep": 2}}
    if key == "a":
        return middle(table, key)
    try:
        return recursive(10, table)
    finally:
        1 / (key != "b")


repeat(outer, "a")
for word in ["a"] * 50 + ["b"]:
    total = (
        outer(word)
        + len(word)
    )
