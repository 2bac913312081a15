"""Random programs, run interpreted and compiled and compared: ``cargo xtask fuzz``."""
