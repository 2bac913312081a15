# Loops over `enumerate` whose pairs are taken apart: the pair that the object keeps is what it would be, with all references.
# expect-compiled: weigh, start_at, growing, shrinking, dying, advanced, goes_on, nested, kept_pairs, far, names, collected, raising, mixed
import gc
import sys

from _support import Dies, attempt, repeat, show


def weigh(items):
    total = 0
    for place, item in enumerate(items):
        total += place * item
    return total


show(repeat(weigh, [number * 0.5 for number in range(50)]))
show(weigh(list(range(60))), weigh(tuple(range(60))), weigh([]), weigh(()), weigh(range(30)))
show(weigh([2**70] * 5), weigh([1, 2.5, 2**70, True] * 10), weigh(number for number in range(20)))
attempt(weigh, [1, 2, None])
attempt(weigh, "ab")
attempt(weigh, {"a": 1})
attempt(weigh, 5)


def start_at(items, start):
    found = []
    for place, item in enumerate(items, start):
        found.append((place, item))
    return found[:3], found[-3:]


show(repeat(start_at, list("abcdefghij") * 5, 7))
for start in (-3, 250, 1020, 2**30 - 5, 2**31 - 5, 2**62, sys.maxsize - 4, sys.maxsize, 2**70, True):
    attempt(start_at, list("abcdefghij"), start)
    attempt(start_at, tuple("abcdefghij"), start)
attempt(start_at, [1], 1.5)


def growing(count):
    items = [1]
    for place, item in enumerate(items):
        if place < count:
            items.append(item + place)
    return len(items), items[-1]


show(repeat(growing, 40))


def shrinking(items):
    found = 0
    for place, item in enumerate(items):
        found += item * place
        if place % 3 == 0:
            items.pop()
    items.append(5)
    return found, len(items)


show(repeat(lambda: shrinking(list(range(60)))))


def dying(count, names):
    items = [Dies(number) for number in range(count)]
    for place, item in enumerate(items):
        items[place] = None
        names.append((place, len(Dies.log)))
        if place == count - 3:
            item = None
            names.append(len(Dies.log))
    return place


names_seen = []
show(repeat(dying, 20, names_seen), names_seen[-21:], Dies.log[-20:])
Dies.log.clear()


def advanced(items, pairs):
    found = []
    for place, item in pairs:
        found.append(place)
        items[place] = None
    return found


def advance():
    show(running and (next(running, None) is None), len(Dies.log))


for _ in range(15):
    work = [Dies(number) for number in range(30)]
    running = enumerate(work)
    advanced(work, running)
Dies.log.clear()
for when in (0, 1, 5, 28, 29):
    work = [Dies(number, advance if number == when else None) for number in range(30)]
    running = enumerate(work)
    show(attempt(advanced, work, running))
    work = running = None
Dies.log.clear()


def goes_on(pairs, until):
    for place, item in pairs:
        if place == until:
            break
    return place, item


def go_on_twice(items):
    pairs = enumerate(items)
    first = goes_on(pairs, 12)
    then = next(pairs)
    second = goes_on(pairs, 25)
    rest = list(pairs)
    return first, then, second, rest[:2], len(rest), next(pairs, "end")


show(repeat(go_on_twice, list(range(100, 140))), go_on_twice(tuple(range(100, 140))))


def nested(rows):
    found = []
    for y, row in enumerate(rows):
        for x, cell in enumerate(row, 1):
            if cell == x * y:
                found.append((x, y))
    return found


show(repeat(nested, [[x * y % 7 for x in range(9)] for y in range(9)]))


def kept_pairs(pairs, sometimes):
    kept = []
    for place, item in pairs:
        if place % sometimes == 0:
            kept.extend(thing for thing in gc.get_referents(pairs) if type(thing) is tuple)
    return kept


for _ in range(12):
    found = kept_pairs(enumerate(list("abcdefghijkl")), 4)
show(found)


def far(items, start):
    total = 0
    for place, item in enumerate(items, start):
        total ^= place
    return total, place


show(repeat(far, [0] * 60, 2**31 - 30), far([0] * 60, 2**62 - 30), far([0] * 5, sys.maxsize - 1))


def names(things):
    first = second = None
    for first, second in enumerate(things):
        pass
    return first, second


show(repeat(names, ["one", "two", "three"] * 9), names([]))


def collected(items, when):
    states = []
    pairs = enumerate(items)
    for place, item in pairs:
        if place == when:
            gc.collect()
            states += [gc.is_tracked(thing) for thing in gc.get_referents(pairs) if type(thing) is tuple]
        if place == when + 2:
            states += [gc.is_tracked(thing) for thing in gc.get_referents(pairs) if type(thing) is tuple]
    return states


show(repeat(collected, list(range(20)), 9), collected([[]] * 20, 9), collected([1.5, []] * 10, 8))


def raising(items, bad):
    place = None
    try:
        for place, item in enumerate(items):
            if item == bad:
                raise ValueError(place)
    except ValueError as error:
        return error.args, place
    return place


show(repeat(raising, list(range(40)), 50), raising(list(range(40)), 33), raising([1], 1))


def mixed(many):
    total = 0
    for items in many:
        for place, item in enumerate(items):
            total += place if item else -1
    return total


show(repeat(mixed, [[1, 0, 2] * 5, (0, 1) * 5, "abc", {1: 2}, range(9), iter([1, 2]), [3]]))

LATE = '''
def late(items):
    found = []
    for place, item in enumerate(items):
        found.append((place, item))
    return found
'''

# There is nothing to take apart for long.
for count in (3, 6, 10, 25, 70, 300):
    exec(LATE)
    for _ in range(count):
        late([])
    show(late([1, 2]), late([]), late((6, 7)))
    repeat(late, "ab")

counted, before = object(), None
before = sys.getrefcount(counted)
for _ in range(10):
    names([counted] * 20)
    names((counted,) * 20)
    kept_pairs(enumerate([counted] * 9), 3)
show(sys.getrefcount(counted) - before)
