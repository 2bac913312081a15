//! `RJIT_STRESS`: machine code is left, taken out of use, looked at and collected under, where a program would hardly
//! ever do it. None of that may show in what the program does, so whatever differs is a mistake of the compiler's.
//!
//! Guards and safepoints of an executable have a number. Most stress is applied to each of them *in turn*, when it is
//! executed for the first time: the frame goes on in the interpreter, and the next round gets as far as the next one.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use pyo3::ffi::{self, PyObject, PyThreadState};
use pyo3::intern;
use pyo3::prelude::*;

use super::{deopt, frames};
use crate::code::executable::{Header, OSR_EXITED};
use crate::config::{ForcedDeopt, Stress};
use crate::cpython::code::Code;
use crate::cpython::frame::{self, InterpreterFrame};
use crate::cpython::memory;
use crate::tier::{self, Invalidation};

/// What [`safepoint`] returns when the frame must leave although nobody observes it.
pub const FORCED_STATUS: i64 = 2;

/// Guards to execute until one is made to fail; below zero when none is any more.
pub static COUNTDOWN: AtomicI64 = AtomicI64::new(0);

/// Callers that are looked at from a safepoint whose turn is over. Those further out were looked at when the callers
/// between started.
const NEAR_FRAMES: usize = 8;
/// Executions of one safepoint at which frames are read; of later ones it is one in [`FRAMES_RARELY`], over all.
const FRAMES_OFTEN: u8 = 32;
const FRAMES_RARELY: u64 = 64;
/// Collections at the first execution of a safepoint; then it is one of so many such executions, and of all executions
/// one in [`COLLECT_RARELY`].
const COLLECT_OFTEN: u64 = 256;
const COLLECT_SOMETIMES: u64 = 16;
const COLLECT_RARELY: u64 = 65_536;

/// What was done so far.
#[derive(Default)]
pub struct Counts {
    /// Guards of all executables that were compiled, safepoints included.
    pub guards: AtomicU64,
    /// Of those, how many had their turn.
    pub reached: AtomicU64,
    /// Side exits that were forced.
    pub forced: AtomicU64,
    /// Safepoints that were executed.
    pub safepoints: AtomicU64,
    /// Times that machine code was taken out of use.
    pub invalidations: AtomicU64,
    /// Frame objects that were looked at.
    pub reified: AtomicU64,
    /// Collections.
    pub collections: AtomicU64,
}

static COUNTS: Counts = Counts {
    guards: AtomicU64::new(0),
    reached: AtomicU64::new(0),
    forced: AtomicU64::new(0),
    safepoints: AtomicU64::new(0),
    invalidations: AtomicU64::new(0),
    reified: AtomicU64::new(0),
    collections: AtomicU64::new(0),
};

static STRESS: OnceLock<Stress> = OnceLock::new();

/// Set while the collector or the reader of frames is at work: what they run is left in peace.
static IS_BUSY: AtomicBool = AtomicBool::new(false);

/// Reads `RJIT_STRESS`, once in a process.
///
/// # Errors
/// What is wrong with it.
pub fn start() -> Result<(), String> {
    let stress = Stress::resolve(|name| std::env::var_os(name))?;
    if STRESS.set(stress).is_ok()
        && let Some(ForcedDeopt::Nth(number) | ForcedDeopt::Every(number)) = stress.deopt
    {
        COUNTDOWN.store(i64::from(number), Ordering::Relaxed);
    }
    Ok(())
}

/// What was asked for.
pub fn wanted() -> Stress {
    STRESS.get().copied().unwrap_or_default()
}

/// What was done so far.
pub fn counts() -> &'static Counts {
    &COUNTS
}

/// Counts the guards of a new executable.
pub fn note_guards(guards: usize) {
    add(&COUNTS.guards, guards as u64);
}

fn add(counter: &AtomicU64, amount: u64) {
    // The GIL excludes others.
    counter.store(counter.load(Ordering::Relaxed) + amount, Ordering::Relaxed);
}

/// Whether the safepoint at the end of a round has something to do: at every other one, so that the ways with and without it are
/// taken.
pub extern "C-unwind" fn is_due() -> i64 {
    static ROUNDS: AtomicI64 = AtomicI64::new(0);
    ROUNDS.fetch_add(1, Ordering::Relaxed) & 1
}

/// A function's guard was made to fail: like [`deopt::exit_function`], without drawing conclusions.
///
/// # Safety
/// As for [`deopt::exit_function`]; `guard` is a guard of the machine code.
pub unsafe extern "C-unwind" fn exit_function(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    header: *const Header,
    guard: u64,
) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe {
        frames::settle(tstate);
        note_exit(frame, header, guard as usize);
        deopt::resume(tstate, frame)
    }
}

/// A loop's guard was made to fail: like [`deopt::exit_loop`], without drawing conclusions.
///
/// # Safety
/// As for [`exit_function`].
pub unsafe extern "C-unwind" fn exit_loop(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    header: *const Header,
    guard: u64,
) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe {
        frames::settle(tstate);
        note_exit(frame, header, guard as usize);
    }
    std::ptr::without_provenance_mut(OSR_EXITED)
}

unsafe fn note_exit(frame: *mut InterpreterFrame, header: *const Header, guard: usize) {
    // SAFETY: the executable is boxed and installed before its code can run, and freed only when no code runs; the frame is
    // that which the guard's context has.
    let executable = unsafe { &mut *(*header).executable };
    // SAFETY: as above.
    unsafe { executable.guards[guard].settle(frame) };
    executable.guards[guard].count();
    tier::coverage::note_exit(&executable.guards[guard]);
    add(&COUNTS.forced, 1);
    take_turn(&executable.header, guard);
    if let Some(ForcedDeopt::Every(number)) = wanted().deopt {
        COUNTDOWN.store(i64::from(number), Ordering::Relaxed);
    }
}

/// Notes that a guard had its turn, and says how often it had it before.
fn take_turn(header: &Header, guard: usize) -> u8 {
    let turns = header.turns[guard].load(Ordering::Relaxed);
    header.turns[guard].store(turns.saturating_add(1), Ordering::Relaxed);
    add(&COUNTS.reached, u64::from(turns == 0));
    turns
}

/// What machine code does at a safepoint under stress: all that [`frames::safepoint`] does, and what was asked for.
/// Returns [`FORCED_STATUS`] besides.
///
/// # Safety
/// As for [`frames::safepoint`]; `guard` is the safepoint's number.
pub unsafe extern "C-unwind" fn safepoint(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    header: *const Header,
    periodic: i64,
    guard: u64,
) -> i64 {
    let (stress, guard) = (wanted(), guard as usize);
    let count = COUNTS.safepoints.load(Ordering::Relaxed);
    COUNTS.safepoints.store(count + 1, Ordering::Relaxed);
    // SAFETY: the contract; the executable is alive while its machine code runs.
    unsafe {
        check(frame);
        // Forced exits take the turns of guards themselves.
        let turns = match stress.deopt {
            None => take_turn(&*header, guard),
            Some(_) => (*header).turns[guard].load(Ordering::Relaxed),
        };
        if (stress.reify || stress.gc) && !IS_BUSY.swap(true, Ordering::Relaxed) {
            if stress.reify && (turns < FRAMES_OFTEN || count.is_multiple_of(FRAMES_RARELY)) {
                reify(turns == 0);
            }
            let is_often =
                COUNTS.collections.load(Ordering::Relaxed) < COLLECT_OFTEN || count.is_multiple_of(COLLECT_SOMETIMES);
            if stress.gc && (turns == 0 && is_often || count.is_multiple_of(COLLECT_RARELY)) {
                add(&COUNTS.collections, 1);
                ffi::PyGC_Collect();
            }
            IS_BUSY.store(false, Ordering::Relaxed);
        }
        let status = frames::safepoint(tstate, frame, header, periodic);
        if status != 0 {
            return status;
        }
        let invalidation = if stress.invalidate {
            let executable = &*(*header).executable;
            let exit = &executable.guards[guard];
            let code = Code::from_ptr((*frame).code().cast());
            tier::invalidate_in_turn(code, executable.kind, exit.site, exit.offset)
        } else {
            Invalidation::Over
        };
        add(&COUNTS.invalidations, u64::from(invalidation == Invalidation::Withdrawn));
        let is_due = match stress.deopt {
            None => false,
            Some(ForcedDeopt::All) => turns == 0,
            Some(ForcedDeopt::Nth(_) | ForcedDeopt::Every(_)) => {
                let left = COUNTDOWN.load(Ordering::Relaxed) - 1;
                COUNTDOWN.store(left, Ordering::Relaxed);
                left == 0
            }
        };
        if invalidation != Invalidation::Over || is_due { FORCED_STATUS } else { 0 }
    }
}

/// Complains about a frame that does not look as it should at a safepoint.
unsafe fn check(frame: *mut InterpreterFrame) {
    // SAFETY: the caller has a live frame of compiled code.
    unsafe {
        let code = Code::from_ptr((*frame).code().cast());
        let complain = |what: &str| eprintln!("rjit: stress: {what} at a safepoint of {}", code.qualname());
        if !ffi::PyErr_Occurred().is_null() {
            complain("an exception is set");
        }
        let units = (*frame).instr_ptr as usize - code.first_unit() as usize;
        if !units.is_multiple_of(2) || units / 2 >= code.unit_count() {
            complain("the position is outside of the code");
        }
        if (*frame).stackpointer != (*frame).slot(code.localsplus_count() as usize) {
            complain("the operand stack is not empty");
        }
        if !frames::is_mark((*frame).return_offset) {
            complain("the mark is gone");
        }
    }
}

/// Makes frame objects of the frames on the stack and reads them: all of them as a debugger does, so that compiled ones
/// go on in the interpreter, or the nearest without leaving a trace.
///
/// # Safety
/// Called at a safepoint, attached.
unsafe fn reify(as_debugger: bool) {
    // SAFETY: attached, as the caller says; each frame object is owned while it is looked at.
    unsafe {
        let py = Python::assume_attached();
        let mut current = ffi::PyThreadState_GetFrame(ffi::PyThreadState_Get());
        let mut depth = 0;
        while !current.is_null() && (as_debugger || depth < NEAR_FRAMES) {
            add(&COUNTS.reified, 1);
            if let Err(error) = read_frame(py, current, as_debugger) {
                eprintln!("rjit: stress: a frame cannot be read: {error}");
            }
            let outer = ffi::PyFrame_GetBack(current);
            ffi::Py_DECREF(current.cast());
            current = outer;
            depth += 1;
        }
        ffi::Py_XDECREF(current.cast());
    }
}

unsafe fn read_frame(py: Python<'_>, object: *mut ffi::PyFrameObject, as_debugger: bool) -> PyResult<()> {
    // SAFETY: the caller has a frame object, whose frame is on the stack.
    unsafe {
        ffi::PyFrame_GetLineNumber(object);
        let inner: *mut InterpreterFrame = memory::read(object.cast::<PyObject>(), frame::OBJ_F_FRAME);
        if !frames::is_mark((*inner).return_offset) {
            return Ok(());
        }
        let locals = if as_debugger {
            Bound::from_borrowed_ptr(py, object.cast()).getattr(intern!(py, "f_locals"))?
        } else {
            Bound::from_owned_ptr_or_err(py, ffi::PyFrame_GetLocals(object))?
        };
        // A module's or class's namespace is no copy, and may be anything.
        let code = Code::from_ptr((*inner).code().cast());
        if code.flags().has(crate::bytecode::info::CodeFlags::OPTIMIZED) {
            locals.call_method0(intern!(py, "items"))?;
        }
        Ok(())
    }
}
