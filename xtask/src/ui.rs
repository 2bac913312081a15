//! What a task tells its user. All of it goes to stderr: stdout carries results only, so that a task can be used in
//! `$(…)`.

use anyhow::Error;
use std::fmt::Display;
use std::io::{IsTerminal, stderr};

/// Announces a step that may take a while.
pub fn step(text: impl Display) {
    if stderr().is_terminal() {
        eprintln!("\x1b[1;32m==>\x1b[0m {text}");
    } else {
        eprintln!("==> {text}");
    }
}

/// Adds a detail to the step at hand.
pub fn note(text: impl Display) {
    eprintln!("    {}", text.to_string().replace('\n', "\n    "));
}

/// Reports what ended a task, with the causes indented below it.
pub fn error(error: &Error) {
    eprintln!("error: {error}");
    for cause in error.chain().skip(1) {
        note(cause);
    }
}
