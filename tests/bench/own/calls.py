"""Calls of all kinds that do next to nothing."""

import pyperf

ROUNDS = 20_000


def function(number):
    return number


def keywords(number, *, step=1, scale=2):
    return number


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def method(self, number):
        return number


def make_closure():
    kept = 1

    def closure(number):
        return kept

    return closure


def call_function():
    total = 0
    for number in range(ROUNDS):
        total += function(number)
    return total


def call_method():
    total, point = 0, Point(1, 2)
    for number in range(ROUNDS):
        total += point.method(number)
    return total


def call_closure():
    total, closure = 0, make_closure()
    for number in range(ROUNDS):
        total += closure(number)
    return total


def call_keywords():
    total = 0
    for number in range(ROUNDS):
        total += keywords(number, scale=3, step=number)
    return total


def call_class():
    total = 0
    for number in range(ROUNDS):
        total += Point(number, number).y
    return total


# In the order of pyperf's worker tasks.
TASKS = {
    "call_function": call_function,
    "call_method": call_method,
    "call_closure": call_closure,
    "call_keywords": call_keywords,
    "call_class": call_class,
}

if __name__ == "__main__":
    runner = pyperf.Runner()
    for name, task in TASKS.items():
        runner.bench_func(name, task)
