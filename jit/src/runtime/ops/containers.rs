//! Building containers, subscript stores and deletes, and the fast forms for exact list, tuple, dict and set.

use pyo3::ffi::*;
use pyo3::{Python, intern};
use std::ptr::null_mut;

use crate::cpython::ffi as private;
use crate::cpython::frame::InterpreterFrame;
use crate::runtime::ops::operators;

/// `BUILD_TUPLE`: consumes the `count` references in `items`, on failure too.
pub unsafe extern "C-unwind" fn build_tuple(items: *mut *mut PyObject, count: i64) -> *mut PyObject {
    // SAFETY: the contract; plain pointers are counted references, which the callee takes only when it succeeds. Unlike others that
    // make tuples it shows the collector only those that it has to know, as the interpreter's instruction does.
    unsafe {
        let tuple = private::_PyTuple_FromStackRefStealOnSuccess(items.cast(), count as isize);
        made_of(tuple, items, count)
    }
}

/// `BUILD_LIST`: consumes the `count` references in `items`, on failure too.
pub unsafe extern "C-unwind" fn build_list(items: *mut *mut PyObject, count: i64) -> *mut PyObject {
    // SAFETY: the contract; plain pointers are counted references, which the callee takes only when it succeeds.
    unsafe {
        let list = private::_PyList_FromStackRefStealOnSuccess(items.cast(), count as isize);
        made_of(list, items, count)
    }
}

/// A container, or NULL, which has not taken the items over.
unsafe fn made_of(container: *mut PyObject, items: *mut *mut PyObject, count: i64) -> *mut PyObject {
    if container.is_null() {
        for i in 0..count as usize {
            // SAFETY: the callers' contract: so many references that are to be consumed.
            unsafe { Py_DECREF(*items.add(i)) };
        }
    }
    container
}

/// `BUILD_SET`: the `count` objects in `items`, added in order. Borrows them.
pub unsafe extern "C-unwind" fn build_set(items: *mut *mut PyObject, count: i64) -> *mut PyObject {
    // SAFETY: the contract; adding consumes the reference made for it.
    unsafe {
        let set = PySet_New(null_mut());
        if set.is_null() {
            return set;
        }
        for i in 0..count as usize {
            if private::_PySet_AddTakeRef(set, Py_NewRef(*items.add(i))) != 0 {
                Py_DECREF(set);
                return null_mut();
            }
        }
        set
    }
}

/// `BUILD_MAP`: `pairs` pairs of key and value in `items`, added in order. Borrows them.
pub unsafe extern "C-unwind" fn build_map(items: *mut *mut PyObject, pairs: i64) -> *mut PyObject {
    // SAFETY: the contract; values follow their keys.
    unsafe { private::_PyDict_FromItems(items, 2, items.add(1), 2, pairs as isize) }
}

/// `STORE_SUBSCR`: `container[key] = value`. Borrows all.
pub unsafe extern "C-unwind" fn store_subscr(
    frame: *mut InterpreterFrame,
    value: *mut PyObject,
    container: *mut PyObject,
    key: *mut PyObject,
) -> i32 {
    // SAFETY: the contract.
    unsafe {
        operators::note_container(frame, container);
        PyObject_SetItem(container, key, value)
    }
}

/// `DELETE_SUBSCR`: `del container[key]`. Borrows both.
pub unsafe extern "C-unwind" fn delete_subscr(container: *mut PyObject, key: *mut PyObject) -> i32 {
    // SAFETY: the contract.
    unsafe { PyObject_DelItem(container, key) }
}

/// `LIST_APPEND`: appends `item` to an exact list. Borrows both.
pub unsafe extern "C-unwind" fn list_append(list: *mut PyObject, item: *mut PyObject) -> i32 {
    // SAFETY: the contract.
    unsafe { PyList_Append(list, item) }
}

/// `LIST_EXTEND`: extends an exact list as a `*iterable` in a display or call does. Borrows both.
pub unsafe extern "C-unwind" fn list_extend(list: *mut PyObject, iterable: *mut PyObject) -> i32 {
    // SAFETY: the contract; the result of success is None, ours to release.
    unsafe {
        let none = private::_PyList_Extend(list, iterable);
        if !none.is_null() {
            Py_DECREF(none);
            return 0;
        }
        let class = Py_TYPE(iterable);
        if PyErr_ExceptionMatches(PyExc_TypeError) != 0 && (*class).tp_iter.is_none() && PySequence_Check(iterable) == 0
        {
            PyErr_Clear();
            PyErr_Format(PyExc_TypeError, c"Value after * must be an iterable, not %.200s".as_ptr(), (*class).tp_name);
        }
        -1
    }
}

/// `SET_ADD`: adds `item` to a set. Borrows both.
pub unsafe extern "C-unwind" fn set_add(set: *mut PyObject, item: *mut PyObject) -> i32 {
    // SAFETY: the contract; adding consumes the reference made for it.
    unsafe {
        if PySet_CheckExact(set) == 0 {
            PyErr_Format(PyExc_TypeError, c"'%T' object is not a set".as_ptr(), set);
            return -1;
        }
        private::_PySet_AddTakeRef(set, Py_NewRef(item))
    }
}

/// `SET_UPDATE`: adds the items of `iterable` to a set. Borrows both.
pub unsafe extern "C-unwind" fn set_update(set: *mut PyObject, iterable: *mut PyObject) -> i32 {
    // SAFETY: the contract.
    unsafe { private::_PySet_Update(set, iterable) }
}

/// `MAP_ADD`: `dict[key] = value` in an exact dict. Borrows all.
pub unsafe extern "C-unwind" fn map_add(dict: *mut PyObject, key: *mut PyObject, value: *mut PyObject) -> i32 {
    // SAFETY: the contract; storing consumes the references made for it.
    unsafe { private::_PyDict_SetItem_Take2(dict, Py_NewRef(key), Py_NewRef(value)) }
}

/// `DICT_UPDATE`: updates a dict as a `**update` in a display does. Borrows both.
pub unsafe extern "C-unwind" fn dict_update(dict: *mut PyObject, update: *mut PyObject) -> i32 {
    // SAFETY: the contract; a fetched exception is ours until it is chained.
    unsafe {
        if PyDict_Update(dict, update) >= 0 {
            return 0;
        }
        if PyErr_ExceptionMatches(PyExc_AttributeError) != 0 {
            let exception = PyErr_GetRaisedException();
            let keys = intern!(Python::assume_attached(), "keys").as_ptr();
            if PyObject_HasAttrWithError(update, keys) == 0 {
                PyErr_Format(PyExc_TypeError, c"'%T' object is not a mapping".as_ptr(), update);
                Py_DECREF(exception);
            } else {
                private::_PyErr_ChainExceptions1(exception);
            }
        }
        -1
    }
}

/// `DICT_MERGE`: updates the dict of a call's keywords with `update`; `callable` is what will be called. Borrows all.
pub unsafe extern "C-unwind" fn dict_merge(
    tstate: *mut PyThreadState,
    callable: *mut PyObject,
    dict: *mut PyObject,
    update: *mut PyObject,
) -> i32 {
    let mut duplicate = null_mut();
    // SAFETY: the contract; the duplicate key is ours to release.
    unsafe {
        if private::_PyDict_MergeUniq(dict, update, &raw mut duplicate) >= 0 {
            return 0;
        }
        private::_PyEval_FormatKwargsError(tstate, callable, update, duplicate);
        Py_XDECREF(duplicate);
        -1
    }
}

/// `dict[key]` of an exact dict. Borrows both.
pub unsafe extern "C-unwind" fn dict_get_item(dict: *mut PyObject, key: *mut PyObject) -> *mut PyObject {
    let mut value = null_mut();
    // SAFETY: the contract.
    unsafe {
        if PyDict_GetItemRef(dict, key, &raw mut value) == 0 {
            private::_PyErr_SetKeyError(key);
        }
    }
    value
}

/// `dict[key] = value` of an exact dict. Borrows all.
pub unsafe extern "C-unwind" fn dict_set_item(value: *mut PyObject, dict: *mut PyObject, key: *mut PyObject) -> i32 {
    // SAFETY: the contract.
    unsafe { PyDict_SetItem(dict, key, value) }
}
