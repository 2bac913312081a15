"""The results as tables, on a terminal and in the document."""

import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

from common.documents import with_part

DOCUMENT = Path(__file__).parents[2] / "docs" / "performance.md"
PICTURE = DOCUMENT.with_name("performance.svg")

BEGIN = "<!-- from cargo xtask bench --update-docs: -->\n"
END = "<!-- end of the results -->\n"

NOTHING = "–"


def seconds(time: float | None) -> str:
    """With three digits, in the unit that fits."""
    if time is None:
        return NOTHING
    if time == 0:
        return "0 s"
    for unit, factor in (("s", 1), ("ms", 1e3), ("µs", 1e6)):
        if time * factor >= 1 or unit == "µs":
            return f"{_digits(time * factor)} {unit}"
    return NOTHING


def _digits(number: float) -> str:
    places = 0 if number >= 100 else 1 if number >= 10 else 2
    return f"{number:.{places}f}"


def size(count: float | None) -> str:
    if count is None:
        return NOTHING
    for unit, factor in (("MiB", 2**20), ("KiB", 2**10)):
        if count >= factor:
            return f"{_digits(count / factor)} {unit}"
    return f"{count:.0f} B"


def share(part: float | None, *, signed: bool = False) -> str:
    if part is None:
        return NOTHING
    return f"{part * 100:+.1f} %" if signed else f"{part * 100:.1f} %"


def number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2f}"


type Rows = list[list[str]]


def _ran(results: dict) -> list[str]:
    """The engines that there are, plain CPython first."""
    return [name for name, engine in results["engines"].items() if not engine["missing"]]


def speed(results: dict) -> Rows:
    """How fast each engine runs each program: plain CPython in seconds, the others as ratios to it."""
    engines = _ran(results)
    titles = {name: results["engines"][name]["title"] for name in engines}
    rows = [["program", *(titles[name] for name in engines)]]
    for program, by_engine in results["programs"].items():
        rows.append([program, *(_speed(by_engine.get(name), name) for name in engines)])
    mean = results["means"]
    rows.append(["**geometric mean**", *(number(mean.get(name)) for name in engines)])
    return rows


def _speed(figures: dict | None, engine: str) -> str:
    if figures is None:
        return "failed"
    spread = f"±{figures['spread'] * 100:.0f} %"
    if engine == "plain" or figures["ratio"] is None:
        return f"{seconds(figures['median'])} {spread}"
    return f"{number(figures['ratio'])} {spread}"


def peaks(results: dict) -> Rows:
    """The time until each engine is at its peak."""
    engines = _ran(results)
    rows = [["program", *(results["engines"][name]["title"] for name in engines)]]
    for program, by_engine in results["programs"].items():
        cells = [
            seconds(by_engine[it]["to_peak"]) if it in by_engine else "failed" for it in engines
        ]
        rows.append([program, *cells])
    return rows


def memory(results: dict) -> Rows:
    """The peak of memory, plain CPython's in bytes and the others' as ratios to it."""
    engines = _ran(results)
    rows = [["program", *(results["engines"][name]["title"] for name in engines)]]
    for program, by_engine in results["programs"].items():
        plain = by_engine.get("plain", {}).get("peak_bytes")
        cells = []
        for name in engines:
            used = by_engine.get(name, {}).get("peak_bytes")
            known = used and (plain or name == "plain")
            ratio = size(used) if name == "plain" else number(used / plain) if known else NOTHING
            cells.append(ratio if known else NOTHING)
        rows.append([program, *cells])
    return rows


def compiler(results: dict) -> Rows:
    """What rjit's compiler has done for each program, and whether the result is right."""
    rows = [
        [
            "program",
            "result",
            "compiling",
            "longest pause",
            "compiled",
            "refused",
            "machine code",
            "each",
            "metadata each",
        ]
    ]
    for program, by_engine in results["programs"].items():
        told = (by_engine.get("rjit") or {}).get("compiler")
        wrong = results["wrong"].get(program)
        verdict = NOTHING if wrong is None else "**differs**" if wrong else "same"
        if told is None:
            rows.append([program, verdict, *[NOTHING] * 7])
            continue
        rows.append(
            [
                program,
                verdict,
                seconds(told["milliseconds"] / 1e3),
                seconds(told["longest"] / 1e3),
                str(told["compiled"]),
                str(told["refused"]),
                size(told["code_bytes"]),
                size(told["code_each"]),
                size(told["metadata_each"]),
            ]
        )
    return rows


# The iterations of a curve that are shown.
SHOWN = (1, 2, 3, 5, 10, 20, 50, 100, 200)


def curves(results: dict) -> Rows:
    """Single iterations of warm-up curves, one row for each program and engine."""
    rows = [["program", "engine", *(f"{number}." for number in SHOWN), "to peak"]]
    for program, by_engine in results["curves"].items():
        for name, curve in by_engine.items():
            times = curve["times"]
            cells = [seconds(times[it - 1]) if it <= len(times) else NOTHING for it in SHOWN]
            title = results["engines"][name]["title"]
            rows.append([program, title, *cells, seconds(curve["to_peak"])])
    return rows


def costs(results: dict) -> Rows:
    rows = [["program", "engine", "with", "costs", "noise", "wanted"]]
    for cost in results["costs"]:
        said = share(cost["share"], signed=True)
        wanted = f"under {share(cost['limit'])}" if cost["limit"] else NOTHING
        if cost["limit"] and cost["share"] is not None and cost["share"] >= cost["limit"]:
            said = f"**{said}**"
        if cost["missing"]:
            said = f"missing: {cost['missing'].splitlines()[-1]}"
        rows.append(
            [
                cost["program"],
                _engine_in(cost, results),
                cost["tool"] or NOTHING,
                said,
                share(cost["noise"]),
                wanted,
            ]
        )
    return rows


def _engine_in(cost: dict, results: dict) -> str:
    if cost["engine"] == "rjit-loaded":
        return "rjit imported, not enabled"
    return results["engines"].get(cost["engine"], {}).get("title", cost["engine"])


def missing(results: dict) -> list[str]:
    return [
        f"{engine['title']}: {engine['missing']}"
        for engine in results["engines"].values()
        if engine["missing"]
    ]


def troubles(results: dict) -> list[str]:
    found = []
    for it in results["troubles"]:
        title = results["engines"].get(it["engine"], {}).get("title", "the result")
        lines = [line for line in it["text"].splitlines() if line.strip()]
        said = lines[0] if len(lines) < 2 else f"{lines[0]}: {lines[-1]}"
        found.append(f"{it['program']}, {title}: {said}")
    return found


def losses(results: dict) -> str:
    """Where rjit is not the fastest, in words that come from the numbers alone."""
    if "rjit" not in _ran(results):
        return ""
    sentences = []
    slower = _those(results, lambda it: it["rjit"]["ratio"] and it["rjit"]["ratio"] < 0.98)
    if slower:
        sentences.append(f"rjit is slower than plain CPython on {_listed(slower)}.")
    same = _those(results, lambda it: it["rjit"]["ratio"] and 0.98 <= it["rjit"]["ratio"] < 1.05)
    if same:
        sentences.append(f"It makes next to no difference (less than 5 %) on {_listed(same)}.")
    for name in _ran(results):
        if name in ("plain", "rjit"):
            continue
        behind = _those(
            results,
            lambda it, name=name: name in it and it[name]["median"] < 0.98 * it["rjit"]["median"],
        )
        ran = _those(results, lambda it, name=name: name in it)
        if behind:
            title = results["engines"][name]["title"]
            sentences.append(
                f"{title} is faster on {len(behind)} of {len(ran)}: {_listed(behind)}."
            )
    used = [
        it["rjit"]["peak_bytes"] / it["plain"]["peak_bytes"]
        for it in results["programs"].values()
        if "rjit" in it and "plain" in it and it["plain"].get("peak_bytes")
    ]
    if used and statistics.median(used) > 1.05:
        sentences.append(
            f"Its processes take {number(statistics.median(used))} times as much memory as plain "
            f"CPython's (the median), at most {number(max(used))} times."
        )
    over = [
        f"{it['tool'] or _engine_in(it, results)} on {it['program']} "
        f"({share(it['share'], signed=True)})"
        for it in results.get("costs", ())
        if it["limit"] and it["share"] is not None and it["share"] >= it["limit"]
    ]
    if over:
        sentences.append(f"Costs over what is wanted: {_listed(over)}.")
    return " ".join(sentences)


def _those(results: dict, wanted: Callable[[dict], object]) -> list[str]:
    programs = results["programs"].items()
    return [program for program, it in programs if "rjit" in it and wanted(it)]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


def about(results: dict) -> str:
    """Versions, machine, date and amount."""
    versions = ", ".join(
        f"{engine['title']} {engine['version']}"
        for engine in results["engines"].values()
        if not engine["missing"]
    )
    it, settings = results["machine"], results["settings"]
    return (
        f"{results['date']}, rjit at commit {results['commit']}. {versions}; pyperf "
        f"{results['packages']['pyperf']}, pyperformance {results['packages']['pyperformance']}. "
        f"{it['cpu']}, {it['processors']} processors, {it['memory_gib']} GiB, Linux {it['kernel']}; "
        f"load {it['load_before']} before and {it['load_after']} after. "
        f"{settings['rounds']} processes of each engine for each program, in turn, of about "
        f"{settings['seconds']} s under plain CPython; the run took {results['minutes']:.0f} minutes."
    )


def columns(rows: Rows) -> str:
    """For a terminal."""
    rows = [[cell.replace("**", "") for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def markdown(rows: Rows) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lines.insert(1, "|---" * len(rows[0]) + "|")
    return "\n".join(lines)


PARTS = (
    ("Speed", "plain CPython: median and spread; others: times as fast, and spread", speed),
    ("Time to peak", "before the first iteration that is at most 10 % from the median", peaks),
    ("Memory", "plain CPython: peak; others: times as much", memory),
    ("rjit's compiler", "for one process; a piece is a function or a loop", compiler),
    ("Warm-up", "single iterations", curves),
    ("Costs", "how much longer it takes", costs),
)


def for_terminal(results: dict) -> str:
    parts = []
    for title, explained, make in PARTS:
        rows = make(results)
        if len(rows) > 1:
            parts.append(f"{title} ({explained})\n\n{columns(rows)}")
    for title, lines in (("Missing", missing(results)), ("Failed", troubles(results))):
        if lines:
            parts.append(f"{title}\n\n" + "\n".join(lines))
    wrong = [f"{name}: {text}" for name, text in results["wrong"].items() if text]
    if wrong:
        parts.append("Results that differ under rjit\n\n" + "\n".join(wrong))
    return "\n\n".join([*parts, about(results)])


def for_document(results: dict) -> str:
    parts = [about(results), "![Times as fast as plain CPython](performance.svg)"]
    if lost := losses(results):
        parts.append(f"## Where rjit loses\n\n{lost}")
    for title, explained, make in PARTS:
        rows = make(results)
        if len(rows) > 1:
            parts.append(
                f"## {title}\n\n{explained[0].upper()}{explained[1:]}.\n\n{markdown(rows)}"
            )
    for title, lines in (("Missing", missing(results)), ("Failed", troubles(results))):
        if lines:
            parts.append(f"## {title}\n\n" + "\n".join(f"- {line}" for line in lines))
    return "\n\n".join(parts) + "\n"


def in_document(document: str, text: str) -> str:
    """The document with the results in their place."""
    return with_part(document, BEGIN, END, text, DOCUMENT)
