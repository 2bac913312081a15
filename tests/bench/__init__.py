"""`cargo xtask bench`: how fast rjit is, and against what.

Programs, most of them pyperformance's own, are run under plain CPython, rjit and its peers. A run is a
worker process of pyperf. The engines take turns, process by process, so that what changes on the machine
meanwhile changes for all of them.
"""
