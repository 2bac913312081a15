//! Being told when a dict or a class changes (`Include/cpython/dictobject.h`, `Include/cpython/object.h`).

use std::sync::atomic::{AtomicI32, Ordering};

use pyo3::ffi::{self, PyObject};

use super::ffi as private;
use super::object;
use super::typeobject::{FLAG_HEAPTYPE, Type};

/// The watchers of this process, negative if there is none.
static DICTS: AtomicI32 = AtomicI32::new(-1);
static CLASSES: AtomicI32 = AtomicI32::new(-1);

/// Has these told of the changes of all dicts and classes that will be watched. If other tools have all of the interpreter's few
/// watchers, none will be.
pub fn install(on_dict: private::DictWatchCallback, on_class: private::TypeWatchCallback) {
    // SAFETY: the caller is attached, and the callbacks live as long as the process.
    unsafe {
        DICTS.store(private::PyDict_AddWatcher(on_dict), Ordering::Relaxed);
        CLASSES.store(private::PyType_AddWatcher(on_class), Ordering::Relaxed);
        ffi::PyErr_Clear();
    }
}

/// Whether what returns 0 or an exception has worked. Nobody wants the exception.
fn is_done(status: i32) -> bool {
    if status != 0 {
        // SAFETY: the callers are attached.
        unsafe { ffi::PyErr_Clear() };
    }
    status == 0
}

/// Watches a live dict. Says whether it is watched.
pub fn watch_dict(dict: usize) -> bool {
    let watcher = DICTS.load(Ordering::Relaxed);
    // SAFETY: the caller knows a live dict at the address, and is attached.
    watcher >= 0 && is_done(unsafe { private::PyDict_Watch(watcher, dict as *mut PyObject) })
}

/// Watches a live dict, which is watched, no more.
pub fn unwatch_dict(dict: usize) {
    // SAFETY: the caller knows a live dict that is watched, and is attached.
    is_done(unsafe { private::PyDict_Unwatch(DICTS.load(Ordering::Relaxed), dict as *mut PyObject) });
}

/// Watches a live class on the heap as long as it has this version. Says whether it is watched. One with a metaclass is not: where that
/// has a `mro` of its own, nobody is told when the bases change.
pub fn watch_class(class: usize, version: u32) -> bool {
    let watcher = CLASSES.load(Ordering::Relaxed);
    // SAFETY: the caller knows a live class at the address, and is attached.
    unsafe {
        let view = Type::from_ptr(class as *mut _);
        let is_plain = object::type_of(class as *mut PyObject) == &raw mut ffi::PyType_Type && view.has(FLAG_HEAPTYPE);
        let is_fine = watcher >= 0 && is_plain && view.version() == version && version != 0;
        is_fine && is_done(private::PyType_Watch(watcher, class as *mut PyObject)) && view.version() == version
    }
}
