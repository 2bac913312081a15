//! Entering machine code: from the interpreter through the vectorcall protocol, and from compiled calls whose callee
//! was not known.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::ffi::{self, PyObject, PyThreadState};

use super::handover::Arguments;
use super::{deopt, frames, ticker};
use crate::code::executable::Body;
use crate::code::install;
use crate::cpython::code::Code;
use crate::cpython::ffi as private;
use crate::cpython::frame::{InterpreterFrame, StackRef};
use crate::cpython::function::Function;
use crate::cpython::interp;
use crate::cpython::thread::Thread;
use crate::tier;

/// How many activations of machine code were entered from C and have not returned, over all threads.
pub static ACTIVE: AtomicUsize = AtomicUsize::new(0);

/// What [`out_of_stack`] returns when the machine code may go on.
pub const GO_ON: usize = 3;

/// Functions that run interpreted because the C stack was nearly full when they were called; borrowed, as they are forgotten when they die.
struct Suspended(UnsafeCell<Vec<usize>>);

// SAFETY: only used with the GIL held, and never across a call into Python.
unsafe impl Sync for Suspended {}

static SUSPENDED: Suspended = Suspended(UnsafeCell::new(Vec::new()));

/// The vectorcall of every compiled function.
///
/// # Safety
/// The vectorcall protocol's contract, with a Python function as callable.
pub unsafe extern "C-unwind" fn vectorcall(
    callable: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    kwnames: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe {
        let function = Function::from_ptr(callable);
        let body = tier::body_for_call(function);
        let code = function.code();
        let nargs = ffi::PyVectorcall_NARGS(nargsf) as usize;
        let keywords = if kwnames.is_null() { 0 } else { ffi::PyTuple_GET_SIZE(kwnames) as usize };
        let tstate = ffi::PyThreadState_Get();
        let caller = Thread::from_ptr(tstate).current_frame();
        let count = nargs + keywords;
        let mut few = [StackRef::NULL; 8];
        let mut many = Vec::new();
        let refs: &mut [StackRef] = if count <= few.len() {
            &mut few[..count]
        } else {
            many.resize(count, StackRef::NULL);
            &mut many
        };
        Arguments { callable, args, count, kwnames }.take(caller, refs);
        let func = StackRef::from_owned(ffi::Py_NewRef(callable));
        // Binding keywords can run Python code, which must not free the machine code meanwhile.
        entered();
        let frame =
            private::_PyEvalFramePushAndInit(tstate, func, std::ptr::null_mut(), refs.as_ptr(), nargs, kwnames, caller);
        let body = body.filter(|_| !frame.is_null() && (*frame).code() == code);
        let result = body.map(|body| run(tstate, frame, body));
        left();
        match result {
            Some(result) => result,
            None if frame.is_null() => std::ptr::null_mut(),
            None => interpret(tstate, frame),
        }
    }
}

/// Runs a pushed frame with bound arguments: in its machine code if there is some, else in the interpreter.
///
/// # Safety
/// `frame` was just pushed for a Python function; `tstate` is attached.
pub unsafe fn run_frame(tstate: *mut PyThreadState, frame: *mut InterpreterFrame) -> *mut PyObject {
    // SAFETY: the contract; a function's frame has its function object.
    unsafe {
        let function = Function::from_ptr((*frame).f_funcobj.untag());
        let body = if install::has_entry(function) { tier::body_for_call(function) } else { None };
        match body {
            Some(body) => {
                entered();
                let result = run(tstate, frame, body);
                left();
                result
            }
            None => interpret(tstate, frame),
        }
    }
}

unsafe fn run(tstate: *mut PyThreadState, frame: *mut InterpreterFrame, body: Body) -> *mut PyObject {
    // SAFETY: the caller's contract; the body belongs to the frame's code.
    unsafe {
        (*frame).return_offset = frames::RUNNING;
        Thread::from_ptr(tstate).set_current_frame(frame);
        body(tstate, frame).into_object()
    }
}

/// Runs a pushed frame in the interpreter, or in what stands in for it (PEP 523).
unsafe fn interpret(tstate: *mut PyThreadState, frame: *mut InterpreterFrame) -> *mut PyObject {
    // SAFETY: the caller's contract; the interpreter's state has the function that evaluates frames, or null.
    unsafe {
        ticker::calling(Code::from_ptr((*frame).code().cast()));
        match interp::eval_frame(Thread::from_ptr(tstate).interp()) {
            Some(evaluate) => evaluate(tstate, frame, 0),
            None => private::_PyEval_EvalFrameDefault(tstate, frame, 0),
        }
    }
}

/// One activation more. The GIL excludes others, so this needs no locked instruction.
#[inline]
pub fn entered() {
    ACTIVE.store(ACTIVE.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

/// One activation fewer. The caller holds the GIL, as when the activation began.
#[inline]
pub fn left() {
    let active = ACTIVE.load(Ordering::Relaxed) - 1;
    ACTIVE.store(active, Ordering::Relaxed);
    if active == 0 {
        // SAFETY: the GIL is held.
        unsafe { resume_suspended() };
    }
}

/// Called by machine code at its start when the recursion limit or the end of the C stack is near.
///
/// # Safety
/// `frame` is the current frame, not started yet, and counted against the recursion limit.
pub unsafe extern "C-unwind" fn out_of_stack(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe {
        let thread = Thread::from_ptr(tstate);
        if thread.recursion_remaining() < 0 && private::_Py_CheckRecursiveCallPy(tstate) != 0 {
            frames::leave(tstate, frame);
            return std::ptr::null_mut();
        }
        if !crate::cpython::thread::stack_is_low(tstate) {
            return std::ptr::without_provenance_mut(GO_ON);
        }
        // The interpreter calls Python functions without using C stack, as long as they have no entry of their own.
        suspend((*frame).f_funcobj.untag());
        deopt::resume(tstate, frame)
    }
}

unsafe fn suspend(function: *mut PyObject) {
    // SAFETY: the frame's function, which is alive; `forget` is told of its end.
    unsafe {
        if !install::has_entry(Function::from_ptr(function)) {
            return;
        }
        private::PyFunction_SetVectorcall(function, private::_PyFunction_Vectorcall);
        (*SUSPENDED.0.get()).push(function as usize);
    }
}

/// Forgets a function that dies. The GIL must be held.
pub fn forget(function: Function) {
    // SAFETY: the GIL is held, and nothing else is called.
    unsafe { (*SUSPENDED.0.get()).retain(|suspended| *suspended != function.as_ptr() as usize) };
}

/// Whether functions run interpreted because the C stack was nearly full: none must get its entry back before the stack
/// is free again. The GIL must be held.
pub fn is_suspending() -> bool {
    // SAFETY: the GIL is held, and the list is only looked at.
    unsafe { !(*SUSPENDED.0.get()).is_empty() }
}

unsafe fn resume_suspended() {
    // SAFETY: the GIL is held; what is in the list is alive, and nothing dies here.
    unsafe {
        let list = &mut *SUSPENDED.0.get();
        if list.is_empty() {
            return;
        }
        for function in std::mem::take(list) {
            let function = Function::from_ptr(function as *mut PyObject);
            if install::body_of(function).is_some() {
                install::install(function);
            }
        }
    }
}
