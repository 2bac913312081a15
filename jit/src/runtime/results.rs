//! What machine code returns: objects, and numbers of which no object has been made.
//!
//! Machine code that knows what to do with a number takes it from its register. All others get an object, made here.

use pyo3::ffi::{Py_DECREF, Py_REFCNT, PyFloat_CheckExact, PyLong_CheckExact, PyObject};

use super::ops::arith::{float_new, long_from_i64};
use crate::code::executable::Returned;
use crate::cpython::{float, kinds, long, reftracer};
use crate::hir::types::Number;

/// The highest of the tags.
pub const LAST_TAG: u64 = Number::Float.tag();

impl Returned {
    /// The result as an object, a new reference; NULL with an exception set.
    ///
    /// # Safety
    /// A function's machine code has just returned it.
    #[inline]
    pub unsafe fn into_object(self) -> *mut PyObject {
        // SAFETY: the contract.
        unsafe { if self.object as u64 > LAST_TAG { self.object } else { object(self.object, self.number) } }
    }
}

/// The same, for what is in two registers.
///
/// # Safety
/// As for [`Returned::into_object`].
#[cold]
pub unsafe extern "C-unwind" fn object(object: *mut PyObject, number: u64) -> *mut PyObject {
    const INT: u64 = Number::Int.tag();
    const FLOAT: u64 = Number::Float.tag();
    // SAFETY: the contract: the GIL is held.
    unsafe {
        match object as u64 {
            INT => long_from_i64(number as i64),
            FLOAT => float_new(f64::from_bits(number)),
            _ => object,
        }
    }
}

/// Takes an int for which machine code expects no object: if nobody else can have the object, or there can be only one with the number,
/// the number is written to `out`, and the tag returned. Returns the object, or NULL, otherwise, and while somebody is told of objects.
///
/// # Safety
/// As for [`Returned::into_object`]; `out` is for an int.
pub unsafe extern "C-unwind" fn take_int(result: i64, number: i64, out: *mut *mut PyObject) -> i64 {
    // SAFETY: the contract; the reference is given up where the object is not returned.
    unsafe {
        let object = object(result as *mut PyObject, number as u64);
        if object.is_null() || PyLong_CheckExact(object) == 0 || reftracer::is_set() {
            return object as i64;
        }
        let compact = long::compact_value(object);
        let Some(value) = compact.or_else(|| kinds::int_value(object as usize)) else { return object as i64 };
        if !long::is_small(value) && Py_REFCNT(object) != 1 {
            return object as i64;
        }
        Py_DECREF(object);
        out.cast::<i64>().write(value);
        Number::Int.tag() as i64
    }
}

/// The same for a float.
///
/// # Safety
/// As for [`take_int`]; `out` is for a float.
pub unsafe extern "C-unwind" fn take_float(result: i64, number: i64, out: *mut *mut PyObject) -> i64 {
    // SAFETY: the contract; the reference is given up where the object is not returned.
    unsafe {
        let object = object(result as *mut PyObject, number as u64);
        if object.is_null() || PyFloat_CheckExact(object) == 0 || Py_REFCNT(object) != 1 || reftracer::is_set() {
            return object as i64;
        }
        let value = float::value(object);
        Py_DECREF(object);
        out.cast::<f64>().write(value);
        Number::Float.tag() as i64
    }
}
