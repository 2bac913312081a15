//! `enumerate` objects.
//!
//! Their layout is in no header (it is private to `Objects/enumobject.c`): after the head the next number, what is iterated over, and
//! the pair that was given out last, which is used again if nobody else has it. [`super::verify`] reads them back from a known
//! object.

use super::object;

/// The next number (`isize`); the greatest one says that the numbers are int objects by now.
pub const INDEX: i32 = object::OBJECT_SIZE;
/// The iterator over what is counted.
pub const ITERATOR: i32 = INDEX + 8;
/// The pair.
pub const PAIR: i32 = ITERATOR + 8;
