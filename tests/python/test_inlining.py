"""Calls of small functions are a part of their callers' machine code, and only those."""

import re
import sys
import traceback

import pytest

rjit = pytest.importorskip("rjit", reason="rjit is not installed here")


def executable(function):
    """What there is of a function, with the counts so far."""
    [found] = [
        it for it in rjit.executables() if it.code is function.__code__ and it.kind == "function"
    ]
    return found


def compiled(function, *arguments):
    """The executable of a function that has been called a few times."""
    for _ in range(20):
        function(*arguments)
    rjit.compile(function)
    return executable(function)


def inlined(function, *arguments):
    """The names of the functions that became a part of another."""
    return [name for name, *_ in compiled(function, *arguments).inlined]


def add(a, b):
    return a + b


def twice(a):
    return add(a, a)


def four_times(a):
    return twice(twice(a))


def test_callees_of_callees_are_a_part_too():
    hir = compiled(four_times, 1.5).hir()
    assert inlined(four_times, 1.5) == ["twice", "add", "twice", "add"]
    assert hir.count("push_frame") == hir.count("pop_frame 0x") == 4
    assert four_times(3) == 12 and four_times("s") == "ssss"


def test_numbers_are_returned_in_registers():
    """An object is made of the argument that a frame has to hold, and of nothing that is returned."""
    hir = compiled(four_times, 1.5).hir()
    assert hir.count("float.Add") == 2 and hir.count("= box_float") == 1, hir


class Point:
    def __init__(self, x):
        self.x = x

    def get(self):
        return self.x


def gets(point):
    return point.get()


def test_methods():
    assert inlined(gets, Point(1)) == ["Point.get"]


def makes(x):
    return Point(x)


def test_constructors():
    assert inlined(makes, 1) == ["Point.__init__"]
    assert makes(7).x == 7


class Other(Point):
    def get(self):
        return -self.x


def test_methods_of_several_classes():
    gets(Other(1))
    for _ in range(30):
        gets(Point(1))
        gets(Other(1))
    assert sorted(inlined(gets, Other(1))) == ["Other.get", "Point.get"]
    assert (gets(Point(4)), gets(Other(4))) == (4, -4)


def difference(where):
    x, y = where
    return x - y


def differs(x):
    return difference((x + 1, x))


def test_tuples_for_callees_are_not_read():
    assert inlined(differs, 1) == ["difference"]
    hir = executable(differs).hir()
    after = hir[hir.index("push_frame") : hir.index("pop_frame")]
    assert "guard_type" not in after and "guard Bounds" not in after and "int.Sub" in after, hir


def countdown(n):
    return countdown(n - 1) if n else 0


def looping(items):
    total = 0
    for item in items:
        total += item
    return total


def generating(n):
    yield n


def careful(a):
    try:
        return 1 / a
    except ZeroDivisionError:
        return 0


def calls_others(n):
    return countdown(n), looping((n, n)), list(generating(n)), careful(n)


def test_what_loops_recurs_suspends_or_handles_is_called():
    assert inlined(countdown, 2) == []
    assert inlined(calls_others, 2) == ["countdown"]


def gets_and_calls(point):
    return point.get(), len(str(point.get()))


def calls_something(items):
    return len(items) + len(str(items))


def calls_what_calls(items):
    return calls_something(items)


def test_frames_of_quiet_callees_count_nothing():
    """What a method looks up is held by its class, so its frame does not even own it; what may run anything has a frame in full."""
    hir = compiled(gets_and_calls, Point(1)).hir()
    assert "push_frame Lent" in hir and "push_frame Full" not in hir
    hir = compiled(calls_what_calls, [1]).hir()
    assert hir.count("push_frame Full") == 1 and "push_frame L" not in hir


class Unset(Point):
    def __init__(self):
        pass


def read_twice(point):
    return point.get() + point.get()


def test_what_is_known_is_known_behind_calls():
    hir = compiled(read_twice, Point(1)).hir()
    assert hir.count("guard TypeVersion") == 1 and hir.count("load.Obj +24") == 1, hir


def test_frames_around_nothing_are_not_pushed():
    """The second call finds all that it does done by the first."""
    executable = compiled(read_twice, Point(1))
    assert executable.hir().count("push_frame") == executable.hir().count("pop_frame") == 1
    assert read_twice(Point(3)) == 6
    with pytest.raises(AttributeError) as raised:
        read_twice(Unset())
    frames = traceback.extract_tb(raised.value.__traceback__)
    assert [frame.name for frame in frames[-2:]] == ["read_twice", "get"]


def test_whether_a_call_can_be_in_place_is_asked_once():
    hir = compiled(read_twice, Point(1)).hir()
    assert hir.count("can_inline") == 1, hir


def width_of(value):
    if isinstance(value, int):
        return value + 1
    return len(str(value))


def width_of_all(count):
    width = 0
    for number in range(count):
        width += width_of(number)
    return width


def test_what_is_foreseen_is_not_asked():
    """What would be done otherwise is not even there, so the callee is a quiet one."""
    hir = compiled(width_of_all, 30).hir()
    assert "push_frame Lent" in hir or "push_frame Light" in hir, hir
    assert "call is_instance" not in hir and hir.count("call call") == 0, hir
    assert width_of_all(30) == 465


class Sized:
    def __init__(self, size):
        self.size = size
        self.items = [0.5] * size

    def last(self, back):
        return self.size - back + self.size - self.size


def last_item(sized, back):
    return sized.items[sized.last(back)]


def test_a_number_that_nobody_changes_is_read_once():
    hir = compiled(last_item, Sized(9), 3).hir()
    assert hir.count("push_frame Lent") == 1, hir
    assert hir.count("unbox_int") == 2, hir


def test_what_stays_where_it_is_during_a_call_is_not_counted():
    """An attribute holds the list, and that its owner is lent to a callee changes nothing."""
    hir = compiled(last_item, Sized(9), 3).hir()
    [items] = re.findall(r"(v\d+): list = guard_type list", hir)
    assert f"dec_ref {items}\n" not in hir, hir


def fails_at_times(a):
    a = a + 1


def calls_in_a_loop(items):
    count = 0
    for item in items:
        fails_at_times(item)
        count += 1
    return count


def test_a_guess_that_fails_in_the_callee_leaves_the_caller_behind_the_call():
    """The interpreter finishes the callee, and goes on with the caller when the call is done."""
    items = list(range(20))
    assert inlined(calls_in_a_loop, items) == ["fails_at_times"]
    before = executable(calls_in_a_loop)
    assert calls_in_a_loop([1, 1.5, 2, 2.5, 3]) == 5
    now = executable(calls_in_a_loop)
    assert (now.entries, now.deopts) == (before.entries + 1, before.deopts + 2)
    line = fails_at_times.__code__.co_firstlineno + 1
    exits = [(reason, at - line, count) for reason, at, count in now.exits if count]
    assert sorted(exits) == [("guard type failed", 0, 1), ("inlined callee left", 6, 1)]


def stack(a):
    frame, names = sys._getframe(), []
    while frame is not None and len(names) < 4:
        names.append((frame.f_code.co_name, frame.f_locals.get("a")))
        frame = frame.f_back
    return names


def between(a):
    return stack(a + 1)


def outermost(a):
    return between(a + 1)


def test_every_callee_has_its_frame():
    assert inlined(outermost, 1)[0] == "between"
    before = executable(outermost).entries
    assert outermost(1)[:3] == [("stack", 3), ("between", 2), ("outermost", 1)]
    assert executable(outermost).entries == before + 1


def test_callees_stay_callees_while_a_tool_watches_them():
    assert "add" in inlined(four_times, 1)
    seen, monitoring = [], sys.monitoring
    monitoring.use_tool_id(3, "inlining")
    try:
        monitoring.register_callback(
            3, monitoring.events.PY_START, lambda code, _: seen.append(code)
        )
        monitoring.set_local_events(3, add.__code__, monitoring.events.PY_START)
        before = executable(four_times).entries
        assert four_times(1) == 4
        assert seen == [add.__code__] * 2
        monitoring.set_local_events(3, add.__code__, 0)
        assert four_times(1) == 4 and len(seen) == 2
        assert executable(four_times).entries == before + 2
    finally:
        monitoring.free_tool_id(3)


class Base:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def first(self):
        return self.x

    def total(self):
        return self.first() + self.y


class Left(Base):
    pass


class Right(Base):
    pass


def total_of(thing):
    return thing.total()


def make_left(x):
    return Left(x, x + 1)


def test_a_callee_knows_what_class_its_self_has():
    """The interpreter's caches in the callees name another class, which has come by since."""
    for _ in range(20):
        total_of(make_left(1))
    for _ in range(200):
        Right(1, 2).total()
    rjit.compile(total_of)
    for _ in range(20):
        assert total_of(Left(1, 2)) == 3
    found = executable(total_of)
    assert found.deopts == 0 and [name for name, *_ in found.inlined] == [
        "Base.total",
        "Base.first",
    ]
    hir = found.hir()
    assert hir.count("guard TypeVersion") == 1 and "exit TypeVersion" not in hir, hir
    assert [total_of(Right(5, 6)) for _ in range(50)] == [11] * 50


def test_a_shared_initializer_knows_what_it_makes():
    for _ in range(20):
        make_left(1)
    for _ in range(200):
        Right(1, 2)
    rjit.compile(make_left)
    for _ in range(20):
        made = make_left(1)
        assert (type(made), made.x, made.y) == (Left, 1, 2)
    found = executable(make_left)
    assert found.deopts == 0 and "store_attr" not in found.hir(), found.hir()
