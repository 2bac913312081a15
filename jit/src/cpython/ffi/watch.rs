//! Watchers: being told when functions, types, dicts and code objects change; and other public functions that
//! PyO3's bindings do not have.

use std::ffi::{c_int, c_void};

use pyo3::ffi::{PyCodeObject, PyObject, PyTypeObject, freefunc};

/// `vectorcallfunc`, through which C++ exceptions may pass.
pub type Vectorcall =
    unsafe extern "C-unwind" fn(*mut PyObject, *const *mut PyObject, usize, *mut PyObject) -> *mut PyObject;

use crate::cpython::frame::InterpreterFrame;

/// Called when a watched function is made, changed or freed: event, function, new value.
pub type FunctionWatchCallback = unsafe extern "C-unwind" fn(c_int, *mut PyObject, *mut PyObject) -> c_int;
/// Called when a watched type changes.
pub type TypeWatchCallback = unsafe extern "C-unwind" fn(*mut PyTypeObject) -> c_int;
/// Called when a watched dict is about to change: event, dict, key, new value.
pub type DictWatchCallback = unsafe extern "C-unwind" fn(c_int, *mut PyObject, *mut PyObject, *mut PyObject) -> c_int;
/// Called when a code object is made or freed.
pub type CodeWatchCallback = unsafe extern "C-unwind" fn(c_int, *mut PyCodeObject) -> c_int;

/// Told of each object that is made or destroyed: object, event, what it was set with.
pub type RefTracer = unsafe extern "C-unwind" fn(*mut PyObject, c_int, *mut c_void) -> c_int;

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
}

// Public functions that PyO3's bindings do not have (`funcobject.h`, `object.h`, `objimpl.h`, `dictobject.h`, `code.h`)
unsafe extern "C-unwind" {
    /// Has a function told of all objects that are made and destroyed, or nobody; -1 on error.
    pub fn PyRefTracer_SetTracer(tracer: Option<RefTracer>, data: *mut c_void) -> c_int;
    /// The function that is told, with what it was set with in `*data`.
    pub fn PyRefTracer_GetTracer(data: *mut *mut c_void) -> Option<RefTracer>;
    pub fn PyFunction_AddWatcher(callback: FunctionWatchCallback) -> c_int;
    pub fn PyFunction_ClearWatcher(watcher_id: c_int) -> c_int;
    /// Sets the entry that calls go through, and clears the version.
    pub fn PyFunction_SetVectorcall(arg0: *mut PyObject, arg1: Vectorcall);
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
    pub fn PyUnstable_Code_GetExtra(code: *mut PyObject, index: isize, extra: *mut *mut c_void) -> c_int;
    pub fn PyUnstable_Code_SetExtra(code: *mut PyObject, index: isize, extra: *mut c_void) -> c_int;
    pub fn PyUnstable_Eval_RequestCodeExtraIndex(arg0: freefunc) -> isize;
    /// Calls `callback` for each object of the garbage collector, which must not make, change or free any.
    pub fn PyUnstable_GC_VisitObjects(
        callback: unsafe extern "C-unwind" fn(*mut PyObject, *mut c_void) -> c_int,
        arg: *mut c_void,
    );
    pub fn PyUnstable_Object_IsUniqueReferencedTemporary(arg0: *mut PyObject) -> c_int;
    pub fn PyUnstable_InterpreterFrame_GetLine(frame: *mut InterpreterFrame) -> c_int;
}
