"""A program in which nothing becomes hot: each function is new, is called a few times, and its loop is short."""

import pyperf

FUNCTIONS = 300
CALLS = 20

SOURCE = """
def work(number):
    total = 0
    for step in range(25):
        total += step * number
        if total > 1000:
            total -= len(str(step))
    return total
"""


def fresh():
    """Functions that have never run, each with code of its own."""
    found = []
    for _ in range(FUNCTIONS):
        namespace = {}
        exec(compile(SOURCE, __file__, "exec"), namespace)
        found.append(namespace["work"])
    return found


def calls(functions):
    total = 0
    for function in functions:
        for number in range(CALLS):
            total += function(number)
    return total


def cold(loops):
    taken = 0
    for _ in range(loops):
        functions = fresh()
        begin = pyperf.perf_counter()
        calls(functions)
        taken += pyperf.perf_counter() - begin
    return taken


if __name__ == "__main__":
    pyperf.Runner().bench_time_func("cold", cold)
