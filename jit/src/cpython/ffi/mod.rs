//! The functions and tables of CPython that the project links to and that PyO3's bindings do not declare, or declare
//! with opaque types.
//!
//! They are exported so that other generated interpreters and compilers can call them, but are private all the same:
//! signatures are those of 3.15. All objects are `PyObject` here, whatever C type the header names.
//! `Steal` and `Take` in a name mean that references are taken over. Where nothing else is said, a null result (or
//! -1) comes with an exception set.

mod execution;
mod objects;
mod tables;
mod watch;

pub use execution::*;
pub use objects::*;
pub use rjit_frames::cpython::ffi::*;
pub use tables::*;
pub use watch::*;
