//! CPython's private interfaces that the helpers stand on: exported functions and tables that the public headers hide,
//! the few structure fields read directly, and the interpreter's tagged references.

#![allow(non_upper_case_globals, non_snake_case)]

use pyo3::ffi::{PyObject, PyThreadState, PyTypeObject};
use std::ffi::{c_char, c_int};

/// A reference as the interpreter keeps it in frames: a pointer with tag bits, see the constants below.
pub type StackRef = usize;

/// Tag of a reference that owns no count: its object is immortal, or somebody else keeps it alive.
pub const TAG_UNCOUNTED: StackRef = 1;
/// The reference that stands for NULL.
pub const STACKREF_NULL: StackRef = 1;
/// What an interpreter function returns instead of a reference after it set an exception.
pub const STACKREF_ERROR: StackRef = 2;

/// The head of `_PyInterpreterFrame`, as far as helpers look at it.
#[repr(C)]
pub struct InterpreterFrame {
    /// The code object.
    pub f_executable: StackRef,
    /// The caller's frame.
    pub previous: *mut InterpreterFrame,
    /// The function object.
    pub f_funcobj: StackRef,
    /// Global namespace, borrowed.
    pub f_globals: *mut PyObject,
    /// Builtins namespace, borrowed.
    pub f_builtins: *mut PyObject,
    /// Local namespace of module and class bodies, NULL in functions.
    pub f_locals: *mut PyObject,
    /// The frame object, if somebody asked for one.
    pub frame_obj: *mut PyObject,
    /// The current instruction.
    pub instr_ptr: *mut u16,
    /// End of the operand stack.
    pub stackpointer: *mut StackRef,
    /// Where a callee returns to, relative to `instr_ptr`.
    pub return_offset: u16,
    /// What kind of frame this is.
    pub owner: u8,
    /// The garbage collector's mark.
    pub visited: u8,
    /// Locals, cells and free variables, then the operand stack.
    pub localsplus: [StackRef; 0],
}

/// The head of `PyMethodObject`.
#[repr(C)]
pub struct MethodObject {
    /// The object's header.
    pub ob_base: PyObject,
    /// The callable behind the bound method.
    pub im_func: *mut PyObject,
    /// What it is bound to.
    pub im_self: *mut PyObject,
}

/// One level of the stack of exceptions being handled.
#[repr(C)]
pub struct ErrStackItem {
    /// The exception being handled, NULL or None when there is none.
    pub exc_value: *mut PyObject,
    /// The level below.
    pub previous_item: *mut ErrStackItem,
}

/// An entry of the interpreter's table of special methods (`LOAD_SPECIAL`).
#[repr(C)]
pub struct SpecialMethod {
    /// The method's name.
    pub name: *mut PyObject,
    /// Format of the error when it is missing.
    pub error: *const c_char,
    /// The same, when the other protocol is there.
    pub error_suggestion: *const c_char,
}

/// An entry of the table behind `CALL_INTRINSIC_1`.
#[repr(C)]
pub struct Intrinsic1 {
    /// The implementation.
    pub func: unsafe extern "C" fn(*mut PyThreadState, *mut PyObject) -> *mut PyObject,
    /// Its name.
    pub name: *const c_char,
}

/// An entry of the table behind `CALL_INTRINSIC_2`.
#[repr(C)]
pub struct Intrinsic2 {
    /// The implementation.
    pub func: unsafe extern "C" fn(*mut PyThreadState, *mut PyObject, *mut PyObject) -> *mut PyObject,
    /// Its name.
    pub name: *const c_char,
}

/// A binary operator's implementation.
pub type BinaryFunc = unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject;
/// A unary conversion's implementation.
pub type UnaryFunc = unsafe extern "C" fn(*mut PyObject) -> *mut PyObject;

/// Offset of `PyThreadState.exc_info`.
pub const TSTATE_EXC_INFO: usize = 144;
/// Offset of `PyCodeObject.co_nlocalsplus`.
pub const CODE_NLOCALSPLUS: usize = 72;
/// Offset of `PyCodeObject.co_version`.
pub const CODE_VERSION: usize = 92;
/// Offset of `PyCodeObject.co_localsplusnames`.
pub const CODE_LOCALSPLUSNAMES: usize = 96;
/// Offset of `PyCodeObject.co_code_adaptive`.
pub const CODE_ADAPTIVE: usize = 208;

type Obj = *mut PyObject;
type Thread = *mut PyThreadState;

unsafe extern "C" {
    pub static _PyEval_BinaryOps: [BinaryFunc; 27];
    pub static _PyEval_ConversionFuncs: [Option<UnaryFunc>; 4];
    pub static _Py_SpecialMethods: [SpecialMethod; 4];
    pub static _Py_FunctionAttributeOffsets: [usize; 17];
    pub static _PyIntrinsics_UnaryFunctions: [Intrinsic1; 12];
    pub static _PyIntrinsics_BinaryFunctions: [Intrinsic2; 6];
    pub static mut PyLazyImport_Type: PyTypeObject;
    pub static mut PyMethod_Type: PyTypeObject;

    pub fn _Py_Dealloc(object: Obj);
    pub fn _Py_HandlePending(tstate: Thread) -> c_int;

    pub fn _PyList_BinarySlice(list: Obj, start: Obj, stop: Obj) -> Obj;
    pub fn _PyTuple_BinarySlice(tuple: Obj, start: Obj, stop: Obj) -> Obj;
    pub fn _PyUnicode_BinarySlice(string: Obj, start: Obj, stop: Obj) -> Obj;

    pub fn _Py_LoadAttr_StackRefSteal(
        tstate: Thread,
        owner: StackRef,
        name: Obj,
        self_or_null: *mut StackRef,
    ) -> StackRef;
    pub fn _PyObject_LookupSpecialMethod(name: Obj, method_and_self: *mut StackRef) -> c_int;
    pub fn _PyEval_SpecialMethodCanSuggest(owner: Obj, oparg: c_int) -> c_int;
    pub fn _PySuper_Lookup(class: *mut PyTypeObject, this: Obj, name: Obj, method_found: *mut c_int) -> Obj;

    pub fn _PyEval_LoadGlobalStackRef(globals: Obj, builtins: Obj, name: Obj, result: *mut StackRef);
    pub fn _PyEval_LoadName(tstate: Thread, frame: *mut InterpreterFrame, name: Obj) -> Obj;
    pub fn _PyMapping_GetOptionalItem2(mapping: Obj, key: Obj, error: *mut c_int) -> Obj;
    pub fn _PyLazyImport_Reify(tstate: Thread, placeholder: Obj, name: Obj, namespace: Obj) -> Obj;
    pub fn _PyEval_FormatExcCheckArg(tstate: Thread, exception: Obj, format: *const c_char, name: Obj);
    pub fn _PyEval_FormatExcUnbound(tstate: Thread, code: Obj, index: c_int);

    pub fn _PyTuple_FromArraySteal(items: *const Obj, count: isize) -> Obj;
    pub fn _PyList_FromStackRefStealOnSuccess(items: *const StackRef, count: isize) -> Obj;
    pub fn _PyDict_FromItems(
        keys: *const Obj,
        keys_stride: isize,
        values: *const Obj,
        values_stride: isize,
        count: isize,
    ) -> Obj;
    pub fn _PySet_AddTakeRef(set: Obj, key: Obj) -> c_int;
    pub fn _PySet_Update(set: Obj, iterable: Obj) -> c_int;
    pub fn _PySet_Contains(set: Obj, key: Obj) -> c_int;
    pub fn _PyList_Extend(list: Obj, iterable: Obj) -> Obj;
    pub fn _PyDict_SetItem_Take2(dict: Obj, key: Obj, value: Obj) -> c_int;
    pub fn _PyDict_MergeUniq(dict: Obj, update: Obj, duplicate: *mut Obj) -> c_int;
    pub fn _PyEval_FormatKwargsError(tstate: Thread, callable: Obj, kwargs: Obj, duplicate: Obj);
    pub fn _PyErr_SetKeyError(key: Obj);
    pub fn _PyEval_UnpackIterableStackRef(
        tstate: Thread,
        iterable: Obj,
        before: c_int,
        after: c_int,
        top: *mut StackRef,
    ) -> c_int;

    pub fn _PyEval_GetIter(iterable: StackRef, index_or_null: *mut StackRef, mode: c_int) -> StackRef;
    pub fn _PyForIter_VirtualIteratorNext(
        tstate: Thread,
        frame: *mut InterpreterFrame,
        iterator: StackRef,
        index: *mut StackRef,
    ) -> StackRef;

    pub fn _PyEval_MatchClass(tstate: Thread, subject: Obj, class: Obj, positional: isize, keywords: Obj) -> Obj;
    pub fn _PyEval_MatchKeys(tstate: Thread, mapping: Obj, keys: Obj) -> Obj;

    pub fn _PyUnicode_JoinArray(separator: Obj, items: *const Obj, count: isize) -> Obj;
    pub fn _PyUnicode_Equal(left: Obj, right: Obj) -> c_int;
    pub fn _PyInterpolation_Build(value: Obj, text: Obj, conversion: c_int, format: Obj) -> Obj;
    pub fn _PyTemplate_Build(strings: Obj, interpolations: Obj) -> Obj;

    pub fn _PyEval_ImportName(
        tstate: Thread,
        builtins: Obj,
        globals: Obj,
        locals: Obj,
        name: Obj,
        fromlist: Obj,
        level: Obj,
    ) -> Obj;
    pub fn _PyEval_LazyImportName(
        tstate: Thread,
        builtins: Obj,
        globals: Obj,
        locals: Obj,
        name: Obj,
        fromlist: Obj,
        level: Obj,
        lazy: c_int,
    ) -> Obj;
    pub fn _PyEval_ImportFrom(tstate: Thread, module: Obj, name: Obj) -> Obj;
    pub fn _PyEval_LazyImportFrom(tstate: Thread, frame: *mut InterpreterFrame, lazy: Obj, name: Obj) -> Obj;

    pub fn _PyErr_GetTopmostException(tstate: Thread) -> *mut ErrStackItem;
    pub fn _PyErr_SetObject(tstate: Thread, class: Obj, value: Obj);
    pub fn _PyErr_ChainExceptions1(exception: Obj);
    pub fn _PyEval_CheckExceptTypeValid(tstate: Thread, class: Obj) -> c_int;
    pub fn _PyEval_CheckExceptStarTypeValid(tstate: Thread, class: Obj) -> c_int;
    pub fn _PyEval_ExceptionGroupMatch(
        frame: *mut InterpreterFrame,
        exception: Obj,
        class: Obj,
        matched: *mut Obj,
        rest: *mut Obj,
    ) -> c_int;

    pub fn _PyFunction_SetVersion(function: Obj, version: u32);
    pub fn _Py_Check_ArgsIterable(tstate: Thread, function: Obj, arguments: Obj) -> c_int;
}

/// Text of the error for a name that is in no namespace.
pub const NAME_ERROR: &std::ffi::CStr = c"name '%.200s' is not defined";

/// The object a tagged reference points at, borrowed.
pub fn untag(reference: StackRef) -> *mut PyObject {
    (reference & !3) as *mut PyObject
}

/// A reference to an object that somebody else keeps alive while it is in use.
pub fn borrow(object: *mut PyObject) -> StackRef {
    object as usize | TAG_UNCOUNTED
}

/// Turns a tagged reference into an owned plain one; the NULL reference becomes NULL.
///
/// # Safety
/// `reference` is NULL or a valid object reference, owned by the caller when it is counted.
pub unsafe fn into_owned(reference: StackRef) -> *mut PyObject {
    let object = untag(reference);
    if reference & TAG_UNCOUNTED != 0 {
        // SAFETY: NULL or live by the caller's promise.
        unsafe { pyo3::ffi::Py_XINCREF(object) };
    }
    object
}

/// Turns an owned plain reference into the form frames hold.
///
/// # Safety
/// `object` is live.
pub unsafe fn into_stackref(object: *mut PyObject) -> StackRef {
    // SAFETY: live by the caller's promise; an immortal object's 32-bit count is negative.
    let immortal = unsafe { object.cast::<i32>().read() } < 0;
    object as usize | usize::from(immortal)
}

/// The code object of `frame`, borrowed.
///
/// # Safety
/// `frame` is a live frame.
pub unsafe fn frame_code(frame: *mut InterpreterFrame) -> *mut PyObject {
    // SAFETY: live by the caller's promise.
    untag(unsafe { (*frame).f_executable })
}

/// The field of type `T` at `offset` in a CPython structure.
///
/// # Safety
/// `structure` is live and has a field of that type at `offset`.
pub unsafe fn field<T: Copy, S>(structure: *mut S, offset: usize) -> T {
    // SAFETY: by the caller's promise.
    unsafe { structure.byte_add(offset).cast::<T>().read() }
}

/// The current thread state.
///
/// # Safety
/// The thread is attached.
pub unsafe fn current_thread() -> *mut PyThreadState {
    // SAFETY: attached by the caller's promise.
    unsafe { pyo3::ffi::PyThreadState_Get() }
}

/// Whether `object`'s class is exactly `class`.
///
/// # Safety
/// `object` is live.
pub unsafe fn is_exactly(object: *mut PyObject, class: *const PyTypeObject) -> bool {
    // SAFETY: live by the caller's promise.
    unsafe { pyo3::ffi::Py_TYPE(object).cast_const() == class }
}

/// One more reference to `object`.
///
/// # Safety
/// `object` is live.
pub unsafe fn new_ref(object: *mut PyObject) -> *mut PyObject {
    // SAFETY: live by the caller's promise.
    unsafe { pyo3::ffi::Py_INCREF(object) };
    object
}
