//! Watches one live process: its page, samples of it, its stacks. The screen, recordings and the commands all look through
//! this.

use std::collections::HashMap;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use rjit_sampling::{
    CodeMap, MachineCode, Method, Place, Range, Sampler, StackReader, Statistics, ThreadStack, Window,
};
use rjit_telemetry::{Details, Kind, PageView, Snapshot, command_line};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::model::Key;

/// How often a process is sampled if nothing else is asked for: each second that a thread of it runs. Not a round number, so that
/// samples do not fall into step with what happens every so often.
pub const USUAL_HZ: u32 = 99;
/// An executable that is sampled so often is worth asking for its lines.
const WORTH_ASKING: u32 = 3;

/// Between two questions for details.
const PAUSE: Duration = Duration::from_millis(150);

/// How the process is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// It runs.
    Running,
    /// It runs, but rjit has ended in it.
    Closed,
    /// It is gone.
    Exited,
    /// Its page cannot be read any more.
    Unreadable(String),
}

/// How samples are taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sampled {
    /// By whom.
    pub method: Method,
    /// How often, for each second of CPU time.
    pub hz: u32,
    /// What is missing, and how to get it.
    pub notes: Vec<String>,
    /// Samples so far.
    pub samples: u64,
    /// Samples lost so far.
    pub lost: u64,
    /// Share of the time of the process that they cost it, where it could be estimated.
    pub overhead: Option<f64>,
}

/// What one look has seen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Step {
    /// How the process is.
    pub health: Health,
    /// When, since watching began.
    pub at: Duration,
    /// How long rjit has been running in it, in nanoseconds.
    pub age_ns: u64,
    /// The page, or nothing where it could not be read.
    pub snapshot: Option<Snapshot>,
    /// What was sampled since the last look.
    pub window: Window,
    /// How it was sampled, or why it was not.
    pub sampled: Result<Sampled, String>,
    /// The stacks, or why they cannot be read. Nothing where they were not asked for.
    pub threads: Option<Result<Vec<ThreadStack>, String>>,
}

/// Details of an executable that have come.
pub type Found = (Key, Box<Details>);

/// Watches a process.
pub struct Watch {
    pid: u32,
    command: String,
    page: PageView,
    start: Instant,
    sampler: Result<Sampler, String>,
    reader: Result<StackReader, String>,
    code: CodeMap,
    fetcher: Fetcher,
    ended: bool,
}

impl Watch {
    /// Begins to watch a process that runs rjit. If it cannot be sampled that is said by each look.
    pub fn attach(pid: u32, hz: u32) -> Result<Self, Failure> {
        let page = PageView::open(pid)?;
        Ok(Self {
            pid,
            command: command_line(pid),
            page,
            start: Instant::now(),
            sampler: Sampler::attach(pid, hz).map_err(|error| error.to_string()),
            reader: StackReader::attach(pid).map_err(|error| error.to_string()),
            code: CodeMap::default(),
            fetcher: Fetcher::start(pid),
            ended: false,
        })
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Its command line.
    pub fn command(&self) -> &str {
        &self.command
    }

    /// Looks at the process. With details of executables that were sampled and have been asked for since the last time.
    pub fn step(&mut self, stacks: bool) -> (Step, Vec<Found>) {
        // Asked first, so that the snapshot of a process found dead is its last word.
        let alive = !self.ended && self.page.is_alive();
        self.ended = !alive;
        let (health, snapshot) = match self.page.snapshot() {
            Ok(snapshot) => {
                let health = match (alive, snapshot.closed) {
                    (false, _) => Health::Exited,
                    (true, true) => Health::Closed,
                    (true, false) => Health::Running,
                };
                (health, Some(snapshot))
            }
            Err(error) => (Health::Unreadable(error.to_string()), None),
        };
        if let Some(snapshot) = &snapshot {
            self.learn(snapshot);
        }
        let found = self.fetcher.collect();
        for (key, details) in &found {
            self.code.set_ranges(*key, ranges(details));
        }
        let window = match &mut self.sampler {
            Ok(sampler) => sampler.poll(&self.code),
            Err(_) => Window::default(),
        };
        if alive {
            for sample in &window.samples {
                for key in sample.frames.iter().filter_map(|frame| frame.executable) {
                    self.fetcher.count(key);
                }
            }
        }
        let threads = (stacks && alive).then(|| self.threads());
        let step = Step {
            health,
            at: self.start.elapsed(),
            age_ns: self.page.identity().age_ns(),
            snapshot,
            window,
            sampled: match &self.sampler {
                Ok(sampler) => Ok(describe(sampler.statistics())),
                Err(why) => Err(why.clone()),
            },
            threads,
        };
        (step, found)
    }

    fn threads(&mut self) -> Result<Vec<ThreadStack>, String> {
        match &mut self.reader {
            Ok(reader) => {
                let mut threads = reader.threads().map_err(|error| error.to_string())?;
                threads.iter_mut().for_each(|thread| self.code.mark_inlined(&mut thread.frames));
                Ok(threads)
            }
            Err(why) => Err(why.clone()),
        }
    }

    fn learn(&mut self, snapshot: &Snapshot) {
        for found in snapshot.executables.iter().filter(|found| found.kind != Kind::Overflow) {
            self.code.insert(MachineCode {
                start: found.address,
                end: found.address.saturating_add(found.size),
                executable: (found.slot, found.generation),
                place: Place { function: found.qualname.clone(), file: found.filename.clone(), line: found.line },
            });
        }
    }
}

fn describe(statistics: &Statistics) -> Sampled {
    Sampled {
        method: statistics.method,
        hz: statistics.hz,
        notes: statistics.fallback.iter().chain(&statistics.no_python).cloned().collect(),
        samples: statistics.samples,
        lost: statistics.lost,
        overhead: statistics.overhead,
    }
}

/// The positions of an executable's machine code, innermost first.
fn ranges(details: &Details) -> Vec<Range> {
    let place = |function: &str, file: &str, line| Place { function: function.into(), file: file.into(), line };
    let places = |code: &rjit_telemetry::CodeRange| {
        let inlined = code.inlined.iter().rev().map(|(function, file, line)| place(function, file, *line));
        let own = place(&details.qualname, &details.filename, code.line.unwrap_or(details.first_line));
        inlined.chain([own]).collect()
    };
    details.code.iter().map(|code| Range { start: code.start, end: code.end, places: places(code) }).collect()
}

/// Asks the process for details on a thread of its own: the process takes its time to answer.
struct Fetcher {
    wishes: Sender<Key>,
    answers: Receiver<Found>,
    sampled: HashMap<Key, u32>,
}

impl Fetcher {
    fn start(pid: u32) -> Self {
        let (wishes, wished) = mpsc::channel::<Key>();
        let (answered, answers) = mpsc::channel();
        std::thread::spawn(move || {
            for (slot, generation) in wished {
                // What it does not tell is shown without lines.
                let Ok(details) = rjit_telemetry::details(pid, slot, generation) else { continue };
                if answered.send(((slot, generation), Box::new(details))).is_err() {
                    return;
                }
                // Answering takes the process time, which samples show.
                std::thread::sleep(PAUSE);
            }
        });
        Self { wishes, answers, sampled: HashMap::new() }
    }

    /// Takes note of a sample of an executable.
    fn count(&mut self, key: Key) {
        let count = self.sampled.entry(key).or_default();
        *count = count.saturating_add(1);
        if *count == WORTH_ASKING {
            // The thread lives as long as this does.
            let _ = self.wishes.send(key);
        }
    }

    fn collect(&self) -> Vec<Found> {
        self.answers.try_iter().collect()
    }
}
