# Found with seed 1001272 in mode late: record: ! instead of value.
#     ! TypeError("'float' object is not subscriptable")
#       in f0 4:11-4:19 4
#          a=None kw=0x0.0p+0
#   - ! TypeError("'float' object is not subscriptable")
#   -   in f0 4:11-4:19 4
#   + f0 -> None
#   + f0 -> None

from fuzz.support import *

def f0(a, *, kw=0.0):
    s: 0 = 1e+16[0]
for STEP in range(15):
    attempt(f0, None)
