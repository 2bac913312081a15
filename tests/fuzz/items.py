"""Loops over the items of arrays, of memory, and of the program's own containers, which compiled code reads and writes in place."""

from fuzz.carried import Carried
from fuzz.statements import indented

# Of each type code items that it takes, and some that it does not.
ITEMS = {
    "d": ("1.5", "-0.0", "float('nan')", "3", "True", "2 ** 70", "'s'", "None"),
    "i": ("7", "-(2 ** 31)", "2 ** 31 - 1", "True", "2 ** 31", "1.5", "None"),
    "l": ("7", "-(2 ** 63)", "2 ** 62", "2 ** 63", "1.5", "'s'"),
    "q": ("-7", "2 ** 40", "2 ** 63 - 1", "-(2 ** 63) - 1", "None"),
    "B": ("0", "255", "True", "256", "-1", "1.5"),
}


class Items(Carried):
    """The part of the generator that makes loops over items."""

    def __init__(self) -> None:
        super().__init__()
        self.compound = (*self.compound, self.item_loop)

    def item_loop(self, depth: int) -> list[str]:
        """Reads and writes items round after round; in some of them something is in the way."""
        rng, scope = self.rng, self.scope
        if scope.kind != "function" or scope.loops:
            return self.for_loop(depth)
        items, outer, at, number = scope.new("m"), scope.new("n"), scope.new("n"), scope.new("t")
        scope.fixed |= {items, outer, at, number}
        code = rng.choice(tuple(ITEMS))
        other = rng.choice(tuple(ITEMS))
        usual, odd = rng.choice(ITEMS[code][:3]), rng.choice(ITEMS[code])
        size, last = rng.randint(2, 9), rng.randint(1, 12)
        made = f"array('{code}', [{usual}] * {size})"
        if code == "B":
            made = rng.choice((made, f"bytearray([{usual} % 256] * {size})"))
        make = rng.choice(
            (made, made, f"memoryview({made})", f"Grid({made})", f"[{usual}] * {size}")
        )
        step = rng.choice(
            (
                [f"{items}[{at}] = {items}[{at} - 1]"],
                [f"{number} = {items}[{at}]", f"{items}[-1] = {number}"],
                [f"{number} = {number} + {items}[{at}]"],
                [
                    f"{items}[{at}] = {items}[{at}] {rng.choice('+-*')} {rng.choice(('0', '1', usual))}"
                ],
                [f"{items}[{at}], {items}[0] = {items}[0], {items}[{at}]"],
                [f"{items}[{at}] += 1"],
            )
        )
        trouble = rng.choice(
            (
                f"{items}[{at}] = {odd}",
                f"{items} = array('{other}', [1, 2])",
                f"{items} = [1.5, None]",
                f"{items}[{size}] = {usual}",
                f"{number} = {items}[{rng.choice(('True', '2 ** 70', '1.5', '-99', 'None'))}]",
                f"{items} = None",
                "seen()",
                f"raise Fail({at})",
            )
        )
        body = [
            f"for {at} in range({size}):",
            *indented(step),
            f"    if {outer} == {last}:",
            f"        {trouble}",
        ]
        return [
            f"{items}, {number} = {make}, 0",
            f"for {outer} in range(14):",
            "    try:",
            *indented(indented(body)),
            "    except (TypeError, ValueError, OverflowError, IndexError, Fail) as err:",
            "        out(err)",
            f"out({number})",
            f"out(list({items} or ()))",
        ]
