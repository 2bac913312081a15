//! What the interpreter has found of a binary operator's operands where it looks a special case up in a table
//! (`_PyBinaryOpSpecializationDescr` in `Include/internal/pycore_code.h`).

use std::ffi::c_int;

use pyo3::ffi::{self, PyObject};

use super::memory;
use crate::hir::types::Kinds;

layout! {
    /// In a special case: the function that says whether two operands are such.
    DESCR_GUARD: i32 = 8, "offsetof(_PyBinaryOpSpecializationDescr, guard)";
}

/// Says whether two operands are a special case. It looks at types and sizes, and at nothing else.
type Guard = unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> c_int;

/// The kinds of numbers that the special case at `descr` is for, left and right. The tables name no types for those, so it is
/// asked about one pair after the other. `descr` is from the cache of a `BINARY_OP_EXTEND`; the GIL must be held.
pub fn numbers(descr: usize) -> Option<(Kinds, Kinds)> {
    // SAFETY: special cases stay as long as the process; the numbers live until they are given up here.
    unsafe {
        let guard: Guard = memory::read::<Option<Guard>, u8>(descr as *const u8, DESCR_GUARD)?;
        let (float, int) = (ffi::PyFloat_FromDouble(2.5), ffi::PyLong_FromLong(3));
        if float.is_null() || int.is_null() {
            ffi::PyErr_Clear();
            ffi::Py_XDECREF(float);
            ffi::Py_XDECREF(int);
            return None;
        }
        let pairs = [(float, int), (int, float), (int, int), (float, float)];
        let kinds = |object| if object == float { Kinds::FLOAT } else { Kinds::LONG };
        let found = pairs.into_iter().find(|(left, right)| guard(*left, *right) != 0);
        let found = found.map(|(left, right)| (kinds(left), kinds(right)));
        ffi::Py_DECREF(float);
        ffi::Py_DECREF(int);
        found
    }
}
