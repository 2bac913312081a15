//! Classes whose calls do no more than `object.__new__` and an `__init__` written in Python.

use std::ffi::CStr;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use pyo3::ffi::{self, PyObject};

use super::code::Code;
use super::typeobject::{self, Type};
use super::{ffi as private, function, interp, kinds, memory, object, thread::Thread};
use crate::code::state::{NEVER_EXACT, exact_arguments};
use crate::hir::types::Kinds;

/// What a call of a class does.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Constructor {
    /// The address of the Python function that is `__init__`, or 0 where that is `object`'s, which takes no arguments.
    pub init: usize,
    /// The class's version, which keeps all of this true.
    pub version: u32,
    /// Whether the interpreter specializes calls without keywords. Then it moves the arguments into the frame of
    /// `__init__`, and has a frame of its own below that, which counts against the recursion limit.
    pub is_specialized: bool,
}

/// What a call of the object at `class` does, if it is such a class.
///
/// The object is alive and the GIL held.
pub fn of(class: usize) -> Option<Constructor> {
    // SAFETY: the caller has a reference, or a cache, that keeps the object alive; only a type is used as one.
    unsafe {
        let object = class as *mut PyObject;
        if !std::ptr::eq(object::type_of(object), &raw const ffi::PyType_Type) {
            return None;
        }
        let ty = Type::from_ptr(object.cast());
        let slots = &*ty.as_ptr();
        let base = &raw mut ffi::PyBaseObject_Type;
        let is_new_plain = slots.tp_new.map(|new| new as *const ()) == (*base).tp_new.map(|new| new as *const ());
        let is_alloc_plain =
            slots.tp_alloc.map(|alloc| alloc as *const ()) == Some(ffi::PyType_GenericAlloc as *const ());
        let is_special = ty.flags() & (typeobject::FLAG_ABSTRACT | typeobject::FLAG_IMMUTABLE) != 0;
        if !ty.has(typeobject::FLAG_HEAPTYPE) || is_special || !is_new_plain || !is_alloc_plain {
            return None;
        }
        let name = init_name()?;
        let found = private::_PyType_Lookup(ty.as_ptr(), name);
        let version = ty.version();
        if found.is_null() || version == 0 {
            return None;
        }
        if kinds::of_object(found as usize) == Kinds::FUNCTION {
            let is_specialized = exact_arguments(function::Function::from_ptr(found).code_view()) != NEVER_EXACT;
            return Some(Constructor { init: found as usize, version, is_specialized });
        }
        let is_inherited = found == private::_PyType_Lookup(base, name);
        is_inherited.then_some(Constructor { init: 0, version, is_specialized: false })
    }
}

/// What a call of the object at `class` enters, by the vectorcall protocol, if that is a class made by no program.
///
/// The object is alive and the GIL held.
pub fn native(class: usize) -> Option<usize> {
    // SAFETY: the caller has a reference, or a cache, that keeps the object alive; only a type is used as one.
    unsafe {
        let object = class as *mut PyObject;
        if !std::ptr::eq(object::type_of(object), &raw const ffi::PyType_Type)
            || Type::from_ptr(object.cast()).has(typeobject::FLAG_HEAPTYPE)
        {
            return None;
        }
        let entry: usize = memory::read(object, typeobject::TP_VECTORCALL);
        (entry != 0).then_some(entry)
    }
}

/// The class that has `version`, if it is alive and the interpreter remembers it.
pub fn class_with_version(version: u32) -> Option<usize> {
    // SAFETY: the calling thread is attached; the table has classes that are alive, or null.
    unsafe {
        let table = Thread::current().interp().byte_offset(interp::TYPE_VERSION_CACHE as isize);
        let class: *mut PyObject = memory::read(table, (version % interp::TYPE_VERSION_CACHE_SIZE) as i32 * 8);
        let is_it = version != 0 && !class.is_null() && Type::from_ptr(class.cast()).version() == version;
        is_it.then_some(class as usize)
    }
}

/// The words of the frame that the interpreter has below that of `__init__`.
pub fn shim_size() -> u32 {
    // SAFETY: a code object that is part of the interpreter.
    unsafe { Code::from_ptr((&raw const private::_Py_InitCleanup).cast_mut().cast()).frame_size() }
}

/// Whether the attribute `__class__` of instances of the class is their class.
///
/// # Safety
/// A live type, and the GIL is held.
pub unsafe fn says_its_class(class: *mut ffi::PyTypeObject) -> bool {
    static NAME: AtomicUsize = AtomicUsize::new(0);
    /// Versions of classes for which it is true.
    static KNOWN: [AtomicU32; 256] = [const { AtomicU32::new(0) }; 256];
    let Some(name) = interned(&NAME, c"__class__") else { return false };
    // SAFETY: the contract; what is found is borrowed, and only compared.
    unsafe {
        let version = Type::from_ptr(class).version();
        let known = &KNOWN[version as usize % KNOWN.len()];
        if version != 0 && known.load(Ordering::Relaxed) == version {
            return true;
        }
        let getter = (*class).tp_getattro.map(|getter| getter as *const ());
        if getter != Some(ffi::PyObject_GenericGetAttr as *const ()) {
            return false;
        }
        let found = private::_PyType_Lookup(class, name);
        let is_plain = !found.is_null() && found == private::_PyType_Lookup(&raw mut ffi::PyBaseObject_Type, name);
        if is_plain {
            // Looking up has given it a version, if it can have one.
            let version = Type::from_ptr(class).version();
            KNOWN[version as usize % KNOWN.len()].store(version, Ordering::Relaxed);
        }
        is_plain
    }
}

/// `"__init__"`, interned.
fn init_name() -> Option<*mut PyObject> {
    static NAME: AtomicUsize = AtomicUsize::new(0);
    interned(&NAME, c"__init__")
}

/// The interned string `text`, which `place` remembers.
fn interned(place: &AtomicUsize, text: &CStr) -> Option<*mut PyObject> {
    let known = place.load(Ordering::Relaxed) as *mut PyObject;
    if !known.is_null() {
        return Some(known);
    }
    // SAFETY: the calling thread is attached; the reference is kept for good.
    let name = unsafe { ffi::PyUnicode_InternFromString(text.as_ptr()) };
    if name.is_null() {
        // SAFETY: as above; out of memory, which somebody else will notice.
        unsafe { ffi::PyErr_Clear() };
        return None;
    }
    place.store(name as usize, Ordering::Relaxed);
    Some(name)
}
