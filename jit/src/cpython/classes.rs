//! Classes by their versions.

use std::collections::HashMap;

use pyo3::ffi::{self, PyObject};

use super::gil::GilCell;
use super::typeobject::{FLAG_HEAPTYPE, Type};
use super::{constructor, kinds};
use crate::hir::types::Kinds;

/// Classes that are a part of the interpreter or of an extension and never die, as far as they were met.
static STATIC: GilCell<Vec<usize>> = GilCell::new(Vec::new());

/// The classes there are, by their versions, to be looked up while no Python code runs.
#[derive(Default)]
pub struct Classes(std::cell::OnceCell<HashMap<u32, usize>>);

impl Classes {
    /// The class that has this version, if it is alive.
    ///
    /// The interpreter's table of versions is asked first. It knows neither the classes that are a part of the interpreter, nor two
    /// whose versions have the same place. For these all classes are walked over, once: some ten microseconds for each hundred.
    pub fn with_version(&self, version: u32) -> Option<usize> {
        if version == 0 {
            return None;
        }
        constructor::class_with_version(version)
            .or_else(|| static_class(version))
            .or_else(|| self.0.get_or_init(all).get(&version).copied())
    }
}

/// The class of the interpreter that has this version, if it was met.
pub fn static_class(version: u32) -> Option<usize> {
    // SAFETY: types that are no objects on the heap live as long as the interpreter.
    let has_it = |class: &usize| unsafe { Type::from_ptr(*class as *mut _) }.version() == version;
    let mut common = Kinds::ALL.into_iter().filter_map(kinds::type_address);
    common.find(has_it).or_else(|| STATIC.with(|met| met.iter().copied().find(has_it)))
}

/// All classes that have a version. The calling thread is attached.
fn all() -> HashMap<u32, usize> {
    let (mut found, mut are_static) = (HashMap::new(), Vec::new());
    let object = (&raw mut ffi::PyBaseObject_Type).cast::<PyObject>();
    // SAFETY: the calling thread is attached. What `type.__subclasses__` lists are classes, which a list of their base holds, and which
    // stay when that is gone: no Python code runs meanwhile, and a class is a part of a cycle.
    unsafe {
        let list = ffi::PyObject_GetAttrString((&raw mut ffi::PyType_Type).cast(), c"__subclasses__".as_ptr());
        let mut waiting = vec![object];
        while let (Some(class), false) = (waiting.pop(), list.is_null()) {
            let view = Type::from_ptr(class.cast());
            let version = view.version();
            if version != 0 && found.insert(version, class as usize).is_some() {
                // By another base.
                continue;
            }
            if !view.has(FLAG_HEAPTYPE) && !are_static.contains(&(class as usize)) {
                are_static.push(class as usize);
            }
            let below = ffi::PyObject_CallOneArg(list, class);
            if below.is_null() {
                break;
            }
            waiting.extend((0..ffi::PyList_GET_SIZE(below)).map(|index| ffi::PyList_GET_ITEM(below, index)));
            ffi::Py_DECREF(below);
        }
        ffi::Py_XDECREF(list);
        if !ffi::PyErr_Occurred().is_null() {
            // Memory is short.
            ffi::PyErr_Clear();
        }
    }
    STATIC.with(|met| *met = are_static);
    found
}
