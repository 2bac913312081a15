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
}

/// In a range: the first value, an int object.
pub const START: i32 = object::OBJECT_SIZE;
/// In a range: the bound, an int object.
pub const STOP: i32 = START + 8;
/// In a range: the step, an int object.
pub const STEP: i32 = STOP + 8;
/// In a range: how many values it has, an int object.
pub const LENGTH: i32 = STEP + 8;
