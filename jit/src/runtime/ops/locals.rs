//! Stores of numbers where the machine code cannot put them into the object that is there.

use pyo3::ffi::*;

use super::arith::{float_new, long_from_i64};
use crate::cpython::frame::StackRef;
use crate::runtime::{deaths, frames};

/// Puts a new int into the home slot at `slot` and gives up what was there. Returns the int, borrowed from the slot, or
/// NULL with nothing changed.
pub unsafe extern "C-unwind" fn store_int(slot: *mut *mut PyObject, value: i64) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { store(slot, long_from_i64(value)) }
}

/// The same for a float.
pub unsafe extern "C-unwind" fn store_float(slot: *mut *mut PyObject, value: f64) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { store(slot, float_new(value)) }
}

unsafe fn store(slot: *mut *mut PyObject, made: *mut PyObject) -> *mut PyObject {
    // SAFETY: the contract: `slot` is a home slot of the running frame; `made` is a new object or NULL.
    unsafe {
        if !made.is_null() {
            let old = slot.cast::<StackRef>().replace(StackRef::from_owned(made));
            if old.is_counted() {
                frames::settle(PyThreadState_Get());
                deaths::give_up(old.untag());
            }
        }
        made
    }
}

/// Puts a new int at `place`, in an object or an array, and gives up the int that was there. Returns the new one, borrowed
/// from the place, or NULL with nothing changed.
pub unsafe extern "C-unwind" fn replace_int(place: *mut *mut PyObject, value: i64) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { replace(place, long_from_i64(value)) }
}

/// The same for a float.
pub unsafe extern "C-unwind" fn replace_float(place: *mut *mut PyObject, value: f64) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { replace(place, float_new(value)) }
}

unsafe fn replace(place: *mut *mut PyObject, made: *mut PyObject) -> *mut PyObject {
    // SAFETY: the contract: `place` holds a reference to a number; `made` is a new object or NULL.
    unsafe {
        if !made.is_null() {
            Py_DECREF(place.replace(made));
        }
        made
    }
}
