# for over every kind of iterable, by one and the same loop; changed while running; iterators that raise or end early.
# expect-compiled: collect, total, nested
# expect-deopts: 1
from _support import attempt, probe, repeat, show


def collect(items):
    out = []
    for item in items:
        out.append(item)
    else:
        out.append("else")
    return out


def total(items):
    result = 0
    for item in items:
        result += item
    return result


def search(items, wanted):
    for index, item in enumerate(items):
        if item == wanted:
            found = index
            break
    else:
        return "not found"
    return found


def nested(rows):
    count = 0
    for row in rows:
        for cell in row:
            if cell is None:
                break
            if cell == 0:
                continue
            count += cell
        else:
            count += 1000
    return count


def zipped(a, b):
    return [(x, y) for x, y in zip(a, b)]


def drops_iterator(items):
    for item in items:
        return item
    return None


class Count:
    def __init__(self, n, error=None):
        self.n = n
        self.error = error

    def __iter__(self):
        return self

    def __next__(self):
        if self.n <= 0:
            raise self.error or StopIteration("done")
        self.n -= 1
        return self.n


class GetItem:
    def __getitem__(self, i):
        if i >= 3:
            raise IndexError
        return i * i


class BadIter:
    def __iter__(self):
        return 5


class RaisingIter:
    def __iter__(self):
        raise OSError("no iterator")


def gen(n, error=None):
    for i in range(n):
        yield i
    if error:
        raise error


def iterables():
    yield from [[1, 2], (3, 4), range(3), range(5, 0, -2), range(0), {7: 8}, {9}, {1: 2}.items(), {1: 2}.values(), iter([1, 2]), gen(3), Count(3), GetItem(), map(abs, [-1]), filter(None, [0, 1])]
    yield from ["ab", b"ab", "é€", bytearray(b"z"), memoryview(b"m"), reversed([1, 2]), zip([1], [2]), enumerate("x"), [], (), "", Count(0), range(2**62, 2**62 + 3), range(-(2**63), -(2**63) + 2), range(2**70, 2**70 + 2)]
    yield from [5, None, BadIter(), RaisingIter(), Count(2, ValueError("in next")), gen(2, KeyError("in gen")), Count(1, StopIteration), int, frozenset({1}), iter(iter([5]))]


for func in (collect, total, drops_iterator):
    for usual in ([1, 2, 3], (1, 2, 3), range(4)):
        probe(func, (usual,))
        for iterable in iterables():
            attempt(func, iterable)
probe(search, ([1, 2, 3], 2), ([1, 2, 3], 5), ("abc", "c"), ([], 1), ([1.0], 1), (5, 5), (gen(4), 3))
probe(nested, ([[1, 2], [3]],), ([[1, None, 5], [0, 2]],), ([(1, 2), range(3), {4}],), ([[1], 5],), ([["x"]],), ([],), ([[2**62, 2**62]],))
probe(zipped, ([1, 2], "ab"), ([1], []), (gen(2), gen(3)), (1, 2))


def grow(items):
    for item in items:
        if len(items) < 20:
            items.append(item + 1)
    return len(items), items[-1]


def shrink(items):
    seen = []
    for item in items:
        seen.append(item)
        items.pop()
    return seen


def replace(items):
    seen = []
    for item in items:
        seen.append(item)
        items = "other"
        item = None
    return seen, items, item


def clear_dict(table):
    for key in table:
        table.clear()
    return key


repeat(lambda: grow([1]))
repeat(lambda: shrink([1, 2, 3, 4]))
repeat(replace, [1, 2])
for _ in range(10):
    try:
        clear_dict({1: 1, 2: 2})
    except RuntimeError as exc:
        text = str(exc)
show(text)
attempt(clear_dict, {1: 1, 2: 2})
attempt(clear_dict, {})
