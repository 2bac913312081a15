//! Formatted strings and templates.

use super::ffi::*;
use pyo3::ffi::*;
use std::ffi::c_int;
use std::ptr::null_mut;

/// The empty string, borrowed (it is immortal).
unsafe fn empty_string() -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { Py_GetConstantBorrowed(Py_CONSTANT_EMPTY_STR) }
}

/// `FORMAT_SIMPLE`: `format(value)`, a str stays itself. Borrows it.
pub unsafe extern "C" fn format_simple(value: *mut PyObject) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe {
        if is_exactly(value, &raw const PyUnicode_Type) {
            return new_ref(value);
        }
        PyObject_Format(value, null_mut())
    }
}

/// `FORMAT_WITH_SPEC`: `format(value, spec)`. Borrows both.
pub unsafe extern "C" fn format_with_spec(
    value: *mut PyObject,
    spec: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { PyObject_Format(value, spec) }
}

/// `CONVERT_VALUE`: the `!s`, `!r` or `!a` (oparg 1, 2, 3) of a replacement field. Borrows it.
pub unsafe extern "C" fn convert_value(value: *mut PyObject, oparg: i64) -> *mut PyObject {
    // SAFETY: the contract; oparg of real bytecode is within the table.
    unsafe {
        let table = (&raw const _PyEval_ConversionFuncs).cast::<Option<UnaryFunc>>();
        match *table.add(oparg as usize) {
            Some(convert) => convert(value),
            None => PyObject_Str(value),
        }
    }
}

/// `BUILD_STRING`: the `count` strings of `pieces`, joined. Borrows them.
pub unsafe extern "C" fn build_string(pieces: *mut *mut PyObject, count: i64) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { _PyUnicode_JoinArray(empty_string(), pieces, count as isize) }
}

/// `BUILD_INTERPOLATION`: the Interpolation of a t-string; `format` is NULL unless `oparg & 1`. Borrows all.
pub unsafe extern "C" fn build_interpolation(
    value: *mut PyObject,
    text: *mut PyObject,
    format: *mut PyObject,
    oparg: i64,
) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe {
        let format = if format.is_null() {
            empty_string()
        } else {
            format
        };
        _PyInterpolation_Build(value, text, (oparg >> 2) as c_int, format)
    }
}

/// `BUILD_TEMPLATE`: the Template of a t-string. Borrows both.
pub unsafe extern "C" fn build_template(
    strings: *mut PyObject,
    interpolations: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { _PyTemplate_Build(strings, interpolations) }
}

/// `left + right` of two exact strs. Borrows both.
pub unsafe extern "C" fn unicode_concat(
    left: *mut PyObject,
    right: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { PyUnicode_Concat(left, right) }
}

/// `left == right` of two exact strs. Borrows both.
pub unsafe extern "C" fn unicode_eq(left: *mut PyObject, right: *mut PyObject) -> i32 {
    // SAFETY: the contract.
    i32::from(left == right || unsafe { _PyUnicode_Equal(left, right) } != 0)
}

/// `string[index]` of an exact str. Borrows it.
pub unsafe extern "C" fn unicode_get_item(string: *mut PyObject, index: i64) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { PySequence_GetItem(string, index as isize) }
}
