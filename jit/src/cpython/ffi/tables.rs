//! Tables, singletons and types that the interpreter exports as data.

use std::ffi::{c_char, c_int};

use pyo3::ffi::{PyObject, PyThreadState, PyTypeObject, binaryfunc, unaryfunc};

layout! {
    /// `LOAD_SPECIAL` argument: `__enter__`.
    SPECIAL_ENTER: u32 = 0, "SPECIAL___ENTER__";
    /// `LOAD_SPECIAL` argument: `__exit__`.
    SPECIAL_EXIT: u32 = 1, "SPECIAL___EXIT__";
    /// `LOAD_SPECIAL` argument: `__aenter__`.
    SPECIAL_AENTER: u32 = 2, "SPECIAL___AENTER__";
    /// `LOAD_SPECIAL` argument: `__aexit__`.
    SPECIAL_AEXIT: u32 = 3, "SPECIAL___AEXIT__";
    /// Size of an entry of `_Py_SpecialMethods`, which [`SpecialMethod`] mirrors.
    SPECIAL_METHOD_SIZE: i32 = 24, "sizeof(_Py_SpecialMethod)";
    /// Size of an entry of `_PyIntrinsics_UnaryFunctions`, which [`UnaryIntrinsic`] mirrors.
    UNARY_INTRINSIC_SIZE: i32 = 16, "sizeof(intrinsic_func1_info)";
    /// Size of an entry of `_PyIntrinsics_BinaryFunctions`, which [`BinaryIntrinsic`] mirrors.
    BINARY_INTRINSIC_SIZE: i32 = 16, "sizeof(intrinsic_func2_info)";
    /// Largest argument of `CALL_INTRINSIC_1`.
    MAX_INTRINSIC_1: u32 = 11, "MAX_INTRINSIC_1";
    /// Largest argument of `CALL_INTRINSIC_2`.
    MAX_INTRINSIC_2: u32 = 5, "MAX_INTRINSIC_2";
}

/// An entry of `_Py_SpecialMethods`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct SpecialMethod {
    /// The name, an immortal string.
    pub name: *mut PyObject,
    /// Format of the message when it is missing.
    pub error: *const c_char,
    /// Format of the message that suggests the other kind of `with`.
    pub error_suggestion: *const c_char,
}

/// An entry of `_PyIntrinsics_UnaryFunctions`.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct UnaryIntrinsic {
    /// What to call: thread state and value, borrowed; new result.
    pub func: unsafe extern "C-unwind" fn(*mut PyThreadState, *mut PyObject) -> *mut PyObject,
    /// Its name.
    pub name: *const c_char,
}

/// An entry of `_PyIntrinsics_BinaryFunctions`.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct BinaryIntrinsic {
    /// What to call: thread state and the values in push order, borrowed; new result.
    pub func: unsafe extern "C-unwind" fn(*mut PyThreadState, *mut PyObject, *mut PyObject) -> *mut PyObject,
    /// Its name.
    pub name: *const c_char,
}

const _: () = {
    assert!(size_of::<SpecialMethod>() == SPECIAL_METHOD_SIZE as usize);
    assert!(size_of::<UnaryIntrinsic>() == UNARY_INTRINSIC_SIZE as usize);
    assert!(size_of::<BinaryIntrinsic>() == BINARY_INTRINSIC_SIZE as usize);
};

unsafe extern "C-unwind" {
    /// The C function of each `BINARY_OP` argument.
    pub static _PyEval_BinaryOps: [binaryfunc; 0];
    /// The C function of each `CONVERT_VALUE` argument; null for 0, which is none.
    pub static _PyEval_ConversionFuncs: [Option<unaryfunc>; 0];
    /// What `LOAD_SPECIAL` loads, by its argument.
    pub static _Py_SpecialMethods: [SpecialMethod; 0];
    /// Where in a function the field is that `SET_FUNCTION_ATTRIBUTE` sets, by its argument.
    pub static _Py_FunctionAttributeOffsets: [usize; 0];
    /// What `CALL_INTRINSIC_1` calls, by its argument.
    pub static _PyIntrinsics_UnaryFunctions: [UnaryIntrinsic; 0];
    /// What `CALL_INTRINSIC_2` calls, by its argument.
    pub static _PyIntrinsics_BinaryFunctions: [BinaryIntrinsic; 0];
    /// `sys.monitoring.MISSING`.
    pub static mut _PyInstrumentation_MISSING: PyObject;
    /// `sys.monitoring.DISABLE`.
    pub static mut _PyInstrumentation_DISABLE: PyObject;
    /// Number of inline cache entries of each base opcode.
    pub static _PyOpcode_Caches: [u8; 256];
    /// The base opcode of each opcode.
    pub static _PyOpcode_Deopt: [u8; 256];
    /// The code object of the frame below that of `__init__` in a specialized call of a class.
    pub static _Py_InitCleanup: [u8; 0];
    /// The type of bound methods.
    pub static mut PyMethod_Type: PyTypeObject;
    /// The type of what stands for a lazily imported name until it is used.
    pub static mut PyLazyImport_Type: PyTypeObject;
    /// The comparison with its sides swapped, by comparison.
    pub static _Py_SwappedOp: [c_int; 0];
}
