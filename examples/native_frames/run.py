"""Solves the queens' problem natively: `run.py` shows a traceback, `run.py wait` waits to be looked at."""

import os
import sys
import time

import queens


def report(columns):
    if "wait" in sys.argv:
        print(f"{columns} is one; look with: py-spy dump --pid {os.getpid()}", flush=True)
        time.sleep(3600)
    raise LookupError(f"{columns} is enough")


queens.solve(4, report)
