//! The thin layer that talks to the kernel: the only part of the crate with `unsafe` code, and the only one that cannot be
//! tested without a process.

pub mod clock;
pub mod counter;
pub mod memory;
pub mod ring;
