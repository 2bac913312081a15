//! Arithmetic, comparison and truth, and the number primitives that unboxed code boxes and unboxes with.

use pyo3::ffi::*;
use std::ffi::c_int;

use crate::cpython::ffi as private;

/// `BINARY_OP`: `left <op> right`, `oparg` selects the operator (in-place forms and subscription included). Borrows both.
pub unsafe extern "C" fn binary_op(left: *mut PyObject, right: *mut PyObject, oparg: i64) -> *mut PyObject {
    // SAFETY: the contract; oparg of real bytecode is within the table.
    unsafe {
        let table = (&raw const private::_PyEval_BinaryOps).cast::<binaryfunc>();
        (*table.add(oparg as usize))(left, right)
    }
}

/// `BINARY_SLICE`: `container[start:stop]`. Borrows all.
pub unsafe extern "C" fn binary_slice(
    container: *mut PyObject,
    start: *mut PyObject,
    stop: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the contract; each fast path is given an object of exactly its class.
    unsafe {
        if PyList_CheckExact(container) != 0 {
            return private::_PyList_BinarySlice(container, start, stop);
        }
        if PyTuple_CheckExact(container) != 0 {
            return private::_PyTuple_BinarySlice(container, start, stop);
        }
        if PyUnicode_CheckExact(container) != 0 {
            return private::_PyUnicode_BinarySlice(container, start, stop);
        }
        let slice = PySlice_New(start, stop, std::ptr::null_mut());
        if slice.is_null() {
            return slice;
        }
        let result = PyObject_GetItem(container, slice);
        Py_DECREF(slice);
        result
    }
}

/// `UNARY_NEGATIVE`: `-value`. Borrows it.
pub unsafe extern "C" fn unary_negative(value: *mut PyObject) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { PyNumber_Negative(value) }
}

/// `UNARY_INVERT`: `~value`. Borrows it.
pub unsafe extern "C" fn unary_invert(value: *mut PyObject) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { PyNumber_Invert(value) }
}

/// `TO_BOOL`: the truth of `value`. Borrows it.
pub unsafe extern "C" fn to_bool(value: *mut PyObject) -> i32 {
    // SAFETY: the contract.
    unsafe { PyObject_IsTrue(value) }
}

/// `COMPARE_OP`: the rich comparison's own result; `op` is `oparg >> 5`. Borrows both.
pub unsafe extern "C" fn compare_op(left: *mut PyObject, right: *mut PyObject, op: i64) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { PyObject_RichCompare(left, right, op as c_int) }
}

/// `COMPARE_OP` with `oparg & 16`: the comparison, then the truth of its result; `op` is `oparg >> 5`. Borrows both.
///
/// An object is compared with itself like any other pair, since `__eq__` may say what it likes.
pub unsafe extern "C" fn compare_bool(left: *mut PyObject, right: *mut PyObject, op: i64) -> i32 {
    // SAFETY: the contract; the result is ours to release.
    unsafe {
        let result = PyObject_RichCompare(left, right, op as c_int);
        if result.is_null() {
            return -1;
        }
        let truth = PyObject_IsTrue(result);
        Py_DECREF(result);
        truth
    }
}

/// `CONTAINS_OP`: `item in container`; the caller inverts for `not in`. Borrows both.
pub unsafe extern "C" fn contains_op(item: *mut PyObject, container: *mut PyObject) -> i32 {
    // SAFETY: the contract.
    unsafe { PySequence_Contains(container, item) }
}

/// Frees an object whose last reference the caller has just dropped.
pub unsafe extern "C" fn dealloc(object: *mut PyObject) {
    // SAFETY: the caller brought the count to zero.
    unsafe { private::_Py_Dealloc(object) }
}

/// Boxes a float.
pub unsafe extern "C" fn float_new(value: f64) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { PyFloat_FromDouble(value) }
}

/// `base ** exponent` of two floats: a float, a complex for a negative base, or the error Python raises.
pub unsafe extern "C" fn float_pow(base: f64, exponent: f64) -> *mut PyObject {
    let result = base.powf(exponent);
    // SAFETY: the contract; the boxes are ours to release.
    unsafe {
        if base > 0.0 && base.is_finite() && exponent.is_finite() && result.is_finite() && result != 0.0 {
            return PyFloat_FromDouble(result);
        }
        let left = PyFloat_FromDouble(base);
        let right = PyFloat_FromDouble(exponent);
        let result = if left.is_null() || right.is_null() {
            std::ptr::null_mut()
        } else {
            PyNumber_Power(left, right, Py_None())
        };
        Py_XDECREF(left);
        Py_XDECREF(right);
        result
    }
}

/// `left % right` of two floats, `right` not zero: the result has the sign of `right`.
pub unsafe extern "C" fn float_mod(left: f64, right: f64) -> f64 {
    let remainder = left % right;
    if remainder == 0.0 {
        0.0f64.copysign(right)
    } else if (right < 0.0) != (remainder < 0.0) {
        remainder + right
    } else {
        remainder
    }
}

/// `left // right` of two floats, `right` not zero.
pub unsafe extern "C" fn float_floordiv(left: f64, right: f64) -> f64 {
    let remainder = left % right;
    let mut quotient = (left - remainder) / right;
    if remainder != 0.0 && (right < 0.0) != (remainder < 0.0) {
        quotient -= 1.0;
    }
    if quotient == 0.0 {
        return 0.0f64.copysign(left / right);
    }
    let floor = quotient.floor();
    if quotient - floor > 0.5 { floor + 1.0 } else { floor }
}

/// Boxes an int.
pub unsafe extern "C" fn long_from_i64(value: i64) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { PyLong_FromLongLong(value) }
}

/// Unboxes an exact int: 1 and the value in `*out` (as i64) when it fits, else 0. Borrows it.
pub unsafe extern "C" fn long_to_i64(value: *mut PyObject, out: *mut *mut PyObject) -> i32 {
    let mut overflow = 0;
    // SAFETY: the contract; an exact int converts without running code or failing otherwise.
    unsafe {
        let result = PyLong_AsLongLongAndOverflow(value, &raw mut overflow);
        out.cast::<i64>().write(result);
    }
    i32::from(overflow == 0)
}

/// The float nearest to an exact int, in `*out` (as f64); OverflowError when there is none. Borrows it.
pub unsafe extern "C" fn long_to_f64(value: *mut PyObject, out: *mut *mut PyObject) -> i32 {
    // SAFETY: the contract.
    unsafe {
        let result = PyLong_AsDouble(value);
        if result == -1.0 && !PyErr_Occurred().is_null() {
            return -1;
        }
        out.cast::<f64>().write(result);
    }
    0
}

/// Calls the slot of `int` that `select` picks, or the generic operation should `int` have lost it.
unsafe fn long_slot(
    select: impl Fn(&PyNumberMethods) -> Option<binaryfunc>,
    generic: binaryfunc,
    left: *mut PyObject,
    right: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the contract; `int` is a static type whose number slots live as long as the process.
    unsafe {
        match PyLong_Type.tp_as_number.as_ref().and_then(select) {
            Some(slot) => slot(left, right),
            None => generic(left, right),
        }
    }
}

/// `left + right` of two exact ints of any size. Borrows both.
pub unsafe extern "C" fn long_add(left: *mut PyObject, right: *mut PyObject) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { long_slot(|slots| slots.nb_add, PyNumber_Add, left, right) }
}

/// `left - right` of two exact ints of any size. Borrows both.
pub unsafe extern "C" fn long_sub(left: *mut PyObject, right: *mut PyObject) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { long_slot(|slots| slots.nb_subtract, PyNumber_Subtract, left, right) }
}

/// `left * right` of two exact ints of any size. Borrows both.
pub unsafe extern "C" fn long_mul(left: *mut PyObject, right: *mut PyObject) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { long_slot(|slots| slots.nb_multiply, PyNumber_Multiply, left, right) }
}

/// `left // right` of two exact ints of any size. Borrows both.
pub unsafe extern "C" fn long_floordiv(left: *mut PyObject, right: *mut PyObject) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { long_slot(|slots| slots.nb_floor_divide, PyNumber_FloorDivide, left, right) }
}

/// `left % right` of two exact ints of any size. Borrows both.
pub unsafe extern "C" fn long_mod(left: *mut PyObject, right: *mut PyObject) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { long_slot(|slots| slots.nb_remainder, PyNumber_Remainder, left, right) }
}

/// The comparison `op` (`Py_LT` to `Py_GE`) of two exact ints of any size. Borrows both.
pub unsafe extern "C" fn long_compare(left: *mut PyObject, right: *mut PyObject, op: i64) -> i32 {
    // SAFETY: the contract; two exact ints always compare to True or False, which are immortal.
    unsafe { i32::from(PyObject_RichCompare(left, right, op as c_int) == Py_True()) }
}
