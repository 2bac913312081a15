//! Byte arrays (`Include/cpython/bytearrayobject.h`), and views of memory (`Include/cpython/memoryobject.h`).

use std::ffi::CStr;

use pyo3::ffi::{self, PyObject};

use super::{memory, object};

layout! {
    /// In a byte array: the address of the first byte.
    OB_START: i32 = 40, "offsetof(PyByteArrayObject, ob_start)";
    /// In a view: what the memory came from, which may have been given back by itself.
    MBUF: i32 = 24, "offsetof(PyMemoryViewObject, mbuf)";
    /// In that: flags (`i32`), see [`MBUF_RELEASED`].
    MBUF_FLAGS: i32 = 16, "offsetof(_PyManagedBufferObject, flags)";
    /// In a view: flags (`i32`), see [`VIEW_RELEASED`].
    VIEW_FLAGS: i32 = 40, "offsetof(PyMemoryViewObject, flags)";
    /// In a view: the address of the first item.
    VIEW_BUF: i32 = 56, "offsetof(PyMemoryViewObject, view.buf)";
    /// In a view: bytes of an item (`isize`).
    VIEW_ITEMSIZE: i32 = 80, "offsetof(PyMemoryViewObject, view.itemsize)";
    /// In a view: not 0 if nothing can be stored (`i32`).
    VIEW_READONLY: i32 = 88, "offsetof(PyMemoryViewObject, view.readonly)";
    /// In a view: dimensions (`i32`).
    VIEW_NDIM: i32 = 92, "offsetof(PyMemoryViewObject, view.ndim)";
    /// In a view: the items' format, a C string.
    VIEW_FORMAT: i32 = 96, "offsetof(PyMemoryViewObject, view.format)";
    /// In a view: the number of items in each dimension, an array of `isize`.
    VIEW_SHAPE: i32 = 104, "offsetof(PyMemoryViewObject, view.shape)";
    /// In a view: the distance of items in each dimension in bytes, an array of `isize`.
    VIEW_STRIDES: i32 = 112, "offsetof(PyMemoryViewObject, view.strides)";
    /// In a view: for each dimension what is added to pointers, or null where items are no pointers.
    VIEW_SUBOFFSETS: i32 = 120, "offsetof(PyMemoryViewObject, view.suboffsets)";
    /// Flag of memory that was given back.
    MBUF_RELEASED: i32 = 1, "_Py_MANAGED_BUFFER_RELEASED";
    /// Flag of a view that gives no access any more.
    VIEW_RELEASED: i32 = 1, "_Py_MEMORYVIEW_RELEASED";
}

/// The letter of a view's format, if the object at `address` is a view and its format is one letter.
pub fn format(address: usize) -> Option<u8> {
    if address == 0 {
        return None;
    }
    // SAFETY: the caller has a reference to the object; a view has a format, which is a C string, or null.
    unsafe {
        let view = address as *const PyObject;
        if !std::ptr::eq(object::type_of(view), &raw const ffi::PyMemoryView_Type) {
            return None;
        }
        let format: *const std::ffi::c_char = memory::read(view, VIEW_FORMAT);
        if format.is_null() {
            return None;
        }
        match CStr::from_ptr(format).to_bytes() {
            [letter] => Some(*letter),
            _ => None,
        }
    }
}
