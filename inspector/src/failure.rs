//! What can go wrong, and the exit code that says so to scripts.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use rjit_telemetry::OpenError;

use crate::source::recording::RecordingError;

/// A failure that ends the program with a message.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Recording(#[from] RecordingError),
    #[error("{path} has no look at a page in it", path = .0.display())]
    NothingRecorded(PathBuf),
    #[error(
        "no process that runs rjit has {name:?} in its command line; `rjit-inspect list` shows all, and --wait waits for one"
    )]
    NoneNamed { name: String },
    #[error("several processes have {name:?} in their command lines; name one by its number:{found}")]
    Ambiguous { name: String, found: String },
    #[error("interrupted before the process was there")]
    Interrupted,
    #[error("cannot start {program}: {source}")]
    Launch { program: String, source: io::Error },
    #[error("cannot write {path}: {source}", path = .path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{0}")]
    NoSamples(String),
    #[error(
        "nothing is known of {name:?} in process {pid}: it was neither compiled nor refused, so it is not hot, or has not run yet{similar}"
    )]
    NoFunction { name: String, pid: u32, similar: String },
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
            Self::Recording(error) => match error {
                RecordingError::OtherVersion { .. } => 6,
                RecordingError::NotARecording { .. } | RecordingError::Empty { .. } => 7,
                RecordingError::Io { .. } => 1,
            },
            Self::NothingRecorded(_) => 7,
            Self::NotATerminal => 8,
            Self::NoSamples(_) => 9,
            Self::NoneNamed { .. } | Self::Ambiguous { .. } | Self::NoFunction { .. } => 10,
            Self::Output(_) | Self::Terminal(_) | Self::Interrupted | Self::Launch { .. } | Self::File { .. } => 1,
        })
    }
}
