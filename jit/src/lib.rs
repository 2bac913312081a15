//! rjit: a just-in-time compiler for stock CPython 3.15 that hides nothing.

#[macro_use]
extern crate rjit_frames;

pub mod bytecode;
pub mod code;
pub mod compile;
pub mod config;
pub mod cpython;
pub mod dump;
pub mod hir;
pub mod lower;
pub mod profile;
mod python;
pub mod runtime;
pub mod telemetry;
pub mod tier;
