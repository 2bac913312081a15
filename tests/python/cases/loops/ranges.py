# range loops at every border: empty, negative, big, wrong types, variables changed inside, and values used afterwards.
# expect-compiled: span, stepped, triangle
from _support import attempt, probe, repeat


def span(start, stop):
    out = []
    for i in range(start, stop):
        out.append(i)
        if len(out) > 6:
            break
    return out


def stepped(start, stop, step):
    count = 0
    last = None
    for i in range(start, stop, step):
        count += 1
        last = i
        if count > 6:
            break
    return count, last


def triangle(n):
    total = 0
    for i in range(n):
        for j in range(i):
            total += i * j
    return total


def changed_inside(n):
    seen = []
    for i in range(n):
        i += 10
        seen.append(i)
        i = None
        n = 0
    return seen, i, n


def reuse(n):
    r = range(n)
    total = 0
    for i in r:
        for j in r:
            total += i - j
        total += len(r)
    return total, i, j


def iterator_shared(n):
    it = iter(range(n))
    pairs = []
    for i in it:
        pairs.append((i, next(it, None)))
    return pairs


def objects_kept(n):
    kept = []
    for i in range(n):
        kept.append(i)
    return kept[-3:], sum(kept)


def overflow_total(n):
    total = 2**62
    for i in range(n):
        total += 2**61
    return total


def index_loop(items):
    out = []
    for i in range(len(items)):
        out.append(items[i] + items[-i - 1])
    return out


class Index:
    def __init__(self, n):
        self.n = n

    def __index__(self):
        return self.n


BORDERS = [0, 1, -1, 5, 2**30 - 2, 2**30, 2**31 - 2, 2**60 - 1, 2**62, 2**63 - 3, 2**63 - 1, 2**63, 2**64, 2**100]
for start in BORDERS:
    for stop in (start - 1, start, start + 3, -start, 2**63 - 1, 2**100):
        print(start, stop, span(start, stop), span(-start, -start + 2))
for step in (1, 2, -1, -3, 2**31, 2**62, 2**63 - 1, -(2**63), 2**70):
    print(step, stepped(0, 10, step), stepped(10, 0, step), stepped(-(2**63), 2**63 - 1, step), stepped(2**63 - 1, -(2**63), step))
probe(span, (0, 5), (0, 2.5), ("a", 3), (True, 3), (Index(1), Index(4)), (None, 1))
probe(stepped, (0, 10, 3), (0, 10, 0), (0, 10, 1.5), (0, 10, Index(2)))
repeat(triangle, 20)
probe(changed_inside, (4,), (1,), (True,), (2.0,))
probe(reuse, (5,), (1,), (0,))
repeat(iterator_shared, 5)
repeat(objects_kept, 300)
repeat(overflow_total, 12)
probe(index_loop, ([1, 2, 3],), ((1.5, 2),), ("abc",), ([],), ({0: 1, -1: 2},), (5,))
range = lambda n: ["not", "a", "range"]  # noqa: E731
attempt(triangle, 3)
attempt(index_loop, [1, 2])
repeat(changed_inside, 3) if False else attempt(changed_inside, 3)
del range
repeat(triangle, 10)
