# Operands that an instruction closes when it fails, it closes before a tracer hears of the exception.

from fuzz.support import *


class C0:
    def __init__(self, x=3, y=5, z=None):
        self.x = x


def f0(a, b=None, **more):
    () = C0(x=Meddler(1, "trace"))


attempt(f0, None)
