//! Arrays of the module `array` (private to `Modules/arraymodule.c`).
//!
//! The layout is in no header. It is only used once the module is there, and when the size of its instances and the place
//! of their list of weak references, which lies behind the fields used here, are those of the layout.

use std::ffi::CStr;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::ffi::{self, PyObject};

use super::typeobject::{self, Type};
use super::{memory, object};

/// Address of the items.
pub const OB_ITEM: i32 = object::OB_SIZE + 8;
/// The description of the items, behind the number of items that there is room for.
pub const OB_DESCR: i32 = OB_ITEM + 16;
/// In a description: the letter for the type of the items (`u8`).
pub const TYPECODE: i32 = 0;

/// Where an array's list of weak references is.
const WEAKREFLIST: isize = OB_DESCR as isize + 8;
/// Size of an array: behind the list is the number of exported buffers.
const ARRAY_SIZE: isize = WEAKREFLIST + 16;

/// The class once it has been seen; it is never freed then.
static CLASS: AtomicUsize = AtomicUsize::new(0);

/// The address of the class, if [`find_class`] has found it.
pub fn class() -> Option<usize> {
    Some(CLASS.load(Ordering::Relaxed)).filter(|class| *class != 0)
}

/// Looks for the class if the program has imported the module.
pub fn find_class() {
    if CLASS.load(Ordering::Relaxed) != 0 {
        return;
    }
    // SAFETY: the GIL is held; the look-ups run no Python code and borrow what they find, the class gets a reference. An
    // interpreter that is ending may have no modules any more, and to ask for them ends the process.
    unsafe {
        if ffi::Py_IsFinalizing() != 0 {
            return;
        }
        let modules = ffi::PyImport_GetModuleDict();
        if ffi::PyDict_CheckExact(modules) == 0 {
            return;
        }
        let module = ffi::PyDict_GetItemString(modules, c"array".as_ptr());
        if module.is_null() || ffi::PyModule_CheckExact(module) == 0 {
            return;
        }
        let class = ffi::PyDict_GetItemString(ffi::PyModule_GetDict(module), c"array".as_ptr());
        if !class.is_null() && ffi::PyType_CheckExact(class) != 0 && has_layout(class) {
            ffi::Py_INCREF(class);
            CLASS.store(class as usize, Ordering::Relaxed);
        }
    }
}

/// Whether a type is that of arrays, and lays them out as this module has it.
unsafe fn has_layout(class: *mut PyObject) -> bool {
    // SAFETY: the contract: a live type.
    unsafe {
        let name: *const std::ffi::c_char = memory::read(class, typeobject::TP_NAME);
        CStr::from_ptr(name) == c"array.array"
            && Type::from_ptr(class.cast()).is_of_extension()
            && Type::from_ptr(class.cast()).basic_size() == ARRAY_SIZE
            && (*class.cast::<ffi::PyTypeObject>()).tp_weaklistoffset == WEAKREFLIST
    }
}

/// The letter for the type of the items, if the object is an array.
pub fn typecode(address: usize) -> Option<u8> {
    if address == 0 {
        return None;
    }
    // SAFETY: the caller has a reference to the object; an array's description is static.
    unsafe {
        let array = address as *const PyObject;
        if class() != Some(object::type_of(array) as usize) {
            return None;
        }
        let description: *const u8 = memory::read(array, OB_DESCR);
        Some(memory::read(description, TYPECODE))
    }
}
