//! rjit: a just-in-time compiler for stock CPython 3.15 that hides nothing.

pub mod bytecode;
pub mod cpython;
pub mod runtime;
