"""Imported at start by the environment of CinderX: switches its compiler on."""

import cinderx.jit

cinderx.jit.auto()
