//! What every object starts with (`Include/object.h`, `Include/refcount.h`), and the garbage collector's header
//! in front of it (`Include/internal/pycore_interp_structs.h`).
//!
//! Reference counts are 32 bits wide. The two tests differ on purpose: taking a reference stops at
//! [`INCREF_LIMIT`] (an unsigned comparison), dropping one stops at any count with its top bit set (a signed
//! comparison), so that an object that has become immortal never drifts back.

use pyo3::ffi::{PyObject, PyTypeObject};

use super::memory;

layout! {
    /// The reference count, a `u32`.
    OB_REFCNT: i32 = 0, "offsetof(PyObject, ob_refcnt)";
    /// Flags of the object, a `u16` in the same word as the count; see [`OB_FLAG_IMMORTAL`].
    OB_FLAGS: i32 = 6, "offsetof(PyObject, ob_flags)";
    /// The type.
    OB_TYPE: i32 = 8, "offsetof(PyObject, ob_type)";
    /// Size of the common head.
    OBJECT_SIZE: i32 = 16, "sizeof(PyObject)";
    /// Number of items of a variable-size object.
    OB_SIZE: i32 = 16, "offsetof(PyVarObject, ob_size)";
    /// `Py_INCREF` leaves the count alone when, unsigned, it is at least this.
    INCREF_LIMIT: u32 = 0xc0000000, "_Py_IMMORTAL_INITIAL_REFCNT";
    /// The smallest immortal count: `Py_DECREF` leaves the count alone when, signed, it is negative.
    IMMORTAL_MINIMUM: u32 = 0x80000000, "_Py_IMMORTAL_MINIMUM_REFCNT";
    /// In [`OB_FLAGS`]: the object was created immortal; references on a frame's stack then carry the same tag bit.
    OB_FLAG_IMMORTAL: u16 = 1, "_Py_IMMORTAL_FLAGS";
    /// In [`OB_FLAGS`]: the object was not allocated.
    OB_FLAG_STATIC: u16 = 4, "_Py_STATICALLY_ALLOCATED_FLAG";
    /// Size of the garbage collector's header, right in front of objects of types with `Py_TPFLAGS_HAVE_GC`.
    GC_HEAD_SIZE: i32 = 16, "sizeof(PyGC_Head)";
    /// Link to the next tracked object, relative to the object; 0 when not tracked.
    GC_NEXT: i32 = -16, "(int)(offsetof(PyGC_Head, _gc_next) - sizeof(PyGC_Head))";
    /// Link to the previous tracked object, relative to the object; its low bits are flags.
    GC_PREV: i32 = -8, "(int)(offsetof(PyGC_Head, _gc_prev) - sizeof(PyGC_Head))";
}

/// The type of `object`.
///
/// # Safety
/// `object` is a live object.
#[inline]
pub unsafe fn type_of(object: *const PyObject) -> *mut PyTypeObject {
    // SAFETY: every object has its type there.
    unsafe { memory::read(object, OB_TYPE) }
}

/// The reference count of `object` (large and without meaning when it is immortal).
///
/// # Safety
/// `object` is a live object.
#[inline]
pub unsafe fn refcount(object: *const PyObject) -> u32 {
    // SAFETY: every object has its count there.
    unsafe { memory::read(object, OB_REFCNT) }
}

/// Whether `object` is never freed.
///
/// # Safety
/// `object` is a live object.
#[inline]
pub unsafe fn is_immortal(object: *const PyObject) -> bool {
    // SAFETY: as the caller says.
    (unsafe { refcount(object) } as i32) < 0
}

/// Number of items of a variable-size object.
///
/// # Safety
/// `object` is a live object whose type has items (not an int: ints keep their size elsewhere).
#[inline]
pub unsafe fn size(object: *const PyObject) -> isize {
    // SAFETY: variable-size objects have their size there.
    unsafe { memory::read(object, OB_SIZE) }
}
