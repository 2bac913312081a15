//! Raising, matching and handling exceptions, and the exits of `with` blocks.

use pyo3::ffi::*;
use std::ptr::null_mut;

use crate::cpython::code::Code;
use crate::cpython::ffi as private;
use crate::cpython::frame::InterpreterFrame;
use crate::cpython::monitoring;
use crate::cpython::thread::Thread;
use crate::runtime::frames;

/// An exception was raised here: the frame belongs into its traceback.
pub const RAISED: i32 = -1;
/// An exception goes on that already has its traceback: the frame is not added again.
pub const RERAISED: i32 = -2;

/// Entry of the exception handler at `handler`: takes the raised exception out of the thread state, having told the tools
/// that want to know.
///
/// # Safety
/// `frame` is the current frame of the attached thread `tstate`, with an exception set.
pub unsafe extern "C-unwind" fn take_exception(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    handler: *mut u16,
) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe {
        frames::tell_tools(tstate, frame, monitoring::EVENT_EXCEPTION_HANDLED, handler);
        PyErr_GetRaisedException()
    }
}

/// `PUSH_EXC_INFO`: makes `exception` the one being handled and returns what was before it, None for nothing. Borrows
/// `exception`.
pub unsafe extern "C-unwind" fn push_exc_info(tstate: *mut PyThreadState, exception: *mut PyObject) -> *mut PyObject {
    // SAFETY: the contract; the old value's reference passes to the caller.
    unsafe {
        let item = Thread::from_ptr(tstate).exc_info();
        let previous = std::mem::replace(&mut (*item).exc_value, Py_NewRef(exception));
        if previous.is_null() { Py_NewRef(Py_None()) } else { previous }
    }
}

/// `POP_EXCEPT`: makes `previous`, which [`push_exc_info`] returned, the exception being handled again. Borrows it.
pub unsafe extern "C-unwind" fn pop_except(tstate: *mut PyThreadState, previous: *mut PyObject) {
    // SAFETY: the contract; the old value goes only after the new one is in place.
    unsafe {
        let item = Thread::from_ptr(tstate).exc_info();
        let restored = if previous == Py_None() { null_mut() } else { Py_NewRef(previous) };
        let old = std::mem::replace(&mut (*item).exc_value, restored);
        Py_XDECREF(old);
    }
}

/// `CHECK_EXC_MATCH`: whether `except class` catches `exception`; TypeError when `class` cannot be caught. Borrows
/// both.
pub unsafe extern "C-unwind" fn check_exc_match(
    tstate: *mut PyThreadState,
    exception: *mut PyObject,
    class: *mut PyObject,
) -> i32 {
    // SAFETY: the contract.
    unsafe {
        if private::_PyEval_CheckExceptTypeValid(tstate, class) < 0 {
            return -1;
        }
        i32::from(PyErr_GivenExceptionMatches(exception, class) != 0)
    }
}

/// `CHECK_EG_MATCH`: splits `exception` for `except* class`: returns the matching part (which becomes the exception
/// being handled) or None, and puts the rest or None into `*out`. Borrows both.
///
/// On the interpreter's stack the rest is below the match.
pub unsafe extern "C-unwind" fn check_eg_match(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    exception: *mut PyObject,
    class: *mut PyObject,
    out: *mut *mut PyObject,
) -> *mut PyObject {
    let (mut matched, mut rest) = (null_mut(), null_mut());
    // SAFETY: the contract; both parts are ours.
    unsafe {
        *out = null_mut();
        if private::_PyEval_CheckExceptStarTypeValid(tstate, class) < 0 {
            return null_mut();
        }
        let status = private::_PyEval_ExceptionGroupMatch(frame, exception, class, &raw mut matched, &raw mut rest);
        if status < 0 || matched.is_null() {
            Py_XDECREF(matched);
            Py_XDECREF(rest);
            return null_mut();
        }
        if matched != Py_None() {
            PyErr_SetHandledException(matched);
        }
        *out = rest;
        matched
    }
}

/// Makes an exception instance of a class by calling it, and checks that it is one.
unsafe fn instantiate(class: *mut PyObject) -> *mut PyObject {
    // SAFETY: the contract; a result that is none is ours to release.
    unsafe {
        let value = PyObject_CallNoArgs(class);
        if !value.is_null() && PyExceptionInstance_Check(value) == 0 {
            PyErr_Format(
                PyExc_TypeError,
                c"calling %R should have returned an instance of BaseException, not %R".as_ptr(),
                class,
                Py_TYPE(value),
            );
            Py_DECREF(value);
            return null_mut();
        }
        value
    }
}

/// Sets `cause` (an exception, a class of exceptions, or None) as the cause of `value`.
unsafe fn set_cause(value: *mut PyObject, cause: *mut PyObject) -> bool {
    // SAFETY: the contract; setting a cause consumes it.
    unsafe {
        let cause = if PyExceptionClass_Check(cause) != 0 {
            let instance = instantiate(cause);
            if instance.is_null() {
                return false;
            }
            instance
        } else if PyExceptionInstance_Check(cause) != 0 {
            Py_NewRef(cause)
        } else if cause == Py_None() {
            null_mut()
        } else {
            PyErr_SetString(PyExc_TypeError, c"exception causes must derive from BaseException".as_ptr());
            return false;
        };
        PyException_SetCause(value, cause);
        true
    }
}

/// `RAISE_VARARGS`: `raise`, `raise exception`, `raise exception from cause`; what is absent is NULL. Borrows both.
///
/// Returns [`RERAISED`] for a bare `raise` that found an exception to raise again, [`RAISED`] in all other cases.
pub unsafe extern "C-unwind" fn raise_varargs(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    exception: *mut PyObject,
    cause: *mut PyObject,
) -> i32 {
    // SAFETY: the contract; the instance is ours to release after it was set.
    unsafe {
        if exception.is_null() {
            let current = (*private::_PyErr_GetTopmostException(tstate)).exc_value;
            if current.is_null() || current == Py_None() {
                PyErr_SetString(PyExc_RuntimeError, c"No active exception to reraise".as_ptr());
                return RAISED;
            }
            PyErr_SetRaisedException(Py_NewRef(current));
            frames::tell_tools(tstate, frame, monitoring::EVENT_RERAISE, (*frame).instr_ptr);
            return RERAISED;
        }
        let (class, value) = if PyExceptionClass_Check(exception) != 0 {
            (exception, instantiate(exception))
        } else if PyExceptionInstance_Check(exception) != 0 {
            (PyExceptionInstance_Class(exception), Py_NewRef(exception))
        } else {
            PyErr_SetString(PyExc_TypeError, c"exceptions must derive from BaseException".as_ptr());
            return RAISED;
        };
        if value.is_null() {
            return RAISED;
        }
        if cause.is_null() || set_cause(value, cause) {
            Py_INCREF(class);
            private::_PyErr_SetObject(tstate, class, value);
            Py_DECREF(class);
        }
        Py_DECREF(value);
        RAISED
    }
}

/// `RERAISE`: sets `exception` again. `lasti`, unless negative, is the instruction (in code units) that the exception
/// is said to come from. Borrows `exception`; always returns [`RERAISED`].
pub unsafe extern "C-unwind" fn reraise(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    exception: *mut PyObject,
    lasti: i64,
) -> i32 {
    // SAFETY: the contract; lasti is an instruction of the frame's code.
    unsafe {
        let instr = (*frame).instr_ptr;
        if lasti >= 0 {
            let code = Code::from_ptr((*frame).code().cast());
            (*frame).instr_ptr = code.first_unit().add(lasti as usize);
        }
        PyErr_SetRaisedException(Py_NewRef(exception));
        frames::tell_tools(tstate, frame, monitoring::EVENT_RERAISE, instr);
    }
    RERAISED
}

/// `WITH_EXCEPT_START`: calls the `__exit__` of a `with` block that `exception` leaves; `exit_self` is NULL when
/// `exit` needs none. Borrows all.
pub unsafe extern "C-unwind" fn with_except_start(
    exit: *mut PyObject,
    exit_self: *mut PyObject,
    exception: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the contract; the word in front of the arguments is there for the callee.
    unsafe {
        let traceback = PyException_GetTraceback(exception);
        let shown = if traceback.is_null() { Py_None() } else { traceback };
        let class = PyExceptionInstance_Class(exception);
        let mut stack = [null_mut(), exit_self, class, exception, shown];
        let has_self = usize::from(!exit_self.is_null());
        let arguments = stack.as_mut_ptr().add(2 - has_self);
        let count = (3 + has_self) | PY_VECTORCALL_ARGUMENTS_OFFSET;
        let result = PyObject_Vectorcall(exit, arguments, count, null_mut());
        Py_XDECREF(traceback);
        result
    }
}
