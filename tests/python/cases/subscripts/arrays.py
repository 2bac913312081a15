# expect-compiled: scale, running, gather, fill, put, swap_ends, rows, moment, shrinking, watched, traced
# expect-osr: 1
"""Items of arrays, which are numbers in memory: read and written in place where the type of the items is guessed."""

import sys
from array import array

from _support import attempt, probe, repeat, show


def scale(data, factor, n):
    total = 0.0
    for i in range(n):
        data[i] = data[i] * factor + i
        total += data[i]
    return total


def running(data, n):
    total = 0
    for i in range(n):
        total += data[i]
        data[i] = total % 100
        data[-1 - i] += 1
    return total


def gather(values, places):
    total = 0.0
    for i in range(len(places)):
        total += values[places[i]] * 0.5
    return total.hex()


def fill(data, value):
    for i in range(len(data)):
        data[i] = value
    return data


def put(data, index, value):
    data[index] = value
    return data[index]


def swap_ends(data):
    data[0], data[-1] = data[-1], data[0]
    return data[0], data[-1]


class Rows:
    def __init__(self, rows):
        self.rows = rows

    def __getitem__(self, index):
        return self.rows[index]


def rows(table, n):
    for i in range(n):
        for j in range(n):
            table[i][j] -= table[j][i] * 0.25
            table[i][j] += 1
    return [[value.hex() for value in row] for row in table.rows]


def moment(data):
    seen = []
    for i in range(len(data)):
        item = data[i]
        seen.append((item, item + 0.5, sys.getrefcount(item) if not -6 < item < 1025 else None))
    return seen


def shrinking(data):
    total = 0
    try:
        for i in range(100):
            total += data[i]
            if i % 3 == 2:
                del data[-1]
    except IndexError as error:
        return total, i, str(error)
    return total


def watched(data, looks):
    total = 0.0
    for i in range(len(data)):
        total += data[i]
        if i % 10 == 7:
            looks.append(look())
    return total


def look():
    frame = sys._getframe(1)
    values = {name: value for name, value in frame.f_locals.items() if name in ("total", "i")}
    return values, frame.f_lineno


def traced(data, lines):
    total = 0.0
    for i in range(len(data)):
        total += data[i]
        count = i // 3
        if i == 20:
            start(lines)
        data[i] = total + count
    sys.settrace(None)
    return total


def start(lines):
    def trace(frame, event, arg):
        values = frame.f_locals
        if "total" in values and len(lines) < 30:
            line = frame.f_lineno - frame.f_code.co_firstlineno
            lines.append((event, line, values["total"], values["count"], values["i"], list(values["data"][20:23])))
        return trace

    sys._getframe(1).f_trace = trace
    sys.settrace(trace)


class Array(array):
    def __getitem__(self, index):
        return array.__getitem__(self, index) + 100

    def __setitem__(self, index, value):
        array.__setitem__(self, index, value + 1000)


class Plain(array):
    pass


def numbers(typecode, n=40):
    return array(typecode, range(n))


for typecode in "dfilqhIBbHLQ":
    data = numbers(typecode)
    show(repeat(running, data, 20))
    show(data)
for typecode in "df":
    data = numbers(typecode)
    show(repeat(scale, data, 0.5, 40).hex(), data)
for container in (list(map(float, range(40))), Array("d", range(40)), Plain("d", range(40)), bytearray(40)):
    attempt(scale, container, 0.5, 40)
    show(container)
for kind in (array("i", [3, 1, 2]), array("B", [0, 1, 2, 3]), array("q", [-1, 0]), [1, 2], (0, 3), array("d", [1.0])):
    attempt(gather, numbers("d"), kind)
    attempt(gather, numbers("l"), kind)

limits = (0, 1.5, -0.0, float("nan"), float("inf"), 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 255, 256, -1)
limits += (2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**53 + 1, 2**1024, True, None, "x", 1j)
limits += (127, 128, -128, -129, 2**15 - 1, 2**15, -(2**15) - 1, 2**16 - 1, 2**16, 2**32 - 1, 2**32, 2**64 - 1, 2**64)
limits += (0.1, 1e-300, 1e300, -1e300, 3.4028235677973366e38, 1e-45, 2**24 + 1)
for typecode in "dfiqBlhHIbLQ":
    data = numbers(typecode, 3)
    for value in limits:
        attempt(fill, data, value)
        attempt(put, data, 1, value)
for typecode in "dfiBhHIbQ":
    data = numbers(typecode, 3)
    probe(put, (data, 0, 1), (data, -3, 2), (data, 3, 3), (data, -4, 4), (data, 2**70, 5), (data, True, 6))
    probe(put, (data, 2, 1), (data, None, 1), (data, 1.0, 2), (data, slice(1), array(typecode, [7, 8])), ({}, 1, 2))
    repeat(swap_ends, data)
    show(data)

values = [array("d", [i * 0.1 + j for j in range(6)]) for i in range(6)]
show(repeat(rows, Rows(values), 6))
attempt(rows, Rows([array("i", range(3)) for _ in range(3)]), 3)
attempt(rows, Rows([[0.5] * 3 for _ in range(3)]), 3)
for typecode in "LQ":
    for items in ([1, 2**63, 5], [2**64 - 1] * 3, [2**63 - 1, 0, 7]):
        repeat(moment, array(typecode, items))
        attempt(gather, array(typecode, items), [0, 1, 2])
for typecode in "HIb":
    repeat(moment, array(typecode, [1, 100, 127]))
    repeat(gather, array(typecode, [1, 100, 127]), array(typecode, [2, 1, 0]))
for typecode in "dilf":
    repeat(moment, array(typecode, [1, 5000, -70000]))
    repeat(shrinking, numbers(typecode))
    attempt(shrinking, numbers(typecode, 0))
looks = []
repeat(watched, numbers("d", 40), looks)
show(looks[-4:], len(looks))
for _ in range(30):
    lines = []
    total = traced(numbers("d", 24), lines)
show(total, *lines)
exported = numbers("d", 5)
with memoryview(exported) as view:
    repeat(put, exported, 2, 9.5)
    show(view[2])
    view[2] = 3.25
    show(put(exported, 1, exported[2]), exported)
