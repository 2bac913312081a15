"""`python -m bench`, which `cargo xtask bench` runs."""

import sys

from bench.cli import main

sys.exit(main())
