//! The frames that machine code runs in: real `_PyInterpreterFrame`s on the thread's data stack, complete for any
//! observer from their first instruction on.

use std::sync::atomic::Ordering;

use pyo3::ffi::{self, PyObject, PyThreadState};

use crate::bytecode::opcode::CodeOffset;
use crate::code::executable::{Cause, Header};
use crate::cpython::ffi as private;
use crate::cpython::frame::{InterpreterFrame, StackRef};
use crate::cpython::monitoring;
use crate::cpython::thread::{self, Thread};
use crate::cpython::{code::Code, frame, interp, memory};
use crate::tier;

use super::{deaths, observers};

/// `return_offset` of a frame that machine code runs. The interpreter uses the field only while the frame calls another
/// one, which compiled frames never do through it.
pub const RUNNING: u16 = 0xC0DE;
/// `return_offset` of a compiled frame whose locals somebody asked for: it goes on in the interpreter, which reads
/// every local anew.
pub const OBSERVED: u16 = 0xC0DF;

/// The same of one whose locals somebody has assigned to.
pub const ASSIGNED: u16 = 0xC0E0;

/// The marks of light frames: the lowest bit is set if the interpreter would have a frame of its own below, the next one if the frame
/// does not own its function.
const LIGHT: u16 = 0xC0E4;
const HAS_SHIM: u16 = 1;
const IS_LENT: u16 = 2;

/// The mark of a frame that was pushed without counting anything, see [`settle`].
pub const fn light_mark(is_lent: bool, has_shim: bool) -> u16 {
    LIGHT | if has_shim { HAS_SHIM } else { 0 } | if is_lent { IS_LENT } else { 0 }
}

const fn is_light(return_offset: u16) -> bool {
    return_offset & !(HAS_SHIM | IS_LENT) == LIGHT
}

/// Whether machine code runs a frame with this mark.
pub const fn is_mark(return_offset: u16) -> bool {
    matches!(return_offset, RUNNING | OBSERVED | ASSIGNED) || is_light(return_offset)
}

/// Counts what was not counted when the innermost frames were pushed: they are then like all others.
///
/// # Safety
/// `tstate` is attached, and its innermost frame is complete.
pub unsafe extern "C-unwind" fn settle(tstate: *mut PyThreadState) {
    // SAFETY: the contract. Light frames follow one another on the data stack; function and code are alive, since nothing has run
    // since the frame was pushed that could have freed them.
    unsafe {
        let thread = Thread::from_ptr(tstate);
        let innermost = thread.current_frame();
        let mut frame = innermost;
        let mut calls = 0;
        while is_light((*frame).return_offset) {
            let mark = std::mem::replace(&mut (*frame).return_offset, RUNNING);
            if mark & IS_LENT != 0 {
                ffi::Py_INCREF((*frame).f_funcobj.untag());
            }
            ffi::Py_INCREF((*frame).code());
            calls += 1 + i32::from(mark & HAS_SHIM != 0);
            frame = (*frame).previous;
        }
        if calls != 0 {
            thread.set_recursion_remaining(thread.recursion_remaining() - calls);
            let size = Code::from_ptr((*innermost).code().cast()).frame_size();
            thread.set_datastack_top(innermost.cast::<u64>().add(size as usize));
        }
    }
}

/// Whether machine code runs a frame.
///
/// # Safety
/// `frame` is a complete frame.
pub unsafe fn is_compiled(frame: *const InterpreterFrame) -> bool {
    // SAFETY: the contract.
    unsafe {
        matches!((*frame).owner, frame::OWNED_BY_THREAD | frame::OWNED_BY_GENERATOR) && is_mark((*frame).return_offset)
    }
}

/// What [`safepoint`] returns when the frame must go on in the interpreter.
pub const OBSERVED_STATUS: i64 = 1;

/// Pops a frame whose machine code is done: locals die with the caller as the current frame, as in the interpreter.
///
/// # Safety
/// `frame` is `tstate`'s current frame, and machine code runs in it.
pub unsafe extern "C-unwind" fn leave(tstate: *mut PyThreadState, frame: *mut InterpreterFrame) {
    // SAFETY: the contract; the frame was pushed by a call of compiled code.
    unsafe {
        let thread = Thread::from_ptr(tstate);
        thread.set_recursion_remaining(thread.recursion_remaining() + 1);
        let previous = (*frame).previous;
        thread.set_current_frame(previous);
        (*frame).return_offset = 0;
        // A raised exception survives the finalizers of locals.
        private::_PyEval_FrameClearAndPop(tstate, frame);
    }
}

/// Pops a frame that an exception leaves, having told the tools that want to know.
///
/// # Safety
/// As for [`leave`], with an exception set.
pub unsafe extern "C-unwind" fn unwind(tstate: *mut PyThreadState, frame: *mut InterpreterFrame) {
    // SAFETY: the contract.
    unsafe {
        let instr = (*frame).instr_ptr;
        tell_tools(tstate, frame, monitoring::EVENT_PY_UNWIND, instr);
        leave(tstate, frame);
    }
}

/// Tells the tools that watch the frame's code what becomes of the exception that is set, at `instr`. An exception that
/// a tool raises takes its place.
///
/// # Safety
/// `frame` is a live frame of the attached thread `tstate`, with an exception set.
pub unsafe fn tell_tools(tstate: *mut PyThreadState, frame: *mut InterpreterFrame, event: u8, instr: *mut u16) {
    // SAFETY: the contract; the exception is ours while it is not set.
    unsafe {
        if !tools_active(tstate, frame) {
            return;
        }
        let exception = ffi::PyErr_GetRaisedException();
        if private::_Py_call_instrumentation_arg(tstate, event.into(), frame, instr, exception) == 0 {
            ffi::PyErr_SetRaisedException(exception);
        } else {
            ffi::Py_DECREF(exception);
        }
    }
}

/// Gives up a reference, where machine code has no room for doing it inline.
///
/// # Safety
/// The caller owns a reference to the object.
pub unsafe extern "C-unwind" fn drop_object(object: *mut PyObject) {
    // SAFETY: the contract.
    unsafe { deaths::give_up(object) };
}

/// Gives up a stackref, where machine code has no room for doing it inline.
///
/// # Safety
/// The caller owns the stackref.
pub unsafe extern "C-unwind" fn drop_ref(reference: StackRef) {
    if reference.is_counted() {
        // SAFETY: the contract; neither NULL nor tagged integers are counted.
        unsafe { deaths::give_up(reference.untag()) };
    }
}

/// Adds the frame to the traceback of the exception that is set, with the bytecode it is at; not before the first one that counts,
/// as where a generator expression asks for its iterator.
///
/// # Safety
/// As for [`leave`], with an exception set.
pub unsafe extern "C-unwind" fn add_traceback(tstate: *mut PyThreadState, frame: *mut InterpreterFrame) {
    // SAFETY: the contract; the frame object is borrowed from the frame.
    unsafe {
        let code = Code::from_ptr((*frame).code().cast());
        let is_complete = (*frame).owner == frame::OWNED_BY_GENERATOR
            || (*frame).instr_ptr >= code.first_unit().add(code.first_traceable().index());
        if is_complete {
            let mut object = (*frame).frame_obj;
            if object.is_null() {
                object = private::_PyFrame_MakeAndSetFrameObject(frame);
            }
            if !object.is_null() {
                ffi::PyTraceBack_Here(object.cast());
            }
        }
        if tools_active(tstate, frame) {
            private::_PyEval_MonitorRaise(tstate, frame, (*frame).instr_ptr);
        }
    }
}

/// Whether a monitoring tool other than rjit wants events from the frame's code.
///
/// # Safety
/// `frame` is a live frame of the attached thread `tstate`.
pub unsafe fn tools_active(tstate: *mut PyThreadState, frame: *mut InterpreterFrame) -> bool {
    // SAFETY: the contract; a frame's executable is its code object.
    unsafe {
        let interp = Thread::from_ptr(tstate).interp();
        let code = Code::from_ptr((*frame).code().cast());
        other_tools(interp, code)
    }
}

/// Whether a monitoring tool other than rjit wants events from `code`.
///
/// # Safety
/// `interp` is the interpreter that the attached thread belongs to.
pub unsafe fn other_tools(interp: *const u8, code: Code) -> bool {
    let ours = 1u8 << monitoring::OPTIMIZER_ID;
    (0..monitoring::UNGROUPED_EVENTS as u8).any(|event| {
        // SAFETY: the contract.
        let tools = unsafe { interp::global_tools(interp, event) } | code.active_tools(event);
        tools & !ours != 0
    })
}

/// The slow part of a safepoint: somebody has a frame object of this frame, or the eval breaker is up.
///
/// Returns 0 to go on, a negative number with an exception set, or [`OBSERVED_STATUS`].
///
/// # Safety
/// As for [`leave`]; `header` is that of the running machine code.
pub unsafe extern "C-unwind" fn safepoint(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    header: *const Header,
    periodic: i64,
) -> i64 {
    // SAFETY: the contract.
    unsafe {
        let thread = Thread::from_ptr(tstate);
        let interrupted = thread.eval_breaker() & thread::BREAKER_EVENTS_MASK != 0;
        if periodic != 0 && interrupted && private::_Py_HandlePending(tstate) < 0 {
            return -1;
        }
        // A guess that fails in a function that is a part of the code does not end the code, so it might fail forever; and
        // there may be better code by now.
        if periodic != 0 && (*header).lingers() {
            return reified(frame, header, Cause::OutOfUse);
        }
        let version = thread.eval_breaker() & !thread::BREAKER_EVENTS_MASK;
        let expected = &(*header).expected_breaker;
        if expected.load(Ordering::Relaxed) != version && thread.tracing() == 0 {
            if tools_active(tstate, frame) {
                return reified(frame, header, Cause::ToolOn);
            }
            let is_in_use = (*header).lingering.load(Ordering::Relaxed) == 0;
            if is_in_use && !(*(*header).executable).codes().any(|code| other_tools(thread.interp(), code)) {
                expected.store(version, Ordering::Relaxed);
            }
        }
        observed(frame).map_or(0, |cause| reified(frame, header, cause))
    }
}

/// Notes that the frame goes on in the interpreter for an observer.
unsafe fn reified(frame: *mut InterpreterFrame, header: *const Header, cause: Cause) -> i64 {
    // SAFETY: the callers' contract: a frame of the machine code with this header, at one of its bytecodes.
    unsafe {
        let code = Code::from_ptr((*frame).code().cast());
        let units = (*frame).instr_ptr.offset_from(code.first_unit());
        let observer = observers::of(frame, cause);
        tier::record_reification(
            &mut *(*header).executable,
            code,
            CodeOffset(units as u32),
            cause,
            observer.as_deref(),
        );
    }
    OBSERVED_STATUS
}

/// Why the frame has to go on in the interpreter, if somebody may have changed its locals or has set a trace function on it.
///
/// # Safety
/// `frame` is a live frame of the attached thread.
pub unsafe fn observed(frame: *mut InterpreterFrame) -> Option<Cause> {
    // SAFETY: the contract; the frame object, if any, is alive as long as the frame.
    unsafe {
        match (*frame).return_offset {
            OBSERVED => return Some(Cause::LocalsRead),
            ASSIGNED => return Some(Cause::LocalAssigned),
            _ => {}
        }
        let object = (*frame).frame_obj;
        if object.is_null() {
            return None;
        }
        let trace: *mut PyObject = memory::read(object, frame::OBJ_F_TRACE);
        let overwritten: *mut PyObject = memory::read(object, frame::OBJ_F_OVERWRITTEN_FAST_LOCALS);
        if !overwritten.is_null() {
            Some(Cause::LocalAssigned)
        } else if !trace.is_null() {
            Some(Cause::Traced)
        } else {
            None
        }
    }
}
