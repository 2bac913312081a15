"""Programs in which nothing becomes hot. In one each function is new, is called a few times, and its loop is short, so
all the time goes to Python code that is still being counted. In the other most of it goes to C code, as it does in
programs that are never hot.
"""

import zlib

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


NATIVE = """
def work(numbers):
    words = ",".join(map(str, numbers))
    return sum(sorted(numbers)) + crc32(words.encode()) + words.count("1")
"""

NUMBERS = [(number * 7919) % 10_007 for number in range(10_000)]


def fresh(source=SOURCE, count=FUNCTIONS):
    """Functions that have never run, each with code of its own."""
    found = []
    for _ in range(count):
        namespace = {"crc32": zlib.crc32}
        exec(compile(source, __file__, "exec"), namespace)
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


def native(loops):
    taken = 0
    for _ in range(loops):
        functions = fresh(NATIVE, 5)
        begin = pyperf.perf_counter()
        for function in functions:
            function(NUMBERS)
        taken += pyperf.perf_counter() - begin
    return taken


if __name__ == "__main__":
    runner = pyperf.Runner()
    runner.bench_time_func("cold", cold)
    runner.bench_time_func("cold_native", native)
