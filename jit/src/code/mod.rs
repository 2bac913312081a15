//! Machine code in memory: where it lives, what is known about each piece, and the state kept for each code object.

pub mod binding;
pub mod details;
pub mod executable;
pub mod extra;
pub mod install;
pub mod making;
pub mod memory;
pub mod resume_cache;
pub mod source;
pub mod start;
pub mod state;
pub mod validity;
