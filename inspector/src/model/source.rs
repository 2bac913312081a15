//! Where the numbers on the screen come from: a live process, or a recording of one.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use rjit_sampling::{Shares, ThreadStack};
use rjit_telemetry::Snapshot;

use crate::model::{Details, Key};

/// Something that can be looked at again and again. It lives on a thread of its own, so that it may wait for the process
/// without keeping the screen waiting.
pub trait Source {
    /// What there is to see now.
    fn look(&mut self, wanted: Wanted) -> Look;

    /// What gets the code of an executable in all its forms, or says why there is none to show. It may wait for the
    /// process, so it is called on yet another thread.
    fn details(&mut self, key: Key) -> Fetch;

    /// The files that a source file of the process may be, the likeliest first.
    fn source_files(&self, filename: &str) -> Vec<PathBuf> {
        vec![PathBuf::from(filename)]
    }

    /// Moves within a recording, or to another process. A live process has only one moment.
    fn seek(&mut self, _to: Seek) {}
}

/// Gets the code of an executable.
pub type Fetch = Box<dyn FnOnce() -> Result<Details, String> + Send>;

/// What the screen shows at the moment; the rest need not be asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The live stacks.
    pub stacks: bool,
}

/// Where to go in a recording, or among processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seek {
    /// Stop there, or go on.
    Toggle,
    /// Some seconds back.
    Back,
    /// Some seconds on.
    Forward,
    /// To its start.
    Start,
    /// To its end.
    End,
    /// To the next process, where children are watched, too.
    Process,
}

/// How the process is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// It runs.
    #[default]
    Running,
    /// It runs, but rjit has ended in it.
    Closed,
    /// It is gone.
    Exited,
    /// Its page cannot be read any more.
    Unreadable(String),
}

/// What one look has seen.
#[derive(Clone, Debug)]
pub struct Look {
    pub status: Status,
    /// When, from any fixed point: rates are differences divided by this.
    pub at: Duration,
    /// How long rjit has been running in the process, in nanoseconds.
    pub age_ns: u64,
    /// The command line of the process.
    pub command: String,
    /// The page, or nothing where it could not be read.
    pub snapshot: Option<Snapshot>,
    pub sampling: Sampling,
    pub stacks: Stacks,
    /// In a recording, how far it is.
    pub position: Option<Position>,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            status: Status::default(),
            at: Duration::ZERO,
            age_ns: 0,
            command: String::new(),
            snapshot: None,
            sampling: Sampling::default(),
            stacks: Ok(Vec::new()),
            position: None,
        }
    }
}

/// How far a recording is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub at: Duration,
    pub length: Duration,
    pub playing: bool,
}

/// What sampling knows, or why there is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Sampling {
    /// No sample has come yet.
    #[default]
    Starting,
    /// There is none, and this is why and what helps.
    Off(String),
    /// It runs.
    On(Box<Samples>),
}

/// The part of all time in which something ran.
pub fn busy(shares: &Shares) -> f64 {
    shares.compiled + shares.interpreted + shares.native + shares.gc
}

impl Sampling {
    /// The samples, if there are any.
    pub fn samples(&self) -> Option<&Samples> {
        match self {
            Self::On(samples) => Some(samples),
            Self::Starting | Self::Off(_) => None,
        }
    }
}

/// Samples taken so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    /// How they are taken, in words.
    pub method: String,
    /// How many a second of each thread are asked for.
    pub hz: f64,
    /// Share of the time of the process that they cost it, where it could be estimated.
    pub overhead: Option<f64>,
    /// Samples so far. All are of moments in which something ran.
    pub taken: u64,
    /// Samples that were lost.
    pub lost: u64,
    /// Where the time has gone, from the start.
    pub total: Shares,
    /// Where it has gone in the last seconds.
    pub recent: Shares,
    /// What samples cannot tell, and why.
    pub caution: Option<String>,
    /// Samples in which an executable was running, itself and not what it called.
    pub by_executable: HashMap<Key, u64>,
    /// Samples in which a line was running: file, line.
    pub by_line: HashMap<(String, u32), u64>,
    /// Samples at an address of machine code.
    pub by_address: HashMap<u64, u64>,
}

/// The stacks of the threads, newest frame first, or why they cannot be read.
pub type Stacks = Result<Vec<ThreadStack>, String>;
