//! Noticing who looks: the getter of `frame.f_locals`, and what reads or writes through the proxy that it returns, are
//! wrapped. The wrappers are put into tables of function pointers, which are data, and call what was there before: CPython's
//! own functions, or the wrappers of somebody else.

use std::ffi::{CStr, c_int, c_void};
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::ffi::{self, Py_ssize_t, PyObject};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::activation::Activation;
use crate::cpython::ffi as private;
use crate::cpython::{frame, memory};

/// The activation that a frame object belongs to.
///
/// # Safety
/// A live frame object, with the GIL held; the result is used only as long as the function has not gone on.
unsafe fn of_frame<'a>(object: *mut PyObject) -> Option<&'a Activation> {
    // SAFETY: the contract.
    unsafe {
        let frame = memory::read(object, frame::OBJ_F_FRAME);
        Activation::of(frame)
    }
}

/// The activation whose locals an object is the proxy of.
///
/// # Safety
/// A live object, otherwise as for [`of_frame`].
unsafe fn of_proxy<'a>(object: *mut PyObject) -> Option<&'a Activation> {
    // SAFETY: the contract; a proxy owns its frame object.
    unsafe {
        if ffi::Py_TYPE(object) != &raw mut private::PyFrameLocalsProxy_Type {
            return None;
        }
        of_frame(memory::read(object, frame::PROXY_FRAME))
    }
}

/// Has the reifier tell the locals that an object is the proxy of, if it is one of ours; false with an exception set.
///
/// # Safety
/// As for [`of_proxy`].
unsafe fn look(object: *mut PyObject) -> bool {
    // SAFETY: the contract.
    unsafe { of_proxy(object).is_none_or(told) }
}

fn told(activation: &Activation) -> bool {
    // SAFETY: the interpreter calls the wrappers attached.
    let py = unsafe { Python::assume_attached() };
    activation.look(py).map_err(|error| error.restore(py)).is_ok()
}

/// Wrappers that look first. Each has a place for the function that was there before.
macro_rules! looking {
    ($($name:ident = $place:ident, $what:ident($object:ident $(, $argument:ident: $ty:ty)*) -> $result:ty, $failure:expr;)*) => {$(
        static $place: AtomicUsize = AtomicUsize::new(0);

        unsafe extern "C" fn $name($object: *mut PyObject $(, $argument: $ty)*) -> $result {
            // SAFETY: called by the interpreter with live objects; what was there before has this signature.
            unsafe {
                if !$what($object $(, $argument)*) {
                    return $failure;
                }
                let original: unsafe extern "C" fn(*mut PyObject $(, $ty)*) -> $result =
                    std::mem::transmute($place.load(Ordering::Relaxed));
                original($object $(, $argument)*)
            }
        }
    )*};
}

looking! {
    get_locals = GET_LOCALS, look_at_frame(object, closure: *mut c_void) -> *mut PyObject, std::ptr::null_mut();
    repr = REPR, look(proxy) -> *mut PyObject, std::ptr::null_mut();
    iter = ITER, look(proxy) -> *mut PyObject, std::ptr::null_mut();
    length = LENGTH, look(proxy) -> Py_ssize_t, -1;
    compare = COMPARE, look_and_compare(proxy, other: *mut PyObject, how: c_int) -> *mut PyObject, std::ptr::null_mut();
    contains = CONTAINS, look_for(proxy, key: *mut PyObject) -> c_int, -1;
    subscript = SUBSCRIPT, look_for(proxy, key: *mut PyObject) -> *mut PyObject, std::ptr::null_mut();
    or = OR, look_at_both(left, right: *mut PyObject) -> *mut PyObject, std::ptr::null_mut();
    method_contains = M_CONTAINS, look_for(proxy, key: *mut PyObject) -> *mut PyObject, std::ptr::null_mut();
    method_getitem = M_GETITEM, look_for(proxy, key: *mut PyObject) -> *mut PyObject, std::ptr::null_mut();
    method_reversed = M_REVERSED, look_for(proxy, unused: *mut PyObject) -> *mut PyObject, std::ptr::null_mut();
    method_copy = M_COPY, look_for(proxy, unused: *mut PyObject) -> *mut PyObject, std::ptr::null_mut();
    method_keys = M_KEYS, look_for(proxy, unused: *mut PyObject) -> *mut PyObject, std::ptr::null_mut();
    method_values = M_VALUES, look_for(proxy, unused: *mut PyObject) -> *mut PyObject, std::ptr::null_mut();
    method_items = M_ITEMS, look_for(proxy, unused: *mut PyObject) -> *mut PyObject, std::ptr::null_mut();
    method_get = M_GET, look_with(proxy, arguments: *const *mut PyObject, count: Py_ssize_t) -> *mut PyObject, std::ptr::null_mut();
    method_pop = M_POP, look_with(proxy, arguments: *const *mut PyObject, count: Py_ssize_t) -> *mut PyObject, std::ptr::null_mut();
}

unsafe fn look_at_frame(object: *mut PyObject, _: *mut c_void) -> bool {
    // SAFETY: the getter's wrapper passes a frame object.
    unsafe { of_frame(object).is_none_or(told) }
}

unsafe fn look_for(proxy: *mut PyObject, _: *mut PyObject) -> bool {
    // SAFETY: the wrapper's.
    unsafe { look(proxy) }
}

unsafe fn look_and_compare(proxy: *mut PyObject, other: *mut PyObject, _: c_int) -> bool {
    // SAFETY: the wrapper's.
    unsafe { look(proxy) && look(other) }
}

unsafe fn look_at_both(left: *mut PyObject, right: *mut PyObject) -> bool {
    // SAFETY: the wrapper's.
    unsafe { look(left) && look(right) }
}

unsafe fn look_with(proxy: *mut PyObject, _: *const *mut PyObject, _: Py_ssize_t) -> bool {
    // SAFETY: the wrapper's.
    unsafe { look(proxy) }
}

static ASSIGN: AtomicUsize = AtomicUsize::new(0);
static MERGE: AtomicUsize = AtomicUsize::new(0);
static UPDATE: AtomicUsize = AtomicUsize::new(0);
static SETDEFAULT: AtomicUsize = AtomicUsize::new(0);

/// Where among its variables an activation has the one that a key names.
fn variable(activation: &Activation, key: &Bound<'_, PyAny>) -> Option<usize> {
    let key = key.cast::<PyString>().ok()?;
    activation.code().names().iter().position(|name| key == name.as_str())
}

unsafe extern "C" fn assign(proxy: *mut PyObject, key: *mut PyObject, value: *mut PyObject) -> c_int {
    // SAFETY: called by the interpreter with live objects, `value` null for a deletion; the original has this signature.
    unsafe {
        let py = Python::assume_attached();
        let bound_key = Bound::from_borrowed_ptr(py, key);
        if let Some(activation) = of_proxy(proxy).filter(|_| !value.is_null())
            && let Some(variable) = variable(activation, &bound_key)
        {
            let outcome = activation.assign(variable, Bound::from_borrowed_ptr(py, value));
            return outcome.map_or_else(
                |error| {
                    error.restore(py);
                    -1
                },
                |()| 0,
            );
        }
        let original: ffi::objobjargproc = std::mem::transmute(ASSIGN.load(Ordering::Relaxed));
        original(proxy, key, value)
    }
}

/// Assigns the items of a mapping one by one. False with an exception set.
///
/// # Safety
/// Live objects, the first one a proxy of ours.
unsafe fn assign_all(proxy: *mut PyObject, mapping: *mut PyObject) -> bool {
    // SAFETY: the contract.
    unsafe {
        let py = Python::assume_attached();
        let items = PyDict::new(py);
        let copied = items.update(Bound::from_borrowed_ptr(py, mapping).cast_unchecked());
        if let Err(error) = copied {
            error.restore(py);
            return false;
        }
        items.iter().all(|(key, value)| assign(proxy, key.as_ptr(), value.as_ptr()) == 0)
    }
}

/// Whether `mapping` is to be assigned to the locals of one of our frames, of what the original would take.
unsafe fn is_update(proxy: *mut PyObject, mapping: *mut PyObject) -> bool {
    // SAFETY: the callers pass live objects.
    unsafe {
        let is_proxy = ffi::Py_TYPE(mapping) == &raw mut private::PyFrameLocalsProxy_Type;
        (is_proxy || ffi::PyDict_Check(mapping) != 0) && of_proxy(proxy).is_some()
    }
}

unsafe extern "C" fn merge(proxy: *mut PyObject, other: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by the interpreter with live objects; the original has this signature.
    unsafe {
        if is_update(proxy, other) {
            return if assign_all(proxy, other) { ffi::Py_NewRef(proxy) } else { std::ptr::null_mut() };
        }
        let original: ffi::binaryfunc = std::mem::transmute(MERGE.load(Ordering::Relaxed));
        original(proxy, other)
    }
}

unsafe extern "C" fn update(proxy: *mut PyObject, other: *mut PyObject) -> *mut PyObject {
    // SAFETY: as in `merge`.
    unsafe {
        if is_update(proxy, other) {
            return if assign_all(proxy, other) { ffi::Py_NewRef(ffi::Py_None()) } else { std::ptr::null_mut() };
        }
        let original: ffi::PyCFunction = std::mem::transmute(UPDATE.load(Ordering::Relaxed));
        original(proxy, other)
    }
}

unsafe extern "C" fn setdefault(
    proxy: *mut PyObject,
    arguments: *mut *mut PyObject,
    count: Py_ssize_t,
) -> *mut PyObject {
    // SAFETY: as in `merge`, with as many arguments as the count says.
    unsafe {
        if let Some(activation) = of_proxy(proxy).filter(|_| (1..=2).contains(&count)) {
            let py = Python::assume_attached();
            let key = Bound::from_borrowed_ptr(py, *arguments);
            if let Some(variable) = variable(activation, &key) {
                if !told(activation) {
                    return std::ptr::null_mut();
                }
                // The function may have gone on, or left, while it was asked.
                if of_proxy(proxy).is_some_and(|activation| !activation.is_bound(variable)) {
                    let value = if count == 2 { *arguments.add(1) } else { ffi::Py_None() };
                    let assigned = assign(proxy, *arguments, value) == 0;
                    return if assigned { ffi::Py_NewRef(value) } else { std::ptr::null_mut() };
                }
            }
        }
        let original: unsafe extern "C" fn(*mut PyObject, *mut *mut PyObject, Py_ssize_t) -> *mut PyObject =
            std::mem::transmute(SETDEFAULT.load(Ordering::Relaxed));
        original(proxy, arguments, count)
    }
}

/// Wraps everything; once a process.
pub fn install(_: Python<'_>) {
    // SAFETY: attached; the tables of static types are writable data. Getters, slots and definitions of methods are read at
    // each use, and the type of proxies cannot be subclassed.
    unsafe {
        let mut getter = ffi::PyFrame_Type.tp_getset;
        while !(*getter).name.is_null() {
            if CStr::from_ptr((*getter).name) == c"f_locals" {
                replace((&raw mut (*getter).get).cast(), &GET_LOCALS, get_locals as *const ());
            }
            getter = getter.add(1);
        }
        let proxy = &raw mut private::PyFrameLocalsProxy_Type;
        let (number, sequence, mapping) = ((*proxy).tp_as_number, (*proxy).tp_as_sequence, (*proxy).tp_as_mapping);
        replace((&raw mut (*proxy).tp_repr).cast(), &REPR, repr as *const ());
        replace((&raw mut (*proxy).tp_iter).cast(), &ITER, iter as *const ());
        replace((&raw mut (*proxy).tp_richcompare).cast(), &COMPARE, compare as *const ());
        replace((&raw mut (*sequence).sq_contains).cast(), &CONTAINS, contains as *const ());
        replace((&raw mut (*mapping).mp_length).cast(), &LENGTH, length as *const ());
        replace((&raw mut (*mapping).mp_subscript).cast(), &SUBSCRIPT, subscript as *const ());
        replace((&raw mut (*mapping).mp_ass_subscript).cast(), &ASSIGN, assign as *const ());
        replace((&raw mut (*number).nb_or).cast(), &OR, or as *const ());
        replace((&raw mut (*number).nb_inplace_or).cast(), &MERGE, merge as *const ());
        let mut method = (*proxy).tp_methods;
        while !(*method).ml_name.is_null() {
            wrap_method(method);
            method = method.add(1);
        }
    }
}

/// Wraps a method of proxies, if its convention is the expected one.
unsafe fn wrap_method(method: *mut ffi::PyMethodDef) {
    // SAFETY: the caller passes a definition in a writable table.
    unsafe {
        let place = (&raw mut (*method).ml_meth).cast();
        let convention = (*method).ml_flags & !ffi::METH_COEXIST;
        let (original, wrapper): (_, *const ()) = match (CStr::from_ptr((*method).ml_name).to_bytes(), convention) {
            (b"__contains__", ffi::METH_O) => (&M_CONTAINS, method_contains as _),
            (b"__getitem__", ffi::METH_O) => (&M_GETITEM, method_getitem as _),
            (b"__reversed__", ffi::METH_NOARGS) => (&M_REVERSED, method_reversed as _),
            (b"copy", ffi::METH_NOARGS) => (&M_COPY, method_copy as _),
            (b"keys", ffi::METH_NOARGS) => (&M_KEYS, method_keys as _),
            (b"values", ffi::METH_NOARGS) => (&M_VALUES, method_values as _),
            (b"items", ffi::METH_NOARGS) => (&M_ITEMS, method_items as _),
            (b"get", ffi::METH_FASTCALL) => (&M_GET, method_get as _),
            (b"pop", ffi::METH_FASTCALL) => (&M_POP, method_pop as _),
            (b"update", ffi::METH_O) => (&UPDATE, update as _),
            (b"setdefault", ffi::METH_FASTCALL) => (&SETDEFAULT, setdefault as _),
            _ => return,
        };
        replace(place, original, wrapper);
    }
}

/// Puts a wrapper where a function pointer is, and keeps what was there.
unsafe fn replace(place: *mut usize, original: &AtomicUsize, wrapper: *const ()) {
    // SAFETY: the caller's: a place in a writable table.
    unsafe {
        if *place != 0 && original.load(Ordering::Relaxed) == 0 {
            original.store(*place, Ordering::Relaxed);
            *place = wrapper as usize;
        }
    }
}
