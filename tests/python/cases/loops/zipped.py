# Loops over `zip` whose tuples are taken apart: the tuple that the object keeps is what it would be, with all references.
# expect-compiled: weigh, three, four, pairwise, growing, dying, mutual, goes_on, kept_tuples, names, collected, raising, strictly, exactly, counted, mixed
import gc
import sys

from _support import Dies, attempt, repeat, show


def weigh(left, right):
    total = 0
    for x, y in zip(left, right):
        total += x * y
    return total


show(repeat(weigh, [number * 0.5 for number in range(50)], list(range(60))))
show(repeat(weigh, tuple(range(30)), [number * 0.5 for number in range(20)]))
for left in (list(range(9)), tuple(range(5)), [], (), range(7), iter([1, 2, 3]), {1: 2}, (n for n in range(3))):
    for right in ([0.5] * 6, (2,) * 6, range(6), []):
        attempt(weigh, left, right)
show(weigh([2**70] * 5, [1, 2.5, 2**70, True, 0]))
attempt(weigh, [1, 2, None], [1, 2, 3])
attempt(weigh, "ab", [1, 2])
attempt(weigh, 5, [1])
same = [1, 2, 3] * 8
show(repeat(weigh, same, same))


def three(a, b, c):
    found = []
    for x, y, z in zip(a, b, c):
        found.append((z, y, x))
    return found[:3], len(found)


def four(a):
    total = 0
    for w, x, y, z in zip(a, a, a, a):
        total += w * x - y * z
    return total


show(repeat(three, list(range(40)), tuple("abcdefghij" * 4), [0.5] * 35))
show(three([1], [2], [3]), three([], [2], [3]), three([1, 2], (2,), [3, 4]))
show(repeat(four, list(range(20))))


def pairwise(items):
    iterator = iter(items)
    found = []
    for x, y in zip(iterator, iterator):
        found.append(x * 10 + y)
    return found


show(repeat(pairwise, list(range(31))), pairwise(tuple(range(8))))


def growing(left, right, count):
    for place, (x, y) in enumerate(zip(left, right)):
        if place < count:
            left.append(x + y)
            right.append(x - y)
    return len(left), left[-1], right[-1]


def shrinking(left, right):
    total = 0
    for x, y in zip(left, right):
        total += x - y
        right.pop()
        if x % 3 == 0:
            left.pop()
    return total, len(left), len(right)


show(repeat(growing, [1, 2], [3, 4], 30))
for _ in range(15):
    work = shrinking(list(range(60)), list(range(50)))
show(work)


def dying(count, seen):
    left = [Dies(number) for number in range(count)]
    right = [Dies(-number) for number in range(count)]
    place = 0
    for x, y in zip(left, right):
        left[place] = right[place] = None
        seen.append((place, len(Dies.log)))
        if place % 4 == 1:
            x = None
        if place % 5 == 2:
            y = None
        seen.append(len(Dies.log))
        place += 1
    return place


seen = []
for _ in range(8):
    seen.clear()
    Dies.log.clear()
    dying(20, seen)
    show(seen, Dies.log)


def mutual(left, right, act):
    """What dies between the two iterators changes what the second one finds."""
    found = []
    place = 0
    for x, y in zip(left, right):
        found.append((x if isinstance(x, int) else x.name, y))
        left[place] = None
        x = None
        place += 1
    return found


for _ in range(8):
    show(mutual(list(range(20)), list(range(20)), None)[-2:])
for when in (0, 1, 7, 18):
    right = list(range(20))
    left = [Dies(n, right.clear if n == when else None) for n in range(20)]
    show(mutual(left, right, None), len(right))
left = right = None


def goes_on(pairs, until):
    for x, y in pairs:
        if x == until:
            break
    return x, y


def go_on_twice(left, right):
    pairs = zip(left, right)
    first = goes_on(pairs, 12)
    then = next(pairs)
    second = goes_on(pairs, 25)
    rest = list(pairs)
    return first, then, second, rest[:2], len(rest), next(pairs, "end")


show(repeat(go_on_twice, list(range(40)), list(range(100, 135))), go_on_twice(tuple(range(40)), tuple(range(40))))


def kept_tuples(pairs, sometimes):
    kept = []
    for x, y in pairs:
        if x % sometimes == 0:
            kept.extend(thing for thing in gc.get_referents(pairs) if type(thing) is tuple and type(thing[0]) is int)
    return kept


for _ in range(12):
    found = kept_tuples(zip(list(range(12)), list("abcdefghijkl")), 4)
show(found)


def names(left, right):
    first = second = None
    for first, second in zip(left, right):
        pass
    return first, second


show(repeat(names, ["one", "two", "three"] * 9, [None, 1.5, ()] * 9), names([], []))


def collected(left, right, when):
    states = []
    pairs = zip(left, right)
    place = 0
    for x, y in pairs:
        if place in (when, when + 2):
            if place == when:
                gc.collect()
            states += [gc.is_tracked(thing) for thing in gc.get_referents(pairs) if type(thing) is tuple and x in thing]
        place += 1
    return states


show(repeat(collected, list(range(20)), list(range(20)), 9), collected([[]] * 20, [1] * 20, 9))


def raising(left, right, bad):
    x = None
    try:
        for x, y in zip(left, right):
            if y == bad:
                raise ValueError(x)
    except ValueError as error:
        return error.args, x
    return x


show(repeat(raising, list(range(40)), list(range(40)), 50), raising(list(range(40)), list(range(40)), 33))


def strictly(left, right):
    found = []
    pairs = zip(left, right, strict=True)
    try:
        for x, y in pairs:
            found.append(x + y)
    except ValueError as error:
        found.append(str(error))
    return found[-2:], len(found), [type(thing).__name__ for thing in gc.get_referents(pairs)]


show(repeat(strictly, list(range(30)), list(range(30))))
show(strictly(list(range(30)), list(range(31))), strictly(list(range(30)), list(range(29))), strictly([], [1]))


def exactly(left, right):
    found = []
    try:
        for a, b in zip(left, right, strict=True):
            found.append((b, a))
    except ValueError as error:
        found.append(str(error))
    for a, b in zip(left, right, strict=False):
        found.append(a - b)
    return found[-20:]


show(repeat(exactly, list(range(30)), tuple(range(30))))
show(exactly([1] * 20, [2] * 21), exactly((1,) * 20, [2] * 19), exactly([], []))


def counted(items):
    found = []
    for place, item in enumerate(items, start=2**30 - 4):
        found.append(place + item)
    for place, item in enumerate(iterable=items):
        found.append(place - item)
    return found


show(repeat(counted, [0, 5, 1, 2, 3, 4, 1]))


def mixed(many):
    total = 0
    for left, right in many:
        for x, y in zip(left, right):
            total += x if y else -1
    return total


LATE = '''
def late(left, right):
    found = []
    for x, y in zip(left, right):
        found.append((x, y))
    return found
'''

# There is nothing to take apart for long.
for count in (3, 6, 10, 25, 70, 300):
    exec(LATE)
    for _ in range(count):
        late([], [])
    show(late([1, 2], [3, 4]), late([], [5]), late((6, 7), [8]))
    repeat(late, [1, 2], "ab")

several = [([1, 0, 2] * 5, (0, 1) * 5), ((0, 1) * 5, [2] * 9), ({1: 2}, [3]), (range(9), range(8)), (iter([1]), [4])]
show(repeat(mixed, several))

counted, other = object(), object()
before = sys.getrefcount(counted), sys.getrefcount(other)
for _ in range(10):
    names([counted] * 20, [other] * 20)
    names((counted,) * 20, [counted] * 20)
    three([counted] * 9, (other,) * 9, [counted] * 9)
after = sys.getrefcount(counted), sys.getrefcount(other)
show(after[0] - before[0], after[1] - before[1])
