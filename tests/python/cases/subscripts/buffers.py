# expect-compiled: add_up, bump, put, letters, codes, sum_of, mixed
# expect-deopts: 3
"""Items of bytes, byte arrays and views of memory, and loops over bytes and strings, which have no objects for their items."""

import sys
from array import array

from _support import attempt, probe, repeat, show


def add_up(data, n):
    total = 0
    for i in range(n):
        total += data[i] * 2
        total -= data[-1 - i]
    return total


def bump(data, n):
    for i in range(n):
        data[i] = (data[i] + data[i - 1] + 1) % 100
    return bytes(data).hex() if not isinstance(data, list) else data


def put(data, index, value):
    data[index] = value
    return data[index], data[index] is value


class Bytes(bytes):
    def __getitem__(self, index):
        return 7

    def __iter__(self):
        return iter([1, 2])


class Array(bytearray):
    def __setitem__(self, index, value):
        print("own store", index, value)


class PlainBytes(bytes):
    pass


SAMPLES = [
    (bytes(range(40)), 20),
    (bytearray(range(40)), 20),
    (memoryview(bytes(range(40))), 20),
    (memoryview(bytearray(range(40))), 20),
    (memoryview(array("d", [1.5] * 30)), 20),
    (memoryview(array("i", range(30))), 20),
    (memoryview(array("q", range(30))), 20),
    (memoryview(array("H", range(30))), 20),
    (memoryview(bytes(range(40))).cast("b"), 20),
    (memoryview(bytes(range(80)))[::2], 20),
    (memoryview(bytes(range(40)))[::-1], 20),
    (memoryview(bytes(range(40)))[5:], 20),
    (memoryview(bytes(range(40))).cast("B", (4, 10)), 2),
    (memoryview(bytes(range(40))).cast("c"), 2),
    (memoryview(array("d", [2.5] * 30)).cast("B").cast("d"), 20),
    (Bytes(range(40)), 20),
    (PlainBytes(range(40)), 20),
    (bytes(3), 5),
    (b"", 1),
    (bytearray(), 1),
    (None, 2),
    ("text", 2),
    ({0: 1, -1: 2}, 1),
]
for usual in SAMPLES[:8]:
    function = type(add_up)(add_up.__code__, globals())
    probe(function, usual, *SAMPLES)
probe(add_up, SAMPLES[0], *SAMPLES)


def stores():
    yield bytearray(30)
    yield memoryview(bytearray(30))
    yield memoryview(array("i", [1] * 30))
    yield memoryview(array("q", [1] * 30))
    yield memoryview(array("d", [1] * 30))
    yield memoryview(bytes(30))
    yield memoryview(bytearray(60))[::2]
    yield bytes(30)
    yield Array(30)
    yield bytearray(4)
    yield [1] * 30


for usual in range(5):
    function = type(bump)(bump.__code__, globals())
    for _ in range(3):
        repeat(function, list(stores())[usual], 20)
    for data in stores():
        attempt(function, data, 20)
        attempt(function, list(stores())[usual], 20)

VALUES = [0, 255, 256, -1, 2**31 - 1, 2**31, -(2**31), 2**63, -(2**63) - 1, True, 1.5, "a", None, b"a", 2.0]
for usual in range(5):
    for value in (7, 300) if usual in (2, 3) else (7,):
        function = type(put)(put.__code__, globals())
        repeat(function, list(stores())[usual], 1, value)
        for data in stores():
            for odd in VALUES:
                attempt(function, data, -1, odd)
        for index in (0, 29, 30, -30, -31, 2**70, True, None, "a", slice(1, 2)):
            attempt(function, list(stores())[usual], index, 5)
        repeat(function, list(stores())[usual], 1, value)


# Views whose memory goes, and byte arrays that change while they are worked on.


def released(view, n, release_at):
    total = 0
    for i in range(n):
        if i == release_at:
            view.release()
        total += view[i]
    return total


def fresh_view():
    return memoryview(bytes(range(30)))


repeat(lambda: released(fresh_view(), 20, 50))
attempt(released, fresh_view(), 20, 10)
attempt(released, fresh_view(), 20, 0)
repeat(lambda: released(fresh_view(), 20, 50))


def shrinking(data, n):
    total = 0
    for i in range(n):
        if i == n - 5:
            del data[3:]
        total += data[i % len(data)]
    data.extend(b"more and more and more and more")
    return total, data[-1], len(data)


repeat(lambda: shrinking(bytearray(range(40)), 30))


def popped(data):
    total = 0
    while data:
        total += data[0] * data[-1]
        del data[0]
    return total


repeat(lambda: popped(bytearray(b"a byte array")))
attempt(popped, [1, 2, 3])


def letters(text):
    seen = {}
    last = None
    for c in text:
        if c == "a" or c == last:
            seen[c] = seen.get(c, 0) + ord(c)
        elif c != " ":
            seen[c] = c * 2
        last = c
    return seen, last


def codes(data):
    total, last = 0, None
    for code in data:
        total = total * 3 + code & 0xFFFFFF
        last = code
    return total, last


class Text(str):
    def __iter__(self):
        return iter("own")


class PlainText(str):
    pass


TEXTS = [("a text",), ("",), ("äöü",), ("日本語",), (Text("abc"),), (PlainText("abca"),), (b"abc",), (["a", "bb"],), (None,), ("aab\x7f",)]
probe(letters, ("a banana, then",), *TEXTS)
probe(codes, (b"some bytes",), (b"",), (bytes(range(256)),), (bytearray(b"xyz"),), (memoryview(b"xyz"),), (Bytes(5),), (PlainBytes(b"abc"),), ("abc",), ([1, 2**70],))


def ranges(text):
    digits = lower = other = 0
    previous = "\u00ff"
    for c in text:
        if "0" <= c <= "9":
            digits += ord(c) - ord("0")
        elif c >= "a" and c < "{" and c != previous:
            lower += 1
        elif c > "\u00e9" or previous > c:
            other += 1
        previous = c
    return digits, lower, other, previous, text[:1] < "b", "b" >= text[-1:]


probe(ranges, ("some 2 or 3 words",), *TEXTS, ("\xe9\xff\u0100",), (["10", "a", "ab"],))


def nested(words):
    total = 0
    for word in words:
        for c in word:
            for code in c.encode():
                total += code
            if c == "x":
                break
        else:
            total += 1000
    return total


probe(nested, (["abc", "xyz", "axc"],), (["äb", "x"],), ([b"ab"],), ([["a"], ("b", "c")],))


def hot(text, data):
    counted = 0
    for _ in range(30):
        for c in text:
            if c == "e":
                counted += 1
        for code in data:
            if code == 101:
                counted += 1000
    return counted


show(hot("here and there", b"here and there"))
show(hot("wö", b""), hot("", bytearray(b"e")), hot(["e"], [101]))

TEXT = "module level text " * 20
TOTAL = 0
for LETTER in TEXT:
    if LETTER == "e":
        TOTAL += 1
for CODE in TEXT.encode():
    TOTAL += CODE
show(TOTAL, LETTER, CODE)


def sum_of(data):
    frame = sys._getframe()
    total = 0
    for i, code in enumerate(data):
        total += code
        if i == 3:
            kept = sorted(frame.f_locals), frame.f_locals["code"]
    return total, kept


repeat(sum_of, b"abcdef")


def mixed(data):
    a = data[0]
    b = data[1]
    a, b = b, a
    c = [data[2], data[3]]
    return a, b, c, data[0] is data[0], data[4] == data[-1]


probe(mixed, (b"abcde",), (bytearray(b"abcde"),), (memoryview(b"abcde"),), ("abcde",), (b"ab",))


def tracer(frame, event, argument):
    if frame.f_code.co_name == "traced":
        print(event, frame.f_lineno - frame.f_code.co_firstlineno, frame.f_locals.get("c"))
    return tracer


def switch():
    sys.settrace(tracer)
    sys._getframe(1).f_trace = tracer


def traced(text, at):
    found = 0
    for c in text:
        if c == at:
            switch()
        found += ord(c)
    sys.settrace(None)
    return found


probe(traced, ("abcd", "x"), ("abcd", "c"), ("abcdefgh", "a"))
