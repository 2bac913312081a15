# Found with seed 79187 in mode deopt: exit -11.

from fuzz.support import *

def f3(a=3, b=None):
    for k in range(3):
        with Ctx(None) as f:
            _, _b = (k - k, None)
for STEP in range(12):
    attempt(f3)
