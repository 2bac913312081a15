//! CPython 3.15's private layouts: with the files of the same kind in the crate rjit-frames, which are re-exported here,
//! the only place in the project that knows them.
//!
//! Compiled code reads and writes objects, frames and thread states directly, so it needs byte offsets that no
//! stable interface publishes. They live here, one file a concept, so that another CPython version is another set
//! of files here and nothing else. Each number is written next to the C expression that yields it:
//! `tests/python/test_layouts.py` compiles those expressions against CPython's own headers and compares, and
//! [`verify`] holds the layouts against the interpreter that actually runs.
//!
//! The numbers are those of the default build (with the GIL, no `Py_DEBUG`) on a 64-bit little-endian machine.

pub mod allocator;
pub mod array;
pub mod binary_op;
pub mod buffers;
pub mod bytes;
pub mod cell;
pub mod class_bound;
pub mod classes;
pub mod code;
pub mod complex;
pub mod constructor;
pub mod dict;
pub mod enumerate;
pub mod exception;
pub mod ffi;
pub mod float;
pub mod function;
pub mod generator;
pub mod gil;
pub mod interp;
pub mod kinds;
pub mod list;
pub mod locals;
pub mod long;
pub mod method;
pub mod module;
pub mod monitoring;
pub mod naming;
pub mod range;
pub mod reftracer;
pub mod set;
pub mod slice;
pub mod supers;
pub mod tuple;
pub mod typeobject;
pub mod unicode;
pub mod verify;
pub mod watch;
pub mod zip;

// What frames are made of is shared with native functions that have frames of their own.
pub use rjit_frames::cpython::{frame, memory, object, thread};
