//! Formatted strings and templates.

use pyo3::ffi::*;
use std::ffi::c_int;
use std::ptr::null_mut;

use crate::cpython::ffi as private;
use crate::cpython::frame::{InterpreterFrame, StackRef};
use crate::cpython::unicode;

/// The empty string, borrowed (it is immortal).
unsafe fn empty_string() -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { Py_GetConstantBorrowed(Py_CONSTANT_EMPTY_STR) }
}

/// `FORMAT_SIMPLE`: `format(value)`, a str stays itself. Borrows it.
pub unsafe extern "C-unwind" fn format_simple(value: *mut PyObject) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe {
        if PyUnicode_CheckExact(value) != 0 {
            return Py_NewRef(value);
        }
        PyObject_Format(value, null_mut())
    }
}

/// `FORMAT_WITH_SPEC`: `format(value, spec)`. Borrows both.
pub unsafe extern "C-unwind" fn format_with_spec(value: *mut PyObject, spec: *mut PyObject) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { PyObject_Format(value, spec) }
}

/// `CONVERT_VALUE`: the `!s`, `!r` or `!a` (oparg 1, 2, 3) of a replacement field. Borrows it.
pub unsafe extern "C-unwind" fn convert_value(value: *mut PyObject, oparg: i64) -> *mut PyObject {
    // SAFETY: the contract; oparg of real bytecode is within the table.
    unsafe {
        let table = (&raw const private::_PyEval_ConversionFuncs).cast::<Option<unaryfunc>>();
        match *table.add(oparg as usize) {
            Some(convert) => convert(value),
            None => PyObject_Str(value),
        }
    }
}

/// `BUILD_STRING`: the `count` strings of `pieces`, joined. Borrows them.
pub unsafe extern "C-unwind" fn build_string(pieces: *mut *mut PyObject, count: i64) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { private::_PyUnicode_JoinArray(empty_string(), pieces, count as isize) }
}

/// `BUILD_INTERPOLATION`: the Interpolation of a t-string; `format` is NULL unless `oparg & 1`. Borrows all.
pub unsafe extern "C-unwind" fn build_interpolation(
    value: *mut PyObject,
    text: *mut PyObject,
    format: *mut PyObject,
    oparg: i64,
) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe {
        let format = if format.is_null() { empty_string() } else { format };
        private::_PyInterpolation_Build(value, text, (oparg >> 2) as c_int, format)
    }
}

/// `BUILD_TEMPLATE`: the Template of a t-string. Borrows both.
pub unsafe extern "C-unwind" fn build_template(strings: *mut PyObject, interpolations: *mut PyObject) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { private::_PyTemplate_Build(strings, interpolations) }
}

/// `left + right` of two exact strs. Borrows both.
pub unsafe extern "C-unwind" fn unicode_concat(left: *mut PyObject, right: *mut PyObject) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { PyUnicode_Concat(left, right) }
}

/// `left == right` of two exact strs. Borrows both.
pub unsafe extern "C-unwind" fn unicode_eq(left: *mut PyObject, right: *mut PyObject) -> i32 {
    // SAFETY: the contract.
    i32::from(left == right || unsafe { private::_PyUnicode_Equal(left, right) } != 0)
}

/// `string[index]` of an exact str, for ASCII and Latin-1 results; NULL without an error for other characters and
/// for an index out of range. Borrows it; the result is immortal.
pub unsafe extern "C-unwind" fn unicode_item(string: *mut PyObject, index: i64) -> *mut PyObject {
    // SAFETY: the contract; the index is checked.
    unsafe {
        let length = PyUnicode_GET_LENGTH(string) as i64;
        let index = if index < 0 { index + length } else { index };
        if index < 0 || index >= length {
            return null_mut();
        }
        let character = PyUnicode_ReadChar(string, index as isize);
        u8::try_from(character).map_or(null_mut(), |code| unicode::character_address(code) as *mut PyObject)
    }
}

/// `ord(string)` of an exact str; negative without an error if it is not one character. Borrows it.
pub unsafe extern "C-unwind" fn unicode_code(string: *mut PyObject) -> i64 {
    // SAFETY: the contract; there is a character.
    unsafe { if PyUnicode_GET_LENGTH(string) == 1 { i64::from(PyUnicode_ReadChar(string, 0)) } else { -1 } }
}

/// `local += right` for exact strs, where the local's home slot `slot` has the left one: appends in place when nobody
/// else has it. Empties the slot; borrows `right`.
pub unsafe extern "C-unwind" fn unicode_append(
    frame: *mut InterpreterFrame,
    right: *mut PyObject,
    slot: i64,
) -> *mut PyObject {
    // SAFETY: the contract; the slot's reference becomes the result's.
    unsafe {
        let left = (*frame).slot(slot as usize).replace(StackRef::NULL);
        let mut result = left.into_owned();
        PyUnicode_Append(&raw mut result, right);
        result
    }
}
