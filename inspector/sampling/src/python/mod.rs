//! The interpreter in the memory of another process: plain readers, bytes in and structs out.
//!
//! Where things lie is what the interpreter itself publishes for debuggers and profilers (`_Py_DebugOffsets` at the start of
//! `_PyRuntime`). Nothing that is read is trusted: addresses are followed a limited number of times, lengths are
//! limited, and what does not look like what it should be is an error, never a guess.

pub mod code;
pub mod lines;
pub mod memory;
pub mod offsets;
pub mod walk;
