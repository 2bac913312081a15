//! Tells the outside world about machine code made at run time. Knows nothing of Python.
