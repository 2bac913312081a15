//! CPython 3.15's bytecode: decoding, control flow, exception table and line table.
//!
//! Everything here is a pure function of bytes, so it is tested without an interpreter. What needs one (reading a
//! code object, looking behind instrumentation) is in [`crate::cpython::code`].

#[cfg(test)]
pub mod assemble;
pub mod blocks;
pub mod decode;
pub mod describe;
pub mod exceptions;
pub mod info;
pub mod lines;
pub mod opcode;
mod opcode_table;
pub mod operators;
#[cfg(test)]
pub mod samples;
