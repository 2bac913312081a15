//! Reading fields of samples: what the checks of objects share.

use pyo3::ffi::PyObject;

use super::samples::Samples;
use super::{LayoutMismatch, same};
use crate::cpython::memory;

/// The outcome of a check.
pub type Checked = Result<(), LayoutMismatch>;

/// A pointer field of a live object.
pub fn pointer(object: *const PyObject, offset: i32) -> *mut PyObject {
    word(object, offset) as *mut PyObject
}

/// A word of a live object.
pub fn word(object: *const PyObject, offset: i32) -> usize {
    // SAFETY: callers give live objects, and offsets that their type's size covers.
    unsafe { memory::read(object, offset) }
}

/// An `i32` of a live object.
pub fn int(object: *const PyObject, offset: i32) -> i32 {
    // SAFETY: callers give live objects, and offsets that their type's size covers.
    unsafe { memory::read(object, offset) }
}

/// Compares a pointer field with the object that an attribute gives.
pub fn attr(samples: &Samples<'_>, field: &str, name: &str, attr: &str, offset: i32) -> Checked {
    let official = samples.attr(name, attr)?.as_ptr();
    same(field, official, pointer(samples.address(name)?, offset))
}

/// Compares a pointer field with another sample.
pub fn holds_sample(samples: &Samples<'_>, field: &str, name: &str, offset: i32, value: &str) -> Checked {
    same(field, samples.address(value)?, pointer(samples.address(name)?, offset))
}
