//! Bytes objects (`Include/cpython/bytesobject.h`): code objects keep their tables in them.

use pyo3::ffi::PyObject;

use super::{memory, object};

layout! {
    /// The bytes themselves, followed by a zero.
    OB_SVAL: i32 = 32, "offsetof(PyBytesObject, ob_sval)";
}

/// The bytes of a bytes object.
///
/// # Safety
/// `object` is a bytes object that lives as long as the result is used.
#[inline]
pub unsafe fn as_slice<'a>(object: *const PyObject) -> &'a [u8] {
    // SAFETY: bytes objects hold ob_size bytes at OB_SVAL and never change.
    unsafe { std::slice::from_raw_parts(memory::field(object, OB_SVAL), object::size(object) as usize) }
}
