"""What a process tells about itself: why compiled code was left, by whom it was observed, what is
not compiled, and all the details of a single executable."""

import contextlib
import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from common.live import environment
from conftest import needs_rjit
from test_inspector import PATIENCE, inspect, wait_for
from watching import Live, launched

pytestmark = needs_rjit

BEGINNING = """
import json, math, os, sys
import rjit
rjit.enable(calls=20, loops=1000000)

def warm(function, *arguments, times=100):
    for _ in range(times):
        function(*arguments)

def raises(error, function, *arguments):
    try:
        function(*arguments)
    except error:
        return
    raise AssertionError("nothing was raised")

class Dog:
    kind = "dog"
    def __init__(self, age):
        self.age = age

class Cat:
    kind = "cat"
    def __init__(self, age):
        self.lives = 9
        self.age = age
"""

END = """
print(json.dumps({}), flush=True)
sys.stdin.readline()
"""

CLASS = "guard class version failed"
KEYS = "guard dict keys failed"
TYPE = "guard type failed"
LEFT = "inlined callee left"
AS_COMPILED = "the names of the module as compiled"
CHANGED = "names were added or removed"

# What a program does, and what is told of the line with the mark: reason, expected, seen, count.
DEOPTS = {
    "types": (
        """
def add(a, b):
    return a + b  # here
warm(add, 1, 2)
add("a", "b")
add(1.5, 2.5)
add(1.5, 2.5)
raises(TypeError, add, 1, "")
""",
        [(TYPE, "int", "str", 2), (TYPE, "int", "float", 2)],
    ),
    "the second operand": (
        """
def add(a, b):
    return a + b  # here
warm(add, 1.5, 2.5)
add(1.5, True)
""",
        [(TYPE, "float", "bool", 1)],
    ),
    "iterables": (
        """
def total(items):
    result = 0
    for item in items:  # here
        result += item
    return result
warm(total, [1, 2, 3])
total((1, 2, 3))
""",
        [(TYPE, "list", "tuple", 1)],
    ),
    "classes": (
        """
def age(animal):
    return animal.age  # here
warm(age, Dog(1))
age(Cat(1))
""",
        [(CLASS, "Dog", "Cat", 1)],
    ),
    "a changed class": (
        """
def age(animal):
    return animal.age  # here
warm(age, Dog(1))
Dog.tail = 1
age(Dog(1))
""",
        [(CLASS, "Dog", "Dog (the same, but changed)", 1)],
    ),
    "another class of the same name": (
        """
def age(animal):
    return animal.age  # here
warm(age, Dog(1))
age(type("Dog", (), {"age": 1})())
""",
        [(CLASS, "Dog", "Dog (another class of this name)", 1)],
    ),
    "classes of the interpreter": (
        """
def append(items, item):
    items.append(item)  # here
warm(append, [], 1)
append(bytearray(), 1)
""",
        [(CLASS, "list", "bytearray", 1)],
    ),
    "arrays": (
        """
import array
def item(items, index):
    return items[index]  # here
warm(item, array.array("d", [1.0]), 0)
item(array.array("i", [1]), 0)
""",
        [("guard object shape failed", "items of type 'd'", None, 1)],
    ),
    "strings": (
        """
def count(text):
    number = 0
    for letter in text:  # here
        number += 1
    return number
warm(count, "abc")
count("\N{GREEK SMALL LETTER ALPHA}")
""",
        [("unexpected representation", "a string of ASCII characters", "other characters", 1)],
    ),
    "classes themselves": (
        """
def kind(cls):
    return cls.kind  # here
warm(kind, Dog)
kind(Cat)
kind(Cat(1))
""",
        [(CLASS, "class Dog", "class Cat", 1), (TYPE, "a class", "Cat", 1)],
    ),
    "several classes": (
        """
def age(animal):
    return animal.age  # here
warm(age, Dog(1))
for _ in range(8):
    age(Cat(1))
warm(age, Dog(1))
warm(age, Cat(1))
class Ant(Dog):
    pass
age(Ant(1))
""",
        [(CLASS, "Dog", "Cat", 8), (CLASS, "Dog or Cat", "Ant", 1)],
    ),
    "missing attributes": (
        """
def age(animal):
    return animal.age  # here
warm(age, Dog(1))
dog = Dog(1)
del dog.age
raises(AttributeError, age, dog)
""",
        [("value missing", "an attribute age", None, 1)],
    ),
    "attributes in a dict": (
        """
def age(animal):
    return animal.age  # here
warm(age, Dog(1))
dog = Dog(1)
dog.__dict__ = {"age": 2}
age(dog)
""",
        [("guard object shape failed", "attributes kept in the object itself", None, 1)],
    ),
    "globals": (
        """
LIMIT = 10
def limited(number):
    return number + LIMIT  # here
warm(limited, 1)
globals()["NEW"] = 1
limited(1)
""",
        [(KEYS, AS_COMPILED, CHANGED, 1)],
    ),
    "modules": (
        """
import types
config = types.ModuleType("config")
config.limit = 10
def limited(number):
    return number + config.limit  # here
warm(limited, 1)
config.new = 1
limited(1)
""",
        [(KEYS, "the names of that module as compiled", CHANGED, 1)],
    ),
    "functions": (
        """
def first(x):
    return x
def second(x):
    return x
helper = first
def call(x):
    return helper(x)  # here
warm(call, 1)
helper = second
call(1)
helper = Dog
call(1)
""",
        [
            ("guard callee failed", "function first", "function second", 1),
            ("guard callee failed", "function first", "class Dog", 1),
        ],
    ),
    "another function of the same name": (
        """
def make():
    def inner(x):
        return x
    return inner
helper = before = make()
def call(x):
    return helper(x)  # here
warm(call, 1)
before, helper = helper, eval(make.__code__)
call(1)
""",
        [
            (
                "guard callee failed",
                "function make.<locals>.inner",
                "another function make.<locals>.inner",
                1,
            )
        ],
    ),
    "builtins": (
        """
helper = len
def call(x):
    return helper(x)  # here
warm(call, [1])
helper = sum
call([1])
""",
        [("guard callee failed", "builtin len", "builtin sum", 1)],
    ),
    "indexes": (
        """
def item(items, index):
    return items[index]  # here
warm(item, [1, 2, 3], 1)
raises(IndexError, item, [1, 2, 3], 7)
raises(IndexError, item, [1, 2, 3], -4)
""",
        [("index out of range", "an index within the container", "-4 of 3", 2)],
    ),
    "lengths": (
        """
def first(pair):
    a, b = pair  # here
    return a
warm(first, (1, 2))
raises(ValueError, first, (1, 2, 3))
""",
        [("index out of range", "2 items", "3", 1)],
    ),
    "overflow": (
        """
def multiply(a, b):
    return a * b  # here
warm(multiply, 3, 4)
multiply(2**40, 2**41)
multiply(2**70, 3)
""",
        [
            ("integer overflow", "a result of 64 bits", "1099511627776 * 2199023255552", 1),
            ("integer overflow", "an int of 64 bits", "a larger int", 1),
        ],
    ),
    "division": (
        """
def divide(a, b):
    both = a + b
    return both // b  # here
warm(divide, 7, 2)
raises(ZeroDivisionError, divide, 1, 0)
""",
        [("division by zero", "a divisor other than 0", None, 1)],
    ),
    "mathematics": (
        """
def root(x):
    return math.sqrt(x)  # here
warm(root, 4.0)
raises(ValueError, root, -1.0)
""",
        [("argument without a result", "an argument with a finite result", None, 1)],
    ),
    "a callee within the code": (
        """
def half(x):
    return x - 1  # here
def outer(x):
    half(x)
    return x
warm(half, 3)
warm(outer, 3)
outer(1.5)
""",
        [(TYPE, "int", "float", 1)],
    ),
    "all kinds of things": (
        """
def age(animal):
    return animal.age  # here
warm(age, Dog(1))
for number in range(7):
    age(type(f"Animal{number}", (), {"age": 1})())
""",
        [(CLASS, "Dog", f"Animal{number}", 1) for number in range(4)]
        + [(CLASS, "Dog", "something else", 3)],
    ),
}

# The same where names are taken for granted: a name more is nothing to be told of, and code whose assumption does not
# hold is not entered a second time.
HELPER_CHANGED = ("assumption void", "global helper", None, 1)
ASSUMED = {
    "globals": [],
    "modules": [],
    "functions": [HELPER_CHANGED],
    "another function of the same name": [HELPER_CHANGED],
    "builtins": [HELPER_CHANGED],
}


@contextlib.contextmanager
def program(source: str, folder: Path, **extra: str) -> Iterator[Live]:
    """A process that has run the program and waits."""
    script = folder / "program.py"
    script.write_text(BEGINNING + source + END)
    with launched([sys.executable, str(script)], environment(**extra), folder / "errors") as live:
        yield live


def page_of(pid: int) -> dict:
    seen = inspect(pid, "--json")
    assert seen.returncode == 0, seen.stderr
    return json.loads(seen.stdout)


def line_with(live: Live, mark: str) -> int:
    script = Path(live.process.args[-1])
    lines = script.read_text().splitlines()
    (number,) = (number for number, line in enumerate(lines, 1) if mark in line)
    return number


def told_of(live: Live, page: dict) -> list[tuple]:
    """Why the line with the mark was left: reason, expected, seen, count."""
    line = line_with(live, "# here")
    return [
        (site["reason"], site["expected"], site["seen"], site["count"])
        for site in page["sites"]
        if site["line"] == line and site["filename"].endswith("program.py")
    ]


@pytest.mark.parametrize("family", DEOPTS)
def test_deopts_say_what_was_expected_and_seen(family: str, tmp_path: Path) -> None:
    source, expected = DEOPTS[family]
    passes = {"RJIT_PASSES": "-assume"} if family in ASSUMED else {}
    with program(source, tmp_path, **passes) as live:
        page = page_of(live.pid)
        assert told_of(live, page) == expected, live.errors()
        for site in page["sites"]:
            assert site["kind"] == "deopt"
            assert site["opcode"].isupper()
            assert 0 < site["first_ns"] <= site["last_ns"]
        assert page["counters"]["deopts"] == sum(site["count"] for site in page["sites"])
        assert page["sites_lost"] == 0


@pytest.mark.parametrize("family", ASSUMED)
def test_deopts_say_which_assumption_was_void(family: str, tmp_path: Path) -> None:
    with program(DEOPTS[family][0], tmp_path) as live:
        assert told_of(live, page_of(live.pid)) == ASSUMED[family], live.errors()


def test_an_event_says_what_its_site_says(tmp_path: Path) -> None:
    with program(DEOPTS["types"][0], tmp_path) as live:
        page = page_of(live.pid)
        reasons = [event["reason"] for event in page["events"] if event["kind"] == "deopt"]
        assert reasons[0] == "guard type failed: expected int, got str"


def test_a_callee_within_the_code_is_named(tmp_path: Path) -> None:
    with program(DEOPTS["a callee within the code"][0], tmp_path) as live:
        page = page_of(live.pid)
        # Its caller is left when the call is done.
        site, after = page["sites"]
        assert [site["qualname"], after["qualname"]] == ["half", "outer"]
        assert (site["expected"], site["seen"], after["reason"]) == ("int", "float", LEFT)
        left = [
            found
            for found in page["executables"]
            if (found["slot"], found["generation"]) == (site["slot"], site["generation"])
        ]
        assert [found["qualname"] for found in left] == ["outer"]


OBSERVED = """
def observe_locals():
    return sys._getframe(1).f_locals  # reads

def assign():
    sys._getframe(1).f_locals["x"] = 2  # assigns

def trace():
    sys._getframe(1).f_trace = lambda *_: None  # traces

def switch_on():
    sys.setprofile(lambda *_: None)  # switches

def run(act, x):
    if act is not None:
        act()  # run
    return x

warm(run, None, 1)
run(observe_locals, 1)
run(observe_locals, 1)
run(assign, 1)
run(trace, 1)
run(switch_on, 1)
sys.setprofile(None)
"""


def test_reifications_name_their_observers(tmp_path: Path) -> None:
    with program(OBSERVED, tmp_path) as live:
        page = page_of(live.pid)
        script = live.process.args[-1]
        told = {
            (site["qualname"], site["reason"], site["observer"]): site["count"]
            for site in page["sites"]
            if site["kind"] == "reification"
        }
        acts = {
            "observe_locals": ("f_locals was read", "# reads", 2),
            "assign": ("f_locals was read", "# assigns", 1),
            "trace": ("trace function set", "# traces", 1),
            "switch_on": ("a tool was switched on", "# switches", 1),
        }
        for observer, (cause, mark, count) in acts.items():
            who = f"{observer} {script}:{line_with(live, mark)}"
            assert told.get(("run", cause, who)) == count, told
        lines = {site["line"] for site in page["sites"] if site["qualname"] == "run"}
        assert lines == {line_with(live, "# run")}
        assert all(site["expected"] is None for site in page["sites"])


REFUSED = """
async def numbers():
    yield 1

async def fetch():
    return 1

for function in (numbers, numbers, fetch):
    raises(rjit.NotCompilable, rjit.compile, function)
"""


def test_refusals_say_what_prevents_compiling(tmp_path: Path) -> None:
    with program(REFUSED, tmp_path) as live:
        page = page_of(live.pid)
        own = [found for found in page["refused"] if found["filename"] == live.process.args[-1]]
        told = [(found["qualname"], found["construct"], found["count"]) for found in own]
        assert told == [("numbers", "asynchronous generator", 2), ("fetch", "coroutine", 1)]
        assert own[0]["first_line"] == line_with(live, "async def numbers()")
        assert page["refused_lost"] == 0


FORKED = """
def add(a, b):
    return a + b  # here
warm(add, 1, 2)
add("a", "b")
pid = os.fork()
if pid:
    print(json.dumps({"child": pid}), flush=True)
else:
    add(1.5, 2.5)
    add(1.5, 2.5)
sys.stdin.readline()
"""


def test_a_forked_child_counts_for_itself_and_names_its_parent(tmp_path: Path) -> None:
    with program(FORKED, tmp_path) as live:
        child = live.facts["child"]

        def told(pid: int) -> list:
            seen = inspect(pid, "--json")
            sites = json.loads(seen.stdout)["sites"] if seen.returncode == 0 else []
            line = line_with(live, "# here")
            return [(site["seen"], site["count"]) for site in sites if site["line"] == line]

        wait_for(lambda: told(child) == [("float", 2)], lambda: told(child))
        assert told(live.pid) == [("str", 1)]
        assert page_of(child)["parent_pid"] == live.pid
        for pid in (live.pid, child):
            found = executable(page_of(pid), "add")
            assert ask(pid, found)["Details"]["qualname"] == "add"


def executable(page: dict, qualname: str) -> dict:
    return [found for found in page["executables"] if found["qualname"] == qualname][-1]


def socket_of(pid: int) -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(runtime) / "rjit" if runtime else Path(f"/dev/shm/rjit-{os.getuid()}")
    return folder / f"{pid}.sock"


def ask(pid: int, found: dict) -> dict:
    """What the process answers over its socket, which is away for a moment when it forks."""

    def answer() -> dict | None:
        with contextlib.suppress(OSError, json.JSONDecodeError):
            return ask_once(pid, found)
        return None

    return wait_for(answer, lambda: threads_of(pid))


def ask_once(pid: int, found: dict) -> dict:
    question = {"version": 1, "slot": found["slot"], "generation": found["generation"]}
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        client.connect(str(socket_of(pid)))
        client.sendall(json.dumps(question).encode() + b"\n")
        with client.makefile("rb") as answer:
            return json.loads(answer.read(int.from_bytes(answer.read(8), "little")))


DETAILED = """
def half(x):
    return x - 1  # half
def outer(items):
    total = 0
    for item in items:  # loop
        half(item)  # call
        total += 1
    return total
warm(half, 3)
warm(outer, [1, 2, 3])
outer([1.5])
"""


def test_details_of_an_executable(tmp_path: Path) -> None:
    with program(DETAILED, tmp_path) as live:
        found = executable(page_of(live.pid), "outer")
        told = ask(live.pid, found)["Details"]
        loop, call, half = (line_with(live, mark) for mark in ("# loop", "# call", "# half"))
        assert (told["qualname"], told["filename"]) == ("outer", found["filename"])
        assert told["first_line"] == found["first_line"]
        texts = {row["text"].split()[0]: row for row in told["bytecode"]}
        assert texts["FOR_ITER_LIST"]["line"] == loop
        assert any("(half)" in row["text"] for row in told["bytecode"])
        first, last = found["address"], found["address"] + found["size"]
        for rows in (told["bytecode"], told["hir"], told["assembly"]):
            assert any(row["line"] == call for row in rows)
            assert any(row["offset"] == texts["FOR_ITER_LIST"]["offset"] for row in rows)
            addresses = [row["address"] for row in rows if row["address"] is not None]
            assert addresses
            assert all(first <= address < last for address in addresses)
        assert any(row["line"] == call for row in told["clif"])
        assert [row["address"] for row in told["assembly"]] == sorted(
            row["address"] for row in told["assembly"]
        )
        guards = [(guard["line"], guard["expected"], guard["inlined"]) for guard in told["guards"]]
        assert (loop, "list", None) in guards
        assert (half, "int", "half") in guards
        taken = [
            (way["line"], way["reason"], way["inlined"]) for way in told["exits"] if way["count"]
        ]
        assert sorted(taken) == [(half, TYPE, "half"), (call, LEFT, None)]
        assert [(way["qualname"], way["call_line"]) for way in told["inlined"]] == [("half", call)]
        assert told["assumptions"] == ["the machine code of half is where it says", "global half"]
        ranges = told["code"]
        assert all(a["end"] <= b["start"] for a, b in zip(ranges, ranges[1:], strict=False))
        assert all(first <= part["start"] < part["end"] <= last for part in ranges)
        inlined = [part for part in ranges if part["inlined"]]
        assert inlined
        assert all(part["line"] == call for part in inlined)
        assert {tuple(part["inlined"][0]) for part in inlined} >= {
            ("half", found["filename"], half)
        }


def test_what_is_gone_is_said_to_be_gone(tmp_path: Path) -> None:
    source = DETAILED + "rjit.disable()\n"
    with program(source, tmp_path) as live:
        found = executable(page_of(live.pid), "outer")
        assert found["state"] == "retired"
        assert ask(live.pid, found) == {"Missing": "Gone"}


LARGE = """
source = "def large(a, b):\\n" + "".join(f"    a = a * b - {n}\\n" for n in range(1500)) + "    return a\\n"
exec(source)
rjit.enable(calls=1, loops=1000000)
large(1, 1)
large(1, 1)
"""


def test_details_of_large_functions_have_an_end(tmp_path: Path) -> None:
    with program(LARGE, tmp_path) as live:
        told = ask(live.pid, executable(page_of(live.pid), "large"))["Details"]
        *rows, last = told["clif"]
        assert len(rows) == 40_000
        assert last["text"].startswith("… and ")
        assert last["text"].endswith(" more")


def threads_of(pid: int) -> list[str]:
    """The names of a process's threads, but of those that end meanwhile."""
    names = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            names.append((task / "comm").read_text().strip())
    return names


def test_nothing_waits_for_questions_before_there_is_something_to_tell(tmp_path: Path) -> None:
    with program("", tmp_path, RJIT_CALLS="1000000") as live:
        assert "rjit-details" not in threads_of(live.pid)
        assert not socket_of(live.pid).exists()
    with program(DETAILED, tmp_path) as live:
        # A thread gives itself its name.
        wait_for(lambda: "rjit-details" in threads_of(live.pid), lambda: threads_of(live.pid))
        assert threads_of(live.pid).count("rjit-details") == 1
        assert socket_of(live.pid).stat().st_mode & 0o777 == 0o600
        live.process.stdin.write(b"\n")
        live.process.stdin.flush()
        assert live.process.wait(PATIENCE) == 0
        assert not socket_of(live.pid).exists()


BUSY = """
import threading
def add(a, b):
    return a + b
warm(add, 1, 2)
forks = 0
def fork():
    global forks
    for _ in range(40):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        forks += 1
fork()
print(json.dumps({}), flush=True)
sys.stdin.readline()
fork()
print(json.dumps({"forks": forks}), flush=True)
"""


def test_questions_and_forks_do_not_get_in_each_others_way(tmp_path: Path) -> None:
    with program(BUSY, tmp_path) as live:
        found = executable(page_of(live.pid), "add")
        live.process.stdin.write(b"\n")
        live.process.stdin.flush()
        for _ in range(20):
            with contextlib.suppress(OSError, json.JSONDecodeError):
                ask_once(live.pid, found)
        assert json.loads(live.read_line(PATIENCE)) == {"forks": 80}
        assert ask(live.pid, found)["Details"]["qualname"] == "add"


CLOSING = """
def add(a, b):
    return a + b
warm(add, 1, 2)
os.closerange(3, 200)
files = [open(__file__) for _ in range(20)]
before = [os.fstat(file.fileno()).st_ino for file in files]
for _ in range(3):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
assert [os.fstat(file.fileno()).st_ino for file in files] == before
assert add(1, 2) == 3
"""


def test_a_program_may_close_all_descriptors(tmp_path: Path) -> None:
    with program(CLOSING, tmp_path) as live:
        live.process.stdin.write(b"\n")
        live.process.stdin.flush()
        assert live.process.wait(PATIENCE) == 0, live.errors()
        assert live.errors() == ""
