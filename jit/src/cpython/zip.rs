//! `zip` objects.
//!
//! Their layout is in no header (it is private to `Python/bltinmodule.c`): after the head the number of iterators, a tuple of them, and
//! the tuple that was given out last, which is used again if nobody else has it. [`super::verify`] reads them back from a known
//! object.

use super::object;

/// How many iterators there are (`isize`).
pub const COUNT: i32 = object::OBJECT_SIZE;
/// The iterators.
pub const ITERATORS: i32 = COUNT + 8;
/// The tuple.
pub const TUPLE: i32 = ITERATORS + 8;
