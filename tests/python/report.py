"""What a compiled run must report about itself: the one place that knows the report's keys.

The compiler writes the report at exit to the file named by ``RJIT_STATS_JSON``. Equal output alone
proves little, a compiler that never compiled anything would pass; so each compiled run also has to
say that it did its work.
"""

from harness import STRESS_MODES, Case

# Bodies that may be refused anywhere: they can be awaited.
MAY_BE_REFUSED = ("asynchronous generator", "coroutine")

# Modes in which each function is compiled at its first calls, and each loop at its first rounds.
HASTY = ("eager", "warm")


def problems(case: Case, mode: str, report: dict | None) -> list[str]:
    """Everything that the report of a compiled run leaves to be desired."""
    if case.expectations.get("expect-report") == "none":
        return []
    if report is None:
        return ["no report was written: is the compiler on in this process?"]
    found = []

    allowed = (*MAY_BE_REFUSED, *case.listed("expect-refusals"))
    for reason, count in report["refusal_reasons"].items():
        if not any(word in reason.lower() for word in allowed):
            found.append(f"refused {count} times: {reason}")

    if mode == "eager":
        compiled = set(report["compiled"])
        missing = [name for name in case.listed("expect-compiled") if name not in compiled]
        if missing:
            found.append(
                f"not compiled: {', '.join(missing)} (compiled: {', '.join(sorted(compiled))})"
            )

    if mode in HASTY:
        found += at_least(case, "expect-osr", report["osr_entries"], "loops taken over")
        if not report["executables"] or not report["entries"] + report["osr_entries"]:
            found.append("no compiled code ran")
    if mode == "warm":
        found += at_least(case, "expect-deopts", report["deopts"], "deopts")
    return found


# What must have happened, by mode. The Nth guard may be one too many.
STRESS_EFFECTS = {
    "deopt-all": "forced",
    "deopt-every": "forced",
    "invalidate": "invalidations",
    "reify": "reified",
    "gc": "collections",
}


def stress_problems(case: Case, mode: str, report: dict | None) -> list[str]:
    """Everything that the report of a run under stress leaves to be desired."""
    if case.expectations.get("expect-report") == "none":
        return []
    if report is None:
        return ["no report was written: is the compiler on in this process?"]
    stress = report["stress"]
    if stress is None or stress["mode"] != STRESS_MODES[mode].format(nth=case.nth):
        return [f"the stress was {stress}"]
    effect = STRESS_EFFECTS.get(mode)
    if effect is not None and not stress[effect]:
        return [f"nothing was done: {stress}"]
    return []


def at_least(case: Case, key: str, count: int, what: str) -> list[str]:
    wanted = int(case.expectations.get(key, "0"))
    return [] if count >= wanted else [f"{count} {what}, expected at least {wanted}"]
