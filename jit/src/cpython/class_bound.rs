//! Class methods and static methods (`Objects/funcobject.c`): what a class has under a name and gives out bound to itself, or as it
//! is, whether it is asked for of the class or of an instance.

use pyo3::ffi::{self, PyObject, PyTypeObject};

use super::typeobject::{self, Type};
use super::{ffi as private, memory, object};

/// What is called. The layout is in no header; [`super::verify`] reads it back from known objects.
pub const CALLABLE: i32 = object::OBJECT_SIZE;

/// A class method or static method, and what it calls at present. `__init__` can replace that.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClassBound {
    /// The address of the method itself.
    pub descriptor: usize,
    /// The address of what it calls.
    pub callable: usize,
    /// Whether that gets the class as its first argument.
    pub takes_class: bool,
}

/// The class method or static method that `found` is, if it is one.
///
/// # Safety
/// A live object or null; the GIL is held.
pub unsafe fn of(found: *mut PyObject) -> Option<ClassBound> {
    // SAFETY: the contract; the layout of both classes begins alike.
    unsafe {
        let is_a = |class| !found.is_null() && ffi::Py_IS_TYPE(found, class) != 0;
        let takes_class = is_a(&raw mut ffi::PyClassMethod_Type);
        if !takes_class && !is_a(&raw mut ffi::PyStaticMethod_Type) {
            return None;
        }
        let callable: usize = memory::read(found, CALLABLE);
        (callable != 0).then_some(ClassBound { descriptor: found as usize, callable, takes_class })
    }
}

/// The class method or static method that the object at `class` has under the name at `name`, if it is a class that looks attributes
/// up like any other; with its version, and that of its metaclass if it has one of its own.
///
/// Both are alive, the name is interned and the GIL held.
pub fn of_class(class: usize, name: usize) -> Option<(ClassBound, u32, Option<u32>)> {
    let (class, name) = (class as *mut PyObject, name as *mut PyObject);
    // SAFETY: the contract; looking names up runs no Python code.
    unsafe {
        if ffi::PyType_Check(class) == 0 {
            return None;
        }
        let (ty, meta) = (Type::from_ptr(class.cast::<PyTypeObject>()), Type::of(class));
        let getter = |ty: *mut PyTypeObject| (*ty).tp_getattro.map(|get| get as *const ());
        let is_plain = getter(meta.as_ptr()) == getter(&raw mut ffi::PyType_Type);
        if !is_plain || !private::_PyType_Lookup(meta.as_ptr(), name).is_null() {
            return None;
        }
        let found = of(private::_PyType_Lookup(ty.as_ptr(), name))?;
        let own = (!meta.has(typeobject::FLAG_IMMUTABLE)).then(|| meta.version());
        (ty.version() != 0 && own != Some(0)).then(|| (found, ty.version(), own))
    }
}
