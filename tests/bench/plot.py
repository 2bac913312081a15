"""Run by an interpreter that has matplotlib: `plot.py FILE.svg` reads the results from stdin."""

import json
import sys

import matplotlib

matplotlib.use("svg")
# The same results give the same file.
matplotlib.rcParams["svg.hashsalt"] = "rjit"

import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.ticker import FuncFormatter  # noqa: E402

# By engine, so that a run without some of them looks like the others.
COLOURS = {
    "rjit": "#d1495b",
    "cpython-jit": "#edae49",
    "cinderx": "#66a182",
    "pypy": "#2e4057",
    "plain": "#8d96a3",
}


def bars(axes, results, engines):
    programs = list(results["programs"])
    mean = results["means"]
    labels = [*programs, "geometric mean"]
    height = 0.84 / max(1, len(engines))
    for place, engine in enumerate(engines):
        ratios = [results["programs"][name].get(engine, {}).get("ratio") for name in programs]
        ratios.append(mean.get(engine))
        # Bars grow from 1, where plain CPython is.
        known = [(row, ratio) for row, ratio in enumerate(ratios) if ratio]
        axes.barh(
            [row + (place - (len(engines) - 1) / 2) * height for row, _ in known],
            [ratio - 1 for _, ratio in known],
            height,
            left=1,
            color=COLOURS.get(engine),
            label=results["engines"][engine]["title"],
        )
    axes.set_xscale("log")
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(FuncFormatter(lambda value, _: ""))
    axes.grid(axis="x", which="both", linewidth=0.3)
    axes.set_axisbelow(True)
    axes.set_xlabel("times as fast as plain CPython (logarithmic; left of 1 is slower)")
    axes.legend(loc="lower right", fontsize="small")


def curve(axes, program, by_engine, results):
    for engine, told in by_engine.items():
        times = [time * 1e3 for time in told["times"]]
        axes.plot(
            range(1, len(times) + 1),
            times,
            color=COLOURS.get(engine),
            linewidth=1,
            label=results["engines"][engine]["title"],
        )
    axes.set_title(program, fontsize="medium")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("iteration", fontsize="small")
    axes.set_ylabel("ms", fontsize="small")
    axes.grid(linewidth=0.3)


def main():
    results = json.load(sys.stdin)
    present = {name: it for name, it in results["engines"].items() if not it["missing"]}
    engines = [name for name in present if name != "plain"]
    curves = list(results["curves"].items())
    rows = 0.23 * (len(results["programs"]) + 2) * max(1, len(engines)) ** 0.5 + 1
    lower = 2.6 * ((len(curves) + 1) // 2)
    figure = plt.figure(figsize=(9, rows + lower), layout="constrained")
    if curves:
        upper, below = figure.subfigures(2, 1, height_ratios=[rows, lower])
        places = list(below.subplots((len(curves) + 1) // 2, 2, squeeze=False).flat)
        for axes, (program, by_engine) in zip(places, curves, strict=False):
            curve(axes, program, by_engine, results)
        for axes in places[len(curves) :]:
            axes.remove()
    else:
        upper = figure
    bars(upper.subplots(), results, engines)
    figure.savefig(sys.argv[1], format="svg", metadata={"Date": None})


main()
