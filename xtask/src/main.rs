//! Project tasks: `cargo xtask python|build|demo|test|check`.

fn main() {}
