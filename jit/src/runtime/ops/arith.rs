//! Arithmetic, comparison and truth, and the number primitives that unboxed code boxes and unboxes with.

use pyo3::ffi::*;
use std::ffi::c_int;

use crate::bytecode::operators::{NB_ADD, NB_MULTIPLY, NB_SUBSCR, NB_SUBTRACT, NB_TRUE_DIVIDE, OPERATORS};
use crate::cpython::ffi as private;
use crate::cpython::frame::InterpreterFrame;
use crate::cpython::{float, long};
use crate::runtime::ops::operators;
use crate::runtime::ops::specials::Special;

/// `BINARY_OP`: `left <op> right`, `oparg` selects the operator (in-place forms and subscription included). Borrows both.
pub unsafe extern "C-unwind" fn binary_op(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    left: *mut PyObject,
    right: *mut PyObject,
    oparg: i64,
) -> *mut PyObject {
    // SAFETY: the contract; oparg of real bytecode is within the table.
    unsafe {
        operators::note_numbers(frame, left, right);
        if oparg as u32 == NB_SUBSCR {
            operators::note_container(frame, left);
        }
        if let Some(result) = float_operator(left, right, oparg as u32) {
            return PyFloat_FromDouble(result);
        }
        if let Some(result) = operators::call_operator(tstate, frame, left, right, oparg as usize) {
            return result;
        }
        slot_of_operator(oparg)(left, right)
    }
}

/// `BINARY_OP` for exact ints and floats, which run no Python code. Borrows both.
pub unsafe extern "C-unwind" fn number_op(left: *mut PyObject, right: *mut PyObject, oparg: i64) -> *mut PyObject {
    // SAFETY: the contract; oparg of real bytecode is within the table.
    unsafe {
        if let Some(result) = float_operator(left, right, oparg as u32) {
            return PyFloat_FromDouble(result);
        }
        slot_of_operator(oparg)(left, right)
    }
}

/// What CPython does for an operator of `BINARY_OP`.
unsafe fn slot_of_operator(oparg: i64) -> binaryfunc {
    // SAFETY: the caller has the oparg of real bytecode, which is within the table.
    unsafe { *(&raw const private::_PyEval_BinaryOps).cast::<binaryfunc>().add(oparg as usize) }
}

/// The result of the commonest operators where one operand is a float and the other a float or an int that a float can
/// represent: places at which both kinds come by have no fast path.
#[inline]
unsafe fn float_operator(left: *mut PyObject, right: *mut PyObject, oparg: u32) -> Option<f64> {
    // SAFETY: the contract.
    unsafe {
        if PyFloat_CheckExact(left) == 0 && PyFloat_CheckExact(right) == 0 {
            return None;
        }
        let (left, right) = (as_double(left)?, as_double(right)?);
        match if oparg >= OPERATORS { oparg - OPERATORS } else { oparg } {
            NB_ADD => Some(left + right),
            NB_MULTIPLY => Some(left * right),
            NB_SUBTRACT => Some(left - right),
            NB_TRUE_DIVIDE if right != 0.0 => Some(left / right),
            _ => None,
        }
    }
}

/// The value of an exact float, or of an exact int of one digit.
#[inline]
unsafe fn as_double(number: *mut PyObject) -> Option<f64> {
    // SAFETY: the contract; the fields are those of exact floats and ints.
    unsafe {
        if PyFloat_CheckExact(number) != 0 {
            return Some(float::value(number));
        }
        if PyLong_CheckExact(number) == 0 {
            return None;
        }
        long::compact_value(number).map(|value| value as f64)
    }
}

/// `base ** exponent` where Python computes it as C does and the result is a number like any other; else NaN.
///
/// Python leaves to C what is neither infinite nor a NaN, but for roots of negative numbers and negative powers of zero, and
/// raises where the result has no exact exponent any more.
pub unsafe extern "C-unwind" fn float_pow(base: f64, exponent: f64) -> f64 {
    let is_defined = if base == 0.0 {
        exponent > 0.0 && exponent.trunc() == exponent
    } else {
        base > 0.0 || exponent.trunc() == exponent
    };
    if !is_defined || !base.is_finite() || !exponent.is_finite() {
        return f64::NAN;
    }
    // SAFETY: any doubles will do.
    let result = unsafe { pow(base, exponent) };
    if result.is_normal() || base == 0.0 { result } else { f64::NAN }
}

unsafe extern "C" {
    fn pow(base: f64, exponent: f64) -> f64;
}

/// `UNARY_NEGATIVE`: `-value`. Borrows it.
pub unsafe extern "C-unwind" fn unary_negative(frame: *mut InterpreterFrame, value: *mut PyObject) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe {
        operators::note_owner(frame, value, Special::Negative);
        PyNumber_Negative(value)
    }
}

/// `UNARY_INVERT`: `~value`. Borrows it.
pub unsafe extern "C-unwind" fn unary_invert(frame: *mut InterpreterFrame, value: *mut PyObject) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe {
        operators::note_owner(frame, value, Special::Invert);
        PyNumber_Invert(value)
    }
}

/// `TO_BOOL`: the truth of `value`. Borrows it.
pub unsafe extern "C-unwind" fn truth(frame: *mut InterpreterFrame, value: *mut PyObject) -> i32 {
    // SAFETY: the contract.
    unsafe {
        operators::note_owner(frame, value, Special::Truth);
        PyObject_IsTrue(value)
    }
}

/// The truth of `value`, which is no operand. Borrows it.
pub unsafe extern "C-unwind" fn to_bool(value: *mut PyObject) -> i32 {
    // SAFETY: the contract.
    unsafe { PyObject_IsTrue(value) }
}

/// Whether two objects are equal that are equal to themselves only: those of classes that say nothing of comparing, so that `object`'s
/// way is taken, for both. None for others, and for comparisons other than `==` and `!=`.
#[inline]
unsafe fn identity(left: *mut PyObject, right: *mut PyObject, op: c_int) -> Option<bool> {
    // SAFETY: the contract.
    unsafe {
        let slot = |object: *mut PyObject| (*Py_TYPE(object)).tp_richcompare.map(|compare| compare as *const ());
        let usual = PyBaseObject_Type.tp_richcompare.map(|compare| compare as *const ());
        let is_usual = slot(left) == usual && slot(right) == usual;
        (is_usual && (op == Py_EQ || op == Py_NE)).then(|| std::ptr::eq(left, right))
    }
}

/// `COMPARE_OP`: the rich comparison's own result; `op` is `oparg >> 5`. Borrows both.
pub unsafe extern "C-unwind" fn compare_op(
    frame: *mut InterpreterFrame,
    left: *mut PyObject,
    right: *mut PyObject,
    op: i64,
) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe {
        operators::note_compared(frame, left, right, op);
        PyObject_RichCompare(left, right, op as c_int)
    }
}

/// `COMPARE_OP` with `oparg & 16`: the comparison, then the truth of its result; `op` is `oparg >> 5`. Borrows both.
///
/// An object is compared with itself like any other pair, since `__eq__` may say what it likes.
pub unsafe extern "C-unwind" fn compare_bool(
    frame: *mut InterpreterFrame,
    left: *mut PyObject,
    right: *mut PyObject,
    op: i64,
) -> i32 {
    // SAFETY: the contract; the result is ours to release.
    unsafe {
        if let Some(is_equal) = identity(left, right, op as c_int) {
            return (is_equal == (op as c_int == Py_EQ)).into();
        }
        operators::note_compared(frame, left, right, op);
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
pub unsafe extern "C-unwind" fn contains_op(
    frame: *mut InterpreterFrame,
    item: *mut PyObject,
    container: *mut PyObject,
) -> i32 {
    // SAFETY: the contract.
    unsafe {
        operators::note_owner(frame, container, Special::Contains);
        PySequence_Contains(container, item)
    }
}

/// Boxes a float.
pub unsafe extern "C-unwind" fn float_new(value: f64) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { PyFloat_FromDouble(value) }
}

/// Boxes an int.
pub unsafe extern "C-unwind" fn long_from_i64(value: i64) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { PyLong_FromLongLong(value) }
}

/// Unboxes an exact int: 1 and the value in `*out` (as i64) when it fits, else 0. Borrows it.
pub unsafe extern "C-unwind" fn long_to_i64(value: *mut PyObject, out: *mut *mut PyObject) -> i32 {
    let mut overflow = 0;
    // SAFETY: the contract; an exact int converts without running code or failing otherwise.
    unsafe {
        let result = PyLong_AsLongLongAndOverflow(value, &raw mut overflow);
        out.cast::<i64>().write(result);
    }
    i32::from(overflow == 0)
}

/// The function of the module `math` that is number `which` of [`SMOOTH`], by the C library's function of that name.
pub unsafe extern "C-unwind" fn math_function(argument: f64, which: i64) -> f64 {
    SMOOTH[which as usize].1(argument)
}

/// A name and a function.
type Smooth = (&'static str, fn(f64) -> f64);

/// Functions of the module `math` that are the C library's own wherever argument and result are finite.
pub const SMOOTH: [Smooth; 15] = [
    ("sin", f64::sin),
    ("cos", f64::cos),
    ("tan", f64::tan),
    ("asin", f64::asin),
    ("acos", f64::acos),
    ("atan", f64::atan),
    ("sinh", f64::sinh),
    ("cosh", f64::cosh),
    ("tanh", f64::tanh),
    ("exp", f64::exp),
    ("expm1", f64::exp_m1),
    ("log", f64::ln),
    ("log2", f64::log2),
    ("log10", f64::log10),
    ("log1p", f64::ln_1p),
];
