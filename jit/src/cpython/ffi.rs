//! The functions and tables of CPython that the project links to and that PyO3's bindings do not declare, or declare
//! with opaque types.
//!
//! They are exported so that other generated interpreters and compilers can call them, but are private all the same:
//! signatures are those of 3.15. All objects are `PyObject` here, whatever C type the header names.
//! `Steal` and `Take` in a name mean that references are taken over. Where nothing else is said, a null result (or
//! -1) comes with an exception set.

use std::ffi::{c_char, c_int, c_uint, c_void};

use pyo3::ffi::{
    PyCodeObject, PyInterpreterState, PyObject, PyThreadState, PyTypeObject, freefunc,
    vectorcallfunc,
};

use super::frame::{InterpreterFrame, StackRef};
use super::thread::ErrStackItem;

/// Called when a watched function is made, changed or freed: event, function, new value.
pub type FunctionWatchCallback = unsafe extern "C" fn(c_int, *mut PyObject, *mut PyObject) -> c_int;
/// Called when a watched type changes.
pub type TypeWatchCallback = unsafe extern "C" fn(*mut PyTypeObject) -> c_int;
/// Called when a watched dict is about to change: event, dict, key, new value.
pub type DictWatchCallback =
    unsafe extern "C" fn(c_int, *mut PyObject, *mut PyObject, *mut PyObject) -> c_int;
/// Called when a code object is made or freed.
pub type CodeWatchCallback = unsafe extern "C" fn(c_int, *mut PyCodeObject) -> c_int;

layout! {
    /// Function event: made.
    FUNCTION_EVENT_CREATE: i32 = 0, "PyFunction_EVENT_CREATE";
    /// Function event: about to be freed.
    FUNCTION_EVENT_DESTROY: i32 = 1, "PyFunction_EVENT_DESTROY";
    /// Function event: `__code__` is about to change.
    FUNCTION_EVENT_MODIFY_CODE: i32 = 2, "PyFunction_EVENT_MODIFY_CODE";
    /// Function event: `__defaults__` is about to change.
    FUNCTION_EVENT_MODIFY_DEFAULTS: i32 = 3, "PyFunction_EVENT_MODIFY_DEFAULTS";
    /// Function event: `__kwdefaults__` is about to change.
    FUNCTION_EVENT_MODIFY_KWDEFAULTS: i32 = 4, "PyFunction_EVENT_MODIFY_KWDEFAULTS";
    /// Dict event: a key is added.
    DICT_EVENT_ADDED: i32 = 0, "PyDict_EVENT_ADDED";
    /// Dict event: a value changes.
    DICT_EVENT_MODIFIED: i32 = 1, "PyDict_EVENT_MODIFIED";
    /// Dict event: a key is deleted.
    DICT_EVENT_DELETED: i32 = 2, "PyDict_EVENT_DELETED";
    /// Dict event: it becomes a copy of another.
    DICT_EVENT_CLONED: i32 = 3, "PyDict_EVENT_CLONED";
    /// Dict event: it is emptied.
    DICT_EVENT_CLEARED: i32 = 4, "PyDict_EVENT_CLEARED";
    /// Dict event: it is freed.
    DICT_EVENT_DEALLOCATED: i32 = 5, "PyDict_EVENT_DEALLOCATED";
    /// Code event: made.
    CODE_EVENT_CREATE: i32 = 0, "PY_CODE_EVENT_CREATE";
    /// Code event: about to be freed.
    CODE_EVENT_DESTROY: i32 = 1, "PY_CODE_EVENT_DESTROY";
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

/// What sending a value to a generator-like object gives.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct SendResultPair {
    /// The value, new, or null with an exception set.
    pub object: *mut PyObject,
    /// A `PySendResult`: 0 returned, 1 yielded, -1 failed.
    pub kind: c_int,
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
    pub func: unsafe extern "C" fn(*mut PyThreadState, *mut PyObject) -> *mut PyObject,
    /// Its name.
    pub name: *const c_char,
}

/// An entry of `_PyIntrinsics_BinaryFunctions`.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct BinaryIntrinsic {
    /// What to call: thread state and the values in push order, borrowed; new result.
    pub func:
        unsafe extern "C" fn(*mut PyThreadState, *mut PyObject, *mut PyObject) -> *mut PyObject,
    /// Its name.
    pub name: *const c_char,
}

const _: () = {
    assert!(size_of::<SpecialMethod>() == SPECIAL_METHOD_SIZE as usize);
    assert!(size_of::<UnaryIntrinsic>() == UNARY_INTRINSIC_SIZE as usize);
    assert!(size_of::<BinaryIntrinsic>() == BINARY_INTRINSIC_SIZE as usize);
};

// Running, frames and the data stack (`pycore_ceval.h`, `pycore_interpframe.h`, `pycore_frame.h`)
unsafe extern "C" {
    /// Runs `f` from its `instr_ptr` on and consumes it; the result is new, null with an exception set.
    pub fn _PyEval_EvalFrameDefault(
        tstate: *mut PyThreadState,
        f: *mut InterpreterFrame,
        exc: c_int,
    ) -> *mut PyObject;
    /// Clears and pops the frame of a function, or of a generator that is done.
    pub fn _PyEval_FrameClearAndPop(tstate: *mut PyThreadState, frame: *mut InterpreterFrame);
    /// Drops all that a frame holds except its code object; hands it over to its frame object if that lives on.
    pub fn _PyFrame_ClearExceptCode(frame: *mut InterpreterFrame);
    pub fn _PyFrame_ClearLocals(frame: *mut InterpreterFrame);
    /// Makes the frame object of a frame that has none. Borrowed result.
    pub fn _PyFrame_MakeAndSetFrameObject(frame: *mut InterpreterFrame) -> *mut PyObject;
    pub fn _PyFrame_New_NoTrack(code: *mut PyCodeObject) -> *mut PyObject;
    /// Makes room for `size` words on the data stack, in a new chunk if need be; null without memory.
    pub fn _PyThreadState_PushFrame(
        tstate: *mut PyThreadState,
        size: usize,
    ) -> *mut InterpreterFrame;
    /// Gives that room back; the frame was the topmost.
    pub fn _PyThreadState_PopFrame(tstate: *mut PyThreadState, frame: *mut InterpreterFrame);
    /// Pushes a frame with its arguments bound. Takes over `func`, `locals` and the arguments, even when it fails.
    pub fn _PyEvalFramePushAndInit(
        tstate: *mut PyThreadState,
        func: StackRef,
        locals: *mut PyObject,
        args: *const StackRef,
        argcount: usize,
        kwnames: *mut PyObject,
        previous: *mut InterpreterFrame,
    ) -> *mut InterpreterFrame;
    /// The same with a tuple of arguments and a dict of keywords, both taken over.
    pub fn _PyEvalFramePushAndInit_Ex(
        tstate: *mut PyThreadState,
        func: StackRef,
        locals: *mut PyObject,
        nargs: isize,
        callargs: *mut PyObject,
        kwargs: *mut PyObject,
        previous: *mut InterpreterFrame,
    ) -> *mut InterpreterFrame;
    pub fn _Py_MakeCoro(func: *mut PyObject) -> *mut PyObject;
    pub fn _PyTraceBack_FromFrame(tb_next: *mut PyObject, frame: *mut PyObject) -> *mut PyObject;
    pub fn _PyInterpreterState_GetEvalFrameFunc(interp: *mut PyInterpreterState) -> *const c_void;
}

// Interruptions and limits (`pycore_ceval.h`)
unsafe extern "C" {
    /// Serves what broke the loop; -1 with an exception set.
    pub fn _Py_HandlePending(tstate: *mut PyThreadState) -> c_int;
    pub fn _Py_CheckRecursiveCall(tstate: *mut PyThreadState, place: *const c_char) -> c_int;
    pub fn _Py_CheckRecursiveCallPy(tstate: *mut PyThreadState) -> c_int;
    pub fn _Py_ReachedRecursionLimit(tstate: *mut PyThreadState) -> c_int;
    pub fn _Py_ReachedRecursionLimitWithMargin(
        tstate: *mut PyThreadState,
        margin_count: c_int,
    ) -> c_int;
    pub fn _PyEval_MakePendingCalls(arg0: *mut PyThreadState) -> c_int;
}

// Code, bytecode and instrumentation (`pycore_code.h`, `pycore_instruments.h`)
unsafe extern "C" {
    /// The instruction at `offset` (in code units) without specialization, instrumentation and executors.
    pub fn _Py_GetBaseCodeUnit(code: *mut PyCodeObject, offset: c_int) -> u16;
    /// The opcode under an instrumented one; the same opcode when it is none.
    pub fn _PyCode_Deinstrument(opcode: u8) -> u8;
    /// Brings the bytecode of `co` up to the instrumentation version of `interp`.
    pub fn _Py_Instrument(co: *mut PyCodeObject, interp: *mut PyInterpreterState) -> c_int;
    pub fn _Py_call_instrumentation(
        tstate: *mut PyThreadState,
        event: c_int,
        frame: *mut InterpreterFrame,
        instr: *mut u16,
    ) -> c_int;
    pub fn _Py_call_instrumentation_arg(
        tstate: *mut PyThreadState,
        event: c_int,
        frame: *mut InterpreterFrame,
        instr: *mut u16,
        arg: *mut PyObject,
    ) -> c_int;
    pub fn _Py_call_instrumentation_2args(
        tstate: *mut PyThreadState,
        event: c_int,
        frame: *mut InterpreterFrame,
        instr: *mut u16,
        arg0: *mut PyObject,
        arg1: *mut PyObject,
    ) -> c_int;
    pub fn _Py_call_instrumentation_exc2(
        tstate: *mut PyThreadState,
        event: c_int,
        frame: *mut InterpreterFrame,
        instr: *mut u16,
        arg0: *mut PyObject,
        arg1: *mut PyObject,
    );
    pub fn _Py_call_instrumentation_instruction(
        tstate: *mut PyThreadState,
        frame: *mut InterpreterFrame,
        instr: *mut u16,
    ) -> c_int;
    pub fn _Py_call_instrumentation_jump(
        instr: *mut u16,
        tstate: *mut PyThreadState,
        event: c_int,
        frame: *mut InterpreterFrame,
        src: *mut u16,
        dest: *mut u16,
    ) -> *mut u16;
    pub fn _Py_call_instrumentation_line(
        tstate: *mut PyThreadState,
        frame: *mut InterpreterFrame,
        instr: *mut u16,
        prev: *mut u16,
    ) -> c_int;
    pub fn _PyEval_MonitorRaise(
        tstate: *mut PyThreadState,
        frame: *mut InterpreterFrame,
        instr: *mut u16,
    );
    pub fn _PyEval_NoToolsForUnwind(
        tstate: *mut PyThreadState,
        frame: *mut InterpreterFrame,
    ) -> bool;
}

// Objects: allocation and freeing (`object.h`, `pycore_long.h`, `pycore_floatobject.h`, `pycore_unicodeobject.h`)
unsafe extern "C" {
    /// Frees an object whose last reference is gone.
    pub fn _Py_Dealloc(arg0: *mut PyObject);
    pub fn _Py_NewReference(op: *mut PyObject);
    pub fn _PyObject_GC_New(arg0: *mut PyTypeObject) -> *mut PyObject;
    pub fn _PyObject_New(arg0: *mut PyTypeObject) -> *mut PyObject;
    pub fn _PyLong_ExactDealloc(receiver: *mut PyObject);
    pub fn _PyFloat_ExactDealloc(op: *mut PyObject);
    pub fn _PyUnicode_ExactDealloc(op: *mut PyObject);
    pub fn _PyType_AllocNoTrack(ty: *mut PyTypeObject, nitems: isize) -> *mut PyObject;
    pub fn _PyType_NewManagedObject(ty: *mut PyTypeObject) -> *mut PyObject;
    pub fn _PyStolenTuple_Free(receiver: *mut PyObject);
}

// Ints (`pycore_long.h`)
unsafe extern "C" {
    /// Sum of two compact ints; the null reference, no exception set, when the interpreter should take the slow way.
    pub fn _PyCompactLong_Add(left: *mut PyObject, right: *mut PyObject) -> StackRef;
    /// As `_PyCompactLong_Add`.
    pub fn _PyCompactLong_Subtract(left: *mut PyObject, right: *mut PyObject) -> StackRef;
    /// As `_PyCompactLong_Add`.
    pub fn _PyCompactLong_Multiply(left: *mut PyObject, right: *mut PyObject) -> StackRef;
    pub fn _PyLong_Lshift(arg0: *mut PyObject, arg1: i64) -> *mut PyObject;
    pub fn _PyLong_Rshift(arg0: *mut PyObject, arg1: i64) -> *mut PyObject;
}

// Lists and tuples (`pycore_list.h`, `pycore_tuple.h`)
unsafe extern "C" {
    /// Appends when the array is full. Takes over `newitem`.
    pub fn _PyList_AppendTakeRefListResize(
        receiver: *mut PyObject,
        newitem: *mut PyObject,
    ) -> c_int;
    pub fn _PyList_Extend(arg0: *mut PyObject, arg1: *mut PyObject) -> *mut PyObject;
    pub fn _PyList_BinarySlice(
        arg0: *mut PyObject,
        arg1: *mut PyObject,
        arg2: *mut PyObject,
    ) -> *mut PyObject;
    pub fn _PyList_SliceSubscript(arg0: *mut PyObject, arg1: *mut PyObject) -> *mut PyObject;
    pub fn _PyList_Concat(arg0: *mut PyObject, arg1: *mut PyObject) -> *mut PyObject;
    pub fn _PyList_GetItemRef(arg0: *mut PyObject, i: isize) -> *mut PyObject;
    /// Takes over the items unless it fails.
    pub fn _PyList_FromStackRefStealOnSuccess(src: *const StackRef, n: isize) -> *mut PyObject;
    pub fn _PyList_AsTupleAndClear(v: *mut PyObject) -> *mut PyObject;
    /// Takes over the items, even when it fails.
    pub fn _PyTuple_FromArraySteal(arg0: *const *mut PyObject, arg1: isize) -> *mut PyObject;
    /// Takes over the items unless it fails.
    pub fn _PyTuple_FromStackRefStealOnSuccess(arg0: *const StackRef, arg1: isize)
    -> *mut PyObject;
    pub fn _PyTuple_FromPair(arg0: *mut PyObject, arg1: *mut PyObject) -> *mut PyObject;
    /// Takes over both items, even when it fails.
    pub fn _PyTuple_FromPairSteal(arg0: *mut PyObject, arg1: *mut PyObject) -> *mut PyObject;
    pub fn _PyTuple_BinarySlice(
        arg0: *mut PyObject,
        arg1: *mut PyObject,
        arg2: *mut PyObject,
    ) -> *mut PyObject;
    pub fn _PyTuple_Concat(arg0: *mut PyObject, arg1: *mut PyObject) -> *mut PyObject;
}

// Dicts and sets (`pycore_dict.h`, `pycore_setobject.h`)
unsafe extern "C" {
    pub fn _PyDict_NewPresized(minused: isize) -> *mut PyObject;
    pub fn _PyDict_FromItems(
        keys: *const *mut PyObject,
        keys_offset: isize,
        values: *const *mut PyObject,
        values_offset: isize,
        length: isize,
    ) -> *mut PyObject;
    pub fn _PyDict_Subscript(receiver: *mut PyObject, key: *mut PyObject) -> *mut PyObject;
    pub fn _PyDict_SubscriptKnownHash(
        receiver: *mut PyObject,
        key: *mut PyObject,
        hash: isize,
    ) -> *mut PyObject;
    pub fn _PyDict_StoreSubscript(
        receiver: *mut PyObject,
        key: *mut PyObject,
        value: *mut PyObject,
    ) -> c_int;
    pub fn _PyDict_GetItem_KnownHash(
        mp: *mut PyObject,
        key: *mut PyObject,
        hash: isize,
    ) -> *mut PyObject;
    pub fn _PyDict_GetItemRef_KnownHash(
        op: *mut PyObject,
        key: *mut PyObject,
        hash: isize,
        result: *mut *mut PyObject,
    ) -> c_int;
    pub fn _PyDict_SetItem_KnownHash(
        mp: *mut PyObject,
        key: *mut PyObject,
        item: *mut PyObject,
        hash: isize,
    ) -> c_int;
    /// Takes over key and value.
    pub fn _PyDict_SetItem_Take2(
        op: *mut PyObject,
        key: *mut PyObject,
        value: *mut PyObject,
    ) -> c_int;
    /// Takes over key and value.
    pub fn _PyDict_SetItem_Take2_KnownHash(
        op: *mut PyObject,
        key: *mut PyObject,
        value: *mut PyObject,
        hash: isize,
    ) -> c_int;
    pub fn _PyDict_MergeUniq(
        mp: *mut PyObject,
        other: *mut PyObject,
        dupkey: *mut *mut PyObject,
    ) -> c_int;
    pub fn _PyDict_LookupIndex(arg0: *mut PyObject, arg1: *mut PyObject) -> isize;
    pub fn _PyDict_LookupIndexAndValue(
        arg0: *mut PyObject,
        arg1: *mut PyObject,
        arg2: *mut *mut PyObject,
    ) -> isize;
    pub fn _Py_dict_lookup(
        mp: *mut PyObject,
        key: *mut PyObject,
        hash: isize,
        value_addr: *mut *mut PyObject,
    ) -> isize;
    pub fn _PyDict_GetKeysVersionForCurrentState(
        interp: *mut PyInterpreterState,
        dict: *mut PyObject,
    ) -> u32;
    pub fn _PyDictKeys_GetVersionForCurrentState(
        interp: *mut PyInterpreterState,
        dictkeys: *mut c_void,
    ) -> u32;
    pub fn _PyDictKeys_StringLookup(dictkeys: *mut c_void, key: *mut PyObject) -> isize;
    pub fn _PyDictKeys_StringLookupSplit(dictkeys: *mut c_void, key: *mut PyObject) -> isize;
    pub fn _PyDictKeys_StringLookupAndVersion(
        dictkeys: *mut c_void,
        key: *mut PyObject,
        version: *mut u32,
    ) -> isize;
    pub fn _PyDict_InsertSplitValue(
        mp: *mut PyObject,
        key: *mut PyObject,
        value: *mut PyObject,
        ix: isize,
    );
    /// Looks in globals, then builtins. The result names the dict in which the key was found (borrowed).
    pub fn _PyDict_LoadGlobalStackRef(
        arg0: *mut PyObject,
        arg1: *mut PyObject,
        arg2: *mut PyObject,
        arg3: *mut StackRef,
    ) -> *mut PyObject;
    pub fn _PyDict_SendEvent(
        watcher_bits: c_int,
        event: c_int,
        mp: *mut PyObject,
        key: *mut PyObject,
        value: *mut PyObject,
    );
    pub fn _PyObjectDict_SetItem(
        tp: *mut PyTypeObject,
        obj: *mut PyObject,
        dictptr: *mut *mut PyObject,
        name: *mut PyObject,
        value: *mut PyObject,
    ) -> c_int;
    /// Takes over the key.
    pub fn _PySet_AddTakeRef(so: *mut PyObject, key: *mut PyObject) -> c_int;
    pub fn _PySet_Contains(so: *mut PyObject, key: *mut PyObject) -> c_int;
    pub fn _PySet_Update(set: *mut PyObject, iterable: *mut PyObject) -> c_int;
}

// Strings (`pycore_unicodeobject.h`)
unsafe extern "C" {
    pub fn _PyUnicode_Equal(arg0: *mut PyObject, arg1: *mut PyObject) -> c_int;
    pub fn _PyUnicode_JoinArray(
        separator: *mut PyObject,
        items: *const *mut PyObject,
        seqlen: isize,
    ) -> *mut PyObject;
    pub fn _PyUnicode_BinarySlice(
        arg0: *mut PyObject,
        arg1: *mut PyObject,
        arg2: *mut PyObject,
    ) -> *mut PyObject;
    pub fn _PyUnicode_InternMortal(interp: *mut PyInterpreterState, arg1: *mut *mut PyObject);
}

// Slices (`pycore_sliceobject.h`)
unsafe extern "C" {
    /// Takes over both bounds.
    pub fn _PyBuildSlice_ConsumeRefs(start: *mut PyObject, stop: *mut PyObject) -> *mut PyObject;
    pub fn _PyEval_SliceIndex(arg0: *mut PyObject, arg1: *mut isize) -> c_int;
    pub fn _PyEval_UnpackIndices(
        arg0: *mut PyObject,
        arg1: *mut PyObject,
        arg2: isize,
        arg3: *mut isize,
        arg4: *mut isize,
    ) -> c_int;
}

// Functions and types (`pycore_function.h`, `pycore_typeobject.h`, `pycore_object.h`)
unsafe extern "C" {
    pub fn _PyFunction_Vectorcall(
        func: *mut PyObject,
        stack: *const *mut PyObject,
        nargsf: usize,
        kwnames: *mut PyObject,
    ) -> *mut PyObject;
    pub fn _PyFunction_SetVersion(func: *mut PyObject, version: u32);
    pub fn _PyFunction_GetVersionForCurrentState(func: *mut PyObject) -> u32;
    /// Borrowed result, null without an exception when there is none.
    pub fn _PyType_Lookup(arg0: *mut PyTypeObject, arg1: *mut PyObject) -> *mut PyObject;
    /// New result, null without an exception when there is none.
    pub fn _PyType_LookupRef(arg0: *mut PyTypeObject, arg1: *mut PyObject) -> *mut PyObject;
    /// New result, null without an exception when there is none.
    pub fn _PyType_LookupRefAndVersion(
        arg0: *mut PyTypeObject,
        arg1: *mut PyObject,
        arg2: *mut c_uint,
    ) -> *mut PyObject;
    pub fn _PyType_CacheInitForSpecialization(
        ty: *mut PyObject,
        init: *mut PyObject,
        tp_version: c_uint,
    ) -> c_int;
    pub fn _PyType_GetDict(arg0: *mut PyTypeObject) -> *mut PyObject;
    pub fn _PySuper_Lookup(
        su_type: *mut PyTypeObject,
        su_obj: *mut PyObject,
        name: *mut PyObject,
        meth_found: *mut c_int,
    ) -> *mut PyObject;
    pub fn _PyStaticType_GetState(
        interp: *mut PyInterpreterState,
        ty: *mut PyTypeObject,
    ) -> *mut c_void;
}

// Attributes (`pycore_object.h`, `pycore_ceval.h`)
unsafe extern "C" {
    /// 1 when `method` is to be called with `obj` in front, 0 when it is bound already (or null with an exception set).
    pub fn _PyObject_GetMethod(
        obj: *mut PyObject,
        name: *mut PyObject,
        method: *mut *mut PyObject,
    ) -> c_int;
    pub fn _PyObject_GetAttrStackRef(obj: *mut PyObject, name: *mut PyObject) -> StackRef;
    pub fn _Py_LoadAttr_StackRefSteal(
        tstate: *mut PyThreadState,
        owner: StackRef,
        name: *mut PyObject,
        self_or_null: *mut StackRef,
    ) -> StackRef;
    pub fn _PyObject_GetDictPtr(arg0: *mut PyObject) -> *mut *mut PyObject;
    pub fn _PyObject_LookupSpecial(arg0: *mut PyObject, arg1: *mut PyObject) -> *mut PyObject;
    pub fn _PyObject_LookupSpecialMethod(
        attr: *mut PyObject,
        method_and_self: *mut StackRef,
    ) -> c_int;
    pub fn _PyObject_MaybeCallSpecialNoArgs(
        receiver: *mut PyObject,
        attr: *mut PyObject,
    ) -> *mut PyObject;
    pub fn _PyObject_MaybeCallSpecialOneArg(
        receiver: *mut PyObject,
        attr: *mut PyObject,
        arg: *mut PyObject,
    ) -> *mut PyObject;
    pub fn _PyObject_GenericGetAttrWithDict(
        arg0: *mut PyObject,
        arg1: *mut PyObject,
        arg2: *mut PyObject,
        arg3: c_int,
    ) -> *mut PyObject;
    pub fn _PyObject_GenericSetAttrWithDict(
        arg0: *mut PyObject,
        arg1: *mut PyObject,
        arg2: *mut PyObject,
        arg3: *mut PyObject,
    ) -> c_int;
}

// Calls (`pycore_call.h`, `pycore_ceval.h`)
unsafe extern "C" {
    pub fn _PyObject_MakeTpCall(
        tstate: *mut PyThreadState,
        callable: *mut PyObject,
        args: *const *mut PyObject,
        nargs: isize,
        keywords: *mut PyObject,
    ) -> *mut PyObject;
    /// Sees to it that a result and an exception exclude each other.
    pub fn _Py_CheckFunctionResult(
        tstate: *mut PyThreadState,
        callable: *mut PyObject,
        result: *mut PyObject,
        place: *const c_char,
    ) -> *mut PyObject;
    /// An array of arguments with the keywords of a dict behind them; freed with `_PyStack_UnpackDict_Free`.
    pub fn _PyStack_UnpackDict(
        tstate: *mut PyThreadState,
        args: *const *mut PyObject,
        nargs: isize,
        kwargs: *mut PyObject,
        p_kwnames: *mut *mut PyObject,
    ) -> *const *mut PyObject;
    pub fn _PyStack_UnpackDict_Free(
        stack: *const *mut PyObject,
        nargs: isize,
        kwnames: *mut PyObject,
    );
    pub fn _PyStack_UnpackDict_FreeNoDecRef(stack: *const *mut PyObject, kwnames: *mut PyObject);
    pub fn _PyStack_AsDict(values: *const *mut PyObject, kwnames: *mut PyObject) -> *mut PyObject;
    pub fn _Py_VectorCall_StackRefSteal(
        callable: StackRef,
        arguments: *mut StackRef,
        total_args: c_int,
        kwnames: StackRef,
    ) -> *mut PyObject;
    pub fn _Py_VectorCallInstrumentation_StackRefSteal(
        callable: StackRef,
        arguments: *mut StackRef,
        total_args: c_int,
        kwnames: StackRef,
        call_instrumentation: bool,
        frame: *mut InterpreterFrame,
        this_instr: *mut u16,
        tstate: *mut PyThreadState,
    ) -> *mut PyObject;
    pub fn _Py_BuiltinCallFast_StackRef(
        callable: StackRef,
        arguments: *mut StackRef,
        total_args: c_int,
    ) -> *mut PyObject;
    pub fn _Py_BuiltinCallFastWithKeywords_StackRef(
        callable: StackRef,
        arguments: *mut StackRef,
        total_args: c_int,
    ) -> *mut PyObject;
    pub fn _PyCallMethodDescriptorFast_StackRef(
        callable: StackRef,
        cfunc: *const c_void,
        receiver: *mut PyObject,
        arguments: *mut StackRef,
        total_args: c_int,
    ) -> *mut PyObject;
    pub fn _PyCallMethodDescriptorFastWithKeywords_StackRef(
        callable: StackRef,
        cfunc: *const c_void,
        receiver: *mut PyObject,
        arguments: *mut StackRef,
        total_args: c_int,
    ) -> *mut PyObject;
    pub fn _Py_CallBuiltinClass_StackRef(
        callable: StackRef,
        arguments: *mut StackRef,
        total_args: c_int,
    ) -> *mut PyObject;
    /// Borrowed objects of the references, in `scratch` when they fit; index -1 may be written.
    pub fn _PyObjectArray_FromStackRefArray(
        input: *mut StackRef,
        nargs: isize,
        scratch: *mut *mut PyObject,
    ) -> *mut *mut PyObject;
    pub fn _PyObjectArray_Free(array: *mut *mut PyObject, scratch: *mut *mut PyObject);
    pub fn _Py_Check_ArgsIterable(
        tstate: *mut PyThreadState,
        func: *mut PyObject,
        args: *mut PyObject,
    ) -> c_int;
    pub fn _PyEval_FormatKwargsError(
        tstate: *mut PyThreadState,
        func: *mut PyObject,
        kwargs: *mut PyObject,
        dupkey: *mut PyObject,
    );
}

// What single instructions do (`pycore_ceval.h`, `pycore_intrinsics.h`, `pycore_genobject.h`)
unsafe extern "C" {
    pub fn _PyEval_LoadGlobalStackRef(
        globals: *mut PyObject,
        builtins: *mut PyObject,
        name: *mut PyObject,
        writeto: *mut StackRef,
    );
    /// New result; null with an exception set.
    pub fn _PyEval_LoadName(
        tstate: *mut PyThreadState,
        frame: *mut InterpreterFrame,
        name: *mut PyObject,
    ) -> *mut PyObject;
    pub fn _PyEval_ImportName(
        tstate: *mut PyThreadState,
        builtins: *mut PyObject,
        globals: *mut PyObject,
        locals: *mut PyObject,
        name: *mut PyObject,
        fromlist: *mut PyObject,
        level: *mut PyObject,
    ) -> *mut PyObject;
    pub fn _PyEval_ImportFrom(
        arg0: *mut PyThreadState,
        arg1: *mut PyObject,
        arg2: *mut PyObject,
    ) -> *mut PyObject;
    pub fn _PyEval_LazyImportName(
        tstate: *mut PyThreadState,
        builtins: *mut PyObject,
        globals: *mut PyObject,
        locals: *mut PyObject,
        name: *mut PyObject,
        fromlist: *mut PyObject,
        level: *mut PyObject,
        lazy: c_int,
    ) -> *mut PyObject;
    pub fn _PyEval_LazyImportFrom(
        tstate: *mut PyThreadState,
        frame: *mut InterpreterFrame,
        v: *mut PyObject,
        name: *mut PyObject,
    ) -> *mut PyObject;
    pub fn _PyEval_GetIter(
        iterable: StackRef,
        null_or_index: *mut StackRef,
        yield_from: c_int,
    ) -> StackRef;
    pub fn _PyForIter_VirtualIteratorNext(
        tstate: *mut PyThreadState,
        frame: *mut InterpreterFrame,
        iter: StackRef,
        index_ptr: *mut StackRef,
    ) -> StackRef;
    pub fn _PyEval_UnpackIterableStackRef(
        tstate: *mut PyThreadState,
        v: *mut PyObject,
        argcnt: c_int,
        argcntafter: c_int,
        sp: *mut StackRef,
    ) -> c_int;
    pub fn _PyEval_MatchClass(
        tstate: *mut PyThreadState,
        subject: *mut PyObject,
        ty: *mut PyObject,
        nargs: isize,
        kwargs: *mut PyObject,
    ) -> *mut PyObject;
    pub fn _PyEval_MatchKeys(
        tstate: *mut PyThreadState,
        map: *mut PyObject,
        keys: *mut PyObject,
    ) -> *mut PyObject;
    pub fn _PyEval_GetANext(aiter: *mut PyObject) -> *mut PyObject;
    pub fn _PyEval_GetAwaitable(iterable: *mut PyObject, oparg: c_int) -> *mut PyObject;
    pub fn _PyEval_GetBuiltin(arg0: *mut PyObject) -> *mut PyObject;
    pub fn _PyEval_CheckExceptTypeValid(tstate: *mut PyThreadState, right: *mut PyObject) -> c_int;
    pub fn _PyEval_CheckExceptStarTypeValid(
        tstate: *mut PyThreadState,
        right: *mut PyObject,
    ) -> c_int;
    pub fn _PyEval_ExceptionGroupMatch(
        arg0: *mut InterpreterFrame,
        exc_value: *mut PyObject,
        match_type: *mut PyObject,
        matched: *mut *mut PyObject,
        rest: *mut *mut PyObject,
    ) -> c_int;
    pub fn _PyEval_FormatAwaitableError(
        tstate: *mut PyThreadState,
        ty: *mut PyTypeObject,
        oparg: c_int,
    );
    pub fn _PyEval_FormatExcCheckArg(
        tstate: *mut PyThreadState,
        exc: *mut PyObject,
        format_str: *const c_char,
        obj: *mut PyObject,
    );
    pub fn _PyEval_FormatExcUnbound(
        tstate: *mut PyThreadState,
        co: *mut PyCodeObject,
        oparg: c_int,
    );
    pub fn _PyEval_SpecialMethodCanSuggest(receiver: *mut PyObject, oparg: c_int) -> c_int;
    pub fn _Py_BuildString_StackRefSteal(
        arguments: *mut StackRef,
        total_args: c_int,
    ) -> *mut PyObject;
    pub fn _Py_BuildMap_StackRefSteal(arguments: *mut StackRef, half_args: c_int) -> *mut PyObject;
    pub fn _PyMapping_GetOptionalItem2(
        obj: *mut PyObject,
        key: *mut PyObject,
        err: *mut c_int,
    ) -> *mut PyObject;
    pub fn _PyGen_FetchStopIterationValue(arg0: *mut *mut PyObject) -> c_int;
    pub fn _PyGen_SetStopIterationValue(arg0: *mut PyObject) -> c_int;
    pub fn _PyCoro_GetAwaitableIter(o: *mut PyObject) -> *mut PyObject;
    pub fn _PyAsyncGenValueWrapperNew(
        state: *mut PyThreadState,
        arg1: *mut PyObject,
    ) -> *mut PyObject;
    pub fn _PyInterpolation_Build(
        value: *mut PyObject,
        text: *mut PyObject,
        conversion: c_int,
        format_spec: *mut PyObject,
    ) -> *mut PyObject;
    pub fn _PyTemplate_Build(
        strings: *mut PyObject,
        interpolations: *mut PyObject,
    ) -> *mut PyObject;
    pub fn _PyNumber_PowerNoMod(lhs: *mut PyObject, rhs: *mut PyObject) -> *mut PyObject;
    pub fn _PyNumber_InPlacePowerNoMod(lhs: *mut PyObject, rhs: *mut PyObject) -> *mut PyObject;
    pub fn _PyIter_Send(iter: *mut PyObject, arg: *mut PyObject) -> SendResultPair;
}

// Errors (`pycore_pyerrors.h`)
unsafe extern "C" {
    pub fn _PyErr_SetString(
        tstate: *mut PyThreadState,
        exception: *mut PyObject,
        string: *const c_char,
    );
    pub fn _PyErr_Format(
        tstate: *mut PyThreadState,
        exception: *mut PyObject,
        format: *const c_char,
        ...
    ) -> *mut PyObject;
    pub fn _PyErr_SetObject(tstate: *mut PyThreadState, ty: *mut PyObject, value: *mut PyObject);
    pub fn _PyErr_SetKeyError(arg0: *mut PyObject);
    pub fn _PyErr_Clear(tstate: *mut PyThreadState);
    pub fn _PyErr_ExceptionMatches(tstate: *mut PyThreadState, exc: *mut PyObject) -> c_int;
    pub fn _PyErr_GetRaisedException(tstate: *mut PyThreadState) -> *mut PyObject;
    pub fn _PyErr_SetRaisedException(tstate: *mut PyThreadState, exc: *mut PyObject);
    pub fn _PyErr_ChainExceptions1(arg0: *mut PyObject);
    pub fn _PyErr_GetTopmostException(tstate: *mut PyThreadState) -> *mut ErrStackItem;
    pub fn _PyErr_GetHandledException(arg0: *mut PyThreadState) -> *mut PyObject;
}

// Public functions that PyO3's bindings do not have (`funcobject.h`, `object.h`, `dictobject.h`, `code.h`)
unsafe extern "C" {
    pub fn PyFunction_AddWatcher(callback: FunctionWatchCallback) -> c_int;
    pub fn PyFunction_ClearWatcher(watcher_id: c_int) -> c_int;
    /// Sets the entry that calls go through, and clears the version.
    pub fn PyFunction_SetVectorcall(arg0: *mut PyObject, arg1: vectorcallfunc);
    pub fn PyType_AddWatcher(callback: TypeWatchCallback) -> c_int;
    pub fn PyType_ClearWatcher(watcher_id: c_int) -> c_int;
    pub fn PyType_Watch(watcher_id: c_int, ty: *mut PyObject) -> c_int;
    pub fn PyType_Unwatch(watcher_id: c_int, ty: *mut PyObject) -> c_int;
    /// Gives the type a version if it has none; 0 when it cannot.
    pub fn PyUnstable_Type_AssignVersionTag(ty: *mut PyTypeObject) -> c_int;
    pub fn PyDict_AddWatcher(callback: DictWatchCallback) -> c_int;
    pub fn PyDict_ClearWatcher(watcher_id: c_int) -> c_int;
    pub fn PyDict_Watch(watcher_id: c_int, dict: *mut PyObject) -> c_int;
    pub fn PyDict_Unwatch(watcher_id: c_int, dict: *mut PyObject) -> c_int;
    pub fn PyCode_AddWatcher(callback: CodeWatchCallback) -> c_int;
    pub fn PyCode_ClearWatcher(watcher_id: c_int) -> c_int;
    pub fn PyCode_Addr2Location(
        arg0: *mut PyCodeObject,
        arg1: c_int,
        arg2: *mut c_int,
        arg3: *mut c_int,
        arg4: *mut c_int,
        arg5: *mut c_int,
    ) -> c_int;
    pub fn PyUnstable_Code_GetExtra(
        code: *mut PyObject,
        index: isize,
        extra: *mut *mut c_void,
    ) -> c_int;
    pub fn PyUnstable_Code_SetExtra(code: *mut PyObject, index: isize, extra: *mut c_void)
    -> c_int;
    pub fn PyUnstable_Eval_RequestCodeExtraIndex(arg0: freefunc) -> isize;
    pub fn PyUnstable_Object_IsUniqueReferencedTemporary(arg0: *mut PyObject) -> c_int;
    pub fn PyUnstable_InterpreterFrame_GetLine(frame: *mut InterpreterFrame) -> c_int;
}

// Data
unsafe extern "C" {
    /// The runtime state; its first field is the table that [`super::verify`] reads.
    pub static _PyRuntime: u8;
    /// The C function of each `BINARY_OP` argument.
    pub static _PyEval_BinaryOps:
        [unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject; 0];
    /// The C function of each `CONVERT_VALUE` argument.
    pub static _PyEval_ConversionFuncs: [unsafe extern "C" fn(*mut PyObject) -> *mut PyObject; 0];
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
    /// The comparison with its sides swapped, by comparison.
    pub static _Py_SwappedOp: [c_int; 0];
}
