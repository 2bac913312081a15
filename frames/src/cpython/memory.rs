//! Reading and writing a field at a byte offset: the one primitive under every accessor of this module.
//!
//! The offsets are also what machine code uses, so the accessors and the compiler cannot disagree.

/// The address of the field `offset` bytes into the object at `base`.
///
/// # Safety
/// `base + offset` lies within (or one past) one live allocation.
#[inline]
pub unsafe fn field<T, B>(base: *const B, offset: i32) -> *mut T {
    // SAFETY: the caller keeps the sum inside one allocation.
    unsafe { base.cast::<u8>().offset(offset as isize).cast_mut().cast::<T>() }
}

/// Reads the field `offset` bytes into the object at `base`.
///
/// # Safety
/// A `T` lives at that place, aligned, and nobody writes it meanwhile.
#[inline]
pub unsafe fn read<T: Copy, B>(base: *const B, offset: i32) -> T {
    // SAFETY: the caller says that a T lives there.
    unsafe { field::<T, B>(base, offset).read() }
}

/// Writes the field `offset` bytes into the object at `base`.
///
/// # Safety
/// A `T` lives at that place, aligned, and nobody else reads or writes it meanwhile.
#[inline]
pub unsafe fn write<T: Copy, B>(base: *mut B, offset: i32, value: T) {
    // SAFETY: the caller says that a T lives there.
    unsafe { field::<T, B>(base, offset).write(value) }
}
