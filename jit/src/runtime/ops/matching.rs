//! Pattern matching.

use pyo3::ffi::*;

use crate::cpython::ffi as private;

/// `MATCH_CLASS`: the tuple of attributes that the pattern asks for, None when `subject` does not match. `positional`
/// is the instruction's oparg. Borrows all.
pub unsafe extern "C-unwind" fn match_class(
    tstate: *mut PyThreadState,
    subject: *mut PyObject,
    class: *mut PyObject,
    names: *mut PyObject,
    positional: i64,
) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe {
        let attributes = private::_PyEval_MatchClass(tstate, subject, class, positional as isize, names);
        if attributes.is_null() && PyErr_Occurred().is_null() {
            return Py_NewRef(Py_None());
        }
        attributes
    }
}

/// `MATCH_KEYS`: the tuple of values for `keys`, None when one is missing. Both stay on the interpreter's stack.
/// Borrows both.
pub unsafe extern "C-unwind" fn match_keys(
    tstate: *mut PyThreadState,
    subject: *mut PyObject,
    keys: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { private::_PyEval_MatchKeys(tstate, subject, keys) }
}

unsafe fn has_flag(subject: *mut PyObject, flag: std::ffi::c_ulong) -> i32 {
    // SAFETY: the contract.
    i32::from(unsafe { PyType_GetFlags(Py_TYPE(subject)) } & flag != 0)
}

/// `MATCH_MAPPING`: whether `subject` matches mapping patterns. Borrows it.
pub unsafe extern "C-unwind" fn match_mapping(subject: *mut PyObject) -> i32 {
    // SAFETY: the contract.
    unsafe { has_flag(subject, Py_TPFLAGS_MAPPING) }
}

/// `MATCH_SEQUENCE`: whether `subject` matches sequence patterns. Borrows it.
pub unsafe extern "C-unwind" fn match_sequence(subject: *mut PyObject) -> i32 {
    // SAFETY: the contract.
    unsafe { has_flag(subject, Py_TPFLAGS_SEQUENCE) }
}
