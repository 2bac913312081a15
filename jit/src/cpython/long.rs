//! Ints (`Include/cpython/longintrepr.h`) and the table of small ones (`Include/internal/pycore_runtime_structs.h`).
//!
//! An int is a tag word and 30-bit digits. The tag holds the sign (0 positive, 1 zero, 2 negative), a bit for
//! members of the table of small ints, and the number of digits above [`TAG_SHIFT`]. An int of at most one digit is
//! *compact*: its value is `(1 - sign) * digit`. Ints from [`SMALL_MIN`] to [`SMALL_MAX`] are always the immortal
//! ones of the table, so code that makes an int must look there first, or `is` would tell.

use pyo3::ffi::PyObject;

use super::{allocator, ffi, memory};

layout! {
    /// The tag word (`usize`).
    LV_TAG: i32 = 16, "offsetof(PyLongObject, long_value.lv_tag)";
    /// The digits, `u32` each, the lowest first; the first is there even when the value is 0.
    OB_DIGIT: i32 = 24, "offsetof(PyLongObject, long_value.ob_digit)";
    /// Size of an int of one digit.
    LONG_SIZE: i32 = 32, "sizeof(PyLongObject)";
    /// The tag's bits for the sign.
    TAG_SIGN_MASK: u64 = 3, "_PyLong_SIGN_MASK";
    /// How far the number of digits is shifted in the tag.
    TAG_SHIFT: u32 = 3, "_PyLong_NON_SIZE_BITS";
    /// An int whose tag is below this is compact.
    COMPACT_TAG_LIMIT: u64 = 16, "(2 << _PyLong_NON_SIZE_BITS)";
    /// Bits in a digit.
    DIGIT_BITS: u32 = 30, "PyLong_SHIFT";
    /// In the runtime state: the table of small ints.
    SMALL_INTS: i32 = 14224, "offsetof(_PyRuntimeState, static_objects.singletons.small_ints)";
    /// The smallest int of the table.
    SMALL_MIN: i64 = -5, "-_PY_NSMALLNEGINTS";
    /// The largest int of the table.
    SMALL_MAX: i64 = 1024, "_PY_NSMALLPOSINTS - 1";
    /// In the interpreter state: the first dead int of the free list of one-digit ints, or null.
    FREELIST_HEAD: i32 = 11128, "offsetof(PyInterpreterState, object_state.freelists.ints.freelist)";
    /// In the interpreter state: the number of ints in that list (`isize`), negative when it is switched off.
    FREELIST_LEN: i32 = 11136, "offsetof(PyInterpreterState, object_state.freelists.ints.size)";
    /// The most ints that the free list keeps.
    FREELIST_MAX: i64 = 100, "Py_ints_MAXFREELIST";
}

/// The largest digit: compact ints are within `-DIGIT_MASK..=DIGIT_MASK`.
pub const DIGIT_MASK: i64 = (1 << DIGIT_BITS) - 1;
/// The largest int of two digits.
pub const TWO_DIGITS_MASK: i64 = (1 << (2 * DIGIT_BITS)) - 1;
/// The tag's bit that members of the table of small ints have; no header names it.
pub const TAG_SMALL: u64 = 4;
/// The tag of a positive int of one digit.
pub const TAG_ONE_DIGIT_POSITIVE: u64 = 1 << TAG_SHIFT;
/// The tag of a negative int of one digit.
pub const TAG_ONE_DIGIT_NEGATIVE: u64 = (1 << TAG_SHIFT) | 2;
/// What a tag has more for two digits than for one.
pub const TAG_ONE_DIGIT_MORE: u64 = 1 << TAG_SHIFT;
/// The tag of a positive int of two digits.
pub const TAG_TWO_DIGITS_POSITIVE: u64 = TAG_ONE_DIGIT_POSITIVE + TAG_ONE_DIGIT_MORE;
/// An int whose tag is below this has at most two digits.
pub const TWO_DIGITS_TAG_LIMIT: u64 = COMPACT_TAG_LIMIT + TAG_ONE_DIGIT_MORE;
/// The second digit.
pub const OB_DIGIT_1: i32 = OB_DIGIT + 4;

/// Ints whose tag is below this have blocks of memory of one size, so one may become the other. The GIL must be held at the
/// first call.
pub fn one_size_tag_limit() -> u64 {
    if allocator::blocks().is_some() { TWO_DIGITS_TAG_LIMIT } else { COMPACT_TAG_LIMIT }
}

/// Whether `value` is one of the preallocated ints.
#[inline]
pub const fn is_small(value: i64) -> bool {
    SMALL_MIN <= value && value <= SMALL_MAX
}

/// Address of the table of small ints: the entry of [`SMALL_MIN`].
#[inline]
pub fn small_table() -> usize {
    (&raw const ffi::_PyRuntime) as usize + SMALL_INTS as usize
}

/// Address of the preallocated int of a small value.
#[inline]
pub fn small_address(value: i64) -> usize {
    debug_assert!(is_small(value));
    small_table() + (value - SMALL_MIN) as usize * LONG_SIZE as usize
}

/// The value of an int, if it is compact.
///
/// # Safety
/// `object` is a live int (or of a subclass, bool included).
#[inline]
pub unsafe fn compact_value(object: *const PyObject) -> Option<i64> {
    // SAFETY: ints have their tag and at least one digit there.
    let (tag, digit) = unsafe { (memory::read::<u64, _>(object, LV_TAG), memory::read::<u32, _>(object, OB_DIGIT)) };
    (tag < COMPACT_TAG_LIMIT).then(|| compact_from_parts(tag, digit))
}

/// The value that a compact int's tag and digit stand for.
#[inline]
pub const fn compact_from_parts(tag: u64, digit: u32) -> i64 {
    (1 - (tag & TAG_SIGN_MASK) as i64) * digit as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sign_is_in_the_tag() {
        assert_eq!(compact_from_parts(TAG_ONE_DIGIT_POSITIVE, 7), 7);
        assert_eq!(compact_from_parts(TAG_ONE_DIGIT_NEGATIVE, 7), -7);
        assert_eq!(compact_from_parts(1, 0), 0);
    }

    #[test]
    fn small_range_has_its_ends() {
        assert!(is_small(SMALL_MIN) && is_small(SMALL_MAX));
        assert!(!is_small(SMALL_MIN - 1) && !is_small(SMALL_MAX + 1));
    }
}
