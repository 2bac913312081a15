//! What compiled code calls at run time, and what calls into the compiler.

pub mod entry;
pub mod hooks;
pub mod ops;
pub mod osr;
