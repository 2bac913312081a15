//! The compiler's intermediate representation: SSA over basic blocks, typed, with a frame state for every way back
//! into the interpreter. It knows Python's operations and CPython's memory layout, and nothing of machine code.

pub mod builder;
mod dominators;
pub mod effects;
pub mod expectation;
pub mod function;
pub mod inst;
pub mod names;
pub mod noise;
pub mod opt;
pub mod origin;
#[cfg(test)]
pub mod parse;
pub mod print;
#[cfg(test)]
mod round_trip;
pub mod signs;
pub mod types;
pub mod verify;
