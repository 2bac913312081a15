//! Floats (`Include/cpython/floatobject.h`) and their free list (`Include/internal/pycore_freelist_state.h`).
//!
//! The free list belongs to the interpreter state: a chain of dead floats linked through their first word. Compiled
//! code may pop from it and push to it instead of calling the allocator, as the interpreter does.

use pyo3::ffi::PyObject;

use super::memory;

layout! {
    /// The value, an `f64`.
    OB_FVAL: i32 = 16, "offsetof(PyFloatObject, ob_fval)";
    /// Size of a float.
    FLOAT_SIZE: i32 = 24, "sizeof(PyFloatObject)";
    /// In the interpreter state: the first dead float of the free list, or null.
    FREELIST_HEAD: i32 = 11096, "offsetof(PyInterpreterState, object_state.freelists.floats.freelist)";
    /// In the interpreter state: the number of floats in the free list (`isize`), negative when it is switched off.
    FREELIST_LEN: i32 = 11104, "offsetof(PyInterpreterState, object_state.freelists.floats.size)";
    /// The most floats that the free list keeps.
    FREELIST_MAX: i64 = 100, "Py_floats_MAXFREELIST";
}

/// All ints up to this one, and their negatives, are doubles.
pub const EXACT_INTS: i64 = 1 << 53;

/// The value of a float.
///
/// # Safety
/// `object` is a live float (or of a subclass).
#[inline]
pub unsafe fn value(object: *const PyObject) -> f64 {
    // SAFETY: floats have their value there.
    unsafe { memory::read(object, OB_FVAL) }
}
