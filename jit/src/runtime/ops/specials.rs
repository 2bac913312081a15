//! Special methods written in Python that comparisons, `in`, truth, `len` and unary operators call: which one it is, and what the
//! interpreter makes of what it returns.

use pyo3::ffi::*;
use std::ffi::c_int;
use std::sync::OnceLock;

use super::operators::{self, intern};
use crate::cpython::ffi as private;
use crate::cpython::kinds;
use crate::cpython::typeobject::Type;
use crate::hir::types::Kinds;

/// What calls a special method.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Special {
    /// `BINARY_OP` with this argument.
    Operator(u32),
    /// The same by the method of the right operand, where the left one is a number.
    Reflected(u32),
    /// A comparison, by CPython's number.
    Comparison(u32),
    Contains,
    Length,
    Truth,
    Negative,
    Invert,
}

const COMPARISONS: [(&str, &str); 6] =
    [("__lt__", "<"), ("__le__", "<="), ("__eq__", "=="), ("__ne__", "!="), ("__gt__", ">"), ("__ge__", ">=")];
/// What the other operand is asked instead, by comparison.
const REFLECTED: [c_int; 6] = [Py_GT, Py_GE, Py_EQ, Py_NE, Py_LT, Py_LE];
const OTHERS: [&str; 5] = ["__contains__", "__len__", "__bool__", "__neg__", "__invert__"];

impl Special {
    /// The method's name, interned; none for operators, which have two.
    fn name(self) -> Option<*mut PyObject> {
        static NAMES: OnceLock<Option<Vec<usize>>> = OnceLock::new();
        let place = match self {
            Self::Operator(_) | Self::Reflected(_) => return None,
            Self::Comparison(op) => op as usize,
            Self::Contains => COMPARISONS.len(),
            Self::Length => COMPARISONS.len() + 1,
            Self::Truth => COMPARISONS.len() + 2,
            Self::Negative => COMPARISONS.len() + 3,
            Self::Invert => COMPARISONS.len() + 4,
        };
        let all = || COMPARISONS.iter().map(|(name, _)| *name).chain(OTHERS).map(intern).collect();
        NAMES.get_or_init(all).as_ref()?.get(place).map(|name| *name as *mut PyObject)
    }
}

/// The Python function that is called first for operands of these classes, the one whose method it is first. Borrowed from the class.
/// Where `__bool__` is missing, truth is that of the length; that is not found here.
///
/// # Safety
/// Live types, and the GIL is held.
pub unsafe fn method(special: Special, owner: Type, other: Option<Type>) -> Option<*mut PyObject> {
    // SAFETY: the contract; looking a name up runs no Python code.
    unsafe {
        if let Special::Operator(operator) = special {
            return operators::method(owner, other?, operator as usize);
        }
        if let Special::Reflected(operator) = special {
            return operators::reflected(other?, owner, operator as usize);
        }
        if !owner.is_of_python() {
            return None;
        }
        // A class that is derived from the other operand's is asked first.
        let is_reflected = |other: Type| other != owner && PyType_IsSubtype(other.as_ptr(), owner.as_ptr()) != 0;
        if matches!(special, Special::Comparison(_)) && other.is_none_or(is_reflected) {
            return None;
        }
        let method = private::_PyType_Lookup(owner.as_ptr(), special.name()?);
        (kinds::of_object(method as usize) == Kinds::FUNCTION).then_some(method)
    }
}

/// A comparison after the left operand's method has returned `NotImplemented`; `op` is CPython's number. Borrows both.
pub unsafe extern "C-unwind" fn compare_rest(left: *mut PyObject, right: *mut PyObject, op: i64) -> *mut PyObject {
    // SAFETY: the contract; the number is that of a comparison.
    unsafe {
        if let Some(compare) = (*Py_TYPE(right)).tp_richcompare {
            let result = compare(right, left, REFLECTED[op as usize]);
            if result != Py_NotImplemented() {
                return result;
            }
            Py_DECREF(result);
        }
        let is_same = std::ptr::eq(left, right);
        let op = op as c_int;
        if op == Py_EQ || op == Py_NE {
            return PyBool_FromLong((is_same == (op == Py_EQ)).into());
        }
        let sign = std::ffi::CString::new(COMPARISONS[op as usize].1).unwrap_or_default();
        let (left, right) = ((*Py_TYPE(left)).tp_name, (*Py_TYPE(right)).tp_name);
        let text = c"'%s' not supported between instances of '%.100s' and '%.100s'";
        PyErr_Format(PyExc_TypeError, text.as_ptr(), sign.as_ptr(), left, right);
        std::ptr::null_mut()
    }
}

/// The length that `__len__` has returned, or -1 with an exception set. Borrows it.
pub unsafe extern "C-unwind" fn length_of(result: *mut PyObject) -> i64 {
    // SAFETY: the contract; the index is ours to release.
    unsafe {
        let index = PyNumber_Index(result);
        if index.is_null() {
            return -1;
        }
        let is_negative = PyObject_RichCompareBool(index, PyLong_FromLong(0), Py_LT) == 1;
        let length = if is_negative { 0 } else { PyNumber_AsSsize_t(index, PyExc_OverflowError) };
        Py_DECREF(index);
        if is_negative {
            return refuse_length();
        }
        length as i64
    }
}

/// Raises what a negative length raises.
pub unsafe extern "C-unwind" fn refuse_length() -> i64 {
    // SAFETY: the contract.
    unsafe { PyErr_SetString(PyExc_ValueError, c"__len__() should return >= 0".as_ptr()) };
    -1
}

/// Raises what a `__bool__` raises that has returned something else than a bool. Borrows it.
pub unsafe extern "C-unwind" fn refuse_truth(result: *mut PyObject) -> i32 {
    // SAFETY: the contract.
    unsafe {
        let text = c"__bool__ should return bool, returned %.200s";
        PyErr_Format(PyExc_TypeError, text.as_ptr(), (*Py_TYPE(result)).tp_name);
    }
    -1
}
