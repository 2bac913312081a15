# Floats that are replaced in lists, arrays of objects and attributes while others have them.
# expect-compiled: drift, push, mixed, constants
import sys
import tracemalloc

from _support import repeat, show


class Body:
    def __init__(self, place, speed):
        self.place, self.speed = place, speed

    def push(self, by):
        before = self.place
        self.place += self.speed * by
        return before


def drift(rows, rounds):
    seen = []
    for _ in range(rounds):
        for row in rows:
            x, y = row
            row[0] += y * 0.5
            row[1] -= x * 0.25
            seen.append(x)
    return sum(seen), x, y


def push(body, rounds):
    kept = []
    for number in range(rounds):
        kept.append(body.push(0.125))
        body.speed = body.speed + 0.5
    return kept[-3:], body.place, body.speed


rows = [[float(n), n * 0.5] for n in range(6)]
show(repeat(drift, rows, 40), rows)
body = Body(1.5, 0.25)
show(repeat(push, body, 40))

# The very object, and how many have it.
kept = float("12.75")
before = sys.getrefcount(kept)


def mixed(items, value, rounds):
    for number in range(rounds):
        items[0] = value
        alias = items[0]
        items[0] += number
        items[0] *= 0.5
    return items[0], alias is value


show(repeat(mixed, [kept], kept, 40))
show(kept, sys.getrefcount(kept) - before)


def constants(items, rounds):
    for _ in range(rounds):
        items[0] = 2.5
        items[0] += 1.0
        items[1] = items[0]
        items[0] -= 0.5
    return items


show(repeat(constants, [0.0, 0.0], 40), constants([1.0, 2.0], 3))
tracemalloc.start()
show(drift(rows, 5), push(body, 5), mixed([kept], kept, 5))
tracemalloc.stop()
many = [[float(n), 1.0] for n in range(300)]
alive = [row[0] for row in many]
show(drift(many, 3), sum(alive), alive[7] == 7.0)
show(sys.getrefcount(kept) - before)
