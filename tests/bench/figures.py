"""From measured times to what is said of them. Numbers in, numbers out."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.measuring import Measured, Series

# A program is at its peak from its first iteration that takes at most so much more than the median of the later ones.
AT_PEAK = 1.1


@dataclass
class Figures:
    """One program under one engine. Times are in seconds, sizes in bytes."""

    median: float
    # Half of the distance between the quartiles, as a share of the median.
    spread: float
    values: int
    processes: int
    # How many times as fast as plain CPython; None if that is not known.
    ratio: float | None = None
    to_peak: float | None = None
    peak_bytes: int = 0
    compiler: Compiler | None = None


@dataclass
class Compiler:
    """What rjit has done in one process."""

    milliseconds: float
    # The longest that the program stood still for it.
    longest: float
    compiled: int
    refused: int
    code_bytes: int
    # For each piece of machine code.
    code_each: float
    metadata_each: float


@dataclass
class Curve:
    """The times of the iterations of a program, each the median of some processes."""

    times: list[float]
    to_peak: float | None


def spread(values: Sequence[float]) -> float:
    if len(values) < 2:
        return 0.0
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return (high - low) / 2 / middle if middle else 0.0


def geometric_mean(ratios: Iterable[float]) -> float | None:
    known = [ratio for ratio in ratios if ratio]
    return math.exp(sum(map(math.log, known)) / len(known)) if known else None


def to_peak(times: Sequence[float], loops: int = 1) -> float | None:
    """The seconds before the first iteration that is about as fast as the median of the second half."""
    if len(times) < 2:
        return None
    peak = statistics.median(times[len(times) // 2 :])
    for number, time in enumerate(times):
        if time <= AT_PEAK * peak:
            return sum(times[:number]) * loops
    return None


def compiler(report: Mapping) -> Compiler | None:
    if not report:
        return None
    pieces = report["executables"]
    return Compiler(
        report["compile_ms"],
        report["longest_ms"],
        report["compiles"],
        sum(report["refusals"].values()),
        report["code_bytes"],
        statistics.fmean(piece["size"] for piece in pieces) if pieces else 0.0,
        statistics.fmean(piece["metadata"] for piece in pieces) if pieces else 0.0,
    )


def of_series(series: Sequence[Series]) -> Figures:
    values = [value for one in series for value in one.values]
    peaks = [it for one in series if (it := to_peak(one.all, one.loops)) is not None]
    reports = [it for one in series if (it := compiler(one.report))]
    # The process in the middle stands for all.
    reports.sort(key=lambda report: report.milliseconds)
    return Figures(
        statistics.median(values),
        spread(values),
        len(values),
        len(series),
        to_peak=statistics.median(peaks) if peaks else None,
        peak_bytes=round(statistics.median(one.peak_bytes for one in series)),
        compiler=reports[len(reports) // 2] if reports else None,
    )


def summed_up(measured: Measured) -> dict[str, dict[str, Figures]]:
    """By program and engine."""
    found = {}
    for program, by_engine in measured.series.items():
        found[program] = {name: of_series(it) for name, it in by_engine.items() if it}
        plain = found[program].get("plain")
        for figures in found[program].values():
            figures.ratio = plain.median / figures.median if plain else None
    return found


def means(
    found: Mapping[str, Mapping[str, Figures]], programs: Iterable[str], engines: Iterable[str]
) -> dict[str, float | None]:
    """The geometric mean of each engine's ratios, over the programs that all engines have run."""
    engines = list(engines)
    common = [name for name in programs if all(it in found.get(name, {}) for it in engines)]
    return {it: geometric_mean(found[name][it].ratio or 0 for name in common) for it in engines}


def curve(series: Sequence[Series]) -> Curve:
    """Iteration by iteration the median over the processes."""
    columns = zip(*(one.all for one in series), strict=True)
    times = [statistics.median(column) for column in columns]
    return Curve(times, to_peak(times))


def cost(times: Sequence[float], reference: Sequence[float]) -> float | None:
    """How much longer something takes than something else, as a share: the medians decide."""
    if not times or not reference:
        return None
    return statistics.median(times) / statistics.median(reference) - 1
