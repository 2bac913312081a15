//! The page that an rjit process writes and `rjit-inspect` reads.
