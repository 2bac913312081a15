//! Making functions, and the constants that the interpreter shares among all code.

use pyo3::ffi::*;

use crate::code::install;
use crate::cpython::code::Code;
use crate::cpython::ffi as private;
use crate::cpython::function::Function;

/// `MAKE_FUNCTION`: a function of `code` in `globals`. Borrows both.
pub unsafe extern "C-unwind" fn make_function(code: *mut PyObject, globals: *mut PyObject) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe {
        let function = PyFunction_New(code, globals);
        // A version would let the interpreter's specialized calls pass by an entry of our own.
        if !function.is_null() && !install::has_entry(Function::from_ptr(function)) {
            private::_PyFunction_SetVersion(function, Code::from_ptr(code.cast()).version());
        }
        function
    }
}

/// `SET_FUNCTION_ATTRIBUTE`: gives a new function its defaults, annotations or closure, as `oparg` says. Borrows both;
/// `function` stays on the interpreter's stack.
pub unsafe extern "C-unwind" fn set_function_attribute(attribute: *mut PyObject, function: *mut PyObject, oparg: i64) {
    // SAFETY: the contract; the field of a new function is still empty.
    unsafe {
        let table = (&raw const private::_Py_FunctionAttributeOffsets).cast::<usize>();
        let offset = *table.add(oparg as usize);
        function.byte_add(offset).cast::<*mut PyObject>().write(Py_NewRef(attribute));
    }
}
