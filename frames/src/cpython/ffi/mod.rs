//! The functions and tables of CPython around frames that PyO3's bindings do not declare.

use pyo3::ffi::{PyObject, PyThreadState, PyTypeObject};

use crate::cpython::frame::InterpreterFrame;

unsafe extern "C" {
    /// Clears and pops the frame of a function, or of a generator that is done.
    pub fn _PyEval_FrameClearAndPop(tstate: *mut PyThreadState, frame: *mut InterpreterFrame);
    /// Makes the frame object of a frame that has none. Borrowed result.
    pub fn _PyFrame_MakeAndSetFrameObject(frame: *mut InterpreterFrame) -> *mut PyObject;
    /// Makes room for `size` words on the data stack, in a new chunk if need be; null without memory.
    pub fn _PyThreadState_PushFrame(tstate: *mut PyThreadState, size: usize) -> *mut InterpreterFrame;
    /// The runtime state; its first field is the table that [`crate::cpython::verify`] reads.
    pub static _PyRuntime: u8;
    /// The type of what `frame.f_locals` of a function is.
    pub static mut PyFrameLocalsProxy_Type: PyTypeObject;
}
