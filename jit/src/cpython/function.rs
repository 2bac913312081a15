//! Python functions (`Include/cpython/funcobject.h`).

use pyo3::ffi::PyObject;
use pyo3::prelude::*;
use pyo3::types::PyFunction;

use super::memory;

layout! {
    /// Globals, a dict.
    FUNC_GLOBALS: i32 = 16, "offsetof(PyFunctionObject, func_globals)";
    /// Builtins, normally a dict.
    FUNC_BUILTINS: i32 = 24, "offsetof(PyFunctionObject, func_builtins)";
    /// `__name__`.
    FUNC_NAME: i32 = 32, "offsetof(PyFunctionObject, func_name)";
    /// `__qualname__`.
    FUNC_QUALNAME: i32 = 40, "offsetof(PyFunctionObject, func_qualname)";
    /// The code object.
    FUNC_CODE: i32 = 48, "offsetof(PyFunctionObject, func_code)";
    /// Defaults of positional parameters: a tuple, or null.
    FUNC_DEFAULTS: i32 = 56, "offsetof(PyFunctionObject, func_defaults)";
    /// Defaults of keyword-only parameters: a dict, or null.
    FUNC_KWDEFAULTS: i32 = 64, "offsetof(PyFunctionObject, func_kwdefaults)";
    /// The cells of the free variables: a tuple, or null.
    FUNC_CLOSURE: i32 = 72, "offsetof(PyFunctionObject, func_closure)";
    /// `__module__`.
    FUNC_MODULE: i32 = 104, "offsetof(PyFunctionObject, func_module)";
    /// `__dict__`, or null.
    FUNC_DICT: i32 = 88, "offsetof(PyFunctionObject, func_dict)";
    /// The entry that calls go through.
    FUNC_VECTORCALL: i32 = 136, "offsetof(PyFunctionObject, vectorcall)";
    /// Version of the function's state (`u32`): 0 when none was given yet, otherwise it changes with code, defaults
    /// and vectorcall entry.
    FUNC_VERSION: i32 = 144, "offsetof(PyFunctionObject, func_version)";
    /// Size of a function.
    FUNCTION_SIZE: i32 = 152, "sizeof(PyFunctionObject)";
    /// The smallest version that says anything.
    FUNC_VERSION_FIRST_VALID: u32 = 2, "FUNC_VERSION_FIRST_VALID";
    /// `MAKE_FUNCTION`/`SET_FUNCTION_ATTRIBUTE`: defaults.
    SET_DEFAULTS: u32 = 1, "MAKE_FUNCTION_DEFAULTS";
    /// `SET_FUNCTION_ATTRIBUTE`: keyword defaults.
    SET_KWDEFAULTS: u32 = 2, "MAKE_FUNCTION_KWDEFAULTS";
    /// `SET_FUNCTION_ATTRIBUTE`: annotations.
    SET_ANNOTATIONS: u32 = 4, "MAKE_FUNCTION_ANNOTATIONS";
    /// `SET_FUNCTION_ATTRIBUTE`: closure.
    SET_CLOSURE: u32 = 8, "MAKE_FUNCTION_CLOSURE";
    /// `SET_FUNCTION_ATTRIBUTE`: the callable that makes annotations.
    SET_ANNOTATE: u32 = 16, "MAKE_FUNCTION_ANNOTATE";
}

/// A Python function, by its address. Borrowed: whoever holds one keeps the function alive.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(transparent)]
pub struct Function(*mut PyObject);

impl Function {
    /// Views `object` as a function.
    ///
    /// # Safety
    /// `object` is a function that stays alive, and the GIL held, for as long as the value is used.
    #[inline]
    pub unsafe fn from_ptr(object: *mut PyObject) -> Self {
        Self(object)
    }

    /// Views a function that `function` keeps alive: not to be used when that is gone.
    #[inline]
    pub fn of(function: &Bound<'_, PyFunction>) -> Self {
        Self(function.as_ptr())
    }

    /// Views the function at an address that a cache of the running code names.
    #[inline]
    pub fn at(address: usize) -> Self {
        Self(address as *mut PyObject)
    }

    /// The object itself.
    #[inline]
    pub fn as_ptr(self) -> *mut PyObject {
        self.0
    }

    /// Its code object, borrowed.
    #[inline]
    pub fn code(self) -> *mut PyObject {
        self.pointer(FUNC_CODE)
    }

    /// Its code object, to look at.
    #[inline]
    pub fn code_view(self) -> super::code::Code {
        // SAFETY: from_ptr's contract: a live function, which keeps its code object alive.
        unsafe { super::code::Code::from_ptr(self.code().cast()) }
    }

    /// Its globals, borrowed.
    #[inline]
    pub fn globals(self) -> *mut PyObject {
        self.pointer(FUNC_GLOBALS)
    }

    /// Its builtins, borrowed.
    #[inline]
    pub fn builtins(self) -> *mut PyObject {
        self.pointer(FUNC_BUILTINS)
    }

    /// Its positional defaults, borrowed: a tuple, or null.
    #[inline]
    pub fn defaults(self) -> *mut PyObject {
        self.pointer(FUNC_DEFAULTS)
    }

    /// Its keyword-only defaults, borrowed: a dict, or null.
    #[inline]
    pub fn kwdefaults(self) -> *mut PyObject {
        self.pointer(FUNC_KWDEFAULTS)
    }

    /// The cells of its free variables, borrowed: a tuple, or null.
    #[inline]
    pub fn closure(self) -> *mut PyObject {
        self.pointer(FUNC_CLOSURE)
    }

    /// Its version, 0 when it has none.
    #[inline]
    pub fn version(self) -> u32 {
        // SAFETY: from_ptr's contract: a live function.
        unsafe { memory::read(self.0, FUNC_VERSION) }
    }

    /// The address of the entry that calls go through.
    #[inline]
    pub fn vectorcall(self) -> usize {
        // SAFETY: from_ptr's contract: a live function.
        unsafe { memory::read(self.0, FUNC_VECTORCALL) }
    }

    #[inline]
    fn pointer(self, offset: i32) -> *mut PyObject {
        // SAFETY: from_ptr's contract: a live function, and only pointer fields are asked for.
        unsafe { memory::read(self.0, offset) }
    }
}
