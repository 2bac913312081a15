//! Range iterators (`Include/internal/pycore_range.h`), and range objects.
//!
//! A range iterator counts in C longs. The layout of the range object itself is in no header (it is private to
//! `Objects/rangeobject.c`): four object pointers after the head, which [`super::verify`] reads back from a known
//! range.

use super::object;

layout! {
    /// In a range iterator: the next value (`i64`).
    ITER_START: i32 = 16, "offsetof(_PyRangeIterObject, start)";
    /// In a range iterator: the step (`i64`).
    ITER_STEP: i32 = 24, "offsetof(_PyRangeIterObject, step)";
    /// In a range iterator: how many values are left (`i64`).
    ITER_LEN: i32 = 32, "offsetof(_PyRangeIterObject, len)";
    /// In the interpreter's state: the first dead range iterator of the free list, or null.
    FREELIST_HEAD: i32 = 11576, "offsetof(PyInterpreterState, object_state.freelists.range_iters.freelist)";
    /// In the interpreter's state: the number of range iterators in the free list (`isize`), negative when it is switched off.
    FREELIST_LEN: i32 = 11584, "offsetof(PyInterpreterState, object_state.freelists.range_iters.size)";
    /// The most range iterators that the free list keeps.
    FREELIST_MAX: i64 = 6, "Py_range_iters_MAXFREELIST";
}

/// In a range: the first value, an int object.
pub const START: i32 = object::OBJECT_SIZE;
/// In a range: the bound, an int object.
pub const STOP: i32 = START + 8;
/// In a range: the step, an int object.
pub const STEP: i32 = STOP + 8;
/// In a range: how many values it has, an int object.
pub const LENGTH: i32 = STEP + 8;
