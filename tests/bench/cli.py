"""The command line: what is measured, and what becomes of the results."""

import argparse
import dataclasses
import datetime
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from common.environments import NotProvided

from bench import engines, figures, machine, measuring, observing, svg, table
from bench.engines import LOADED, TITLES, Engine, Say
from bench.measuring import FULL, QUICK, Measured, Settings
from bench.programs import CURVES, OBSERVED, PROGRAMS, Program

PARTS = ("programs", "curves", "costs")


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="cargo xtask bench",
        description="Measures rjit and its peers side by side: programs of pyperformance and some "
        "more, warm-up curves, and what it costs to have rjit and to look at it. Exits with 1 if a "
        "program's result under rjit is not plain CPython's, or if it fails under rjit only.",
    )
    parser.add_argument(
        "--engines", default=",".join(TITLES), metavar="A,B", help=f"({','.join(TITLES)})"
    )
    parser.add_argument(
        "--programs", default="", metavar="A,B", help="those of these names; --list shows all"
    )
    parser.add_argument(
        "--parts", default=",".join(PARTS), metavar="A,B", help=f"({','.join(PARTS)})"
    )
    parser.add_argument("--list", action="store_true", help="show the programs, run nothing")
    parser.add_argument("--quick", action="store_true", help="some minutes for a rough answer")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all results there")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the picture there")
    parser.add_argument(
        "--update-docs",
        action="store_true",
        help="put the tables and the picture into docs/performance.md; needs all of it, not quick",
    )
    parser.add_argument("--fresh", action="store_true", help="make the environments anew")
    chosen = parser.parse_args(argv)
    for words, known in (
        (chosen.engines, TITLES),
        (chosen.programs, PROGRAMS),
        (chosen.parts, PARTS),
    ):
        if unknown := set(filter(None, words.split(","))) - set(known):
            parser.error(f"not known: {', '.join(sorted(unknown))}")
    whole = not chosen.programs and len(chosen.engines.split(",")) == len(TITLES)
    if chosen.update_docs and (
        chosen.quick or not whole or len(chosen.parts.split(",")) < len(PARTS)
    ):
        parser.error("--update-docs needs all engines, programs and parts, and no --quick")
    return chosen


def main(argv: Sequence[str] | None = None) -> int:
    chosen = arguments(argv)
    if chosen.list:
        print("\n".join(PROGRAMS))
        return 0
    say = _progress()
    names = chosen.programs.split(",") if chosen.programs else list(PROGRAMS)
    programs = [PROGRAMS[name] for name in names]
    wanted = [name for name in TITLES if name in chosen.engines.split(",")]
    extra = [LOADED] if "rjit" in wanted else []
    try:
        found = engines.provide([*wanted, *extra], say, fresh=chosen.fresh)
    except NotProvided as error:
        sys.exit(f"the programs cannot be had: {error}")
    settings = QUICK if chosen.quick else FULL
    results = collect(programs, found, settings, chosen.parts.split(","), say)
    print(f"\n{table.for_terminal(results)}")
    _keep(chosen, results, say)
    return 1 if at_fault(results) else 0


def _progress() -> Say:
    begin = time.monotonic()

    def say(text: str) -> None:
        passed = int(time.monotonic() - begin)
        print(f"[{passed // 60:2}:{passed % 60:02}] {text}", flush=True)

    return say


def collect(
    programs: Sequence[Program],
    found: dict[str, Engine],
    settings: Settings,
    parts: Sequence[str],
    say: Say,
) -> dict:
    """Measures, and returns all there is to tell, as what JSON has."""
    begin, about = time.monotonic(), machine.machine()
    peers = {name: engine for name, engine in found.items() if name != LOADED}
    there = {name: engine for name, engine in peers.items() if not engine.missing}
    measured = Measured()
    if "programs" in parts:
        measured = measuring.measure(programs, there, settings, say)
    chosen = {program.name for program in programs}
    curves = _curves(chosen, there, settings, measured, say) if "curves" in parts else {}
    costs = []
    if "costs" in parts:
        observed = [name for name in OBSERVED if name in chosen][: settings.observed]
        tools = observing.watches(Path(sys.executable))
        costs = observing.observe(observed, found, tools, settings, measured, say)
    of_programs = figures.summed_up(measured)
    for program in programs:
        # A new process is never warmer than the last.
        for it in of_programs.get(program.name, {}).values() if program.starts_processes else ():
            it.to_peak = None
    in_mean = [program.name for program in programs if program.in_mean]
    about.load_after = machine.load()
    return {
        "date": datetime.datetime.now().astimezone().isoformat(timespec="minutes"),
        "commit": _commit(),
        "minutes": (time.monotonic() - begin) / 60,
        "machine": dataclasses.asdict(about),
        "settings": dataclasses.asdict(settings),
        "packages": _packages(),
        "engines": {
            name: {"title": it.title, "version": it.version, "missing": it.missing}
            for name, it in peers.items()
        },
        "programs": {
            program: {engine: dataclasses.asdict(it) for engine, it in by_engine.items()}
            for program, by_engine in of_programs.items()
        },
        "series": {
            program: {
                engine: [dataclasses.asdict(one) for one in all_of_it]
                for engine, all_of_it in by_engine.items()
            }
            for program, by_engine in measured.series.items()
        },
        "means": figures.means(of_programs, in_mean, there),
        "curves": curves,
        "costs": [dataclasses.asdict(cost) for cost in costs],
        "wrong": measured.wrong,
        "troubles": measured.troubles,
    }


def _curves(
    chosen: set[str],
    there: dict[str, Engine],
    settings: Settings,
    measured: Measured,
    say: Say,
) -> dict:
    curves = {}
    for name in [name for name in CURVES if name in chosen][: settings.curves]:
        say(f"warm-up: {name}")
        program = dataclasses.replace(PROGRAMS[name], arguments=CURVES[name])
        amount = measuring.Amount(1, settings.iterations - 1, 1)
        series: dict[str, list] = {}
        turns = measuring.in_turn(
            program, list(there.values()), amount, settings.curve_rounds, measured, say
        )
        for engine, one in turns:
            series.setdefault(engine, []).append(one)
        curves[name] = {it: dataclasses.asdict(figures.curve(all_)) for it, all_ in series.items()}
    return curves


def _commit() -> str:
    def git(*words: str) -> str:
        root = Path(__file__).parent
        done = subprocess.run(
            ["git", *words], cwd=root, capture_output=True, text=True, check=False
        )
        return done.stdout.strip() if done.returncode == 0 else ""

    changed = git("status", "--porcelain", "--untracked-files=no")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + (" with changes" if changed else "")


def _packages() -> dict[str, str]:
    lines = engines.REQUIREMENTS.read_text().splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


def _keep(chosen: argparse.Namespace, results: dict, say: Say) -> None:
    if chosen.json:
        chosen.json.write_text(json.dumps(results, indent=1) + "\n")
    pictures = [file for file in (chosen.svg, chosen.update_docs and table.PICTURE) if file]
    for file in pictures:
        try:
            svg.draw(results, file, say)
        except NotProvided as error:
            say(str(error))
    if chosen.update_docs:
        document = table.DOCUMENT.read_text("utf-8")
        text = table.for_document(results)
        table.DOCUMENT.write_text(table.in_document(document, text), "utf-8")


def at_fault(results: dict) -> list[str]:
    """The programs that have another result under rjit, or fail there and not under plain CPython."""
    failed = {(it["program"], it["engine"]) for it in results["troubles"]}
    return sorted(
        {name for name, text in results["wrong"].items() if text}
        | {name for name, engine in failed if engine == "rjit" and (name, "plain") not in failed}
    )
