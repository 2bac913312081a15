# Containers that are filled, sorted, searched and emptied in loops; dictionaries that change while they are used.
# expect-compiled: word_count, sieve, dedupe
from _support import attempt, probe, repeat, show


def word_count(text):
    counts = {}
    for word in text.split():
        counts[word] = counts.get(word, 0) + 1
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def sieve(n):
    flags = [True] * (n + 1)
    flags[0] = flags[1] = False
    for i in range(2, n + 1):
        if flags[i]:
            for j in range(i * i, n + 1, i):
                flags[j] = False
    return [i for i, flag in enumerate(flags) if flag]


def dedupe(items):
    seen = set()
    kept = []
    for item in items:
        if item not in seen:
            seen.add(item)
            kept.append(item)
    return kept, len(seen)


def queue(n):
    items = list(range(n))
    out = []
    while items:
        x = items.pop(0)
        if x % 3 == 0 and x:
            items.append(x // 3)
        out.append(x)
        if len(out) > 100:
            break
    return out


def matrix(n):
    a = [[i * n + j for j in range(n)] for i in range(n)]
    b = [[(i + j) % 5 for j in range(n)] for i in range(n)]
    c = [[0] * n for _ in range(n)]
    for i in range(n):
        row = c[i]
        for j in range(n):
            total = 0
            for k in range(n):
                total += a[i][k] * b[k][j]
            row[j] = total
    return c


def group(pairs):
    table = {}
    for key, value in pairs:
        table.setdefault(key, []).append(value)
    for key in list(table):
        if len(table[key]) < 2:
            del table[key]
    return table


def grows_while_iterated(table):
    for key in table:
        table[key + 1] = key
    return table


def shrinks(items):
    seen = []
    for item in items:
        seen.append(item)
        items.remove(item)
    return seen, items


def self_containing():
    items = [1]
    items.append(items)
    table = {}
    table["self"] = table
    return items, table, items in items


repeat(word_count, "the cat and the dog and the bird")
attempt(word_count, b"bytes and bytes")
attempt(word_count, 5)
repeat(sieve, 60)
probe(dedupe, ([1, 2, 1, 3],), ("abca",), ([1, 1.0, True],), ([[1]],), ([None, (), None],))
repeat(queue, 30)
repeat(matrix, 5)
repeat(group, [("a", 1), ("b", 2), ("a", 3)])
for _ in range(10):
    try:
        grows_while_iterated({1: 2})
    except RuntimeError:
        pass
attempt(grows_while_iterated, {1: 2})
for _ in range(10):
    result = shrinks([1, 2, 3, 4, 5])
show(result)
repeat(self_containing)
