"""Turning rjit on from outside: `python -m rjit` and `RJIT=1`.

The program must not see how it was started. Most tests therefore run a program plainly and by way of
rjit, and compare what it says.
"""

import json
import os
import subprocess
import sys
import time

import pytest

PYTHON = os.environ.get("RJIT_TEST_PYTHON", sys.executable)

# What a program can see of the way it was started.
SELF_PORTRAIT = """\
import os, sys
main = sys.modules["__main__"]
print(main.__name__, getattr(main, "__file__", None), main.__spec__ and main.__spec__.name)
print(main.__package__, getattr(main, "__cached__", None), sorted(vars(main)))
print(sys.argv, sys.orig_argv, sys.path, sys.flags, sys.executable)
print({name: value for name, value in os.environ.items()})
"""


def python(*arguments, cwd, **variables):
    """Runs the interpreter without what the caller's environment says about Python and rjit."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "RJIT"))
    }
    environment |= {"PYTHON_COLORS": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [PYTHON, *map(str, arguments)],
        cwd=cwd,
        env=environment | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def enabled(*arguments, cwd, **variables):
    """Runs an interpreter with a program that prints whether rjit is on, and returns what it prints."""
    run = python(*arguments, cwd=cwd, **variables)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


IS_ENABLED = "import rjit; print(rjit.is_enabled())"


@pytest.fixture
def script(tmp_path):
    """Writes a script and returns its path."""

    def write(text, name="program.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    return write


@pytest.fixture
def folder(script, tmp_path):
    script(SELF_PORTRAIT)
    script(SELF_PORTRAIT, "package/__init__.py")
    script(SELF_PORTRAIT, "package/__main__.py")
    return tmp_path


@pytest.mark.parametrize(
    "program",
    [
        ["program.py"],
        ["program.py", "--calls", "5", "-m", "x"],
        ["./program.py", "--help"],
        ["package"],
        ["-m", "package", "-v", "--", "a b"],
        ["-mpackage"],
        ["-m", "program", ""],
        ["-c", SELF_PORTRAIT, "--stats"],
        [f"-c{SELF_PORTRAIT}", "a"],
    ],
    ids=lambda program: " ".join(program).partition("\n")[0],
)
@pytest.mark.parametrize(
    "flags", [[], ["-I"], ["-B", "-u", "-W", "error"], ["-P"], ["-OO", "-X", "dev"]], ids=" ".join
)
def test_program_cannot_tell(folder, flags, program):
    plain = python(*flags, *program, cwd=folder)
    compiled = python(*flags, "-m", "rjit", "--calls", "3", "--loops=4", *program, cwd=folder)
    assert compiled.stdout == plain.stdout
    assert compiled.stderr == plain.stderr
    assert compiled.returncode == plain.returncode


@pytest.mark.parametrize(
    "flags", [["-Bm", "rjit"], ["-mrjit"], ["-Bmrjit"], ["-W", "ignore", "-mrjit"]]
)
def test_every_spelling_of_the_module_flag(tmp_path, flags):
    run = python(
        *flags, "-c", "import sys; print(sys.flags.dont_write_bytecode)", "a", cwd=tmp_path
    )
    assert (run.stdout, run.stderr) == ("1\n", "")


def test_script_from_standard_input(tmp_path):
    run = subprocess.run(
        [PYTHON, "-m", "rjit", "-", "a"],
        input=f"import sys\n{IS_ENABLED}\nprint(sys.argv)",
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.stdout == "True\n['-', 'a']\n"


def test_inspection_after_the_program(script, tmp_path):
    path = script("answer = 42\n")
    run = subprocess.run(
        [PYTHON, "-q", "-i", "-m", "rjit", path],
        input="print(answer, __name__)\n",
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.stdout == "42 __main__\n"


@pytest.mark.parametrize(
    "text, code",
    [
        ("raise SystemExit", 0),
        ("import sys; sys.exit(7)", 7),
        ("import sys; sys.exit('no')", 1),
        ("def f():\n    return 1 / 0\n\nf()\n", 1),
        ("def f(:\n", 1),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -15),
    ],
)
def test_exit_codes_and_tracebacks(script, tmp_path, text, code):
    path = script(text)
    plain = python(path, cwd=tmp_path)
    compiled = python("-m", "rjit", path, cwd=tmp_path)
    assert compiled.returncode == plain.returncode == code
    assert (compiled.stdout, compiled.stderr) == (plain.stdout, plain.stderr)


def test_missing_script_is_reported_by_python(tmp_path):
    plain = python("nowhere.py", cwd=tmp_path)
    compiled = python("-m", "rjit", "nowhere.py", cwd=tmp_path)
    assert (compiled.returncode, compiled.stderr) == (plain.returncode, plain.stderr)
    assert "nowhere.py" in compiled.stderr


def test_the_process_stays_the_same(script, tmp_path):
    path = script(f"import os; {IS_ENABLED}; print(os.getpid())")
    process = subprocess.Popen(
        [PYTHON, "-m", "rjit", path], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    output, _ = process.communicate(timeout=60)
    assert output == f"True\n{process.pid}\n"


def test_subprocesses_follow_the_environment_only(tmp_path):
    show = "import rjit; print(rjit.is_enabled(), flush=True)"
    both = f"{show}; import subprocess, sys; subprocess.run([sys.executable, '-c', {show!r}])"
    assert enabled("-m", "rjit", "-c", both, cwd=tmp_path) == "True\nFalse"
    assert enabled("-m", "rjit", "-c", both, cwd=tmp_path, RJIT="1") == "True\nTrue"
    assert enabled("-c", both, cwd=tmp_path, RJIT="1") == "True\nTrue"
    assert enabled("-c", both, cwd=tmp_path) == "False\nFalse"


@pytest.mark.parametrize("value", ["", "0"])
def test_off(tmp_path, value):
    assert enabled("-c", IS_ENABLED, cwd=tmp_path, RJIT=value) == "False"


@pytest.mark.parametrize("flag", ["-I", "-E", "-s", "-P"])
def test_flags_that_isolate_do_not_turn_it_off(tmp_path, flag):
    assert enabled(flag, "-c", IS_ENABLED, cwd=tmp_path, RJIT="1") == "True"


def test_without_site_nothing_is_read(tmp_path):
    run = python("-S", "-c", "import sys; print('rjit' in sys.modules)", cwd=tmp_path, RJIT="1")
    assert (run.stdout, run.stderr) == ("False\n", "")


@pytest.mark.parametrize(
    "variables, said",
    [
        ({"RJIT": "yes"}, "yes"),
        ({"RJIT": "1", "RJIT_CALLS": "many"}, "RJIT_CALLS"),
        ({"RJIT": "1", "RJIT_LOOPS": "-1"}, "RJIT_LOOPS"),
    ],
)
def test_a_failure_leaves_the_program_alone(tmp_path, variables, said):
    run = python("-c", "print('ran')", cwd=tmp_path, **variables)
    assert (run.returncode, run.stdout) == (0, "ran\n")
    assert run.stderr.startswith("rjit: running uncompiled: ")
    assert said in run.stderr
    assert run.stderr.count("\n") == 1


def test_subinterpreters_run_uncompiled_without_a_word(tmp_path):
    program = """
from concurrent import interpreters
with_rjit = "import sys; print([name for name in sys.modules if name.split('.')[0] == 'rjit'])"
call = "def square(n):\\n    return n * n\\nprint(sum(square(n) for n in range(1000)))"
interpreter = interpreters.create()
interpreter.exec(with_rjit)
interpreter.exec(call)
interpreter.close()
"""
    run = python("-c", program, cwd=tmp_path, RJIT="1", RJIT_CALLS="1", RJIT_LOOPS="1")
    assert (run.returncode, run.stdout, run.stderr) == (0, "[]\n332833500\n", "")


def test_nothing_is_imported_when_off(tmp_path):
    loaded = "import sys; print([name for name in sys.modules if 'rjit' in name])"
    assert enabled("-c", loaded, cwd=tmp_path) == "[]"


def test_little_is_imported_when_on(tmp_path):
    """A program that lacks an import must not run by chance."""
    names = "import sys; print(*sys.modules)"
    off = python("-c", names, cwd=tmp_path).stdout.split()
    on = python("-c", names, cwd=tmp_path, RJIT="1").stdout.split()
    more = {name for name in set(on) - set(off) if "rjit" not in name}
    assert "rjit._rjit" in on and more <= {"atexit", "gc"}, more


def test_being_off_costs_next_to_nothing():
    """The line in rjit.pth is executed by every process of the environment."""
    import sysconfig

    with open(os.path.join(sysconfig.get_path("purelib"), "rjit.pth")) as file:
        line = file.read()
    best = min(_seconds(line) for _ in range(200))
    assert best < 200e-6, f"{best * 1e6:.0f} microseconds"


def _seconds(line):
    start = time.perf_counter()
    exec(line)
    return time.perf_counter() - start


def test_statistics_as_json(tmp_path):
    run = python("-m", "rjit", "--stats-json", "out.json", "-c", "print(1)", cwd=tmp_path)
    assert (run.returncode, run.stdout, run.stderr) == (0, "1\n", "")
    assert isinstance(json.loads((tmp_path / "out.json").read_text())["executables"], int)


def test_statistics_file_is_meant_from_where_the_command_was_given(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    python(
        "-m",
        "rjit",
        "--stats-json=out.json",
        "-c",
        "import os; os.chdir('elsewhere')",
        cwd=tmp_path,
    )
    assert (tmp_path / "out.json").exists()


def test_dumped_code(tmp_path):
    program = "def f(x):\n return x + 1\nfor i in range(20): f(i)\nimport os; print('RJIT_DUMP' in os.environ)"
    run = python("-m", "rjit", "--calls=3", "--dump-code=out", "-c", program, cwd=tmp_path)
    assert (run.returncode, run.stdout, run.stderr) == (0, "False\n", "")
    (folder,) = (path for path in (tmp_path / "out").iterdir() if path.is_dir())
    files = {path.suffix: path for path in folder.glob("f-*")}
    assert set(files) == {".hir", ".clif", ".asm", ".elf"}
    listing = subprocess.run(
        ["objdump", "--disassemble", "--line-numbers", files[".elf"]],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "<py::f:<string>>:" in listing
    assert "<string>:2" in listing


def test_statistics_of_each_process(tmp_path):
    program = "import subprocess, sys; subprocess.run([sys.executable, '-c', ''])"
    python("-c", program, cwd=tmp_path, RJIT="1", RJIT_STATS_JSON=str(tmp_path / "%p.json"))
    files = list(tmp_path.glob("*.json"))
    assert len(files) == 2
    assert all(file.stem.isdigit() for file in files)


def test_a_forked_child_reports_nothing(tmp_path):
    program = "import os, sys; pid = os.fork(); pid and os.waitpid(pid, 0); sys.exit(3)"
    run = python("-W", "ignore", "-m", "rjit", "--stats", "-c", program, cwd=tmp_path)
    assert run.returncode == 3
    assert run.stderr.count("rjit: ") == 1


def test_statistics_that_cannot_be_written(tmp_path):
    run = python("-m", "rjit", "--stats-json", "no/such/out.json", "-c", "print(1)", cwd=tmp_path)
    assert (run.returncode, run.stdout) == (0, "1\n")
    assert run.stderr.startswith("rjit: the statistics could not be written: ")


def test_summary(tmp_path):
    run = python("-m", "rjit", "--stats", "-c", "print(1)", cwd=tmp_path)
    assert run.stdout == "1\n"
    assert run.stderr.startswith("rjit: ")
    assert "executables" in run.stderr
    variable = python("-c", "print(1)", cwd=tmp_path, RJIT="1", RJIT_STATS="1")
    assert variable.stderr.startswith("rjit: ")


@pytest.mark.parametrize(
    "arguments, said",
    [
        ([], "name a script"),
        (["--calls", "3"], "name a script"),
        (["--calls"], "expected one argument"),
        (["--calls", "0", "x.py"], "--calls"),
        (["--loops=some", "x.py"], "--loops"),
        (["--fast", "x.py"], "--fast"),
    ],
)
def test_mistakes_in_the_options(tmp_path, arguments, said):
    run = python("-m", "rjit", *arguments, cwd=tmp_path)
    assert run.returncode == 2
    assert said in run.stderr
    assert "usage: python -m rjit" in run.stderr


def test_without_the_start_up_file_it_says_so(tmp_path):
    import sysconfig

    run = python(
        "-S", "-m", "rjit", "-c", "", cwd=tmp_path, PYTHONPATH=sysconfig.get_path("platlib")
    )
    assert run.returncode == 2
    assert "rjit.pth" in run.stderr


def test_help_and_version(tmp_path):
    for flag in ("-h", "--help"):
        assert "--stats-json FILE" in python("-m", "rjit", flag, cwd=tmp_path).stdout
    assert python("-m", "rjit", "--version", cwd=tmp_path).stdout.startswith("rjit 0.")


def test_other_interpreters_are_refused_before_anything_is_loaded():
    from types import SimpleNamespace

    from rjit import _supported

    def interpreter(**changes):
        good = {
            "implementation": SimpleNamespace(name="cpython"),
            "version_info": (3, 15, 0),
            "abiflags": "",
            "platform": "linux",
        }
        return SimpleNamespace(**good | changes)

    assert _supported.reason_against(interpreter()) is None
    assert "3.14" in _supported.reason_against(interpreter(version_info=(3, 14, 2)))
    assert "pypy" in _supported.reason_against(
        interpreter(implementation=SimpleNamespace(name="pypy"))
    )
    assert "free-threaded" in _supported.reason_against(interpreter(abiflags="t"))
    assert "debug" in _supported.reason_against(interpreter(gettotalrefcount=int))
    assert "darwin" in _supported.reason_against(interpreter(platform="darwin"))
