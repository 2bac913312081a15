//! State that the GIL guards.
//!
//! Everything the compiler knows is touched only by attached threads, and the builds it serves have a GIL, so a lock of
//! its own would only be a way to deadlock at `fork`.

use std::cell::RefCell;

/// A value in a static that only threads with the GIL reach.
pub struct GilCell<T>(RefCell<T>);

// SAFETY: access is by attached threads, one at a time; `with` keeps the GIL because its closure runs no Python code.
unsafe impl<T> Sync for GilCell<T> {}

impl<T> GilCell<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(RefCell::new(value))
    }

    /// Works on the value. `work` must not run Python code, nor drop references to Python objects: that could give the
    /// GIL away, or come back here.
    pub fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: only looks at the calling thread's state.
        debug_assert!(unsafe { pyo3::ffi::PyGILState_Check() } == 1);
        work(&mut self.0.borrow_mut())
    }
}
