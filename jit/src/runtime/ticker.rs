//! Ticks: a thread that has the interpreter stop by now and then, to see what is running.
//!
//! The thread never touches an object and never holds the GIL. It queues a pending call, which the interpreter runs in
//! the thread that has the GIL, at the start of a function, at a jump back or after a call: just where hot code is found.
//! A call that is not served soon means that no Python code runs, and then the thread sleeps until one is.
//!
//! The thread is gone while the process forks: the child would not have it, and CPython warns of forks with threads.

use std::ffi::{c_int, c_void};
use std::io;
use std::panic;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use pyo3::prelude::*;

use super::{frames, threads, worker};
use crate::cpython::code::Code;
use crate::cpython::frame::{InterpreterFrame, OWNED_BY_INTERPRETER};
use crate::cpython::gil::GilCell;
use crate::cpython::thread::Thread;
use crate::tier::sampling;

/// The name of the thread, as debuggers and `ps -L` show it.
const NAME: &str = "rjit-ticker";
/// Time between ticks while there is something to find out, and the longest, when there was nothing for a while.
const SHORTEST: Duration = Duration::from_millis(4);
const LONGEST: Duration = Duration::from_millis(16);
/// Ticks in a row that found nothing, after which the time between them doubles.
const DULL: u32 = 64;
/// Periods without Python code after which the thread sleeps.
const IDLE: u32 = 16;
/// How many frames that the interpreter runs get a tick, from the innermost.
const DEPTH: usize = 2;
/// How many frames are looked at to find them.
const REACH: usize = 8;
/// The thread runs a small loop.
const STACK: usize = 64 * 1024;

static RUNNING: GilCell<Option<Running>> = GilCell::new(None);
static STOP: AtomicBool = AtomicBool::new(false);
/// A pending call was queued and not served.
static QUEUED: AtomicBool = AtomicBool::new(false);
/// The thread sleeps until the call is served.
static ASLEEP: AtomicBool = AtomicBool::new(false);
/// The thread, and the process that has it: a forked child has not.
struct Running {
    handle: JoinHandle<()>,
    process: u32,
}

/// The last tick came in machine code, which serves it after calls: what it calls would never be found running. So the
/// next function that it has the interpreter run gets the tick.
static OWED: AtomicBool = AtomicBool::new(false);
/// Ticks in a row that found nothing.
static DULL_TICKS: AtomicU32 = AtomicU32::new(0);

/// Begins to tick, unless it does. The GIL must be held.
///
/// # Errors
/// There can be no thread.
pub fn start() -> io::Result<()> {
    if !threads::may_stay() {
        return Ok(());
    }
    RUNNING.with(|running| {
        let process = std::process::id();
        if running.as_ref().is_some_and(|running| running.process == process) {
            return Ok(());
        }
        QUEUED.store(false, Ordering::SeqCst);
        ASLEEP.store(false, Ordering::SeqCst);
        STOP.store(false, Ordering::SeqCst);
        DULL_TICKS.store(0, Ordering::Relaxed);
        let handle = threads::spawn(NAME, STACK, run)?;
        // To drop the handle of a thread that is not there would be a mistake.
        std::mem::forget(running.replace(Running { handle, process }));
        Ok(())
    })
}

/// Ends that. The GIL must be held; the thread does not want it.
pub fn stop() {
    let Some(running) = RUNNING.with(Option::take) else { return };
    if running.process != std::process::id() {
        return std::mem::forget(running);
    }
    STOP.store(true, Ordering::SeqCst);
    running.handle.thread().unpark();
    // It has nothing to panic about.
    let _ = running.handle.join();
}

fn run() {
    let mut missed = 0;
    while !STOP.load(Ordering::SeqCst) {
        let factor = 1 << (DULL_TICKS.load(Ordering::Relaxed) / DULL).min(8);
        thread::park_timeout((SHORTEST * factor).min(LONGEST));
        if !QUEUED.load(Ordering::SeqCst) {
            missed = 0;
            queue();
            continue;
        }
        missed += 1;
        if missed > IDLE {
            ASLEEP.store(true, Ordering::SeqCst);
            if QUEUED.load(Ordering::SeqCst) && !STOP.load(Ordering::SeqCst) {
                thread::park();
            }
            ASLEEP.store(false, Ordering::SeqCst);
            missed = 0;
        }
    }
}

fn queue() {
    if STOP.load(Ordering::SeqCst) {
        return;
    }
    QUEUED.store(true, Ordering::SeqCst);
    if !threads::call_soon(on_tick) {
        QUEUED.store(false, Ordering::SeqCst);
    }
}

unsafe extern "C-unwind" fn on_tick(_: *mut c_void) -> c_int {
    QUEUED.store(false, Ordering::SeqCst);
    // A mistake of ours is one more reason to go on interpreted.
    let _ = panic::catch_unwind(|| {
        if ASLEEP.load(Ordering::SeqCst) {
            RUNNING.with(|running| running.iter().for_each(|running| running.handle.thread().unpark()));
        }
        // SAFETY: pending calls are run by an attached thread.
        let (py, interpreted) = unsafe { (Python::assume_attached(), interpreted(Thread::current())) };
        worker::deliver(py);
        OWED.store(interpreted.is_in_machine_code, Ordering::Relaxed);
        note(sampling::tick(py, interpreted.codes.into_iter().flatten()));
    });
    0
}

fn note(undecided: bool) {
    if undecided {
        DULL_TICKS.store(0, Ordering::Relaxed);
    } else {
        DULL_TICKS.fetch_add(1, Ordering::Relaxed);
    }
}

/// Machine code is about to have the interpreter run a frame of `code`.
#[inline]
pub fn calling(code: Code) {
    if OWED.load(Ordering::Relaxed) {
        called(code);
    }
}

#[cold]
fn called(code: Code) {
    OWED.store(false, Ordering::Relaxed);
    // A mistake of ours is one more reason to go on interpreted.
    // SAFETY: who runs frames is attached.
    let _ = panic::catch_unwind(|| note(sampling::tick(unsafe { Python::assume_attached() }, std::iter::once(code))));
}

/// What a tick finds on the stack.
struct Interpreted {
    /// The code of the innermost frames that the interpreter runs.
    codes: [Option<Code>; DEPTH],
    /// The innermost frame of all is not one of them.
    is_in_machine_code: bool,
}

/// Looks at the stack. The frames that machine code has called are passed over: who keeps calling it from the interpreter may be
/// worth compiling, too.
///
/// # Safety
/// The thread is attached.
unsafe fn interpreted(thread: Thread) -> Interpreted {
    let mut found = Interpreted { codes: [None; DEPTH], is_in_machine_code: false };
    let mut frame: *mut InterpreterFrame = thread.current_frame();
    let (mut seen, mut count) = (0, 0);
    // SAFETY: the frames of an attached thread are linked, and those of the interpreter's own loop have no code.
    unsafe {
        while seen < REACH && count < DEPTH && !frame.is_null() {
            if (*frame).owner < OWNED_BY_INTERPRETER {
                if !frames::is_mark((*frame).return_offset) && !rjit_frames::is_native(frame) {
                    found.codes[count] = Some(Code::from_ptr((*frame).code().cast()));
                    count += 1;
                } else if seen == 0 {
                    found.is_in_machine_code = true;
                }
                seen += 1;
            }
            frame = (*frame).previous;
        }
    }
    found
}
