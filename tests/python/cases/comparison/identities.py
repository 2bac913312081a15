"""`==` and `!=` of objects whose classes say nothing of comparing, or begin to."""
# expect-compiled: compare, chosen

from _support import probe, repeat, show


class Plain:
    pass


class Derived(Plain):
    pass


class Equal:
    def __eq__(self, other):
        print("asked", type(other).__name__)
        return NotImplemented if other is None else True


class Unlike(Plain):
    def __ne__(self, other):
        return "unlike"


def compare(one, other):
    return one == other, one != other


def chosen(one, other):
    if one != other:
        return "differ"
    return "same" if one == other else "odd"


ONE, TWO, DERIVED, NONE = Plain(), Plain(), Derived(), None

for function in compare, chosen:
    probe(
        function,
        (ONE, TWO),
        (ONE, ONE),
        (ONE, NONE),
        (NONE, NONE),
        (ONE, DERIVED),
        (DERIVED, ONE),
        (Equal(), ONE),
        (ONE, Equal()),
        (None, Equal()),
        (Unlike(), Unlike()),
        (ONE, Unlike()),
        (Plain, Derived),
        (1, True),
    )
repeat(chosen, ONE, TWO)
Plain.__eq__ = lambda self, other: other is not self
show(compare(ONE, TWO), compare(ONE, ONE), chosen(ONE, TWO), compare(DERIVED, None))
del Plain.__eq__
show(compare(ONE, TWO), compare(ONE, ONE), chosen(ONE, TWO), compare(DERIVED, None))
