"""The command line: ``cargo xtask fuzz --minutes N --seed S``."""

import argparse
import random
import sys
import threading
from pathlib import Path

from fuzz import campaign, runner
from fuzz.generator import generate


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="cargo xtask fuzz",
        description="Run random programs interpreted and compiled, and shrink those that differ.",
    )
    made.add_argument("--minutes", type=float, default=1.0, help="how long to go on (default 1)")
    made.add_argument("--seed", type=int, help="the first program's seed (default: at random)")
    made.add_argument("--programs", type=int, metavar="N", help="stop after so many programs")
    made.add_argument("--jobs", type=int, default=campaign.default_jobs(), help="batches at a time")
    made.add_argument(
        "--modes",
        default=",".join(runner.COMPILED),
        help="how to compile, in turn (default %(default)s)",
    )
    made.add_argument(
        "--shrink-seconds",
        type=float,
        default=120.0,
        help="spent on each failure at most (default 120)",
    )
    made.add_argument(
        "--keep",
        type=Path,
        default=campaign.FOUND,
        help="folder for found programs (default tests/fuzz/found)",
    )
    made.add_argument(
        "--print",
        type=int,
        metavar="SEED",
        dest="shown",
        help="print a seed's program, and nothing else",
    )
    return made


def progress(run: campaign.Campaign) -> str:
    rate = run.programs / max(run.seconds, 0.1)
    failures = f", {len(run.failures)} failures" if run.failures else ""
    return f"{run.seconds:5.0f} s  {run.programs} programs, {rate:.1f}/s{failures}"


def follow(run: campaign.Campaign, threads: list[threading.Thread]) -> None:
    """Shows how the run goes until it ends; an interrupt ends it early."""
    live = sys.stdout.isatty()
    told, shown = 0, -1.0
    while any(thread.is_alive() for thread in threads):
        for thread in threads:
            thread.join(0.5)
        for failure in run.failures[told:]:
            tell(failure)
        told = len(run.failures)
        if live:
            print(f"\r{progress(run)}", end="", flush=True)
        elif run.seconds > shown + 15:
            shown = run.seconds
            print(progress(run), flush=True)
    if live:
        print()
    for failure in run.failures[told:]:
        tell(failure)


def tell(failure: campaign.Failure) -> None:
    print(f"\nseed {failure.seed}, {failure.mode}: {failure.what}")
    print(failure.detail)
    if failure.path:
        print(f"kept as {failure.path}")
    sys.stdout.flush()


def main() -> int:
    options = parser().parse_args()
    if options.shown is not None:
        print(generate(options.shown), end="")
        return 0
    seed = options.seed if options.seed is not None else random.randrange(10**9)
    modes = options.modes.split(",")
    if unknown := set(modes) - set(runner.COMPILED):
        parser().error(f"no such mode: {', '.join(sorted(unknown))}")
    run = campaign.Campaign(
        campaign.Options(
            seed=seed,
            minutes=options.minutes,
            programs=options.programs,
            jobs=options.jobs,
            modes=modes,
            shrink_seconds=options.shrink_seconds,
            keep=options.keep,
        )
    )
    print(f"fuzzing from seed {seed}, modes {', '.join(modes)}", flush=True)
    threads = [threading.Thread(target=run.work, daemon=True) for _ in range(options.jobs)]
    for thread in threads:
        thread.start()
    try:
        follow(run, threads)
    except KeyboardInterrupt:
        run.stopped = True
        print("\ninterrupted")
    print(progress(run))
    last = seed + max(run.programs, 1) - 1
    print(
        f"seeds {seed} to {last}; {run.lines} lines recorded; {run.hangs} programs too slow even interpreted"
    )
    for line in run.coverage.summary():
        print(line)
    for failure in run.failures:
        print(f"FAILED seed {failure.seed}, {failure.mode}: {failure.what} {failure.path or ''}")
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main())
