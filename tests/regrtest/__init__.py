"""CPython's regression tests, run plainly and under rjit, and compared test by test."""
