//! Frames on the thread's data stack, and what happens when somebody looks at them. The only part of the crate, beside the
//! layouts, that has `unsafe` code.

mod activation;
pub mod local;
mod observe;
mod shape;

use std::marker::PhantomData;
use std::ptr::NonNull;

use pyo3::ffi;
use pyo3::prelude::*;

use crate::cpython::frame::{self, InterpreterFrame};
use crate::{NativeCode, Reifier};

use activation::Activation;
pub use shape::{OPERANDS, Shape};

/// `return_offset` of native functions' frames, the same in all copies and versions of this crate. The interpreter uses
/// the field only while a frame calls another one through it, and for offsets far smaller than this.
///
/// Behind the locals of a frame with this mark, where its operands would be, are two words: an address that says which copy
/// of the crate the frame belongs to, and one that means something to this copy only.
const MARK: u16 = 0xC0F0;

/// Whether a frame is a native function's, of whatever copy of this crate.
///
/// # Safety
/// A live frame.
pub unsafe fn is_native(frame: *const InterpreterFrame) -> bool {
    // SAFETY: the contract.
    unsafe { (*frame).return_offset == MARK && (*frame).owner == frame::OWNED_BY_THREAD }
}

/// Wraps what reads and writes locals. Layouts have been verified.
pub fn install(py: Python<'_>) {
    observe::install(py);
}

/// The frame of a native function that runs; what [`NativeCode::enter`] gives to its closure.
pub struct Frame<'f, 'py> {
    activation: &'f Activation,
    py: Python<'py>,
    // Not to be used by a thread that is not attached.
    thread_bound: PhantomData<*mut ()>,
}

impl<'py> Frame<'_, 'py> {
    /// Says which line runs. Lines outside of the code's own are a mistake that debug builds panic on; otherwise the
    /// nearest one is shown. It costs one store.
    #[inline]
    pub fn set_line(&self, line: u32) {
        self.activation.set_line(line);
    }

    /// The line that runs.
    pub fn line(&self) -> u32 {
        self.activation.line()
    }

    /// The frame object, as `sys._getframe` gives it to the functions that are called from here.
    ///
    /// # Errors
    /// MemoryError.
    pub fn object(&self) -> PyResult<Bound<'py, PyAny>> {
        self.activation.object(self.py)
    }

    /// The token of the thread that runs.
    pub fn py(&self) -> Python<'py> {
        self.py
    }
}

/// A frame that [`NativeCode::push`] has pushed.
///
/// Dropping it pops it as well, but is a mistake that debug builds panic on, unless a panic is under way already.
#[must_use = "the frame has to be popped"]
pub struct PushedFrame<'py> {
    activation: Option<NonNull<Activation>>,
    py: Python<'py>,
}

impl<'py> PushedFrame<'py> {
    /// See [`NativeCode::push`].
    ///
    /// # Safety
    /// As there.
    pub(crate) unsafe fn push(code: &NativeCode, py: Python<'py>, reifier: &dyn Reifier) -> PyResult<Self> {
        // SAFETY: the caller's contract.
        let activation = unsafe { Activation::push(py, code, reifier)? };
        Ok(Self { activation: Some(activation), py })
    }

    /// The frame.
    ///
    /// # Panics
    /// Never: only [`pop`](Self::pop) takes it away.
    pub fn frame(&self) -> Frame<'_, 'py> {
        let activation = self.activation.expect("the frame is there until it is popped");
        // SAFETY: it lives until the frame is popped, which takes this value away.
        let activation = unsafe { activation.as_ref() };
        Frame { activation, py: self.py, thread_bound: PhantomData }
    }

    /// Pops the frame. With an error, which comes back, it first gets into the error's traceback.
    ///
    /// It is a mistake, which debug builds panic on, if the frame is not the innermost of the calling thread. Otherwise the
    /// frame then stays where it is, without locals.
    ///
    /// # Safety
    /// See [`NativeCode::push`].
    pub unsafe fn pop(mut self, error: Option<PyErr>) -> Option<PyErr> {
        let activation = self.activation.take()?;
        // SAFETY: the caller's contract.
        unsafe {
            let error = error.map(|error| activation.as_ref().add_traceback(self.py, error));
            Activation::pop(activation, self.py);
            error
        }
    }
}

impl Drop for PushedFrame<'_> {
    fn drop(&mut self) {
        if let Some(activation) = self.activation.take() {
            // SAFETY: what `push` asks for.
            unsafe { Activation::pop(activation, self.py) };
            debug_assert!(std::thread::panicking(), "the frame of a native function was dropped instead of popped");
        }
    }
}

/// Pops a frame when a closure ends, be it by a panic.
struct Scope<'py> {
    activation: Option<NonNull<Activation>>,
    py: Python<'py>,
}

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        if let Some(activation) = self.activation.take() {
            // SAFETY: scopes nest, so the frame is the thread's innermost again.
            unsafe { Activation::pop(activation, self.py) };
        }
        // SAFETY: entered in `enter`.
        unsafe { ffi::Py_LeaveRecursiveCall() };
    }
}

/// See [`NativeCode::enter`].
pub fn enter<'py, T>(
    code: &NativeCode,
    py: Python<'py>,
    reifier: &dyn Reifier,
    body: impl FnOnce(&Frame<'_, 'py>) -> PyResult<T>,
) -> PyResult<T> {
    // SAFETY: attached, as the token says; left when the scope ends.
    if unsafe { ffi::Py_EnterRecursiveCall(c" in a native function".as_ptr()) } != 0 {
        return Err(PyErr::fetch(py));
    }
    let mut scope = Scope { activation: None, py };
    // SAFETY: the scope pops the frame before this function returns, and what the closure pushes is popped before.
    let activation = unsafe { scope.activation.insert(Activation::push(py, code, reifier)?).as_ref() };
    let result = body(&Frame { activation, py, thread_bound: PhantomData });
    // SAFETY: the frame is the thread's innermost again.
    result.map_err(|error| unsafe { activation.add_traceback(py, error) })
}
