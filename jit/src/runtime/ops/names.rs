//! Names: globals, builtins, class and module namespaces, closure cells, and the errors of unbound ones.

use pyo3::ffi::*;
use pyo3::{Python, intern};
use std::ffi::{CStr, c_int};
use std::ptr::null_mut;

use crate::cpython::code::Code;
use crate::cpython::ffi as private;
use crate::cpython::frame::{InterpreterFrame, StackRef};
use crate::cpython::function::Function;
use crate::cpython::{cell, memory};

const NOT_DEFINED: &CStr = c"name '%.200s' is not defined";
const UNBOUND_LOCAL: &CStr = c"cannot access local variable '%s' where it is not associated with a value";

/// Sets the NameError for `name`, in place of whatever is set.
unsafe fn name_error(name: *mut PyObject) {
    // SAFETY: the contract.
    unsafe { private::_PyEval_FormatExcCheckArg(PyThreadState_Get(), PyExc_NameError, NOT_DEFINED.as_ptr(), name) }
}

/// Finds a name in a namespace without raising for its absence: `None` is an error, a NULL is not there.
unsafe fn optional_item(mapping: *mut PyObject, name: *mut PyObject) -> Option<*mut PyObject> {
    let mut error: c_int = 0;
    // SAFETY: the contract.
    let value = unsafe { private::_PyMapping_GetOptionalItem2(mapping, name, &raw mut error) };
    (error >= 0).then_some(value)
}

/// Resolves a value that turns out to be a lazy import; consumes it and returns what the name means.
unsafe fn resolve_lazy(value: *mut PyObject, name: *mut PyObject, namespace: *mut PyObject) -> *mut PyObject {
    // SAFETY: the contract; `value` is ours.
    unsafe {
        if Py_IS_TYPE(value, &raw mut private::PyLazyImport_Type) == 0 {
            return value;
        }
        let resolved = private::_PyLazyImport_Reify(PyThreadState_Get(), value, name, namespace);
        Py_DECREF(value);
        resolved
    }
}

/// `LOAD_GLOBAL`: `name` in `globals`, then in `builtins`; lazy imports are resolved. Borrows all.
pub unsafe extern "C-unwind" fn load_global(
    globals: *mut PyObject,
    builtins: *mut PyObject,
    name: *mut PyObject,
) -> *mut PyObject {
    let mut value = StackRef::NULL;
    // SAFETY: the contract; the result is ours.
    unsafe {
        private::_PyEval_LoadGlobalStackRef(globals, builtins, name, &raw mut value);
        value.into_owned()
    }
}

/// `LOAD_NAME`: `name` in the frame's locals, globals, then builtins; lazy imports are resolved. Borrows it.
pub unsafe extern "C-unwind" fn load_name(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    name: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { private::_PyEval_LoadName(tstate, frame, name) }
}

/// `STORE_NAME`: `name = value` in the frame's locals. Borrows both.
pub unsafe extern "C-unwind" fn store_name(
    frame: *mut InterpreterFrame,
    value: *mut PyObject,
    name: *mut PyObject,
) -> i32 {
    // SAFETY: the contract.
    unsafe {
        let locals = (*frame).f_locals;
        if locals.is_null() {
            PyErr_Format(PyExc_SystemError, c"no locals found when storing %R".as_ptr(), name);
            return -1;
        }
        if PyDict_CheckExact(locals) != 0 {
            PyDict_SetItem(locals, name, value)
        } else {
            PyObject_SetItem(locals, name, value)
        }
    }
}

/// `DELETE_NAME`: `del name` in the frame's locals; whatever goes wrong becomes a NameError. Borrows it.
pub unsafe extern "C-unwind" fn delete_name(frame: *mut InterpreterFrame, name: *mut PyObject) -> i32 {
    // SAFETY: the contract.
    unsafe {
        let locals = (*frame).f_locals;
        if locals.is_null() {
            PyErr_Format(PyExc_SystemError, c"no locals when deleting %R".as_ptr(), name);
            return -1;
        }
        if PyObject_DelItem(locals, name) != 0 {
            name_error(name);
            return -1;
        }
        0
    }
}

/// `STORE_GLOBAL`: `name = value` in `globals`. Borrows all.
pub unsafe extern "C-unwind" fn store_global(globals: *mut PyObject, value: *mut PyObject, name: *mut PyObject) -> i32 {
    // SAFETY: the contract.
    unsafe { PyDict_SetItem(globals, name, value) }
}

/// `DELETE_GLOBAL`: `del name` in `globals`. Borrows both.
pub unsafe extern "C-unwind" fn delete_global(globals: *mut PyObject, name: *mut PyObject) -> i32 {
    // SAFETY: the contract.
    unsafe {
        let found = PyDict_Pop(globals, name, null_mut());
        if found == 0 {
            name_error(name);
        }
        if found > 0 { 0 } else { -1 }
    }
}

/// `LOAD_LOCALS`: the frame's local namespace.
pub unsafe extern "C-unwind" fn load_locals(frame: *mut InterpreterFrame) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe {
        let locals = (*frame).f_locals;
        if locals.is_null() {
            PyErr_SetString(PyExc_SystemError, c"no locals found".as_ptr());
            return null_mut();
        }
        Py_NewRef(locals)
    }
}

/// `SETUP_ANNOTATIONS`: makes sure that the frame's locals have `__annotations__`.
pub unsafe extern "C-unwind" fn setup_annotations(frame: *mut InterpreterFrame) -> i32 {
    // SAFETY: the contract; looked-up and new objects are ours to release.
    unsafe {
        let locals = (*frame).f_locals;
        if locals.is_null() {
            PyErr_SetString(PyExc_SystemError, c"no locals found when setting up annotations".as_ptr());
            return -1;
        }
        let name = intern!(Python::assume_attached(), "__annotations__").as_ptr();
        let Some(present) = optional_item(locals, name) else {
            return -1;
        };
        if !present.is_null() {
            Py_DECREF(present);
            return 0;
        }
        let annotations = PyDict_New();
        if annotations.is_null() {
            return -1;
        }
        let status = PyObject_SetItem(locals, name, annotations);
        Py_DECREF(annotations);
        if status != 0 { -1 } else { 0 }
    }
}

/// `LOAD_BUILD_CLASS`: `__build_class__` of the frame's builtins.
pub unsafe extern "C-unwind" fn load_build_class(frame: *mut InterpreterFrame) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe {
        let name = intern!(Python::assume_attached(), "__build_class__").as_ptr();
        let Some(function) = optional_item((*frame).f_builtins, name) else {
            return null_mut();
        };
        if function.is_null() {
            PyErr_SetString(PyExc_NameError, c"__build_class__ not found".as_ptr());
        }
        function
    }
}

/// `LOAD_FROM_DICT_OR_GLOBALS`: `name` in `mapping`, then in the frame's globals and builtins. Borrows both.
pub unsafe extern "C-unwind" fn load_from_dict_or_globals(
    frame: *mut InterpreterFrame,
    mapping: *mut PyObject,
    name: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the contract; a value found is ours.
    unsafe {
        match optional_item(mapping, name) {
            None => null_mut(),
            Some(value) if !value.is_null() => resolve_lazy(value, name, mapping),
            Some(_) => load_global((*frame).f_globals, (*frame).f_builtins, name),
        }
    }
}

/// `LOAD_DEREF`: what `cell` (that of slot `index`) holds. Borrows it.
unsafe fn load_deref(frame: *mut InterpreterFrame, cell: *mut PyObject, index: i64) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe {
        let value = PyCell_Get(cell);
        if value.is_null() {
            unbound_deref_error(frame, index);
        }
        value
    }
}

/// `LOAD_FROM_DICT_OR_DEREF`: the variable of slot `index` in `mapping`, then in its `cell`. Borrows both.
pub unsafe extern "C-unwind" fn load_from_dict_or_deref(
    frame: *mut InterpreterFrame,
    mapping: *mut PyObject,
    cell: *mut PyObject,
    index: i64,
) -> *mut PyObject {
    // SAFETY: the contract; a value found is ours.
    unsafe {
        let name = variable_name(frame, index);
        match optional_item(mapping, name) {
            None => null_mut(),
            Some(value) if !value.is_null() => resolve_lazy(value, name, mapping),
            Some(_) => load_deref(frame, cell, index),
        }
    }
}

/// The name of slot `index`, borrowed.
unsafe fn variable_name(frame: *mut InterpreterFrame, index: i64) -> *mut PyObject {
    // SAFETY: the contract; slots and their names correspond.
    unsafe {
        let code = Code::from_ptr((*frame).code().cast());
        PyTuple_GET_ITEM(code.localsplus_names(), index as isize)
    }
}

/// `DELETE_DEREF`: empties `cell` (that of slot `index`), an error when it is empty. Borrows it.
pub unsafe extern "C-unwind" fn delete_deref(frame: *mut InterpreterFrame, cell: *mut PyObject, index: i64) -> i32 {
    // SAFETY: the contract; the old content is ours after it was taken out.
    unsafe {
        let content = memory::field::<*mut PyObject, _>(cell, cell::OB_REF);
        let old = content.replace(null_mut());
        if old.is_null() {
            return unbound_deref_error(frame, index);
        }
        Py_DECREF(old);
        0
    }
}

/// The error of `LOAD_FAST_CHECK` and `DELETE_FAST`: local `index` is unbound. Always -1.
pub unsafe extern "C-unwind" fn unbound_local_error(frame: *mut InterpreterFrame, index: i64) -> i32 {
    // SAFETY: the contract.
    unsafe {
        let name = variable_name(frame, index);
        private::_PyEval_FormatExcCheckArg(PyThreadState_Get(), PyExc_UnboundLocalError, UNBOUND_LOCAL.as_ptr(), name);
    }
    -1
}

/// The error of an empty cell in slot `index`: UnboundLocalError for the frame's own variable, NameError for a free
/// one. Always -1.
pub unsafe extern "C-unwind" fn unbound_deref_error(frame: *mut InterpreterFrame, index: i64) -> i32 {
    // SAFETY: the contract.
    unsafe { private::_PyEval_FormatExcUnbound(PyThreadState_Get(), (*frame).code().cast(), index as c_int) };
    -1
}

/// `MAKE_CELL`: a new cell that holds `initial`, or nothing when that is NULL. Borrows it.
pub unsafe extern "C-unwind" fn make_cell(initial: *mut PyObject) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { PyCell_New(initial) }
}

/// `COPY_FREE_VARS`: puts the function's `count` closure cells into the frame's last home slots.
pub unsafe extern "C-unwind" fn copy_free_vars(frame: *mut InterpreterFrame, count: i64) {
    // SAFETY: the contract; the slots are empty, and the closure has as many cells as the code has free variables.
    unsafe {
        let closure = Function::from_ptr((*frame).f_funcobj.untag()).closure();
        let slots = Code::from_ptr((*frame).code().cast()).localsplus_count();
        let home = (*frame).slot(slots as usize - count as usize);
        for i in 0..count as usize {
            let cell = PyTuple_GET_ITEM(closure, i as isize);
            home.add(i).write(StackRef::from_owned(Py_NewRef(cell)));
        }
    }
}
