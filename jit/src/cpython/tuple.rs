//! Tuples (`Include/cpython/tupleobject.h`) and their iterators (`Include/internal/pycore_tuple.h`).
//!
//! A tuple caches its hash in front of its items, which is why they start further in than in earlier versions.
//! The number of items is [`super::object::OB_SIZE`].

use pyo3::ffi::PyObject;

use super::{memory, object};

layout! {
    /// The cached hash (`isize`), -1 when not computed yet. Whoever fills a fresh tuple by hand sets it to -1.
    OB_HASH: i32 = 24, "offsetof(PyTupleObject, ob_hash)";
    /// The items, inline.
    OB_ITEM: i32 = 32, "offsetof(PyTupleObject, ob_item)";
    /// Size of an empty tuple, as its type has it in `tp_basicsize`.
    TUPLE_BASE_SIZE: i32 = 32, "sizeof(PyTupleObject) - sizeof(PyObject *)";
    /// In the interpreter's state: the free lists of tuples of one item, of two, and so on, each the first one and how many there are.
    FREELISTS: i32 = 11144, "offsetof(PyInterpreterState, object_state.freelists.tuples)";
    /// How many of them there are.
    FREELIST_SIZES: i64 = 20, "PyTuple_MAXSAVESIZE";
    /// How long each may become.
    FREELIST_MAX: i64 = 2000, "Py_tuple_MAXFREELIST";
    /// In a tuple iterator: the next index (`isize`).
    ITER_INDEX: i32 = 16, "offsetof(_PyTupleIterObject, it_index)";
    /// In a tuple iterator: the tuple, null when exhausted.
    ITER_SEQ: i32 = 24, "offsetof(_PyTupleIterObject, it_seq)";
}

/// The items of a tuple, borrowed.
///
/// # Safety
/// `object` is a tuple, filled, that lives as long as the result is used.
#[inline]
pub unsafe fn items<'a>(object: *const PyObject) -> &'a [*mut PyObject] {
    // SAFETY: tuples hold ob_size items at OB_ITEM and never change once filled.
    unsafe { std::slice::from_raw_parts(memory::field(object, OB_ITEM), object::size(object) as usize) }
}
