"""How hot code is found with the usual thresholds: by looking now and then, and counting only what was found running."""

import os
import subprocess
import sys
import textwrap

import pytest
from test_tier import run

pytest.importorskip("rjit", reason="rjit is not installed here")

PRELUDE = """
import os, time
def comm(name):
    try:
        with open(f"/proc/self/task/{name}/comm") as file:
            return file.read().strip()
    except OSError:  # it has ended
        return "rjit-details"
def ticker():
    "Its folder in /proc, None when there is no such thread. It gives itself its name."
    # The thread that tells details of what is compiled is not meant.
    while len(names := [n for n in os.listdir("/proc/self/task") if comm(n) != "rjit-details"]) > 1:
        for name in names:
            if comm(name) == "rjit-ticker":
                return f"/proc/self/task/{name}"
def stopped():
    "A thread that was waited for is in /proc for another moment."
    end = time.monotonic() + 60
    while ticker() is not None:
        if time.monotonic() > end: return False
    return True
def status(name):
    with open(f"{ticker()}/status") as file:
        return next(line.split()[1] for line in file if line.startswith(name))
def small(n): return n + 1
def busy(n):
    total = 0
    for i in range(n): total += i & 3
    return total
def until_compiled(function, *args):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        function(*args)
        if rjit.explain(function)["compiled"] or any(l["compiled"] for l in rjit.explain(function)["loops"]):
            return
    raise AssertionError("it was never compiled")
def events(function):
    return sys.monitoring.get_local_events(5, function.__code__)
"""

CASES = {}


def case(function):
    CASES[function.__name__] = function()
    return function


@case
def what_runs_all_the_time_is_compiled():
    return """
    rjit.enable()
    until_compiled(busy, 2000)
    assert sys.monitoring.get_events(5) == 0 and events(busy) != 0
    """


@case
def what_runs_a_little_is_not_even_counted():
    return """
    rjit.enable()
    space = []
    for i in range(300):
        exec(f"def cold(n):\\n  for i in range(50): n += {i}\\n  return n")
        for n in range(3): cold(n)
        space.append(cold)
    counted = [f for f in space if events(f)]
    assert len(counted) < 10, len(counted)
    assert not any(rjit.explain(f)["calls"] for f in space if f not in counted)
    assert rjit.stats()["events"] < 10_000, rjit.stats()
    """


@case
def frames_of_the_interpreter_itself_are_passed_over():
    return """
    rjit.enable()
    class Point:
        def __init__(self, n): self.n = n + busy(5)
    def make():
        for n in range(200): Point(n)
    until_compiled(make)
    """


@case
def lower_thresholds_count_everything():
    return """
    rjit.enable(calls=3)
    assert stopped() and sys.monitoring.get_events(5) != 0
    small(1); small(1); small(1)
    assert rjit.explain(small)["compiled"]
    rjit.enable()
    assert ticker() and sys.monitoring.get_events(5) == 0
    until_compiled(busy, 2000)
    rjit.enable(loops=20)
    assert stopped() and sys.monitoring.get_events(5) != 0 and events(busy) == 0
    """


@case
def disable_ends_the_thread_and_enable_starts_it_again():
    return """
    assert stopped()
    rjit.enable()
    assert ticker()
    until_compiled(busy, 2000)
    rjit.disable()
    assert stopped() and events(busy) == 0
    rjit.enable()
    until_compiled(busy, 2000)
    """


@case
def nothing_is_counted_while_others_listen():
    return """
    rjit.enable()
    until_compiled(busy, 2000)
    assert events(busy) != 0
    sys.settrace(lambda *_: None)
    assert events(busy) == 0
    for _ in range(50): busy(2000)
    assert events(busy) == 0
    sys.settrace(None)
    end = time.monotonic() + 60
    while not events(busy):
        busy(2000)
        assert time.monotonic() < end
    """


@case
def the_thread_takes_no_signals():
    return """
    import signal
    rjit.enable()
    assert int(status("SigBlk"), 16) & 1 << signal.SIGALRM - 1
    here = []
    signal.signal(signal.SIGALRM, lambda *_: here.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
    while len(here) < 5: busy(100)
    signal.setitimer(signal.ITIMER_REAL, 0)
    """


@case
def the_thread_sleeps_while_nothing_runs():
    return """
    rjit.enable()
    busy(100)
    time.sleep(0.2)
    before = int(status("voluntary_ctxt_switches"))
    time.sleep(1)
    assert int(status("voluntary_ctxt_switches")) - before < 60
    until_compiled(busy, 2000)
    """


@case
def a_fork_warns_of_no_thread_and_both_sides_go_on():
    return """
    import warnings
    warnings.simplefilter("error")
    rjit.enable()
    busy(100)
    pid = os.fork()
    assert ticker()
    until_compiled(busy, 2000)
    if not pid:
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    """


@case
def a_process_that_was_not_forked_by_python_goes_on():
    return """
    import ctypes
    rjit.enable()
    busy(100)
    pid = ctypes.PyDLL(None).fork()
    if not pid:
        for _ in range(100): busy(2000)
        rjit.disable()
        rjit.enable()
        until_compiled(busy, 2000)
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    """


@case
def functions_without_a_place_to_stop_at_are_found_from_machine_code():
    return """
    exec("def straight(n):\\n" + "  n = n * 3 % 1000\\n" * 20 + "  return n")
    rjit.enable()
    until_compiled(straight, 1)
    """


@case
def nothing_is_imported_in_the_middle_of_the_program():
    return """
    rjit.enable()
    space = {"__builtins__": {}}
    exec("def alone(n):\\n  while n: n -= 1", space)
    until_compiled(space["alone"], 2000)
    assert not rjit.stats()["warnings"]
    """


@case
def a_tool_id_that_is_taken_away_is_noticed_once():
    return """
    rjit.enable()
    sys.monitoring.free_tool_id(5)
    end = time.monotonic() + 60
    while not rjit.stats()["warnings"]:
        busy(2000)
        assert time.monotonic() < end
    [warning] = rjit.stats()["warnings"]
    assert "call rjit.enable() to begin anew" in warning and stopped(), warning
    assert rjit.stats()["monitoring"] == "free again; call rjit.enable() to use it"
    rjit.enable()
    until_compiled(busy, 2000)
    """


@case
def threads_are_looked_at_as_well():
    return """
    import threading
    rjit.enable()
    thread = threading.Thread(target=until_compiled, args=(busy, 2000))
    thread.start(); thread.join()
    assert rjit.explain(busy)["compiled"] or rjit.explain(busy)["loops"][0]["compiled"]
    """


LARGE = """
lines = "".join(f"  x = x + {i} * n if x else {i}\\n" for i in range(100))
exec(f"def large(n):\\n  x = 0\\n{lines}  return x")
def until_compiling():
    end = time.monotonic() + 60
    while time.monotonic() < end:
        large(1)
        if rjit.explain(large)["compiling"]: return
    raise AssertionError
rjit.enable()
until_compiling()
"""


@case
def the_program_goes_on_while_something_is_compiled():
    return f"""{LARGE}
calls = 0
while rjit.explain(large)["compiling"]:
    large(1)
    calls += 1
assert calls > 1, calls
until_compiled(large, 1)
"""


@case
def the_process_ends_while_something_is_compiled():
    return LARGE


@case
def what_is_compiled_for_nothing_is_dropped():
    return f"""{LARGE}
rjit.disable()
while rjit.explain(large)["compiling"]: large(1)
assert not rjit.executables() and not rjit.explain(large)["compiled"]
rjit.enable()
until_compiled(large, 1)
"""


@case
def code_that_dies_is_not_compiled_any_more():
    return f"""{LARGE}
del large
small_ones = [lambda: 1 for _ in range(1000)]
while rjit.stats()["compiling"]: busy(100)
assert "large" not in rjit.stats()["compiled"]
"""


@case
def what_calls_code_that_dies_is_compiled_without_it():
    calling = LARGE.replace("return x", "return x + callee(n)")
    return f"""
exec("def callee(n): return n + 1")
{calling}
exec("def callee(n): return n + 2")
assert not rjit.explain(large)["compiling"]
until_compiled(large, 1)
"""


@case
def a_fork_in_the_middle_of_compiling():
    return f"""{LARGE}
import warnings
warnings.simplefilter("error")
exec("def caller(n):\\n" + "  n = large(n) & 7\\n" * 30 + "  return n")
for _ in range(20):
    caller(1)
    pid = os.fork()
    if not pid:
        until_compiled(large, 1)
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
until_compiled(large, 1)
"""


@case
def large_functions_have_to_be_hotter():
    return """
    rjit.enable()
    lines = "".join(f"  x = x + {i} * n\\n" for i in range(2000))
    exec(f"def large(n):\\n  x = 0\\n{lines}  return x")
    def both():
        large(1)
        for i in range(100): busy(20)
    until_compiled(both)
    assert not rjit.explain(large)["compiled"] and rjit.explain(large)["reason"] is None
    """


@case
def ticks_where_the_stack_is_full_are_no_reason_to_stop():
    return """
    spins = []
    for n in range(60):
        scope = {}
        exec("def spin():\\n  n = 0\\n  while n < 600_000: n += 1", scope)
        spins.append(scope["spin"])
    def dive():
        try:
            [_] = map(lambda _: dive(), [1])
        except RecursionError:
            pass
        if spins: spins.pop()()
    rjit.enable()
    sys.setrecursionlimit(10**6)
    dive()
    assert not spins and rjit.stats()["warnings"] == []
    until_compiled(busy, 2000)
    """


@pytest.mark.parametrize("name", CASES)
def test(name):
    run(PRELUDE + textwrap.dedent(CASES[name]))


def test_what_a_thread_forks_ends_with_that_thread(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        """
import os, threading, warnings
warnings.simplefilter("ignore")
def add(a, b): return a + b
def fork():
    for i in range(300_000): add(i, 1)
    pid = os.fork()
    if pid:
        print(os.waitpid(pid, 0)[1])
    else:
        for i in range(300_000): add(i, 1)
thread = threading.Thread(target=fork)
thread.start()
thread.join()
"""
    )
    env = os.environ | {"RJIT": "1"}
    done = subprocess.run([sys.executable, program], env=env, capture_output=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"0\n", b"")
