//! Objects: making and freeing them, containers, attributes.

use std::ffi::{c_char, c_int, c_uint, c_void};

use pyo3::ffi::{PyInterpreterState, PyObject, PyThreadState, PyTypeObject};

use crate::cpython::frame::StackRef;

/// `PyMemAllocatorEx`: what it is called with first, and its functions `malloc`, `calloc`, `realloc` and `free`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Allocator {
    pub context: usize,
    pub functions: [usize; 4],
}

/// `PYMEM_DOMAIN_OBJ`: the memory of objects.
pub const DOMAIN_OBJ: c_int = 2;

// Objects: allocation and freeing (`object.h`, `pycore_long.h`, `pycore_floatobject.h`, `pycore_unicodeobject.h`)
unsafe extern "C-unwind" {
    /// The name of the allocators in use, or null if they have none.
    pub fn _PyMem_GetCurrentAllocatorName() -> *const c_char;
    pub fn PyMem_GetAllocator(domain: c_int, allocator: *mut Allocator);
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
unsafe extern "C-unwind" {
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
unsafe extern "C-unwind" {
    /// Appends when the array is full. Takes over `newitem`.
    pub fn _PyList_AppendTakeRefListResize(receiver: *mut PyObject, newitem: *mut PyObject) -> c_int;
    pub fn _PyList_Extend(arg0: *mut PyObject, arg1: *mut PyObject) -> *mut PyObject;
    pub fn _PyList_BinarySlice(arg0: *mut PyObject, arg1: *mut PyObject, arg2: *mut PyObject) -> *mut PyObject;
    pub fn _PyList_SliceSubscript(arg0: *mut PyObject, arg1: *mut PyObject) -> *mut PyObject;
    pub fn _PyList_Concat(arg0: *mut PyObject, arg1: *mut PyObject) -> *mut PyObject;
    pub fn _PyList_GetItemRef(arg0: *mut PyObject, i: isize) -> *mut PyObject;
    /// Takes over the items unless it fails.
    pub fn _PyList_FromStackRefStealOnSuccess(src: *const StackRef, n: isize) -> *mut PyObject;
    pub fn _PyList_AsTupleAndClear(v: *mut PyObject) -> *mut PyObject;
    /// Takes over the items unless it fails.
    pub fn _PyTuple_FromStackRefStealOnSuccess(arg0: *const StackRef, arg1: isize) -> *mut PyObject;
    pub fn _PyTuple_FromPair(arg0: *mut PyObject, arg1: *mut PyObject) -> *mut PyObject;
    /// Takes over both items, even when it fails.
    pub fn _PyTuple_FromPairSteal(arg0: *mut PyObject, arg1: *mut PyObject) -> *mut PyObject;
    pub fn _PyTuple_BinarySlice(arg0: *mut PyObject, arg1: *mut PyObject, arg2: *mut PyObject) -> *mut PyObject;
    pub fn _PyTuple_Concat(arg0: *mut PyObject, arg1: *mut PyObject) -> *mut PyObject;
}

// Dicts and sets (`pycore_dict.h`, `pycore_setobject.h`)
unsafe extern "C-unwind" {
    pub fn _PyDict_NewPresized(minused: isize) -> *mut PyObject;
    pub fn _PyDict_FromItems(
        keys: *const *mut PyObject,
        keys_offset: isize,
        values: *const *mut PyObject,
        values_offset: isize,
        length: isize,
    ) -> *mut PyObject;
    pub fn _PyDict_Subscript(receiver: *mut PyObject, key: *mut PyObject) -> *mut PyObject;
    pub fn _PyDict_SubscriptKnownHash(receiver: *mut PyObject, key: *mut PyObject, hash: isize) -> *mut PyObject;
    pub fn _PyDict_StoreSubscript(receiver: *mut PyObject, key: *mut PyObject, value: *mut PyObject) -> c_int;
    pub fn _PyDict_GetItem_KnownHash(mp: *mut PyObject, key: *mut PyObject, hash: isize) -> *mut PyObject;
    pub fn _PyDict_GetItemRef_KnownHash(
        op: *mut PyObject,
        key: *mut PyObject,
        hash: isize,
        result: *mut *mut PyObject,
    ) -> c_int;
    pub fn _PyDict_SetItem_KnownHash(mp: *mut PyObject, key: *mut PyObject, item: *mut PyObject, hash: isize) -> c_int;
    /// Takes over key and value.
    pub fn _PyDict_SetItem_Take2(op: *mut PyObject, key: *mut PyObject, value: *mut PyObject) -> c_int;
    /// Takes over key and value.
    pub fn _PyDict_SetItem_Take2_KnownHash(
        op: *mut PyObject,
        key: *mut PyObject,
        value: *mut PyObject,
        hash: isize,
    ) -> c_int;
    pub fn _PyDict_MergeUniq(mp: *mut PyObject, other: *mut PyObject, dupkey: *mut *mut PyObject) -> c_int;
    pub fn _PyDict_LookupIndex(arg0: *mut PyObject, arg1: *mut PyObject) -> isize;
    pub fn _PyDict_LookupIndexAndValue(arg0: *mut PyObject, arg1: *mut PyObject, arg2: *mut *mut PyObject) -> isize;
    pub fn _Py_dict_lookup(mp: *mut PyObject, key: *mut PyObject, hash: isize, value_addr: *mut *mut PyObject)
    -> isize;
    pub fn _PyDict_GetKeysVersionForCurrentState(interp: *mut PyInterpreterState, dict: *mut PyObject) -> u32;
    pub fn _PyDictKeys_GetVersionForCurrentState(interp: *mut PyInterpreterState, dictkeys: *mut c_void) -> u32;
    pub fn _PyDictKeys_StringLookup(dictkeys: *mut c_void, key: *mut PyObject) -> isize;
    pub fn _PyDictKeys_StringLookupSplit(dictkeys: *mut c_void, key: *mut PyObject) -> isize;
    pub fn _PyDictKeys_StringLookupAndVersion(dictkeys: *mut c_void, key: *mut PyObject, version: *mut u32) -> isize;
    pub fn _PyDict_InsertSplitValue(mp: *mut PyObject, key: *mut PyObject, value: *mut PyObject, ix: isize);
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
unsafe extern "C-unwind" {
    pub fn _PyUnicode_Equal(arg0: *mut PyObject, arg1: *mut PyObject) -> c_int;
    pub fn _PyUnicode_JoinArray(separator: *mut PyObject, items: *const *mut PyObject, seqlen: isize) -> *mut PyObject;
    pub fn _PyUnicode_BinarySlice(arg0: *mut PyObject, arg1: *mut PyObject, arg2: *mut PyObject) -> *mut PyObject;
    pub fn _PyUnicode_InternMortal(interp: *mut PyInterpreterState, arg1: *mut *mut PyObject);
}

// Slices (`pycore_sliceobject.h`)
unsafe extern "C-unwind" {
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
unsafe extern "C-unwind" {
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
    pub fn _PyType_CacheInitForSpecialization(ty: *mut PyObject, init: *mut PyObject, tp_version: c_uint) -> c_int;
    pub fn _PyType_GetDict(arg0: *mut PyTypeObject) -> *mut PyObject;
    pub fn _PySuper_Lookup(
        su_type: *mut PyTypeObject,
        su_obj: *mut PyObject,
        name: *mut PyObject,
        meth_found: *mut c_int,
    ) -> *mut PyObject;
    pub fn _PyStaticType_GetState(interp: *mut PyInterpreterState, ty: *mut PyTypeObject) -> *mut c_void;
}

// Attributes (`pycore_object.h`, `pycore_ceval.h`)
unsafe extern "C-unwind" {
    /// 1 when `method` is to be called with `obj` in front, 0 when it is bound already (or null with an exception set).
    pub fn _PyObject_GetMethod(obj: *mut PyObject, name: *mut PyObject, method: *mut *mut PyObject) -> c_int;
    pub fn _PyObject_GetAttrStackRef(obj: *mut PyObject, name: *mut PyObject) -> StackRef;
    pub fn _Py_LoadAttr_StackRefSteal(
        tstate: *mut PyThreadState,
        owner: StackRef,
        name: *mut PyObject,
        self_or_null: *mut StackRef,
    ) -> StackRef;
    pub fn _PyObject_GetDictPtr(arg0: *mut PyObject) -> *mut *mut PyObject;
    pub fn _PyObject_LookupSpecial(arg0: *mut PyObject, arg1: *mut PyObject) -> *mut PyObject;
    pub fn _PyObject_LookupSpecialMethod(attr: *mut PyObject, method_and_self: *mut StackRef) -> c_int;
    pub fn _PyObject_MaybeCallSpecialNoArgs(receiver: *mut PyObject, attr: *mut PyObject) -> *mut PyObject;
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
