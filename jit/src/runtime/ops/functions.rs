//! Making functions, and the constants that the interpreter shares among all code.

use super::ffi::*;
use pyo3::ffi::*;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;
use std::ptr::null_mut;

/// `MAKE_FUNCTION`: a function of `code` in `globals`. Borrows both.
pub unsafe extern "C" fn make_function(
    code: *mut PyObject,
    globals: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe {
        let function = PyFunction_New(code, globals);
        if !function.is_null() {
            _PyFunction_SetVersion(function, field(code, CODE_VERSION));
        }
        function
    }
}

/// `SET_FUNCTION_ATTRIBUTE`: gives a new function its defaults, annotations or closure, as `oparg` says. Borrows both;
/// `function` stays on the interpreter's stack.
pub unsafe extern "C" fn set_function_attribute(
    attribute: *mut PyObject,
    function: *mut PyObject,
    oparg: i64,
) {
    // SAFETY: the contract; the field of a new function is still empty.
    unsafe {
        let table = (&raw const _Py_FunctionAttributeOffsets).cast::<usize>();
        let offset = *table.add(oparg as usize);
        function
            .byte_add(offset)
            .cast::<*mut PyObject>()
            .write(new_ref(attribute));
    }
}

/// Runs `LOAD_COMMON_CONSTANT` for each index: patches the one in a function that returns None.
const READ_CONSTANTS: &std::ffi::CStr = c"
import opcode
def read(index):
    template = lambda: None
    code = bytearray(template.__code__.co_code)
    code[code[::2].index(opcode.opmap['LOAD_COMMON_CONSTANT']) * 2 + 1] = index
    return type(template)(template.__code__.replace(co_code=bytes(code)), {})()
constants = tuple(map(read, range(count)))
";

/// How many constants `LOAD_COMMON_CONSTANT` knows.
pub const COMMON_CONSTANTS: usize = 12;

/// The constants of `LOAD_COMMON_CONSTANT`, by oparg. They live as long as the process.
///
/// The interpreter keeps the `all` and `any` of its start there, whatever became of the builtins since, so they are
/// read by the instruction itself.
pub fn common_constants(py: Python<'_>) -> PyResult<&'static [usize]> {
    static TABLE: PyOnceLock<Vec<usize>> = PyOnceLock::new();
    let table = TABLE.get_or_try_init(py, || {
        let namespace = pyo3::types::PyDict::new(py);
        namespace.set_item("count", COMMON_CONSTANTS)?;
        py.run(READ_CONSTANTS, Some(&namespace), None)?;
        let constants = namespace
            .as_any()
            .get_item("constants")?
            .cast_into::<PyTuple>()?;
        Ok::<_, PyErr>(
            constants
                .iter()
                .map(|constant| constant.into_ptr() as usize)
                .collect(),
        )
    })?;
    Ok(table)
}

/// `LOAD_COMMON_CONSTANT`: constant number `oparg`, borrowed. A compiler does better to ask [`common_constants`].
pub unsafe extern "C" fn load_common_constant(oparg: i64) -> *mut PyObject {
    // SAFETY: the contract.
    let py = unsafe { Python::assume_attached() };
    match common_constants(py) {
        Ok(table) => table[oparg as usize % COMMON_CONSTANTS] as *mut PyObject,
        Err(error) => {
            error.restore(py);
            null_mut()
        }
    }
}
