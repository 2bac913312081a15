//! What compiled code calls at run time, and what calls into the compiler.

pub mod attr_cache;
pub mod blame;
pub mod deaths;
mod delegation;
pub mod deopt;
pub mod details;
pub mod entry;
mod events;
pub mod frames;
pub mod generators;
mod handover;
pub mod hooks;
pub mod instances;
pub mod numbers;
pub mod observe;
mod observers;
pub mod ops;
pub mod osr;
pub mod pools;
pub mod preserving;
mod push;
pub mod room;
pub mod stress;
pub mod threads;
pub mod ticker;
pub mod unmade;
pub mod worker;
