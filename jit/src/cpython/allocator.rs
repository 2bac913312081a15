//! The allocator of objects (`Include/internal/pycore_pymem.h`): what may be taken for granted about the size of its blocks.

use std::ffi::CStr;
use std::sync::OnceLock;

use super::ffi;

/// Whether a block that was asked for an int of one digit, 28 or 32 bytes, has room for one of two digits. So it is with
/// CPython's own allocator, whose blocks are multiples of 16 bytes, if its debug hooks are not installed: they write a mark behind
/// the last byte that was asked for. The GIL must be held at the first call.
pub fn has_room_for_two_digits() -> bool {
    static HAS_ROOM: OnceLock<bool> = OnceLock::new();
    *HAS_ROOM.get_or_init(|| {
        // SAFETY: the function compares tables of the runtime; it returns null or a constant.
        let name = unsafe { ffi::_PyMem_GetCurrentAllocatorName() };
        // SAFETY: see above.
        !name.is_null() && unsafe { CStr::from_ptr(name) } == c"pymalloc"
    })
}
