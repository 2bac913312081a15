//! CPython 3.15's private layouts: the only place in the project that knows them.
//!
//! Compiled code reads and writes objects, frames and thread states directly, so it needs byte offsets that no
//! stable interface publishes. They live here, one file a concept, so that another CPython version is another set
//! of files here and nothing else. Each number is written next to the C expression that yields it:
//! `tests/python/test_layouts.py` compiles those expressions against CPython's own headers and compares, and
//! [`verify`] holds the layouts against the interpreter that actually runs.
//!
//! The numbers are those of the default build (with the GIL, no `Py_DEBUG`) on a 64-bit little-endian machine.

/// Declares constants together with the C expression each one stands for.
///
/// The expression becomes part of the documentation, and the layout test reads it from the source.
macro_rules! layout {
    ($($(#[$meta:meta])* $name:ident: $ty:ty = $value:expr, $c:literal;)*) => {
        $(
            $(#[$meta])*
            #[doc = ""]
            #[doc = concat!("In C: `", $c, "`.")]
            pub const $name: $ty = $value;
        )*
    };
}

pub mod bytes;
pub mod cell;
pub mod code;
pub mod complex;
pub mod dict;
pub mod exception;
pub mod ffi;
pub mod float;
pub mod frame;
pub mod function;
pub mod generator;
pub mod gil;
pub mod interp;
pub mod list;
pub mod long;
pub mod memory;
pub mod method;
pub mod module;
pub mod monitoring;
pub mod object;
pub mod range;
pub mod set;
pub mod slice;
pub mod thread;
pub mod tuple;
pub mod typeobject;
pub mod unicode;
pub mod verify;
