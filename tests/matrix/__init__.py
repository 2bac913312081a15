"""`cargo xtask matrix`: what real tools see of a running program, under one engine after the other.

A small program, of which everything is known, is run plainly, under rjit, under CPython's own JIT and
under CinderX. Each tool looks at it, and each fact that the tool shows is held against what is true.
"""
