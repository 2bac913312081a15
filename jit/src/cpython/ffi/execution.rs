//! Running code: frames, calls, interruptions, instrumentation, what single instructions do, errors.

use std::ffi::{c_char, c_int, c_void};

use pyo3::ffi::{PyCodeObject, PyInterpreterState, PyObject, PyThreadState, PyTypeObject};

use crate::cpython::frame::{InterpreterFrame, StackRef};
use crate::cpython::thread::ErrStackItem;

/// What sending a value to a generator-like object gives.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct SendResultPair {
    /// The value, new, or null with an exception set.
    pub object: *mut PyObject,
    /// A `PySendResult`: 0 returned, 1 yielded, -1 failed.
    pub kind: c_int,
}

// Running, frames and the data stack (`pycore_ceval.h`, `pycore_interpframe.h`, `pycore_frame.h`)
unsafe extern "C-unwind" {
    /// Runs `f` from its `instr_ptr` on and consumes it; the result is new, null with an exception set.
    pub fn _PyEval_EvalFrameDefault(tstate: *mut PyThreadState, f: *mut InterpreterFrame, exc: c_int) -> *mut PyObject;
    /// Drops all that a frame holds except its code object; hands it over to its frame object if that lives on.
    pub fn _PyFrame_ClearExceptCode(frame: *mut InterpreterFrame);
    pub fn _PyFrame_ClearLocals(frame: *mut InterpreterFrame);
    pub fn _PyFrame_New_NoTrack(code: *mut PyCodeObject) -> *mut PyObject;
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
unsafe extern "C-unwind" {
    /// Serves what broke the loop; -1 with an exception set.
    pub fn _Py_HandlePending(tstate: *mut PyThreadState) -> c_int;
    pub fn _Py_CheckRecursiveCall(tstate: *mut PyThreadState, place: *const c_char) -> c_int;
    pub fn _Py_CheckRecursiveCallPy(tstate: *mut PyThreadState) -> c_int;
    pub fn _Py_ReachedRecursionLimit(tstate: *mut PyThreadState) -> c_int;
    pub fn _Py_ReachedRecursionLimitWithMargin(tstate: *mut PyThreadState, margin_count: c_int) -> c_int;
    pub fn _PyEval_MakePendingCalls(arg0: *mut PyThreadState) -> c_int;
    /// Has the next thread of `interp` that looks at its eval breaker call `func`; from any thread, attached or not.
    /// 0, or -1 when too many calls are waiting.
    pub fn _PyEval_AddPendingCall(
        interp: *mut PyInterpreterState,
        func: Option<unsafe extern "C-unwind" fn(arg: *mut c_void) -> c_int>,
        arg: *mut c_void,
        flags: c_int,
    ) -> c_int;
}

// Code, bytecode and instrumentation (`pycore_code.h`, `pycore_instruments.h`)
unsafe extern "C-unwind" {
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
    pub fn _PyEval_MonitorRaise(tstate: *mut PyThreadState, frame: *mut InterpreterFrame, instr: *mut u16);
    pub fn _PyEval_NoToolsForUnwind(tstate: *mut PyThreadState, frame: *mut InterpreterFrame) -> bool;
}

// Calls (`pycore_call.h`, `pycore_ceval.h`)
unsafe extern "C-unwind" {
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
    pub fn _PyStack_UnpackDict_Free(stack: *const *mut PyObject, nargs: isize, kwnames: *mut PyObject);
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
    pub fn _Py_Check_ArgsIterable(tstate: *mut PyThreadState, func: *mut PyObject, args: *mut PyObject) -> c_int;
    pub fn _PyEval_FormatKwargsError(
        tstate: *mut PyThreadState,
        func: *mut PyObject,
        kwargs: *mut PyObject,
        dupkey: *mut PyObject,
    );
}

// What single instructions do (`pycore_ceval.h`, `pycore_intrinsics.h`, `pycore_genobject.h`)
unsafe extern "C-unwind" {
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
    pub fn _PyEval_ImportFrom(arg0: *mut PyThreadState, arg1: *mut PyObject, arg2: *mut PyObject) -> *mut PyObject;
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
    /// What a lazy import stands for, new. Takes the placeholder's place under `name` in `ns`, where that still is.
    pub fn _PyLazyImport_Reify(
        tstate: *mut PyThreadState,
        placeholder: *mut PyObject,
        name: *mut PyObject,
        ns: *mut PyObject,
    ) -> *mut PyObject;
    pub fn _PyEval_GetIter(iterable: StackRef, null_or_index: *mut StackRef, yield_from: c_int) -> StackRef;
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
    pub fn _PyEval_MatchKeys(tstate: *mut PyThreadState, map: *mut PyObject, keys: *mut PyObject) -> *mut PyObject;
    pub fn _PyEval_GetANext(aiter: *mut PyObject) -> *mut PyObject;
    pub fn _PyEval_GetAwaitable(iterable: *mut PyObject, oparg: c_int) -> *mut PyObject;
    pub fn _PyEval_GetBuiltin(arg0: *mut PyObject) -> *mut PyObject;
    pub fn _PyEval_CheckExceptTypeValid(tstate: *mut PyThreadState, right: *mut PyObject) -> c_int;
    pub fn _PyEval_CheckExceptStarTypeValid(tstate: *mut PyThreadState, right: *mut PyObject) -> c_int;
    pub fn _PyEval_ExceptionGroupMatch(
        arg0: *mut InterpreterFrame,
        exc_value: *mut PyObject,
        match_type: *mut PyObject,
        matched: *mut *mut PyObject,
        rest: *mut *mut PyObject,
    ) -> c_int;
    pub fn _PyEval_FormatAwaitableError(tstate: *mut PyThreadState, ty: *mut PyTypeObject, oparg: c_int);
    pub fn _PyEval_FormatExcCheckArg(
        tstate: *mut PyThreadState,
        exc: *mut PyObject,
        format_str: *const c_char,
        obj: *mut PyObject,
    );
    pub fn _PyEval_FormatExcUnbound(tstate: *mut PyThreadState, co: *mut PyCodeObject, oparg: c_int);
    pub fn _PyEval_SpecialMethodCanSuggest(receiver: *mut PyObject, oparg: c_int) -> c_int;
    pub fn _Py_BuildString_StackRefSteal(arguments: *mut StackRef, total_args: c_int) -> *mut PyObject;
    pub fn _Py_BuildMap_StackRefSteal(arguments: *mut StackRef, half_args: c_int) -> *mut PyObject;
    pub fn _PyMapping_GetOptionalItem2(obj: *mut PyObject, key: *mut PyObject, err: *mut c_int) -> *mut PyObject;
    pub fn _PyGen_FetchStopIterationValue(arg0: *mut *mut PyObject) -> c_int;
    pub fn _PyGen_SetStopIterationValue(arg0: *mut PyObject) -> c_int;
    pub fn _PyCoro_GetAwaitableIter(o: *mut PyObject) -> *mut PyObject;
    pub fn _PyAsyncGenValueWrapperNew(state: *mut PyThreadState, arg1: *mut PyObject) -> *mut PyObject;
    pub fn _PyInterpolation_Build(
        value: *mut PyObject,
        text: *mut PyObject,
        conversion: c_int,
        format_spec: *mut PyObject,
    ) -> *mut PyObject;
    pub fn _PyTemplate_Build(strings: *mut PyObject, interpolations: *mut PyObject) -> *mut PyObject;
    pub fn _PyNumber_PowerNoMod(lhs: *mut PyObject, rhs: *mut PyObject) -> *mut PyObject;
    pub fn _PyNumber_InPlacePowerNoMod(lhs: *mut PyObject, rhs: *mut PyObject) -> *mut PyObject;
    pub fn _PyIter_Send(iter: *mut PyObject, arg: *mut PyObject) -> SendResultPair;
}

// Errors (`pycore_pyerrors.h`)
unsafe extern "C-unwind" {
    pub fn _PyErr_SetString(tstate: *mut PyThreadState, exception: *mut PyObject, string: *const c_char);
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
