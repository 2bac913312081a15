//! Running generators in machine code.
//!
//! Whoever wants a generator's next item without being the interpreter's own loop asks the class for it, through the slot
//! `tp_iternext`: compiled loops do, and functions like `list` and `sum`. That slot is wrapped. A generator goes on in
//! machine code if there is some for the place where it waits; otherwise CPython's own function has the interpreter run it, and
//! the place is counted. What resumes the frame, and how it is left, is as in the interpreter, so both can take turns.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use pyo3::ffi::{self, PyObject, PySendResult, PyThreadState};

use super::{delegation, entry, frames, observe, ticker};
use crate::code::executable::Body;
use crate::code::resume_cache::{self, Resumption};
use crate::cpython::code::Code;
use crate::cpython::ffi as private;
use crate::cpython::frame::InterpreterFrame;
use crate::cpython::generator::{
    GI_EXC_STATE, GI_FRAME_STATE, GI_IFRAME, STATE_CLEARED, STATE_CREATED, STATE_EXECUTING, STATE_SUSPENDED,
    STATE_SUSPENDED_YIELD_FROM,
};
use crate::cpython::locals::WaitingFrame;
use crate::cpython::thread::{self, ErrStackItem, Thread};
use crate::cpython::{interp, memory, monitoring};
use crate::tier::generators::resumption_at;

/// CPython's own function.
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// The instrumentation version at which no tool but rjit was found to get events everywhere.
static QUIET_VERSION: AtomicU64 = AtomicU64::new(u64::MAX);

/// Wraps the slot; once a process.
///
/// # Safety
/// The GIL is held.
pub unsafe fn install() {
    // SAFETY: the slots of a static type are writable data, and those of this one, which cannot be subclassed, are read at each
    // use.
    unsafe { observe::replace((&raw mut ffi::PyGen_Type.tp_iternext).cast(), &NEXT, next as *const ()) };
}

/// What a generator does when it is asked for its next item.
pub enum Outcome {
    /// It yields this. An owned reference, as the next one.
    Item(*mut PyObject),
    /// It returns this.
    Returned(*mut PyObject),
    /// It raises the exception that is set.
    Raised,
}

/// The generator's next item; null when there is none or with an exception set.
///
/// # Safety
/// `generator` is a live generator, and the thread is attached.
pub unsafe extern "C-unwind" fn next(generator: *mut PyObject) -> *mut PyObject {
    // SAFETY: the contract; the original has this signature.
    unsafe {
        let tstate = ffi::PyThreadState_Get();
        if let Some(resumption) = resumption(tstate, generator) {
            return match run(tstate, generator, resumption) {
                Outcome::Item(item) => item,
                Outcome::Returned(result) => end(result),
                Outcome::Raised => null_mut(),
            };
        }
        ticker::calling(Code::from_ptr((*frame(generator)).code().cast()));
        let original: ffi::iternextfunc = std::mem::transmute(NEXT.load(Ordering::Relaxed));
        original(generator)
    }
}

/// Sends None to the generator.
///
/// # Safety
/// As for [`next`], with the thread's state.
pub unsafe fn send_none(tstate: *mut PyThreadState, generator: *mut PyObject) -> Outcome {
    // SAFETY: the contract.
    unsafe {
        match resumption(tstate, generator) {
            Some(resumption) => run(tstate, generator, resumption),
            None => interpret(generator),
        }
    }
}

/// Has the interpreter go on with the generator.
pub(super) unsafe fn interpret(generator: *mut PyObject) -> Outcome {
    // SAFETY: the callers': a live generator.
    unsafe {
        ticker::calling(Code::from_ptr((*frame(generator)).code().cast()));
        let mut result = null_mut();
        match ffi::PyIter_Send(generator, ffi::Py_None(), &raw mut result) {
            PySendResult::PYGEN_NEXT => Outcome::Item(result),
            PySendResult::PYGEN_RETURN => Outcome::Returned(result),
            PySendResult::PYGEN_ERROR => Outcome::Raised,
        }
    }
}

/// Runs a generator that waits where the machine code begins.
#[inline]
unsafe fn run(tstate: *mut PyThreadState, generator: *mut PyObject, resumption: Resumption) -> Outcome {
    // SAFETY: the callers': `resumption` is the generator's.
    unsafe {
        match resumption.delegation.filter(|_| delegation::delegates(generator)) {
            Some(delegation) => delegation::run(tstate, generator, delegation),
            None => enter(tstate, generator, resumption.body),
        }
    }
}

/// Enters the machine code of a generator that waits.
#[inline]
pub(super) unsafe fn enter(tstate: *mut PyThreadState, generator: *mut PyObject, body: Body) -> Outcome {
    // SAFETY: the callers': a generator that waits where the machine code begins.
    unsafe {
        link(tstate, generator);
        enter_linked(tstate, generator, body)
    }
}

/// The same for one that is linked to its caller already.
#[inline]
pub(super) unsafe fn enter_linked(tstate: *mut PyThreadState, generator: *mut PyObject, body: Body) -> Outcome {
    // SAFETY: the callers': a generator, linked, at the place where the machine code begins.
    unsafe {
        let frame = frame(generator);
        (*frame).return_offset = frames::RUNNING;
        let code = Code::from_ptr((*frame).code().cast());
        // The operands now live in registers; the collector must not see them twice.
        (*frame).stackpointer = (*frame).slot(code.localsplus_count() as usize);
        entry::entered();
        let result = body(tstate, frame).object;
        entry::left();
        outcome(generator, result)
    }
}

/// What it means that a generator that was run has come to this.
#[inline]
pub(super) unsafe fn outcome(generator: *mut PyObject, result: *mut PyObject) -> Outcome {
    // SAFETY: the callers': a live generator.
    match unsafe { memory::read::<i8, _>(generator, GI_FRAME_STATE) } {
        _ if result.is_null() => Outcome::Raised,
        STATE_CLEARED => Outcome::Returned(result),
        _ => Outcome::Item(result),
    }
}

/// Makes the frame of a generator that waits the thread's innermost one.
#[inline]
pub(super) unsafe fn link(tstate: *mut PyThreadState, generator: *mut PyObject) {
    // SAFETY: the callers': a generator that waits.
    unsafe {
        let thread = Thread::from_ptr(tstate);
        let frame = frame(generator);
        memory::write(generator, GI_FRAME_STATE, STATE_EXECUTING);
        // What it handles lies above what its caller handles.
        let handled: *mut ErrStackItem = memory::field(generator, GI_EXC_STATE);
        (*handled).previous_item = thread.exc_info();
        thread.set_exc_info(handled);
        thread.set_recursion_remaining(thread.recursion_remaining() - 1);
        (*frame).previous = thread.current_frame();
        thread.set_current_frame(frame);
    }
}

/// What the slot returns for a generator that has returned this.
#[cold]
unsafe fn end(result: *mut PyObject) -> *mut PyObject {
    // SAFETY: the callers own the reference.
    unsafe {
        if result != ffi::Py_None() {
            private::_PyGen_SetStopIterationValue(result);
        }
        ffi::Py_DECREF(result);
    }
    null_mut()
}

/// The generator's frame.
pub(super) unsafe fn frame(generator: *mut PyObject) -> *mut InterpreterFrame {
    // SAFETY: the callers pass a generator, which has its frame in it.
    unsafe { memory::field(generator, GI_IFRAME) }
}

/// The machine code that goes on with the generator, if there is some and nothing is against it.
#[inline]
pub(super) unsafe fn resumption(tstate: *mut PyThreadState, generator: *mut PyObject) -> Option<Resumption> {
    // SAFETY: the callers': a generator; the frame of one that waits is complete.
    unsafe {
        // The slot is every interpreter's, and only one of them has machine code.
        if Thread::from_ptr(tstate).interp() as usize != interp::address() {
            return None;
        }
        let state: i8 = memory::read(generator, GI_FRAME_STATE);
        if !matches!(state, STATE_CREATED | STATE_SUSPENDED | STATE_SUSPENDED_YIELD_FROM) {
            return None;
        }
        let frame = frame(generator);
        let resumption = known_at(frame)?;
        may_run(tstate, frame).then_some(resumption)
    }
}

/// The machine code that goes on with the frame where it is, if there is some; otherwise the place is counted.
#[inline]
pub(super) unsafe fn known_at(frame: *mut InterpreterFrame) -> Option<Resumption> {
    // SAFETY: the callers': a complete frame.
    let waiting = unsafe { WaitingFrame::new(frame) };
    resume_cache::get(waiting.bytecode()).or_else(|| resumption_at(waiting))
}

/// Whether nothing is against running a generator's frame in machine code.
#[inline]
pub(super) unsafe fn may_run(tstate: *mut PyThreadState, frame: *mut InterpreterFrame) -> bool {
    // SAFETY: the callers': a complete frame.
    unsafe {
        let thread = Thread::from_ptr(tstate);
        is_quiet(thread)
            && !is_observed(frame)
            // The interpreter raises RecursionError, if that is what comes of it.
            && thread.recursion_remaining() > 1
            && !thread::is_too_deep_to_enter(tstate)
    }
}

/// Whether somebody may have changed the frame's locals or traces it.
#[inline]
pub(super) unsafe fn is_observed(frame: *mut InterpreterFrame) -> bool {
    // SAFETY: the callers': a complete frame.
    unsafe { !(*frame).frame_obj.is_null() && frames::observed(frame).is_some() }
}

/// Whether no tool but rjit gets events everywhere, and the interpreter evaluates frames.
#[inline]
pub(super) unsafe fn is_quiet(thread: Thread) -> bool {
    let version = thread.eval_breaker() & !thread::BREAKER_EVENTS_MASK;
    let is_known = QUIET_VERSION.load(Ordering::Relaxed) == version;
    // SAFETY: the callers': an attached thread.
    let is_hooked = unsafe { interp::eval_frame(thread.interp()).is_some() };
    let is_quiet = is_known || !monitoring::others_get_events(monitoring::OPTIMIZER_ID);
    if is_quiet && !is_known {
        QUIET_VERSION.store(version, Ordering::Relaxed);
    }
    is_quiet && !is_hooked
}
