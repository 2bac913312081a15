//! On-stack replacement: a frame that the interpreter is running is taken over by the machine code of its loop, and
//! given back when the function returns, raises or leaves by a side exit.
//!
//! An exception that the machine code does not handle itself cannot be raised from the callback that entered it: the
//! interpreter would raise it at the jump. It is kept aside, the frame is pointed at the bytecode that failed, and a
//! local INSTRUCTION event raises it right there.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::ffi::{self, PyObject, PyThreadState};
use pyo3::prelude::*;

use super::{entry, frames, room};
use crate::code::executable::{Executable, OSR_RAISED};
use crate::cpython::code;
use crate::cpython::frame::InterpreterFrame;
use crate::cpython::thread::{Thread, is_too_deep_to_enter};
use crate::tier;

/// `what_event` of a thread outside of callbacks.
const NO_EVENT: i32 = -1;

/// Running loops that machine code took over, since the process started.
pub static ENTRIES: AtomicU64 = AtomicU64::new(0);

/// Exceptions waiting for their INSTRUCTION event, by the frame that raises them. Owned references.
struct Pending(UnsafeCell<Vec<(usize, usize)>>);

// SAFETY: only used with the GIL held, and never across a call into Python.
unsafe impl Sync for Pending {}

static PENDING: Pending = Pending(UnsafeCell::new(Vec::new()));

/// Runs the loop's machine code in the frame (unless tools are watching it), whose `instr_ptr` says where the interpreter goes on afterwards.
///
/// # Errors
/// What the callback has to raise.
///
/// # Safety
/// `frame` is the current frame of `tstate`, at the header of the loop, inside a JUMP callback; the executable is
/// the loop's.
pub unsafe fn enter(tstate: *mut PyThreadState, frame: *mut InterpreterFrame, executable: &Executable) -> PyResult<()> {
    // SAFETY: the contract.
    unsafe {
        if frames::observed(frame).is_some() || frames::tools_active(tstate, frame) || is_too_deep_to_enter(tstate) {
            return Ok(());
        }
        let Some(room) = room::make(tstate, executable.extent as usize) else { return Ok(()) };
        let thread = Thread::from_ptr(tstate);
        let (tracing, event) = (thread.tracing(), thread.what_event());
        // As if no callback were running: what the loop calls may be traced, and must not jump out of an event.
        thread.set_tracing(0);
        thread.set_what_event(NO_EVENT);
        (*frame).return_offset = frames::RUNNING;
        let code = (*frame).code();
        let localsplus = code::Code::from_ptr(code.cast()).localsplus_count();
        // The operands now live in registers; the collector must not see them twice.
        (*frame).stackpointer = (*frame).slot(localsplus as usize);
        ENTRIES.fetch_add(1, Ordering::Relaxed);
        entry::entered();
        let status = (executable.body)(tstate, frame).object;
        (*frame).return_offset = 0;
        room::give_back(tstate, room);
        entry::left();
        thread.set_tracing(tracing);
        thread.set_what_event(event);
        if status as usize == OSR_RAISED {
            let exception = ffi::PyErr_GetRaisedException();
            let py = Python::assume_attached();
            if let Err(error) = tier::want_instruction_event(py, code::Code::from_ptr(code.cast())) {
                ffi::Py_DECREF(exception);
                return Err(error);
            }
            (*PENDING.0.get()).push((frame as usize, exception as usize));
        }
        Ok(())
    }
}

/// The INSTRUCTION callback's work: raises the exception that waits for the current frame.
///
/// # Safety
/// Called from a monitoring callback of the attached thread.
pub unsafe fn on_instruction(code: *mut PyObject) -> *mut PyObject {
    // SAFETY: the contract; the kept reference passes to the thread state.
    unsafe {
        let frame = Thread::current().current_frame() as usize;
        let list = &mut *PENDING.0.get();
        let Some(position) = list.iter().position(|(waiting, _)| *waiting == frame) else {
            return ffi::Py_NewRef(ffi::Py_None());
        };
        let (_, exception) = list.remove(position);
        if !list.iter().any(|(waiting, _)| (*(*waiting as *mut InterpreterFrame)).code() == code) {
            let py = Python::assume_attached();
            // Reporting a little longer than needed does no harm.
            let _ = tier::forget_instruction_event(py, code::Code::from_ptr(code.cast()));
        }
        ffi::PyErr_SetRaisedException(exception as *mut PyObject);
        std::ptr::null_mut()
    }
}
