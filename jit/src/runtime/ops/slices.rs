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

/// Bits of [`move_items`] for bounds that are None.
pub const START_IS_NONE: i64 = 1;
pub const STOP_IS_NONE: i64 = 2;
/// How far those are shifted that are for the slice that is replaced.
pub const TO: u32 = 2;

/// `list[to_start:to_stop] = source[start:stop:step]`, of exact lists, where as many items come as go and none of them dies by that.
/// Says whether it did it; 0 is for anything else, which changes nothing. `nones` has bits for bounds that are None, those of `list`
/// shifted by [`TO`]. Borrows both lists.
pub unsafe extern "C-unwind" fn move_items(
    source: *mut PyObject,
    start: i64,
    stop: i64,
    step: i64,
    list: *mut PyObject,
    to_start: i64,
    to_stop: i64,
    nones: i64,
) -> i32 {
    // SAFETY: the contract; nothing runs between looking at the sizes and moving the items.
    unsafe {
        let bound = |bit: i64, value: i64| (nones & bit == 0).then_some(value as isize);
        let (start, stop) = (bound(START_IS_NONE, start), bound(STOP_IS_NONE, stop));
        let from = Bounds::within(PyList_GET_SIZE(source), start, stop, step as isize);
        let (to_start, to_stop) = (bound(START_IS_NONE << TO, to_start), bound(STOP_IS_NONE << TO, to_stop));
        let to = Bounds::within(PyList_GET_SIZE(list), to_start, to_stop, 1);
        let (Some(from), Some(to)) = (from, to) else { return 0 };
        if from.count != to.count {
            return 0;
        }
        let count = to.count as usize;
        if count > 0 && source == list && from.step == -1 && from.start - (from.count - 1) == to.start {
            // The list keeps the items that it has: no reference is given or taken.
            let places = memory::read::<*mut *mut PyObject, _>(list, list::OB_ITEM).offset(to.start);
            std::slice::from_raw_parts_mut(places, count).reverse();
            return 1;
        }
        let (mut few, mut many) = ([null_mut(); MOST_REPLACED as usize], Vec::new());
        let moved: &mut [*mut PyObject] = if count <= few.len() {
            &mut few[..count]
        } else if many.try_reserve_exact(count).is_ok() {
            many.resize(count, null_mut());
            &mut many
        } else {
            return 0;
        };
        let items: *mut *mut PyObject = memory::read(source, list::OB_ITEM);
        let places = memory::read::<*mut *mut PyObject, _>(list, list::OB_ITEM).offset(to.start);
        for (i, moved) in moved.iter_mut().enumerate() {
            *moved = Py_NewRef(*items.offset(from.start + i as isize * from.step));
        }
        // The last reference to an item could be the list's, which may have several: all are given up before the items go.
        for i in 0..count {
            if Py_REFCNT(*places.add(i)) == 1 {
                (0..i).for_each(|given| Py_INCREF(*places.add(given)));
                moved.iter().for_each(|item| Py_DECREF(*item));
                return 0;
            }
            Py_DECREF(*places.add(i));
        }
        places.copy_from_nonoverlapping(moved.as_ptr(), count);
        1
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
            let step = if step.is_null() { 1 } else { small(step)?.unwrap_or(1) };
            Bounds::within(PyList_GET_SIZE(list), small(start)?, small(stop)?, step)
        }
    }

    /// Those of a slice of so many items, if its step is not 0.
    fn within(size: isize, start: Option<isize>, stop: Option<isize>, step: isize) -> Option<Bounds> {
        let (lowest, highest) = if step < 0 { (-1, size - 1) } else { (0, size) };
        let within = |bound: isize| if bound < 0 { (bound + size).max(lowest) } else { bound.min(highest) };
        let (first, last) = if step < 0 { (highest, lowest) } else { (lowest, highest) };
        let (start, stop) = (start.map_or(first, within), stop.map_or(last, within));
        let count = match step {
            0 => return None,
            1 => (stop - start).max(0),
            -1 => (start - stop).max(0),
            1.. if start < stop => (stop - start - 1) / step + 1,
            ..0 if stop < start => (start - stop - 1) / step.checked_neg()? + 1,
            _ => 0,
        };
        Some(Bounds { start, step, count })
    }
}

/// The value of a small int, or none for None; nothing for anything else.
unsafe fn small(bound: *mut PyObject) -> Option<Option<isize>> {
    // SAFETY: the caller has a live object.
    unsafe {
        if bound == Py_None() {
            return Some(None);
        }
        let value = (PyLong_CheckExact(bound) != 0).then(|| long::compact_value(bound)).flatten()?;
        Some(Some(value as isize))
    }
}

#[cfg(test)]
mod tests {
    use super::Bounds;

    /// The items that a slice means, told by what Python's own definition says of each bound.
    fn expected(size: isize, start: Option<isize>, stop: Option<isize>, step: isize) -> Vec<isize> {
        let clamp = |bound: isize, low: isize, high: isize| {
            let bound = if bound < 0 { bound.saturating_add(size) } else { bound };
            bound.clamp(low, high)
        };
        let (low, high) = if step > 0 { (0, size) } else { (-1, size - 1) };
        let mut at = start.map_or(if step > 0 { low } else { high }, |start| clamp(start, low, high));
        let stop = stop.map_or(if step > 0 { high } else { low }, |stop| clamp(stop, low, high));
        let mut items = Vec::new();
        while step > 0 && at < stop || step < 0 && at > stop {
            items.push(at);
            at = at.saturating_add(step);
        }
        items
    }

    #[test]
    fn bounds_are_those_of_slices() {
        let near = (-7..=7).chain([isize::MIN, isize::MIN + 1, isize::MAX]);
        let bounds: Vec<Option<isize>> = near.clone().map(Some).chain([None]).collect();
        for size in 0..=6 {
            for step in near.clone().filter(|step| !matches!(*step, 0 | isize::MIN)) {
                for (&start, &stop) in bounds.iter().flat_map(|start| bounds.iter().map(move |stop| (start, stop))) {
                    let items = expected(size, start, stop, step);
                    let found = Bounds::within(size, start, stop, step).unwrap();
                    let told = (0..found.count).map(|i| found.start + i * found.step).collect::<Vec<_>>();
                    assert_eq!(told, items, "[{start:?}:{stop:?}:{step}] of {size}");
                }
            }
        }
        assert!(Bounds::within(3, None, None, 0).is_none());
    }
}
