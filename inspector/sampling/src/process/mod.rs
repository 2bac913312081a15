//! What `/proc` and ELF files say about a process: its threads, what it has mapped where, and the names of functions.

pub mod elf;
pub mod handlers;
pub mod maps;
pub mod symbols;
pub mod tasks;
