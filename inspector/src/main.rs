//! `rjit-inspect`: shows what the compiler inside a running Python process is doing.

fn main() {}
