# Found with seed 1000694 in mode eager: record: ! instead of value.
#   - ! TypeError("'int' object is not subscriptable")
#   -   in f1 4:8-4:12 4
#   + f1 -> None
#   + refcount f1 function 3

from fuzz.support import *

def f1(a, b, **more):
    s = 0[0]
attempt(f1, 0, None)
