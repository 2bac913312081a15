//! What `super()` finds: the method of the next class behind a known one.

use pyo3::ffi::{self, PyObject};

use super::code::Code;
use super::typeobject::{self, Type};
use super::{constructor, function, kinds, memory, tuple};
use crate::hir::types::Kinds;

/// A method that is found behind a class.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct SuperMethod {
    /// The class that the search starts behind.
    pub start: usize,
    /// A Python function.
    pub method: usize,
}

/// The class `super`.
pub fn class() -> usize {
    (&raw const ffi::PySuper_Type) as usize
}

/// What `super().name` is for instances of the class with `version`, in a method called `definer` whose bytecode is at `code_units`, or
/// behind the class `start` if that is known. It stays so as long as the class has its version.
///
/// The GIL is held, and `name` is a string that is alive.
pub fn method(
    version: u32,
    start: Option<usize>,
    (definer, code_units): (&str, usize),
    name: usize,
) -> Option<SuperMethod> {
    let class = constructor::class_with_version(version)?;
    // SAFETY: a class that is alive keeps those in its order of resolution alive, and they their namespaces; looking up a string in the
    // dict of a class runs no Python code.
    unsafe {
        let ty = Type::from_ptr(class as *mut ffi::PyTypeObject);
        if ty.has(typeobject::FLAG_TYPE_SUBCLASS) {
            return None;
        }
        let order: *mut PyObject = memory::read(ty.as_ptr(), typeobject::TP_MRO);
        if kinds::of_object(order as usize) != Kinds::TUPLE {
            return None;
        }
        let order = tuple::items(order);
        let own = ffi::PyUnicode_FromStringAndSize(definer.as_ptr().cast(), definer.len() as isize);
        if own.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        let is_start = |class: usize| match start {
            Some(start) => start == class,
            None => own_attribute(class, own).is_some_and(|found| code_of(found) == Some(code_units)),
        };
        let place = order.iter().position(|class| is_start(*class as usize));
        ffi::Py_DECREF(own);
        let place = place?;
        let found =
            order[place + 1..].iter().find_map(|class| own_attribute(*class as usize, name as *mut PyObject))?;
        let is_function = kinds::of_object(found) == Kinds::FUNCTION;
        is_function.then_some(SuperMethod { start: order[place] as usize, method: found })
    }
}

/// What a class itself has under a name, borrowed.
unsafe fn own_attribute(class: usize, name: *mut PyObject) -> Option<usize> {
    // SAFETY: the caller has a class that is alive, which keeps its namespace.
    unsafe {
        let class = class as *mut PyObject;
        if !Type::of(class).has(typeobject::FLAG_TYPE_SUBCLASS) {
            return None;
        }
        let namespace = ffi::PyType_GetDict(class.cast());
        if namespace.is_null() {
            return None;
        }
        let found = ffi::PyDict_GetItemWithError(namespace, name);
        if found.is_null() {
            ffi::PyErr_Clear();
        }
        ffi::Py_DECREF(namespace);
        (!found.is_null()).then_some(found as usize)
    }
}

/// Where the bytecode of a Python function is; nothing for anything else.
unsafe fn code_of(object: usize) -> Option<usize> {
    if kinds::of_object(object) != Kinds::FUNCTION {
        return None;
    }
    // SAFETY: a function that is alive has its code.
    unsafe {
        let code: *mut PyObject = memory::read(object as *const PyObject, function::FUNC_CODE);
        Some(Code::from_ptr(code.cast()).first_unit() as usize)
    }
}
