"""`cargo xtask packages`: the test suites of real packages, under plain CPython and under rjit.

Each package of `packages.toml` is taken from its source distribution and installed into an
environment of its own. Its tests are run interpreted and compiled, and each test has to end the
same way in both.
"""
