//! Samples of a live process: what each thread was doing, a hundred times a second or so.
//!
//! A thread of ours waits for the kernel's samples and reads the Python stack as soon as one comes, some ten microseconds
//! after it was taken; without the kernel's help it reads the stacks at regular times. What they mean is found out later, when
//! somebody asks, because that takes knowing the machine code of the process.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::code_map::CodeMap;
use crate::kernel::clock;
use crate::kernel::counter::{self, CounterError, Counters};
use crate::merge;
use crate::process::symbols::Symbols;
use crate::process::tasks::{self, ThreadState};
use crate::records::{RawSample, Record};
use crate::stack::{Frame, FrameKind, PythonStack, StackError, StackReader, ThreadPlace};

/// So many samples are kept until somebody asks for them.
const MOST_WAITING: usize = 1 << 16;
/// How soon the sampling thread notices that it should end.
const PATIENCE: Duration = Duration::from_millis(100);
/// How often new threads are looked for.
const LOOK_AROUND: Duration = Duration::from_millis(500);
/// A Python stack that was read later than this after the sample, in nanoseconds, is of another moment. On a busy machine it may be
/// long until our thread runs, but then the one that was sampled mostly does not run either.
const LATEST: u64 = 20_000_000;

/// What a sample's time goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Share {
    /// Machine code of rjit.
    Compiled,
    /// The interpreter's loop.
    Interpreted,
    /// Other native code, the kernel included.
    Native,
    /// The garbage collector.
    Gc,
}

/// One frame of a sample.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SampleFrame {
    /// Qualified name, or the symbol of a native function; `[...]` where there is no name.
    pub function: String,
    /// Its file; for a native function its module.
    pub file: String,
    /// The line, 0 if there is none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub line: u32,
    /// Who runs it.
    pub kind: FrameKind,
    /// Slot and generation of the executable whose machine code runs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable: Option<(u32, u32)>,
    /// Where in that machine code, for the innermost frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<u64>,
}

fn is_zero(line: &u32) -> bool {
    *line == 0
}

impl SampleFrame {
    pub(crate) fn from_python(frame: Frame, executable: Option<(u32, u32)>, address: Option<u64>) -> Self {
        Self { function: frame.function, file: frame.file, line: frame.line, kind: frame.kind, executable, address }
    }
}

/// What a thread was doing at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// When, in nanoseconds of the monotonic clock.
    pub time_ns: u64,
    /// Which thread.
    pub tid: u32,
    /// What its time goes to.
    pub share: Share,
    /// Its stack, innermost first. Empty if nothing is known of it.
    pub frames: Vec<SampleFrame>,
}

/// What was sampled in a stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Window {
    /// The samples, oldest first.
    pub samples: Vec<Sample>,
    /// How long it was.
    pub wall_ns: u64,
    /// The CPU time that all threads took in it, from the kernel's accounting.
    pub cpu_ns: u64,
    /// How long threads were ready to run in it while no CPU had time for them.
    pub waited_ns: u64,
    /// CPU time between two samples of a thread.
    pub period_ns: u64,
    /// Samples that were taken and are not here: no room, or a stack that never held still.
    pub lost: u64,
    /// Whether samples were also taken while a thread was in the kernel.
    pub sees_kernel: bool,
}

/// How samples are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The kernel interrupts the threads (`perf_event_open`).
    PerfEvents,
    /// The Python stacks are read at regular times (`process_vm_readv`); native code is not seen.
    StackReads,
}

/// How it goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// How samples are taken.
    pub method: Method,
    /// Why not by the kernel, and how to allow it.
    pub fallback: Option<String>,
    /// Why there are no Python frames in the samples.
    pub no_python: Option<String>,
    /// How often, for each second of CPU time.
    pub hz: u32,
    /// Samples so far.
    pub samples: u64,
    /// Samples lost so far.
    pub lost: u64,
    /// CPU time that the sampling thread itself has taken so far; it is not taken from the process.
    pub own_cpu: Duration,
    /// The share of its running time that the process spends on being sampled: what a sample costs, which was tried out here at
    /// the start, for as many as are taken. `None` until that is known. Reading stacks costs the process nothing.
    pub overhead: Option<f64>,
}

/// Why there is no way to take samples.
#[derive(Debug, thiserror::Error)]
pub enum SamplerError {
    /// The process has ended.
    #[error("there is no process {pid} any more")]
    Gone {
        /// The process asked for.
        pid: u32,
    },
    /// Neither way is permitted.
    #[error("no samples can be taken: {counters}; and {stacks}")]
    Forbidden {
        /// Why the kernel takes none.
        counters: CounterError,
        /// Why stacks cannot be read.
        stacks: StackError,
    },
    /// There is no thread for it.
    #[error("no samples can be taken: {0}")]
    Io(#[from] io::Error),
}

/// A sample before it is known what it means.
struct Raw {
    time_ns: u64,
    tid: u32,
    in_kernel: bool,
    /// Nothing where there is no chain, because it was read from the Python stack alone.
    chain: Option<Vec<u64>>,
    python: Option<PythonStack>,
}

#[derive(Default)]
struct Waiting {
    samples: Vec<Raw>,
    lost: u64,
    own_cpu: Duration,
    cost: Option<Duration>,
}

/// Takes samples of a process until it is dropped.
pub struct Sampler {
    pid: u32,
    period: Duration,
    waiting: Arc<Mutex<Waiting>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    symbols: Option<Symbols>,
    sees_kernel: bool,
    last: (Instant, Duration, u64),
    statistics: Statistics,
}

impl Sampler {
    /// Starts to take `hz` samples for each second that a thread of the process runs.
    ///
    /// # Errors
    /// When neither the kernel takes samples for us nor stacks can be read.
    pub fn attach(pid: u32, hz: u32) -> Result<Self, SamplerError> {
        let period = Duration::from_secs(1) / hz.clamp(1, 10_000);
        let cpu = clock::cpu_time(pid).ok_or(SamplerError::Gone { pid })?;
        let counters = Counters::open(pid, period);
        let reader = StackReader::attach(pid);
        let mut statistics = Statistics {
            method: Method::PerfEvents,
            fallback: None,
            no_python: None,
            hz,
            samples: 0,
            lost: 0,
            own_cpu: Duration::ZERO,
            overhead: None,
        };
        let source = match (counters, reader) {
            (Ok(counters), reader) => {
                statistics.no_python = reader.as_ref().err().map(ToString::to_string);
                Source::Counters(counters, reader.ok())
            }
            (Err(CounterError::Gone), _) | (_, Err(StackError::Gone { .. })) => return Err(SamplerError::Gone { pid }),
            (Err(why), Ok(reader)) => {
                statistics.method = Method::StackReads;
                statistics.fallback = Some(why.to_string());
                Source::Stacks(reader)
            }
            (Err(counters), Err(stacks)) => return Err(SamplerError::Forbidden { counters, stacks }),
        };
        let sees_kernel = match &source {
            Source::Counters(counters, _) => counters.sees_kernel(),
            Source::Stacks(_) => true,
        };
        let waiting = Arc::new(Mutex::new(Waiting::default()));
        let stop = Arc::new(AtomicBool::new(false));
        let collector = Collector {
            pid,
            period,
            waiting: Arc::clone(&waiting),
            stop: Arc::clone(&stop),
            places: Places::default(),
        };
        let thread = std::thread::Builder::new().name("sampling".into()).spawn(move || collector.run(source))?;
        Ok(Self {
            pid,
            period,
            waiting,
            stop,
            thread: Some(thread),
            symbols: Symbols::new(pid).ok(),
            sees_kernel,
            last: (Instant::now(), cpu, tasks::waited_ns(pid)),
            statistics,
        })
    }

    /// What was sampled since the last time. `code` says whose machine code is where.
    pub fn poll(&mut self, code: &CodeMap) -> Window {
        let Waiting { samples, lost, own_cpu, cost } = {
            let mut waiting = lock(&self.waiting);
            let (own_cpu, cost) = (waiting.own_cpu, waiting.cost);
            std::mem::replace(&mut *waiting, Waiting { own_cpu, cost, ..Waiting::default() })
        };
        let now = Instant::now();
        // A process that has ended takes no more time.
        let cpu = clock::cpu_time(self.pid).unwrap_or(self.last.1);
        let wall = now.saturating_duration_since(self.last.0);
        let used = cpu.saturating_sub(self.last.1);
        let waited = tasks::waited_ns(self.pid);
        // Threads that have ended have taken their part with them.
        let waited_ns = waited.saturating_sub(self.last.2);
        self.last = (now, cpu, waited);
        let samples: Vec<Sample> = samples.into_iter().map(|raw| self.resolve(raw, code)).collect();
        self.statistics.samples += samples.len() as u64;
        self.statistics.lost += lost;
        self.statistics.own_cpu = own_cpu;
        self.statistics.overhead = cost.map(|cost| cost.as_secs_f64() / self.period.as_secs_f64());
        Window {
            samples,
            wall_ns: nanoseconds(wall),
            cpu_ns: nanoseconds(used),
            waited_ns,
            period_ns: nanoseconds(self.period),
            lost,
            sees_kernel: self.sees_kernel,
        }
    }

    /// How it goes.
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    fn resolve(&mut self, raw: Raw, code: &CodeMap) -> Sample {
        let Raw { time_ns, tid, in_kernel, chain, python } = raw;
        let (frames, share) = match chain {
            Some(chain) => {
                let symbols = &mut self.symbols;
                let unknown = |address: &u64| {
                    code.find(*address).is_none() && symbols.as_ref().is_some_and(|symbols| !symbols.covers(*address))
                };
                if chain.iter().any(unknown)
                    && let Some(symbols) = symbols
                {
                    symbols.refresh();
                }
                merge::merge(&chain, in_kernel, python.as_ref(), code, |address| symbols.as_mut()?.look_up(address))
            }
            None => from_stack(python.unwrap_or_default()),
        };
        Sample { time_ns, tid, share, frames }
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It has nothing to say; if it panicked that was printed.
            let _ = thread.join();
        }
    }
}

/// A sample of a Python stack alone: what runs its innermost frame is what the time goes to.
fn from_stack(stack: PythonStack) -> (Vec<SampleFrame>, Share) {
    let innermost = stack.frames.iter().flatten().next().map(|frame| frame.kind);
    let share = match innermost {
        _ if stack.collecting => Share::Gc,
        Some(FrameKind::Compiled | FrameKind::Inlined) => Share::Compiled,
        Some(FrameKind::Interpreted) => Share::Interpreted,
        Some(FrameKind::Native) | None => Share::Native,
    };
    let frames = stack.frames.into_iter().flatten();
    (frames.map(|frame| SampleFrame::from_python(frame, None, None)).collect(), share)
}

enum Source {
    Counters(Counters, Option<StackReader>),
    Stacks(StackReader),
}

/// The sampling thread.
struct Collector {
    pid: u32,
    period: Duration,
    waiting: Arc<Mutex<Waiting>>,
    stop: Arc<AtomicBool>,
    places: Places,
}

impl Collector {
    fn run(mut self, source: Source) {
        match source {
            Source::Counters(counters, reader) => self.collect(counters, reader),
            Source::Stacks(reader) => self.read(reader),
        }
    }

    fn collect(&mut self, mut counters: Counters, mut reader: Option<StackReader>) {
        // It takes its time on a busy machine, and nobody needs it to be known at once.
        let waiting = Arc::clone(&self.waiting);
        std::thread::spawn(move || {
            let cost = counter::cost_of_sample();
            lock(&waiting).cost = cost;
        });
        let mut looked = Instant::now();
        while !self.stop.load(Ordering::Relaxed) {
            counters.wait(PATIENCE);
            let mut stacks: HashMap<u32, Option<PythonStack>> = HashMap::new();
            let mut found = Vec::new();
            let mut lost = 0;
            for record in counters.drain() {
                match record {
                    Record::Lost(count) => lost += count,
                    Record::Sample(sample) if sample.pid == self.pid => {
                        let python = self.python_of(&sample, reader.as_mut(), &mut stacks);
                        found.push(Raw {
                            time_ns: sample.time_ns,
                            tid: sample.tid,
                            in_kernel: sample.in_kernel,
                            chain: Some(sample.chain),
                            python,
                        });
                    }
                    Record::Sample(_) | Record::Started { .. } => {}
                }
            }
            // Those of several CPUs come one CPU after the other.
            found.sort_by_key(|sample| sample.time_ns);
            self.hand_over(found, lost);
            if looked.elapsed() >= LOOK_AROUND {
                counters.follow_missing();
                looked = Instant::now();
            }
        }
    }

    fn python_of(
        &mut self,
        sample: &RawSample,
        reader: Option<&mut StackReader>,
        stacks: &mut HashMap<u32, Option<PythonStack>>,
    ) -> Option<PythonStack> {
        let reader = reader?;
        if clock::monotonic_ns().saturating_sub(sample.time_ns) > LATEST {
            return None;
        }
        let stack = stacks.entry(sample.tid).or_insert_with(|| {
            let place = self.places.find(reader, sample.tid)?;
            reader.stack(&place).ok()
        });
        stack.clone()
    }

    fn read(&mut self, mut reader: StackReader) {
        lock(&self.waiting).cost = Some(Duration::ZERO);
        let mut next = Instant::now();
        while !self.stop.load(Ordering::Relaxed) {
            next += self.period;
            let now = Instant::now();
            std::thread::sleep(next.saturating_duration_since(now).min(PATIENCE));
            // Times that were missed are not made up for.
            next = next.max(now);
            let Ok(places) = reader.places() else {
                // Gone, or between two lists; a process that has ended is somebody else's to notice.
                continue;
            };
            let mut found = Vec::new();
            let mut lost = 0;
            for place in places {
                let runs = |tid| tasks::task(self.pid, tid).is_some_and(|task| task.state == ThreadState::Running);
                if !runs(place.tid) {
                    continue;
                }
                match reader.stack(&place) {
                    Ok(python) => found.push(Raw {
                        time_ns: clock::monotonic_ns(),
                        tid: place.tid,
                        in_kernel: false,
                        chain: None,
                        python: Some(python),
                    }),
                    Err(_) => lost += 1,
                }
            }
            self.hand_over(found, lost);
        }
    }

    fn hand_over(&self, samples: Vec<Raw>, lost: u64) {
        let mut waiting = lock(&self.waiting);
        waiting.lost += lost;
        waiting.own_cpu = clock::thread_time();
        let room = MOST_WAITING.saturating_sub(waiting.samples.len());
        waiting.lost += samples.len().saturating_sub(room) as u64;
        waiting.samples.extend(samples.into_iter().take(room));
    }
}

/// Where the Python states of threads lie, looked up anew when a thread is not known and now and then.
#[derive(Default)]
struct Places {
    known: HashMap<u32, ThreadPlace>,
    looked: Option<Instant>,
}

impl Places {
    fn find(&mut self, reader: &StackReader, tid: u32) -> Option<ThreadPlace> {
        let fresh = self.looked.is_some_and(|looked| looked.elapsed() < LOOK_AROUND);
        if !fresh
            || (!self.known.contains_key(&tid) && self.looked.is_none_or(|looked| looked.elapsed() > PATIENCE / 10))
        {
            self.known = reader.places().unwrap_or_default().into_iter().map(|place| (place.tid, place)).collect();
            self.looked = Some(Instant::now());
        }
        // A thread that runs Python code has the lock.
        self.known.get(&tid).map(|place| ThreadPlace { holds_gil: true, ..*place })
    }
}

fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_alone_says_what_runs() {
        let frame = |kind| Some(Frame { function: "f".into(), file: "f.py".into(), line: 3, kind });
        let stack = |frames: Vec<Option<Frame>>, collecting| PythonStack { frames, collecting };
        let share = |frames, collecting| from_stack(stack(frames, collecting)).1;
        assert_eq!(share(vec![None, frame(FrameKind::Compiled)], false), Share::Compiled);
        assert_eq!(share(vec![frame(FrameKind::Interpreted), None], false), Share::Interpreted);
        assert_eq!(share(vec![frame(FrameKind::Native)], false), Share::Native);
        assert_eq!(share(vec![frame(FrameKind::Interpreted)], true), Share::Gc);
        assert_eq!(share(vec![], false), Share::Native);
        assert_eq!(from_stack(stack(vec![None, frame(FrameKind::Compiled), None], false)).0.len(), 1);
    }

    #[test]
    fn nobody_is_not_sampled() {
        assert!(matches!(Sampler::attach(u32::MAX >> 4, 100), Err(SamplerError::Gone { .. })));
    }
}
