//! What compiled code calls at run time.

pub mod ops;
