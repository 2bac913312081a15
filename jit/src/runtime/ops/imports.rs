//! Imports, eager and lazy.

use pyo3::ffi::*;
use std::ffi::c_int;

use crate::cpython::ffi as private;
use crate::cpython::frame::InterpreterFrame;

/// `IMPORT_NAME`: `__import__(name, …, fromlist, level)` in the frame's namespaces. Borrows all.
///
/// `oparg & 2` imports now whatever the import mode says; otherwise `oparg & 1` asks for a lazy import, and 0 leaves it
/// to the mode.
pub unsafe extern "C-unwind" fn import_name(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    level: *mut PyObject,
    fromlist: *mut PyObject,
    name: *mut PyObject,
    oparg: i64,
) -> *mut PyObject {
    // SAFETY: the contract; a NULL locals is what functions have.
    unsafe {
        let (builtins, globals, locals) = ((*frame).f_builtins, (*frame).f_globals, (*frame).f_locals);
        if oparg & 2 != 0 {
            private::_PyEval_ImportName(tstate, builtins, globals, locals, name, fromlist, level)
        } else {
            let lazy = (oparg & 1) as c_int;
            private::_PyEval_LazyImportName(tstate, builtins, globals, locals, name, fromlist, level, lazy)
        }
    }
}

/// `IMPORT_FROM`: attribute `name` of an imported module, which stays on the interpreter's stack. Borrows both.
pub unsafe extern "C-unwind" fn import_from(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    module: *mut PyObject,
    name: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe {
        if Py_IS_TYPE(module, &raw mut private::PyLazyImport_Type) != 0 {
            private::_PyEval_LazyImportFrom(tstate, frame, module, name)
        } else {
            private::_PyEval_ImportFrom(tstate, module, name)
        }
    }
}
