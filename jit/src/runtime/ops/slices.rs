//! Slices: of lists without a slice object, where the bounds are ints.

use pyo3::ffi::*;
use std::ptr::null_mut;

use crate::cpython::ffi as private;
use crate::cpython::{list, long, memory};

/// `BUILD_SLICE`: `slice(start, stop, step)`; `step` may be NULL. Borrows all.
pub unsafe extern "C-unwind" fn build_slice(
    start: *mut PyObject,
    stop: *mut PyObject,
    step: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { PySlice_New(start, stop, step) }
}

/// `BINARY_SLICE`: `container[start:stop]`. Borrows all.
pub unsafe extern "C-unwind" fn binary_slice(
    container: *mut PyObject,
    start: *mut PyObject,
    stop: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the contract; each fast path is given an object of exactly its class.
    unsafe {
        if PyList_CheckExact(container) != 0 {
            return private::_PyList_BinarySlice(container, start, stop);
        }
        if PyTuple_CheckExact(container) != 0 {
            return private::_PyTuple_BinarySlice(container, start, stop);
        }
        if PyUnicode_CheckExact(container) != 0 {
            return private::_PyUnicode_BinarySlice(container, start, stop);
        }
        item_of_slice(container, start, stop, null_mut())
    }
}

/// `container[start:stop:step]` by a slice object; `step` may be NULL. Borrows all.
unsafe fn item_of_slice(
    container: *mut PyObject,
    start: *mut PyObject,
    stop: *mut PyObject,
    step: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the contract; the slice is ours to release.
    unsafe {
        let slice = PySlice_New(start, stop, step);
        if slice.is_null() {
            return slice;
        }
        let result = PyObject_GetItem(container, slice);
        Py_DECREF(slice);
        result
    }
}

/// `BUILD_SLICE` and the subscript that it is for: `list[start:stop:step]` of an exact list; `step` may be NULL. Borrows all.
pub unsafe extern "C-unwind" fn list_slice(
    list: *mut PyObject,
    start: *mut PyObject,
    stop: *mut PyObject,
    step: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the contract; no code runs between looking at the list's size and at its items, of which there are as many.
    unsafe {
        let Some(bounds) = Bounds::of(list, start, stop, step) else {
            return item_of_slice(list, start, stop, step);
        };
        if bounds.step == 1 {
            return PyList_GetSlice(list, bounds.start, bounds.start + bounds.count);
        }
        let result = PyList_New(bounds.count);
        if result.is_null() || bounds.count == 0 {
            return result;
        }
        let source: *mut *mut PyObject = memory::read(list, list::OB_ITEM);
        let target: *mut *mut PyObject = memory::read(result, list::OB_ITEM);
        for i in 0..bounds.count {
            *target.offset(i) = Py_NewRef(*source.offset(bounds.start + i * bounds.step));
        }
        result
    }
}

/// `STORE_SLICE`: `container[start:stop] = value`. Borrows all.
pub unsafe extern "C-unwind" fn store_slice(
    value: *mut PyObject,
    container: *mut PyObject,
    start: *mut PyObject,
    stop: *mut PyObject,
) -> i32 {
    // SAFETY: the contract; the slice is ours to release.
    unsafe {
        let is_of_lists = PyList_CheckExact(container) != 0 && PyList_CheckExact(value) != 0;
        if is_of_lists && let Some(bounds) = Bounds::of(container, start, stop, null_mut()) {
            if PyList_GET_SIZE(value) == bounds.count && container != value && bounds.count <= MOST_REPLACED {
                replace_items(container, bounds.start, value);
                return 0;
            }
            return PyList_SetSlice(container, bounds.start, bounds.start + bounds.count, value);
        }
        let slice = PySlice_New(start, stop, null_mut());
        if slice.is_null() {
            return -1;
        }
        let status = PyObject_SetItem(container, slice, value);
        Py_DECREF(slice);
        status
    }
}

/// Items that are replaced at once at most, which takes place on the C stack.
const MOST_REPLACED: isize = 64;

/// Puts the items of `value`, another list, in the place of as many of `list`, from number `start` on. The old ones die when all
/// new ones are there, the last one first.
unsafe fn replace_items(list: *mut PyObject, start: isize, value: *mut PyObject) {
    let mut old = [null_mut(); MOST_REPLACED as usize];
    // SAFETY: the caller has seen that there are so many items; nothing dies before all are in their places.
    unsafe {
        let count = PyList_GET_SIZE(value) as usize;
        let source: *mut *mut PyObject = memory::read(value, list::OB_ITEM);
        let target = memory::read::<*mut *mut PyObject, _>(list, list::OB_ITEM).offset(start);
        for (i, old) in old[..count].iter_mut().enumerate() {
            *old = std::ptr::replace(target.add(i), Py_NewRef(*source.add(i)));
        }
        for old in old[..count].iter().rev() {
            Py_DECREF(*old);
        }
    }
}

/// The part of a list that a slice means.
struct Bounds {
    start: isize,
    step: isize,
    /// How many items it has.
    count: isize,
}

impl Bounds {
    /// Those of a slice by small ints, or by None, of a list; `step` may be NULL.
    unsafe fn of(
        list: *mut PyObject,
        start: *mut PyObject,
        stop: *mut PyObject,
        step: *mut PyObject,
    ) -> Option<Bounds> {
        // SAFETY: the caller has live objects, and a list.
        unsafe {
            let step = if step.is_null() { 1 } else { small(step, 1)? };
            if step == 0 {
                return None;
            }
            let (first, last) = if step < 0 { (isize::MAX, isize::MIN) } else { (0, isize::MAX) };
            let (mut start, mut stop) = (small(start, first)?, small(stop, last)?);
            let count = PySlice_AdjustIndices(PyList_GET_SIZE(list), &raw mut start, &raw mut stop, step);
            Some(Bounds { start, step, count })
        }
    }
}

/// The value of a small int, or `default` for None.
unsafe fn small(bound: *mut PyObject, default: isize) -> Option<isize> {
    // SAFETY: the caller has a live object.
    unsafe {
        if bound == Py_None() {
            return Some(default);
        }
        (PyLong_CheckExact(bound) != 0).then(|| long::compact_value(bound)).flatten().map(|value| value as isize)
    }
}
