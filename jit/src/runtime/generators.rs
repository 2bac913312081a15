//! Running generators in machine code.
//!
//! Whoever wants a generator's next item without being the interpreter's own loop asks the class for it, through the slot
//! `tp_iternext`: compiled loops do, and functions like `list` and `sum`. That slot is wrapped. A generator goes on in
//! machine code if there is some for the place where it waits; otherwise CPython's own function has the interpreter run it, and
//! the place is counted. What resumes the frame, and how it is left, is as in the interpreter, so both can take turns.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use pyo3::ffi::{self, PyObject, PyThreadState};

use super::{entry, frames, observe, ticker};
use crate::code::executable::Body;
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
use crate::tier::generators::body_at;

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

/// The generator's next item; null when there is none or with an exception set.
///
/// # Safety
/// `generator` is a live generator, and the thread is attached.
pub unsafe extern "C-unwind" fn next(generator: *mut PyObject) -> *mut PyObject {
    // SAFETY: the contract; the original has this signature.
    unsafe {
        let tstate = ffi::PyThreadState_Get();
        if let Some(body) = body(tstate, generator) {
            return resume(tstate, generator, body);
        }
        ticker::calling(Code::from_ptr((*frame(generator)).code().cast()));
        let original: ffi::iternextfunc = std::mem::transmute(NEXT.load(Ordering::Relaxed));
        original(generator)
    }
}

unsafe fn frame(generator: *mut PyObject) -> *mut InterpreterFrame {
    // SAFETY: the callers pass a generator, which has its frame in it.
    unsafe { memory::field(generator, GI_IFRAME) }
}

/// The machine code that goes on with the generator, if there is some and nothing is against it.
unsafe fn body(tstate: *mut PyThreadState, generator: *mut PyObject) -> Option<Body> {
    // SAFETY: the callers': a generator; the frame of one that waits is complete.
    unsafe {
        let state: i8 = memory::read(generator, GI_FRAME_STATE);
        if !matches!(state, STATE_CREATED | STATE_SUSPENDED | STATE_SUSPENDED_YIELD_FROM) {
            return None;
        }
        let frame = frame(generator);
        let body = body_at(WaitingFrame::new(frame))?;
        let thread = Thread::from_ptr(tstate);
        let may_run = !interp::is_hooked()
            && is_quiet(thread)
            && ((*frame).frame_obj.is_null() || frames::observed(frame).is_none())
            // The interpreter raises RecursionError, if that is what comes of it.
            && thread.recursion_remaining() > 1
            && !thread::stack_is_low(tstate);
        may_run.then_some(body)
    }
}

/// Whether no tool but rjit gets events everywhere.
unsafe fn is_quiet(thread: Thread) -> bool {
    let version = thread.eval_breaker() & !thread::BREAKER_EVENTS_MASK;
    QUIET_VERSION.load(Ordering::Relaxed) == version || {
        let is_quiet = !monitoring::others_get_events(monitoring::OPTIMIZER_ID);
        if is_quiet {
            QUIET_VERSION.store(version, Ordering::Relaxed);
        }
        is_quiet
    }
}

unsafe fn resume(tstate: *mut PyThreadState, generator: *mut PyObject, body: Body) -> *mut PyObject {
    // SAFETY: the callers': a generator that waits where the machine code begins.
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
        (*frame).return_offset = frames::RUNNING;
        let code = Code::from_ptr((*frame).code().cast());
        // The operands now live in registers; the collector must not see them twice.
        (*frame).stackpointer = (*frame).slot(code.localsplus_count() as usize);
        thread.set_current_frame(frame);
        entry::entered();
        let result = body(tstate, frame);
        entry::left();
        let state: i8 = memory::read(generator, GI_FRAME_STATE);
        if result.is_null() || state != STATE_CLEARED {
            return result;
        }
        // It has returned.
        if result != ffi::Py_None() {
            private::_PyGen_SetStopIterationValue(result);
        }
        ffi::Py_DECREF(result);
        std::ptr::null_mut()
    }
}
