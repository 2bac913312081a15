//! Pushing the frame of a compiled callee whose arguments fit its parameters one to one, without asking the
//! interpreter to bind them.

use pyo3::ffi::{self, PyObject, PyThreadState};

use super::frames;
use crate::code::state::CodeCell;
use crate::code::{extra, install};
use crate::cpython::code::Code;
use crate::cpython::ffi as private;
use crate::cpython::frame::{InterpreterFrame, OWNED_BY_THREAD, StackRef};
use crate::cpython::function::Function;
use crate::cpython::interp;
use crate::cpython::thread::Thread;

/// Calls `function`, a stackref that is taken over together with the `count` arguments at `args`, if it has machine
/// code that takes just these; None, with nothing taken over, otherwise.
///
/// # Safety
/// `function` is a Python function; `tstate` is attached, and its current frame, which runs machine code, makes the
/// call.
#[inline]
pub unsafe fn call_exact(
    tstate: *mut PyThreadState,
    function: StackRef,
    args: *const StackRef,
    count: usize,
) -> Option<*mut PyObject> {
    // SAFETY: the contract.
    unsafe {
        let callee = Function::from_ptr(function.untag());
        let is_hooked = interp::eval_frame(Thread::from_ptr(tstate).interp()).is_some();
        if !install::has_entry(callee) || is_hooked {
            return None;
        }
        let state = extra::get(callee.code_view())?;
        let (body, frame) =
            state.read(|state| Some((state.cell.body()?, push(tstate, function, &state.cell, args, count)?)))?;
        Some(body(tstate, frame).into_object())
    }
}

/// Pushes the frame. None when the arguments need binding or the data stack needs to grow.
///
/// # Safety
/// As for [`call_exact`]; `cell` is that of the function's code.
#[inline]
unsafe fn push(
    tstate: *mut PyThreadState,
    function: StackRef,
    cell: &CodeCell,
    args: *const StackRef,
    count: usize,
) -> Option<*mut InterpreterFrame> {
    if cell.exact_args as usize != count {
        return None;
    }
    // SAFETY: the contract; the frame's words are between the data stack's top and its limit.
    unsafe {
        let thread = Thread::from_ptr(tstate);
        let frame = thread.datastack_top();
        let top = frame.add(cell.framesize as usize);
        if top >= thread.datastack_limit() {
            return None;
        }
        let frame = frame.cast();
        fill(frame, thread.current_frame(), function, args, count);
        (*frame).return_offset = frames::RUNNING;
        thread.set_datastack_top(top);
        thread.set_current_frame(frame);
        Some(frame)
    }
}

/// Pushes the frame of a call of `function` whose first `count` local variables are at `args`, for whoever runs it. All of
/// them are taken over. NULL with an exception set when there is no memory for it.
///
/// # Safety
/// `function` is a Python function without a namespace of its own; `tstate` is attached.
pub unsafe fn push_bound(
    tstate: *mut PyThreadState,
    function: StackRef,
    args: *const StackRef,
    count: usize,
) -> *mut InterpreterFrame {
    // SAFETY: the contract; a frame that is pushed has room for what its code needs.
    unsafe {
        let code = Function::from_ptr(function.untag()).code_view();
        let frame = private::_PyThreadState_PushFrame(tstate, code.frame_size() as usize);
        if frame.is_null() {
            for reference in (0..count).map(|index| *args.add(index)).chain([function]) {
                frames::drop_ref(reference);
            }
            return ffi::PyErr_NoMemory().cast();
        }
        fill(frame, Thread::from_ptr(tstate).current_frame(), function, args, count);
        frame
    }
}

/// Fills in a fresh frame of a call of `function`, with its first `count` local variables.
///
/// # Safety
/// As for [`push_bound`]; the frame has room for what the function's code needs.
#[inline]
pub unsafe fn fill(
    frame: *mut InterpreterFrame,
    previous: *mut InterpreterFrame,
    function: StackRef,
    args: *const StackRef,
    count: usize,
) {
    // SAFETY: the contract.
    unsafe {
        let callee = Function::from_ptr(function.untag());
        let code: Code = callee.code_view();
        let slots = code.localsplus_count() as usize;
        ffi::Py_INCREF(code.as_ptr().cast());
        let locals = (&raw mut (*frame).localsplus).cast::<StackRef>();
        (*frame).f_executable = StackRef::from_owned(code.as_ptr().cast());
        (*frame).previous = previous;
        (*frame).f_funcobj = function;
        (*frame).f_globals = callee.globals();
        (*frame).f_builtins = callee.builtins();
        (*frame).f_locals = std::ptr::null_mut();
        (*frame).frame_obj = std::ptr::null_mut();
        (*frame).instr_ptr = code.first_unit();
        (*frame).stackpointer = locals.add(slots);
        (*frame).return_offset = 0;
        (*frame).owner = OWNED_BY_THREAD;
        (*frame).visited = 0;
        std::ptr::copy_nonoverlapping(args, locals, count);
        for slot in count..slots {
            *locals.add(slot) = StackRef::NULL;
        }
    }
}
