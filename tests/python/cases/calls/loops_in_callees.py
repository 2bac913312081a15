# Functions with loops, called from loops: numbers, objects, errors, frames and deaths in the inner ones.
# expect-compiled: outer_sum, outer_escape, outer_nested, outer_while, outer_breaks, outer_items, outer_overflow, outer_mixed
# expect-compiled: outer_raises, outer_looks, outer_dies, outer_pairs, outer_rebinds
import sys

from _support import attempt, repeat, show


def inner_sum(items):
    total = 0
    for item in items:
        total += item
    return total


def outer_sum(many):
    return [inner_sum(items) for items in many]


show(repeat(outer_sum, [[1, 2, 3], [], [4], [5, 6]]))
show(repeat(outer_sum, [[1.5, 2.5], [], [4, 5.5], (1, 2), range(5), {3: 4, 5: 6}, iter([7])]))
show(outer_sum([[2**62, 2**62, 2**62], [True, 1]]))
attempt(outer_sum, [[1, "a"]])


def escape(cr, ci, limit):
    zr = zi = 0.0
    for i in range(limit):
        rr, ii = zr * zr, zi * zi
        if rr + ii > 4.0:
            return i
        zi = 2.0 * zr * zi + ci
        zr = rr - ii + cr
    return limit


def outer_escape(n):
    found = []
    for x in range(n):
        found.append(escape(3.0 * x / n - 2.0, 0.3, 40))
    return found


show(repeat(outer_escape, 30))


def innermost(a, n):
    total = 0.0
    for k in range(n):
        total += a * k
    return total


def middle(i, n):
    total = 0.0
    for j in range(n):
        total += innermost(i - j, n)
    return total


def outer_nested(n):
    total = 0
    for i in range(n):
        total += middle(i, n)
    return total.hex()


show(repeat(outer_nested, 9))


def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def outer_while(n):
    longest = 0
    for k in range(1, n):
        steps = collatz(k)
        if steps > longest:
            longest = steps
    return longest


show(repeat(outer_while, 60), outer_while(3), outer_while(1))


def search(items, wanted):
    for place, item in enumerate(items):
        if item == wanted:
            break
        if item < 0:
            continue
    else:
        return -1
    return place, item


def outer_breaks(items, many):
    found = []
    for wanted in many:
        found.append(search(items, wanted))
    return found


show(repeat(outer_breaks, [3, -1, 7, 9], [7, 3, 8, -1]))


def letters(text):
    count = 0
    for letter in text:
        if letter in "aeiou":
            count += 1
    return count


def outer_items(words):
    return sum([letters(word) for word in words]), max(letters(word) for word in words)


show(repeat(outer_items, ["hello", "", "world", "aeiou", "\N{GREEK SMALL LETTER ALPHA}a"]))


def product(n, start):
    result = start
    for k in range(1, n):
        result *= k
    return result


def outer_overflow(n):
    last = 0
    for k in range(n):
        last = product(k, 1)
    return last


show(repeat(outer_overflow, 10), outer_overflow(30))


def outer_mixed(starts):
    return [product(5, start) for start in starts]


show(repeat(outer_mixed, [1, 2.5, True, 2**70, 3]))
attempt(outer_mixed, [1, None])


def fails_at(items, divisors):
    total = 0
    for item, divisor in zip(items, divisors):
        total += item // divisor
    return total


def outer_raises(many):
    found = []
    for divisors in many:
        try:
            found.append(fails_at([10, 20, 30], divisors))
        except ZeroDivisionError as error:
            here = error.__traceback__
            lines = []
            while here is not None:
                lines.append((here.tb_frame.f_code.co_name, here.tb_lineno, sorted(here.tb_frame.f_locals)))
                here = here.tb_next
            found.append((str(error), lines, error.__traceback__.tb_next.tb_frame.f_locals["total"]))
    return found


show(repeat(outer_raises, [[1, 2, 3], [1, 2, 0], [0, 1, 1], [5, 5, 5]]))


def looks(items, at):
    total = 0
    for index, item in enumerate(items):
        total += item
        if index == at:
            frame = sys._getframe()
            seen = dict(frame.f_locals), frame.f_lineno, frame.f_back.f_code.co_name, frame.f_back.f_locals["place"]
            del seen[0]["frame"], frame
            seen[0].pop("seen", None)
    return total, seen


def outer_looks(items):
    found = []
    for place in range(len(items)):
        found.append(looks(items, place))
    return found


show(repeat(outer_looks, [4, 5, 6]))


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("del", self.name, sys._getframe(1).f_code.co_name)


def makes(count):
    last = None
    for number in range(count):
        last = Noisy(number)
    return number, last.name


def outer_dies(count):
    found = []
    for _ in range(2):
        found.append(makes(count))
    return found


show(repeat(outer_dies, 3))


def best_pair(left, right):
    best = None
    for a in left:
        for b in right:
            if best is None or a * b > best[0] * best[1]:
                best = a, b
    return best


def outer_pairs(count):
    found = []
    for k in range(count):
        found.append(best_pair(range(k + 1), [k, -k, 2]))
    return found


show(repeat(outer_pairs, 6))


def rebinds(n, value):
    for k in range(n):
        value = k if value is None else value + 0.5
        if k == 2:
            del k
            value = "text"
            break
    try_it = value
    return try_it


def outer_rebinds(count):
    return [rebinds(k, start) for k in range(count) for start in (None, 1, 2.5)]


show(repeat(outer_rebinds, 5))

# What traces sees each round.
events = []


def trace(frame, event, argument):
    events.append((frame.f_code.co_name, event, frame.f_lineno))
    return trace


sys.settrace(trace)
outer_sum([[1, 2], [3]])
sys.settrace(None)
show(events)
