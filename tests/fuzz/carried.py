"""Loops whose rounds hand numbers on, which compiled code keeps in registers."""

from fuzz.statements import Statements, indented

USUAL = ("0", "3", "-7", "255", "2 ** 29", "2.5", "-0.0", "True")
ODD = (
    "2 ** 70",
    "-(2 ** 63)",
    "2 ** 62",
    "1.5",
    "float('nan')",
    "None",
    "'s'",
    "True",
    "4",
    "Dying(0)",
)
ENDLESS = "while True:"


class Carried(Statements):
    """The part of the generator that makes numbers cross the borders of loops."""

    def __init__(self) -> None:
        super().__init__()
        self.compound = (*self.compound, *[self.number_loop] * 2)

    def number_loop(self, depth: int) -> list[str]:
        """A loop into which, and around which, a number goes; now and then it is another, or nothing at all."""
        rng, scope = self.rng, self.scope
        if scope.kind != "function" or scope.loops:
            return self.for_loop(depth)
        outer, inner, number = scope.new("n"), scope.new("n"), scope.new("t")
        scope.fixed |= {outer, inner, number}
        rounds, last = rng.choice((12, 30)), rng.randrange(1, 12)
        usual, odd = rng.choice(USUAL), rng.choice(ODD)
        shared = scope.new("c")
        before = rng.choice(
            (
                [],
                [f"Bag().x = {outer}"],
                [f"{shared} = [0]", f"{shared}[0] = {outer}"],
                [f"_f = lambda: {shared}", f"{shared} = {outer}"],
                [f"{shared} = {outer}", f"del {shared}"],
                [f"if {outer} == {last}:", f"    del {number}"],
                [f"if {outer} == {last}:", f"    del {number}", "else:", f"    _ = {outer}"],
            )
        )
        start = f"{number} = {usual} if {outer} != {last} else {odd}"
        set_up = [f"{inner} = 0", start, *before]
        if not before and self.maybe(0.5):
            set_up = [start, f"{inner} = 0"]
        step = rng.choice(
            (
                [f"{number} = {number} {rng.choice('+-*')} {rng.choice(USUAL)}"],
                [f"{number} += 1"],
                [
                    f"{number} = {rng.choice(('sqrt', 'fabs', 'abs'))}({number} * {rng.choice(('1.5', number))})"
                ],
                [
                    f"{number} = [{usual}, {rng.choice(ODD)}][{inner} == 3]",
                    f"if {number}:",
                    f"    _ = {inner}",
                ],
                [f"if {inner} == 3:", f"    {number} = {odd}"],
                [f"if {inner} == 3:", f"    del {number}"],
                [f"{number} = abs(Bag(x={number}).x)"],
            )
        )
        ways_on = rng.choice(
            (
                [],
                ["continue"],
                ["try:", "    raise Fail(1)", "except Fail:", "    pass"],
                ["try:", "    raise Fail(1)", "except Fail:", f"    {number} = {number} + 1"],
                [f"if {inner} % 2:", "    continue", f"_ = {inner}"],
            )
        )
        body = [
            f"_ = {number} {rng.choice('+-*')} {rng.choice(('1', '2.5', number))}",
            f"{inner} += 1",
            f"if {inner} > {rng.choice((4, 9))}:",
            "    break",
            *step,
            *ways_on,
        ]
        loop = [*set_up, ENDLESS, *indented(body), f"out({number})"]
        return [
            f"for {outer} in range({rounds}):",
            "    try:",
            *indented(indented(loop)),
            "    except (TypeError, ValueError, OverflowError, UnboundLocalError) as err:",
            "        out(err)",
        ]
