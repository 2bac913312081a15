"""The command line: which engines and tools, and what becomes of the table."""

import argparse
import dataclasses
import json
import re
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from common.engines import Place
from common.environments import NotProvided
from common.live import find_tool, run_tool

from matrix import engines, table
from matrix.engines import ENGINES, Engine
from matrix.facts import Row
from matrix.looking import Tool, fill
from matrix.tools import KNOWN_GAPS, TOOLS


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="cargo xtask matrix",
        description="Has real tools look at a program of which everything is known, under one "
        "engine after the other, and shows which facts come out right. Exits with 1 if any is "
        "worse under rjit than under plain CPython, unless that is known.",
    )
    parser.add_argument(
        "--engines", default=",".join(ENGINES), metavar="A,B", help=f"({','.join(ENGINES)})"
    )
    parser.add_argument(
        "--tools", default="", metavar="TEXT,TEXT", help="those whose names contain such a text"
    )
    parser.add_argument("--list", action="store_true", help="show the tools, run nothing")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all cells there")
    parser.add_argument(
        "--update-docs",
        action="store_true",
        help="put the table into docs/compatibility.md; needs all engines and tools",
    )
    parser.add_argument("--fresh", action="store_true", help="make the environments anew")
    chosen = parser.parse_args(argv)
    if unknown := set(chosen.engines.split(",")) - set(ENGINES):
        parser.error(f"no such engine: {', '.join(unknown)}")
    return chosen


def main(argv: Sequence[str] | None = None) -> int:
    chosen = arguments(argv)
    parts = chosen.tools.split(",")
    tools = [tool for name, tool in TOOLS.items() if any(part in name for part in parts)]
    if chosen.list:
        print("\n".join(f"{tool.name:32} {tool.shows}" for tool in tools))
        return 0
    picked = [ENGINES[name] for name in chosen.engines.split(",")]
    if chosen.update_docs and (len(picked), len(tools)) != (len(ENGINES), len(TOOLS)):
        print("--update-docs needs all engines and all tools")
        return 2
    places = {
        name: place(name, fresh=chosen.fresh)
        for name in sorted({engine.environment for engine in picked})
    }
    rows: list[Row] = []
    for engine in picked:
        found = filled(engine, places[engine.environment], tools)
        print(f"\n{table.for_terminal(engine.title, found)}\n", flush=True)
        print("\n".join(line for row in found for line in table.evidence(row)), flush=True)
        rows += found
    told = versions(places)
    print(told)
    if chosen.json:
        data = {"versions": told, "rows": [dataclasses.asdict(row) for row in rows]}
        chosen.json.write_text(json.dumps(data, indent=1))
    if chosen.update_docs:
        titles = {engine.name: engine.title for engine in picked}
        text = table.for_document(titles, [tool.name for tool in tools], rows, told)
        document = table.DOCUMENT.read_text("utf-8")
        table.DOCUMENT.write_text(table.in_document(document, text), "utf-8")
    surprises = surprising(rows)
    print("\n".join(surprises))
    return 1 if surprises else 0


def place(name: str, *, fresh: bool) -> Place:
    try:
        return engines.provide(name, lambda text: print(text, flush=True), fresh=fresh)
    except NotProvided as error:
        sys.exit(f"the environment {name} cannot be made: {error}")


def filled(engine: Engine, place: Place, tools: Sequence[Tool]) -> list[Row]:
    """The rows of one engine."""
    without = engines.unavailable(engine, place)
    rows = []
    for tool in tools:
        if missing := without or absent(tool, place):
            rows.append(Row(tool.name, engine.name, missing=missing))
            continue
        print(f"{engine.name}: {tool.name}", end="", flush=True)
        row = fill(tool, engine, place)
        print(f": {table.summed_up(row).replace('**', '')}", flush=True)
        rows.append(row)
    return rows


def absent(tool: Tool, place: Place) -> str:
    """Why a tool cannot be used, if so."""
    wanted = tool.distribution or tool.program
    if wanted in place.missing:
        return place.missing[wanted]
    if tool.distribution:
        return "" if tool.distribution in place.versions else "it is not installed"
    if tool.program and find_tool(tool.program, place.python) is None:
        return "it is not installed"
    return ""


def surprising(rows: Sequence[Row]) -> list[str]:
    """Where rjit shows less than plain CPython, and where it does so no longer."""
    plain = {row.tool: row for row in rows if row.engine == "plain"}
    found = []
    for row in rows:
        if row.engine != "rjit" or row.tool not in plain:
            continue
        other = plain[row.tool]
        if row.missing and not other.missing:
            found.append(f"missing under rjit: {row.tool}: {row.missing}")
        for fact, cell in row.cells.items():
            known, _why = KNOWN_GAPS.get((row.tool, fact), ("", ""))
            if known and cell.word != known:
                found.append(f"expected to be {known}: {row.tool}: {fact}: {cell}")
            elif fact in row.worse_than(other) and not known:
                found.append(f"worse than plain: {row.tool}: {fact}: {cell}")
    return found


def versions(places: dict[str, Place]) -> str:
    """What the table is about, in one sentence."""
    installed = {name: v for place in places.values() for name, v in place.versions.items()}
    programs = []
    for name in ("perf", "gdb"):
        if path := find_tool(name):
            first = run_tool(path, "--version").splitlines()[0]
            programs.append(f"{name} {re.search(r'\d+(\.\d+)+', first)[0]}")
    names = {tool.distribution or tool.program for tool in TOOLS.values()} | {"cinderx"}
    packages = sorted(
        f"{name} {installed[key]}" for name in names if (key := name.replace("-", "_")) in installed
    )
    listed = ", ".join([f"CPython {installed['python']}", *packages, *programs])
    return textwrap.fill(f"With {listed}.", 118, break_on_hyphens=False, break_long_words=False)


if __name__ == "__main__":
    sys.exit(main())
