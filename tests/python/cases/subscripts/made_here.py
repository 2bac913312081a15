# expect-compiled: histogram, sieve, spread, views, either, grows, reads, odd
"""Items of arrays, bytearrays and views that the function makes itself: what they hold is not known when the function is called."""

from array import array

from _support import attempt, repeat, show


def histogram(values):
    counts = array("i", [0]) * 8
    weights = array("d", [0.0]) * 8
    for value in values:
        counts[value % 8] += 1
        weights[value % 8] = weights[value % 8] + value / 2
    return counts.tolist(), [weight.hex() for weight in weights]


show(repeat(histogram, [number * 7 % 23 for number in range(40)], times=60))
attempt(histogram, [1, 2, 2.5])
attempt(histogram, [1, None])


def sieve(limit):
    flags = bytearray([1]) * (limit + 1)
    found = []
    for number in range(2, limit + 1):
        if flags[number]:
            found.append(number)
            for multiple in range(number * number, limit + 1, number):
                flags[multiple] = 0
    return found


show(repeat(sieve, 60, times=60))
show(sieve(0), sieve(7))


def spread(letter, values):
    data = array(letter, values)
    other = array("H", [0]) * len(data)
    for place in range(len(data)):
        other[place] = int(data[place]) & 0xFFFF
        data[place] = data[place] + 1
    return data.tolist(), other.tolist()


show(repeat(spread, "h", [1, 2, -3, 100], times=60))
for letter in "bBhHiIlLqQfd":
    show(letter, repeat(spread, letter, [1, 2, 3, 100], times=40))
attempt(spread, "b", [127])
attempt(spread, "B", [255])
attempt(spread, "Q", [2**64 - 1])


def views(count):
    data = memoryview(bytearray(count * 4)).cast("i")
    for place in range(count):
        data[place] = place * 1000 - 3
        data[count - 1 - place] += data[place]
    return data.tolist()


show(repeat(views, 12, times=60))
attempt(views, 0)


def either(kind, count):
    data = kind(count)
    for place in range(count):
        data[place] = data[place] + place
    return list(data)


def doubles(count):
    return array("d", bytes(8 * count))


def shorts(count):
    return array("h", bytes(2 * count))


for _ in range(40):
    for kind in (doubles, shorts, bytearray, lambda count: [0] * count, lambda count: dict.fromkeys(range(count), 1)):
        either(kind, 6)
show([either(kind, 5) for kind in (doubles, shorts, bytearray)])


def grows(count):
    data = array("i")
    for number in range(count):
        data.append(number)
        data[number // 2] = data[-1] * 2
    while len(data) > 3:
        data[-1] += data.pop()
    return data.tolist()


show(repeat(grows, 20, times=60))


def reads(text):
    total = 0
    for place in range(len(text)):
        total = total * 31 % 65521 + text[place]
    return total


def odd(parts):
    return [reads(b"".join(parts)), reads(bytearray(parts[0])), reads(memoryview(parts[0])), reads(array("I", [1, 2**31]))]


show(repeat(odd, [b"abc", b"", b"defgh"], times=60))
attempt(reads, "abc")


class Loud:
    def __index__(self):
        print("index")
        return 1


def by_object(place):
    data = array("i", [1, 2, 3])
    data[place] = 5
    return data[place], data.tolist()


show(repeat(by_object, 2, times=60))
attempt(by_object, Loud())
attempt(by_object, 3)
attempt(by_object, -3)
attempt(by_object, 2**70)
