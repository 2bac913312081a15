//! What can go wrong, and the exit code that says so to scripts.

use std::io;
use std::process::ExitCode;

use rjit_telemetry::OpenError;

/// A failure that ends the program with a message.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("standard input and output have to be a terminal to draw a screen; use --json or --once")]
    NotATerminal,
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
    #[error("the terminal failed: {0}")]
    Terminal(io::Error),
}

impl Failure {
    /// The documented exit code; 2 is for wrong arguments and comes from their parser.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Open(error) => match error {
                OpenError::NoSuchProcess { .. } | OpenError::Ended { .. } => 3,
                OpenError::NoPage { .. } | OpenError::Stale { .. } => 4,
                OpenError::NotPermitted { .. } | OpenError::Untrusted { .. } => 5,
                OpenError::OtherVersion { .. } => 6,
                OpenError::Damaged { .. } => 7,
                OpenError::Io { .. } => 1,
            },
            Self::NotATerminal => 8,
            Self::Output(_) | Self::Terminal(_) => 1,
        })
    }
}
