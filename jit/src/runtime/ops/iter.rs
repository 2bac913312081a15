//! Iteration and unpacking.
//!
//! A loop keeps two values: the iterator, and an index word. For classes with the interpreter's item protocol (list,
//! tuple) the iterator is the sequence itself and the index word a tagged int; for all others the index word is the
//! NULL reference. The word has the interpreter's own form, so that it can be put on a frame's stack as it is.

use pyo3::ffi::*;
use std::ffi::c_int;
use std::ptr::null_mut;

use crate::cpython::ffi as private;
use crate::cpython::frame::{InterpreterFrame, StackRef};
use crate::cpython::{interp, memory, object, range, reftracer};

/// What [`for_iter`] returns after it set an exception; NULL means that the iterator is exhausted.
pub const ITER_ERROR: *mut PyObject = std::ptr::without_provenance_mut(1);

/// `GET_ITER`: starts an iteration over `iterable`; `*out` gets the index word. Borrows `iterable`.
///
/// `mode` is the instruction's oparg, 0 for a `for` loop.
pub unsafe extern "C-unwind" fn get_iter(iterable: *mut PyObject, mode: i64, out: *mut *mut PyObject) -> *mut PyObject {
    let mut index = StackRef::NULL;
    // SAFETY: the contract; the callee closes a borrowed reference without effect.
    unsafe {
        let iterator = private::_PyEval_GetIter(StackRef::from_borrowed(iterable), &raw mut index, mode as c_int);
        out.cast::<StackRef>().write(index);
        if iterator == StackRef::ERROR {
            return null_mut();
        }
        iterator.into_owned()
    }
}

/// What `iter(range(start, stop, step))` returns; the step is not 0.
///
/// Source: `range_iter` in `Objects/rangeobject.c`, which has an iterator of machine words where nothing can overflow.
pub unsafe extern "C-unwind" fn iter_range(start: i64, stop: i64, step: i64) -> *mut PyObject {
    if step == 1
        && let Some(len) = stop.checked_sub(start)
    {
        // SAFETY: the contract.
        return unsafe { range_iterator(start, step, len.max(0)) };
    }
    let distance = if step > 0 { i128::from(stop) - i128::from(start) } else { i128::from(start) - i128::from(stop) };
    let stride = i128::from(step).abs();
    let len = if distance > 0 { (distance - 1) / stride + 1 } else { 0 };
    let end = i128::from(start) + len * i128::from(step);
    // SAFETY: the GIL is held. A new range iterator is a head and three words, which are not read before they are written.
    unsafe {
        let (Ok(len), Ok(_)) = (i64::try_from(len), i64::try_from(end)) else {
            let range = PyObject_CallFunction((&raw mut PyRange_Type).cast(), c"LLL".as_ptr(), start, stop, step);
            if range.is_null() {
                return range;
            }
            let iterator = PyObject_GetIter(range);
            Py_DECREF(range);
            return iterator;
        };
        range_iterator(start, step, len)
    }
}

/// A range iterator of machine words, made of a dead one if there is one and nobody wants to be told.
///
/// # Safety
/// The GIL is held.
unsafe fn range_iterator(start: i64, step: i64, len: i64) -> *mut PyObject {
    // SAFETY: the contract; a new range iterator is a head and three words, which are not read before they are written. What is in
    // the free list is one but for its reference count, in whose place it has the next one.
    unsafe {
        let state = interp::address() as *mut u8;
        let mut iterator: *mut PyObject = memory::read(state, range::FREELIST_HEAD);
        if iterator.is_null() || reftracer::is_set() {
            iterator = PyObject_New(&raw mut PyRangeIter_Type);
            if iterator.is_null() {
                return iterator;
            }
        } else {
            let next: usize = memory::read(iterator, object::OB_REFCNT);
            let rest: isize = memory::read::<isize, _>(state, range::FREELIST_LEN) - 1;
            memory::write(state, range::FREELIST_HEAD, next);
            memory::write(state, range::FREELIST_LEN, rest);
            memory::write(iterator, object::OB_REFCNT, 1_usize);
        }
        for (offset, value) in [(range::ITER_START, start), (range::ITER_STEP, step), (range::ITER_LEN, len)] {
            memory::write(iterator, offset, value);
        }
        iterator
    }
}

/// `FOR_ITER`: the next item, NULL when there is none, [`ITER_ERROR`] on error; advances `*index`. Borrows `iterator`.
pub unsafe extern "C-unwind" fn for_iter(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    iterator: *mut PyObject,
    index: *mut *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the contract; the item is ours.
    unsafe {
        match private::_PyForIter_VirtualIteratorNext(tstate, frame, StackRef::from_borrowed(iterator), index.cast()) {
            StackRef::NULL => null_mut(),
            StackRef::ERROR => ITER_ERROR,
            item => item.into_owned(),
        }
    }
}

/// The end of an `enumerate` over a list or tuple of which no item is left.
pub unsafe extern "C-unwind" fn end_pairs(pairs: *mut PyObject) -> i32 {
    // SAFETY: the contract: its class has a function for the next item, which gives none.
    unsafe {
        let next = (*Py_TYPE(pairs)).tp_iternext.expect("an iterator");
        if next(pairs).is_null() && PyErr_Occurred().is_null() { 0 } else { -1 }
    }
}

/// Has the collector of garbage know of an object that it does not know of.
pub unsafe extern "C-unwind" fn track(object: *mut PyObject) {
    // SAFETY: the contract.
    unsafe { PyObject_GC_Track(object.cast()) }
}

/// What `FOR_ITER` does when an iterator has returned nothing: 0 if it is exhausted, negative if it raised something else.
pub unsafe extern "C-unwind" fn end_iteration(tstate: *mut PyThreadState, frame: *mut InterpreterFrame) -> i32 {
    // SAFETY: the contract.
    unsafe {
        if PyErr_Occurred().is_null() {
            return 0;
        }
        if PyErr_ExceptionMatches(PyExc_StopIteration) == 0 {
            return -1;
        }
        private::_PyEval_MonitorRaise(tstate, frame, (*frame).instr_ptr);
        PyErr_Clear();
        0
    }
}

/// `GET_LEN`: `len(object)` as an int. Borrows it.
pub unsafe extern "C-unwind" fn get_len(object: *mut PyObject) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe {
        let length = PyObject_Size(object);
        if length < 0 {
            return null_mut();
        }
        PyLong_FromSsize_t(length)
    }
}

/// Unpacks into `out` and makes plain owned references of what was written there.
unsafe fn unpack(
    tstate: *mut PyThreadState,
    sequence: *mut PyObject,
    before: c_int,
    after: c_int,
    total: usize,
    out: *mut *mut PyObject,
) -> i32 {
    // SAFETY: the contract; the callee fills all of `out` from its end, or nothing.
    unsafe {
        let slots = out.cast::<StackRef>();
        if private::_PyEval_UnpackIterableStackRef(tstate, sequence, before, after, slots.add(total)) == 0 {
            return -1;
        }
        for i in 0..total {
            out.add(i).write((*slots.add(i)).into_owned());
        }
        0
    }
}

/// `UNPACK_SEQUENCE`: exactly `count` items as new references in `out`, in stack order: the first item is the last
/// element. Borrows `sequence`.
pub unsafe extern "C-unwind" fn unpack_sequence(
    tstate: *mut PyThreadState,
    sequence: *mut PyObject,
    count: i64,
    out: *mut *mut PyObject,
) -> i32 {
    // SAFETY: the contract.
    unsafe { unpack(tstate, sequence, count as c_int, -1, count as usize, out) }
}

/// `UNPACK_EX`: items before the star (`oparg & 0xff`), the list, and items after it (`oparg >> 8`) as new references
/// in `out`, in stack order: the first item is the last element. Borrows `sequence`.
pub unsafe extern "C-unwind" fn unpack_ex(
    tstate: *mut PyThreadState,
    sequence: *mut PyObject,
    oparg: i64,
    out: *mut *mut PyObject,
) -> i32 {
    let (before, after) = ((oparg & 0xff) as c_int, (oparg >> 8) as c_int);
    let total = before as usize + after as usize + 1;
    // SAFETY: the contract.
    unsafe { unpack(tstate, sequence, before, after, total, out) }
}
