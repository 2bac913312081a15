"""The events of one call, as each kind of tool has to report them: written down, not recorded."""

from matrix.facts import CALLERS, GATE, LEFT, line_of

_LEAF, _MIDDLE, _OUTER = (line_of(f"def {name}(") for name in ("leaf", "middle", "outer"))
_FOR = line_of("for _ in range(rounds)")
_THING, _ROOM = line_of("thing = Thing()"), line_of("room = bytearray")
_WEIGHT = line_of("weight = ")
_MIDDLE_CALL, _OUTER_CALL = CALLERS[0][1], CALLERS[1][1]

ROUNDS = 3

_LEAF_LINES = [
    *range(_LEAF + 1, _FOR + 1),
    *[_FOR + 1, _FOR + 2, GATE, _FOR] * ROUNDS,
    LEFT,
]


def _called(start: str, lines: list[tuple[str, str, int]], back: list[list]) -> list[list]:
    return [
        [start, "outer", _OUTER],
        *([["line", "outer", _OUTER_CALL]] if lines else []),
        [start, "middle", _MIDDLE],
        *([["line", "middle", line] for line in (_WEIGHT, _MIDDLE_CALL)] if lines else []),
        [start, "leaf", _LEAF],
        *lines,
        *back,
    ]


_BACK = [
    ["return", "leaf", LEFT],
    ["line", "middle", _MIDDLE_CALL + 1],
    ["return", "middle", _MIDDLE_CALL + 1],
    ["line", "outer", _OUTER_CALL + 1],
    ["return", "outer", _OUTER_CALL + 1],
]

LINES = _called("call", [["line", "leaf", line] for line in _LEAF_LINES], _BACK)

# Switched on within the gate's call of the last round.
LINES_FROM_GATE = [["line", "leaf", line] for line in (_FOR, LEFT)] + _BACK

CALLS = _called(
    "call",
    [],
    [
        *[[f"{what} next", "leaf", GATE] for what in ("c_call", "c_return")] * ROUNDS,
        *(event for event in _BACK if event[0] == "return"),
    ],
)


def _monitoring() -> list[list]:
    """Each line's event, and behind it those of what the line does."""
    doing = {
        _OUTER_CALL: ["call middle"],
        _MIDDLE_CALL: ["call leaf"],
        _THING: ["call Thing"],
        _ROOM: ["call bytearray"],
        GATE: ["call next", "jump"],
    }
    events, entered = [], False
    for what, name, line in LINES:
        events.append(["start" if what == "call" else what, name, line])
        if what == "line":
            events += [[done, name, line] for done in doing.get(line, ())]
        if (what, line) == ("line", _FOR) and not entered:
            # The loop's line again and again, the call in it once.
            events.append(["call range", name, line])
            entered = True
    return events


MONITORING = _monitoring()

CALL_COUNTS = [["calls", name, 1] for name in ("leaf", "middle", "outer")]

BREAKPOINTS = [["leaf", GATE]] * ROUNDS

HITS = [[line, _LEAF_LINES.count(line)] for line in sorted(set(_LEAF_LINES))]

LINES_RUN = sorted({line for what, _, line in LINES if what == "line"})
