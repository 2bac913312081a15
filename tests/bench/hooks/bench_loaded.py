"""Imported at start by the environment of rjit: has it in memory, switched off."""

import rjit  # noqa: F401
