"""Holds every number in jit/src/cpython and frames/src/cpython against CPython's own headers,
and the opcode table against the interpreter.

The sources name the C expression beside each number; here a C compiler evaluates them. It needs a C compiler and the
headers of the running interpreter (on Debian: python3.15-dev); RJIT_PYTHON_INCLUDE names another include directory.
"""

import ctypes
import os
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
SOURCES = ROOT / "jit" / "src"
LAYOUTS = [SOURCES / "cpython", ROOT / "frames" / "src" / "cpython"]
INCLUDE = pathlib.Path(os.environ.get("RJIT_PYTHON_INCLUDE") or sysconfig.get_path("include"))
COMPILER = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc")

# `NAME: type = value, "C expression";` in `layout!`, `NAME: value, "C expression", ours;` in `published!`.
CONSTANT = re.compile(r'^ +(\w+): (?:\w+ = )?(-?\w+), "(.+?)"(?:;|, \S.*;)$', re.MULTILINE)
FOREIGN = re.compile(r"^    pub (?:fn|static(?: mut)?) (\w+)", re.MULTILINE)
OPCODE = re.compile(r'^ +\w+ = (\d+), "(\w+)", (\w+), (\w+), (\d+),', re.MULTILINE)

HEADERS = [
    "abstract",
    "ceval",
    "code",
    "debug_offsets",
    "descrobject",
    "dict",
    "frame",
    "freelist_state",
    "function",
    "genobject",
    "instruments",
    "interp",
    "interpframe",
    "intrinsics",
    "list",
    "long",
    "moduleobject",
    "object",
    "obmalloc",
    "opcode_utils",
    "range",
    "runtime_structs",
    "stackref",
    "tuple",
    "typeobject",
]


def constants():
    for source in sorted(source for folder in LAYOUTS for source in folder.rglob("*.rs")):
        for name, value, expression in CONSTANT.findall(source.read_text()):
            yield f"{source.relative_to(ROOT)}: {name}", int(value, 0), expression


def evaluate(expressions):
    lines = [
        "#include <Python.h>",
        "#include <frameobject.h>",
        "#include <structmember.h>",
        "#include <stddef.h>",
        "#include <stdio.h>",
    ]
    lines += [f'#include "internal/pycore_{header}.h"' for header in HEADERS]
    lines += ["int main(void) {"]
    lines += [f'    printf("%lld\\n", (long long)({expression}));' for expression in expressions]
    lines += ["    return 0;", "}"]
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder, "layouts")
        source = program.with_suffix(".c")
        source.write_text("\n".join(lines))
        include = [f"-I{INCLUDE}", f"-I{INCLUDE / 'internal'}", "-idirafter", str(INCLUDE.parent)]
        command = [
            *COMPILER.split(),
            "-w",
            "-DPy_BUILD_CORE",
            *include,
            "-o",
            str(program),
            str(source),
        ]
        compiled = subprocess.run(command, check=False, capture_output=True, text=True)
        if compiled.returncode:
            raise AssertionError(
                f"the layouts do not compile against {INCLUDE}:\n{compiled.stderr}"
            )
        output = subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout
    return [int(line) for line in output.split()]


class Layouts(unittest.TestCase):
    @unittest.skipUnless(COMPILER, "no C compiler: install gcc, or set CC")
    @unittest.skipUnless(
        (INCLUDE / "internal").is_dir(), f"no CPython headers in {INCLUDE}: install python3.15-dev"
    )
    def test_numbers_are_those_of_the_headers(self):
        ours = list(constants())
        self.assertGreater(len(ours), 400, "the sources were not understood")
        theirs = evaluate(expression for _, _, expression in ours)
        wrong = [
            f"{place} is {value}, but {expression} is {found}"
            for (place, value, expression), found in zip(ours, theirs, strict=True)
            if value != found
        ]
        self.assertFalse(wrong, "\n".join(wrong))

    def test_foreign_names_are_exported(self):
        names = [
            name
            for source in sorted(
                source for folder in LAYOUTS for source in folder.rglob("ffi*/*.rs")
            )
            for block in re.findall(
                r'^unsafe extern "C(?:-unwind)?" \{$(.*?)^\}$',
                source.read_text(),
                re.MULTILINE | re.DOTALL,
            )
            for name in FOREIGN.findall(block)
        ]
        self.assertGreater(len(names), 150, "the sources were not understood")
        missing = [name for name in names if not hasattr(ctypes.pythonapi, name)]
        self.assertFalse(missing, f"{sys.executable} does not export these")


class Opcodes(unittest.TestCase):
    def setUp(self):
        table = (SOURCES / "bytecode" / "opcode_table.rs").read_text()
        self.rows = OPCODE.findall(table)
        self.names = {name.replace("_", "").lower(): name for _, name, _, _, _ in self.rows}

    def test_all_are_there(self):
        import opcode

        ours = {name: int(number) for number, name, _, _, _ in self.rows}
        theirs = {
            name: number
            for name, number in (opcode.opmap | opcode._specialized_opmap).items()
            if number < 256
        }
        self.assertEqual(theirs, {name: ours.get(name) for name in theirs})
        self.assertLessEqual(ours.keys() - theirs.keys(), {"TRACE_RECORD"})

    def test_specializations_and_caches(self):
        import opcode

        base_of = {name: base for base, names in opcode._specializations.items() for name in names}
        for _, name, kind, base, caches in self.rows:
            with self.subTest(name):
                base = self.names[base.lower()]
                self.assertEqual(kind == "Specialized", name in base_of)
                self.assertEqual(base, base_of.get(name, base))
                self.assertEqual(int(caches), opcode._inline_cache_entries.get(base, 0))


if __name__ == "__main__":
    unittest.main()
