//! Variables that a native function changes and a reifier reads.

use std::cell::Cell;

use pyo3::prelude::*;

/// A variable of a native function that its reifier can read from any thread: a `Cell` for which the GIL is the lock.
///
/// ```no_run
/// # use pyo3::prelude::*;
/// # fn example(py: Python<'_>) {
/// let round = rjit_frames::Local::new(0);
/// round.set(py, round.get(py) + 1);
/// # }
/// ```
#[derive(Default)]
pub struct Local<T>(Cell<T>);

// SAFETY: every access needs the token of an attached thread, of which there is one at a time: this crate is
// not built for interpreters without the GIL, and none of the accesses runs foreign code while it is inside.
unsafe impl<T: Send> Sync for Local<T> {}

const _: () = assert!(
    size_of::<pyo3::ffi::PyObject>() == crate::cpython::object::OBJECT_SIZE as usize,
    "rjit-frames needs an interpreter with the GIL"
);

impl<T> Local<T> {
    /// A variable with this value.
    pub const fn new(value: T) -> Self {
        Self(Cell::new(value))
    }

    /// Changes the value.
    pub fn set(&self, _: Python<'_>, value: T) {
        self.0.set(value);
    }

    /// Changes the value and returns the one before.
    pub fn replace(&self, _: Python<'_>, value: T) -> T {
        self.0.replace(value)
    }
}

impl<T: Copy> Local<T> {
    /// The value.
    pub fn get(&self, _: Python<'_>) -> T {
        self.0.get()
    }
}

impl<T> Local<Option<Py<T>>> {
    /// A new reference to the object.
    pub fn object(&self, py: Python<'_>) -> Option<Py<T>> {
        let value = self.0.take();
        let object = value.as_ref().map(|object| object.clone_ref(py));
        self.0.set(value);
        object
    }
}
