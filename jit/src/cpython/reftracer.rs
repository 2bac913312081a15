//! Who is told of each object that is made or destroyed (`Include/internal/pycore_runtime_structs.h`).

use super::ffi;

layout! {
    /// In the runtime state: the function that is told, or null.
    TRACER_FUNC: i32 = 10648, "offsetof(_PyRuntimeState, ref_tracer.tracer_func)";
}

/// Where the function that is told is.
#[inline]
pub fn address() -> usize {
    (&raw const ffi::_PyRuntime) as usize + TRACER_FUNC as usize
}

/// Whether there is such a function.
#[inline]
pub fn is_set() -> bool {
    // SAFETY: a word of the runtime state, which is there as long as the process.
    unsafe { *(address() as *const usize) != 0 }
}
