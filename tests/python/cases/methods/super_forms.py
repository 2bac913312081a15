# super() in both forms, in methods, class methods, properties, nested functions; and what happens when it cannot work.
# expect-compiled: Middle.greet, Leaf.greet, Leaf.nested
from _support import attempt, repeat, show


class Root:
    label = "root label"

    def greet(self, name="x"):
        return ["Root", name]

    @classmethod
    def make(cls):
        return ["Root.make", cls.__name__]

    @property
    def prop(self):
        return "Root.prop"


class Middle(Root):
    def greet(self, name="x"):
        return ["Middle", *super().greet(name)]

    @classmethod
    def make(cls):
        return ["Middle.make", *super().make()]

    @property
    def prop(self):
        return "Middle." + super().prop


class Side(Root):
    def greet(self, name="x"):
        return ["Side", *super(Side, self).greet(name=name)]


class Leaf(Middle, Side):
    label = "leaf label"

    def greet(self, name="x"):
        return ["Leaf", *super().greet(name)]

    def nested(self):
        def inner():
            return super(Leaf, self).greet("nested")

        return inner(), [super(Leaf, self).label for _ in range(2)], __class__ is Leaf

    def attribute(self):
        return super().label, super().prop, super().__init__.__name__

    def rebound(self):
        self = Leaf()
        return super().greet("rebound")

    def unbound(self):
        return super().missing

    def deleted(self):
        del self
        return super().greet()

    def aliased(self):
        sup = super()
        return sup.greet("aliased"), type(sup).__name__

    def explicit(self, cls, obj):
        return super(cls, obj).greet("explicit")

    @staticmethod
    def static():
        return super().greet()

    def starred(*args):
        return super().greet()


leaf = Leaf()
for method in (leaf.greet, leaf.nested, leaf.attribute, leaf.rebound, leaf.aliased, Leaf.make, leaf.make, Middle().greet, Side().greet):
    repeat(method)
for method in (leaf.unbound, leaf.deleted, leaf.static, leaf.starred):
    for _ in range(10):
        try:
            method()
        except Exception:
            pass
    attempt(method)
repeat(leaf.explicit, Leaf, leaf)
for pair in ((Middle, leaf), (Side, leaf), (Root, leaf), (Leaf, Middle()), (int, leaf), (5, leaf), (Leaf, Leaf)):
    attempt(leaf.explicit, *pair)
attempt(Leaf.greet, 5)
attempt(Leaf.greet, Root())
Root.greet = lambda self, name="y": ["patched", name]
repeat(leaf.greet)
Side.greet = None
attempt(leaf.greet)
del Side.greet
repeat(leaf.greet)
Leaf.__bases__ = (Side, Middle)
repeat(leaf.greet)
super = lambda *args: Root()  # noqa: E731
attempt(leaf.greet)
attempt(leaf.attribute)
del super
repeat(leaf.greet)
show(leaf.attribute())
