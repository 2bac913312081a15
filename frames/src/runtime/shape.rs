//! What the frames of a native function are filled with.

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi::PyObject;
use pyo3::prelude::*;

use crate::cpython::frame::SPECIALS_SIZE;
use crate::cpython::{code, memory};

/// Room for operands in native functions' frames: the two words behind the locals.
pub const OPERANDS: usize = 2;

/// Borrowed from the code that has it.
pub struct Shape {
    pub code: *mut PyObject,
    pub function: *mut PyObject,
    pub globals: *mut PyObject,
    pub builtins: *mut PyObject,
    /// The code unit of the first line.
    pub first_unit: *mut u16,
    pub first_line: u32,
    pub line_count: u32,
    pub locals: usize,
    pub words: usize,
}

// SAFETY: the addresses are never followed without the GIL, and the code that has the shape keeps the objects alive.
unsafe impl Send for Shape {}
// SAFETY: as above; nothing in it changes.
unsafe impl Sync for Shape {}

impl Shape {
    /// Reads what is needed off the objects.
    ///
    /// # Errors
    /// The code object is not laid out as expected.
    pub fn new(
        code: &Bound<'_, PyAny>,
        function: &Bound<'_, PyAny>,
        first_unit: usize,
        (first_line, line_count): (u32, u32),
    ) -> PyResult<Self> {
        let locals: usize = code.getattr("co_nlocals")?.extract()?;
        let words = locals + OPERANDS + SPECIALS_SIZE as usize;
        let object = code.as_ptr();
        // SAFETY: a live code object; the interpreter publishes where its bytecode begins.
        let (size, units): (i32, *mut u16) =
            unsafe { (memory::read(object, code::CO_FRAMESIZE), memory::field(object, code::CO_CODE_ADAPTIVE)) };
        if size as usize != words {
            return Err(PyRuntimeError::new_err(format!("co_framesize should be {words}, but is {size}")));
        }
        Ok(Self {
            code: object,
            function: function.as_ptr(),
            globals: function.getattr("__globals__")?.as_ptr(),
            builtins: function.getattr("__builtins__")?.as_ptr(),
            first_unit: units.wrapping_add(first_unit),
            first_line,
            line_count,
            locals,
            words,
        })
    }
}
