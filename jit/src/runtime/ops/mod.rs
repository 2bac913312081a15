//! One helper for each generic bytecode operation.
//!
//! Compiled code falls back on these wherever it has no faster way. They do exactly what the interpreter's
//! unspecialized instruction does: same results, same exceptions and messages, same order of operations. They are
//! grouped by concern, and [`table::Helper`] lists them all with their signatures for the compiler.
//!
//! The contract, which every `SAFETY` note here refers to as *the contract*:
//! - the caller is attached to the interpreter (holds the GIL) and no exception is set, except where a helper deals
//!   with one;
//! - object operands are live, borrowed, in stack order (deepest first); helpers do not consume them unless their
//!   documentation says so; only operands documented as such may be NULL;
//! - `frame` is the running, fully linked frame of `tstate`, and its `instr_ptr` is at the current instruction;
//! - an array operand has as many elements as the count that comes with it says, and an `out` operand points at room
//!   for what the helper documents;
//! - immediates are those of real bytecode.

#![expect(clippy::missing_safety_doc, reason = "all helpers share the contract above")]

pub mod arith;
pub mod attrs;
pub mod calls;
pub mod construct;
pub mod containers;
pub mod exceptions;
pub mod functions;
pub mod generators;
pub mod imports;
pub mod iter;
pub mod locals;
pub mod matching;
pub mod names;
pub mod operators;
pub mod slices;
pub mod specials;
pub mod strings;
pub mod table;

pub use table::Helper;
