"""`cargo xtask regrtest`: CPython's tests plainly and under rjit, and what differs."""

import sys

from regrtest.cli import main

sys.exit(main())
