# Larger pieces of ordinary code, working through standard modules written in Python.
# expect-compiled: Parser.term, simulate, Account.withdraw
import collections
import copy
import functools
import heapq
import itertools
import json
import random
import re
import string
import textwrap

from _support import attempt, repeat, show

TOKEN = re.compile(r"\s*(?:(\d+\.?\d*)|(.))")


def tokenize_text(text):
    for number, op in TOKEN.findall(text):
        yield ("num", float(number)) if number else ("op", op)


class Parser:
    def __init__(self, text):
        self.tokens = list(tokenize_text(text))
        self.pos = 0

    def peek(self):
        return self.tokens[self.pos] if self.pos < len(self.tokens) else ("end", None)

    def take(self, value=None):
        kind, text = self.peek()
        if value is not None and text != value:
            raise SyntaxError(f"expected {value!r}, got {text!r}")
        self.pos += 1
        return kind, text

    def expr(self):
        left = self.term()
        while self.peek()[1] in ("+", "-"):
            _, op = self.take()
            right = self.term()
            left = left + right if op == "+" else left - right
        return left

    def term(self):
        left = self.factor()
        while self.peek()[1] in ("*", "/"):
            _, op = self.take()
            right = self.factor()
            left = left * right if op == "*" else left / right
        return left

    def factor(self):
        kind, value = self.take()
        if kind == "num":
            return value
        if value == "(":
            inner = self.expr()
            self.take(")")
            return inner
        if value == "-":
            return -self.factor()
        raise SyntaxError(f"unexpected {value!r}")


class Account:
    def __init__(self, owner, balance=0):
        self.owner, self.balance, self.log = owner, balance, []

    def withdraw(self, amount):
        if amount > self.balance:
            raise ValueError(f"{self.owner} has only {self.balance}")
        self.balance -= amount
        self.log.append(("withdraw", amount))
        return self.balance


def simulate(seed, n):
    rng = random.Random(seed)
    accounts = [Account(name, rng.randrange(100)) for name in string.ascii_lowercase[:5]]
    failures = collections.Counter()
    for _ in range(n):
        account = rng.choice(accounts)
        try:
            account.withdraw(rng.randint(1, 30))
        except ValueError:
            failures[account.owner] += 1
            account.balance += rng.random() * 50
    return sorted(failures.items()), round(sum(account.balance for account in accounts), 6)


def dijkstra(graph, start):
    distances = {start: 0}
    queue = [(0, start)]
    while queue:
        distance, node = heapq.heappop(queue)
        if distance > distances[node]:
            continue
        for neighbour, weight in graph[node].items():
            candidate = distance + weight
            if candidate < distances.get(neighbour, float("inf")):
                distances[neighbour] = candidate
                heapq.heappush(queue, (candidate, neighbour))
    return distances


def queens(n):
    return sum(1 for rows in itertools.permutations(range(n)) if len({r + c for c, r in enumerate(rows)}) == n == len({r - c for c, r in enumerate(rows)}))


def edit_distance(a, b):
    @functools.cache
    def go(i, j):
        if i == 0 or j == 0:
            return i + j
        return min(go(i - 1, j) + 1, go(i, j - 1) + 1, go(i - 1, j - 1) + (a[i - 1] != b[j - 1]))

    return go(len(a), len(b))


def round_trip(data):
    text = json.dumps(data, indent=1, sort_keys=True)
    return json.loads(text) == data, copy.deepcopy(data) == data, len(text)


show(list(tokenize_text("1 + 2.5*x")))
repeat(lambda: Parser("2 * (3 + 4) - -5 / 2").expr())
for text in ("1 +", "(1", "1 / 0", "2 ** 3", ""):
    attempt(lambda: Parser(text).expr())
repeat(simulate, 1, 200, times=5)
repeat(simulate, 2, 1000, times=2)
attempt(Account("x", 5).withdraw, 10)
graph = {i: {(i * 7 + 1) % 50: i % 9 + 1, (i * 3 + 2) % 50: i % 5 + 0.5} for i in range(50)}
repeat(dijkstra, graph, 0, times=5)
show(queens(6))
repeat(edit_distance, "kitten sitting", "sitting kitten", times=5)
repeat(round_trip, {"a": [1, 2.5, None, True, {"é": "ü\n"}], "b": {"c": []}})
attempt(round_trip, {1: object})
print(textwrap.fill("some words that are wrapped " * 6, 30))
for word, count in collections.Counter("the cat and the dog and the end".split()).most_common(3):
    print(word, count)
