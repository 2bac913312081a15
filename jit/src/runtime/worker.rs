//! The thread that makes machine code while the program goes on.
//!
//! It lives as long as there is work. It never touches an object and never holds the GIL; what it has made waits for a
//! pending call. All signals are blocked in it, and a fork waits until it has ended: it may have to finish what it is
//! at, the rest is made after the fork, on both sides.

use std::ffi::{c_int, c_void};
use std::panic;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use pyo3::prelude::*;

use super::threads;
use crate::compile::{Made, Plan};
use crate::cpython::gil::GilCell;
use crate::hir::builder::Refusal;
use crate::telemetry;
use crate::tier;

/// The name of the thread, as debuggers and `ps -L` show it.
const NAME: &str = "rjit-compiler";
/// Cranelift's passes recurse.
const STACK: usize = 8 << 20;

type Result = std::result::Result<Made, Refusal>;

/// A plan that nobody has begun to carry out.
struct Waiting {
    number: u64,
    plan: Plan,
    /// How often it was missed.
    misses: u64,
}

/// What the thread and the program share. A forked child has one of its own.
#[derive(Default)]
struct Shared {
    /// In the order in which they came.
    waiting: Vec<Waiting>,
    done: Vec<(u64, Result, Duration)>,
    /// The thread runs; it says that it ends before it lets go of the lock.
    is_working: bool,
    /// No more is to be begun now.
    is_stopped: bool,
}

#[derive(Default)]
struct Worker {
    shared: Arc<Mutex<Shared>>,
    thread: Option<JoinHandle<()>>,
    process: u32,
}

static WORKER: GilCell<Option<Worker>> = GilCell::new(None);

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    // Nothing panics while it is held.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn with<R>(work: impl FnOnce(&mut Worker) -> R) -> R {
    WORKER.with(|worker| {
        let process = std::process::id();
        if worker.as_ref().is_some_and(|worker| worker.process != process) {
            // Of a parent that did not know of this fork: its thread is not here, and may have had the lock.
            std::mem::forget(worker.take());
            tier::abandon_orders();
        }
        work(worker.get_or_insert_with(|| Worker { process, ..Worker::default() }))
    })
}

/// Has a plan carried out; [`tier::finish`] is told under the same number.
pub fn work(number: u64, plan: Plan) {
    with(|worker| {
        lock(&worker.shared).waiting.push(Waiting { number, plan, misses: 0 });
        worker.start();
    });
}

/// Counts that the machine code of this plan would have been run now. What is missed most is made first.
pub fn miss(number: u64) {
    with(|worker| {
        let mut shared = lock(&worker.shared);
        shared.waiting.iter_mut().filter(|plan| plan.number == number).for_each(|plan| plan.misses += 1);
    });
}

/// Has these plans not be carried out, if nobody has begun yet.
pub fn forget(numbers: &[u64]) {
    with(|worker| lock(&worker.shared).waiting.retain(|plan| !numbers.contains(&plan.number)));
}

impl Shared {
    /// What to do next, if anything is to be begun now: what was missed most, and of such the oldest.
    fn next(&mut self) -> Option<Waiting> {
        let most = self.waiting.iter().map(|plan| plan.misses).max().filter(|_| !self.is_stopped)?;
        let index = self.waiting.iter().position(|plan| plan.misses == most)?;
        Some(self.waiting.remove(index))
    }
}

impl Worker {
    /// Starts the thread if there is something to do and nobody to do it.
    fn start(&mut self) {
        let mut shared = lock(&self.shared);
        if shared.is_working || shared.is_stopped || shared.waiting.is_empty() {
            return;
        }
        shared.is_working = true;
        drop(shared);
        // The one before has said that it ends.
        if let Some(before) = self.thread.take() {
            let _ = before.join();
        }
        let shared = self.shared.clone();
        match threads::spawn(NAME, STACK, move || run(&shared)) {
            Ok(thread) => self.thread = Some(thread),
            Err(error) => {
                telemetry::warn(format!(
                    "the program waits while code is compiled, because there can be no thread that does it: {error}"
                ));
                run(&self.shared);
            }
        }
    }
}

fn run(shared: &Mutex<Shared>) {
    loop {
        let Waiting { number, plan, .. } = {
            let mut shared = lock(shared);
            let Some(next) = shared.next() else {
                shared.is_working = false;
                return;
            };
            next
        };
        let begin = threads::cpu_time();
        let made = tier::guarded(|| plan.make());
        lock(shared).done.push((number, made, threads::cpu_time().saturating_sub(begin)));
        threads::call_soon(on_done);
    }
}

/// Lets the thread finish what it is at, and waits for that. The GIL must be held; the thread does not want it.
pub fn stop() {
    let thread = with(|worker| {
        lock(&worker.shared).is_stopped = true;
        worker.thread.take()
    });
    if let Some(thread) = thread {
        let _ = thread.join();
    }
}

/// Goes on with what is waiting, in the parent or in the child.
pub fn go_on() {
    WORKER.with(|worker| worker.iter_mut().for_each(|worker| worker.process = std::process::id()));
    with(|worker| {
        lock(&worker.shared).is_stopped = false;
        worker.start();
    });
}

/// Has the thread begin nothing more, without waiting for it.
pub fn close() {
    with(|worker| lock(&worker.shared).is_stopped = true);
}

unsafe extern "C-unwind" fn on_done(_: *mut c_void) -> c_int {
    // A mistake of ours is one more reason to go on interpreted.
    // SAFETY: pending calls are run by an attached thread.
    let _ = panic::catch_unwind(|| deliver(unsafe { Python::assume_attached() }));
    0
}

/// Hands over what is done.
pub fn deliver(py: Python<'_>) {
    for (number, made, took) in with(|worker| std::mem::take(&mut lock(&worker.shared).done)) {
        tier::finish(py, number, made, took);
    }
}
