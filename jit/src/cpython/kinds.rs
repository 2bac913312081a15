//! The exact builtin types that the compiler knows, as addresses, and safe look-ups of constants' values.

use std::ffi::{CStr, c_void};
use std::mem::MaybeUninit;
use std::sync::OnceLock;

use pyo3::ffi::{self, PyObject, PyTypeObject};

use super::{array, dict, float, memory, module, object};
use crate::hir::types::Kinds;

/// The type object of a single kind, which a guard compares with. `None` for kinds that are no single type.
pub fn type_address(kinds: Kinds) -> Option<usize> {
    let ty: *const PyTypeObject = match kinds {
        Kinds::BOOL => &raw const ffi::PyBool_Type,
        Kinds::LONG => &raw const ffi::PyLong_Type,
        Kinds::FLOAT => &raw const ffi::PyFloat_Type,
        Kinds::STR => &raw const ffi::PyUnicode_Type,
        Kinds::LIST => &raw const ffi::PyList_Type,
        Kinds::TUPLE => &raw const ffi::PyTuple_Type,
        Kinds::DICT => &raw const ffi::PyDict_Type,
        Kinds::SET => &raw const ffi::PySet_Type,
        Kinds::RANGE_ITER => &raw const ffi::PyRangeIter_Type,
        Kinds::FUNCTION => &raw const ffi::PyFunction_Type,
        Kinds::BYTES => &raw const ffi::PyBytes_Type,
        Kinds::BYTEARRAY => &raw const ffi::PyByteArray_Type,
        Kinds::MEMORYVIEW => &raw const ffi::PyMemoryView_Type,
        Kinds::ENUMERATE => &raw const ffi::PyEnum_Type,
        Kinds::ZIP => &raw const ffi::PyZip_Type,
        Kinds::ARRAY => return array::class(),
        // SAFETY: None is a live object.
        Kinds::NONE => unsafe { object::type_of(ffi::Py_None()) },
        _ => return None,
    };
    Some(ty as usize)
}

/// Whether all objects of these kinds are instances of the class at an address, or none is; `None` if it cannot be told: the
/// class is not one of those of [`type_address`], or the objects may be anything.
pub fn are_instances(kinds: Kinds, class: usize) -> Option<bool> {
    let is_class = |kind: &Kinds| type_address(*kind) == Some(class);
    let class = Kinds::singles().find(is_class)?;
    // The only one of these classes that is derived from another of them.
    let instances = if class == Kinds::LONG { class.union(Kinds::BOOL) } else { class };
    let is_told = Kinds::singles().filter(|kind| type_address(*kind).is_some()).fold(Kinds::EMPTY, Kinds::union);
    if kinds == Kinds::EMPTY || !kinds.is_within(is_told) {
        None
    } else if kinds.is_within(instances) {
        Some(true)
    } else {
        kinds.intersect(instances).is_empty().then_some(false)
    }
}

/// The kind of a live object (0 for NULL).
pub fn of_object(address: usize) -> Kinds {
    if address == 0 {
        return Kinds::NULL;
    }
    // SAFETY: the caller has a reference or a cache that keeps the object alive.
    let ty = unsafe { object::type_of(address as *const PyObject) } as usize;
    const KNOWN: [Kinds; 17] = [
        Kinds::NONE,
        Kinds::BOOL,
        Kinds::LONG,
        Kinds::FLOAT,
        Kinds::STR,
        Kinds::LIST,
        Kinds::TUPLE,
        Kinds::DICT,
        Kinds::SET,
        Kinds::RANGE_ITER,
        Kinds::FUNCTION,
        Kinds::ARRAY,
        Kinds::BYTES,
        Kinds::BYTEARRAY,
        Kinds::MEMORYVIEW,
        Kinds::ENUMERATE,
        Kinds::ZIP,
    ];
    KNOWN.into_iter().find(|kinds| type_address(*kinds) == Some(ty)).unwrap_or(Kinds::OTHER)
}

/// The class of iterators over lists.
pub fn list_iterator() -> usize {
    (&raw const ffi::PyListIter_Type) as usize
}

/// The class of iterators over tuples.
pub fn tuple_iterator() -> usize {
    (&raw const ffi::PyTupleIter_Type) as usize
}

/// The class `range`.
pub fn range_type() -> usize {
    (&raw const ffi::PyRange_Type).addr()
}

/// The class `type`.
pub fn type_type() -> usize {
    (&raw const ffi::PyType_Type) as usize
}

pub fn c_function_type() -> usize {
    (&raw const ffi::PyCFunction_Type) as usize
}

pub fn bound_method_type() -> usize {
    (&raw const super::ffi::PyMethod_Type) as usize
}

pub fn method_descriptor_type() -> usize {
    (&raw const ffi::PyMethodDescr_Type) as usize
}

pub fn none() -> usize {
    // SAFETY: only takes the address of a static object.
    unsafe { ffi::Py_None() as usize }
}

pub fn not_implemented() -> usize {
    // SAFETY: only takes the address of a static object.
    unsafe { ffi::Py_NotImplemented() as usize }
}

/// The class of ints or of floats.
pub fn class_of_number(kinds: Kinds) -> usize {
    match kinds {
        Kinds::FLOAT => (&raw const ffi::PyFloat_Type) as usize,
        _ => (&raw const ffi::PyLong_Type) as usize,
    }
}

pub fn true_object() -> usize {
    // SAFETY: only takes the address of a static object.
    unsafe { ffi::Py_True() as usize }
}

pub fn false_object() -> usize {
    // SAFETY: only takes the address of a static object.
    unsafe { ffi::Py_False() as usize }
}

pub fn module_type() -> usize {
    (&raw const ffi::PyModule_Type) as usize
}

/// The namespace of the object at `address`, if that is a module.
pub fn module_dict(address: usize) -> Option<*mut PyObject> {
    // SAFETY: the caller has a reference or a cache that keeps the object alive.
    unsafe {
        let object = address as *mut PyObject;
        let is_module = !object.is_null() && object::type_of(object) as usize == module_type();
        is_module.then(|| memory::read(object, module::MD_DICT))
    }
}

/// The value of an int that fits 64 bits.
pub fn int_value(address: usize) -> Option<i64> {
    let mut overflow = 0;
    // SAFETY: the caller knows a live int at the address; no error is possible for one.
    let value = unsafe { ffi::PyLong_AsLongLongAndOverflow(address as *mut PyObject, &raw mut overflow) };
    (overflow == 0).then_some(value)
}

/// The value of a float.
pub fn float_value(address: usize) -> Option<f64> {
    // SAFETY: the caller knows a live float at the address.
    (of_object(address) == Kinds::FLOAT).then(|| unsafe { float::value(address as *const PyObject) })
}

/// The keys of an exact dict.
pub fn exact_dict_keys(address: usize) -> Option<dict::Keys> {
    // SAFETY: an exact dict of the running code, which nobody changes during a compilation.
    (of_object(address) == Kinds::DICT).then(|| unsafe { dict::Keys::of_dict(address as *mut PyObject) })
}

/// The names of the module and of the C function at `address`, if that is of a module that is a part of the interpreter itself: one of
/// this name elsewhere may be anybody's. The function's definition is static then, and tells it from any other.
pub fn own_function(address: usize) -> Option<(&'static str, &'static str)> {
    // SAFETY: the caller has a reference or a cache that keeps the object alive; definitions of functions that are part of
    // the interpreter are static.
    unsafe {
        let object = address as *mut PyObject;
        if object.is_null() || object::type_of(object) != &raw mut ffi::PyCFunction_Type {
            return None;
        }
        let function = object.cast::<ffi::PyCFunctionObject>();
        let module = (*function).m_module;
        if module.is_null() || ffi::PyUnicode_Check(module) == 0 {
            return None;
        }
        let is_named = |name: &&CStr| ffi::PyUnicode_CompareWithASCIIString(module, name.as_ptr()) == 0;
        let module = [c"builtins", c"math"].into_iter().find(is_named)?;
        let definition = (*function).m_ml;
        let own = ffi::PyFloat_FromDouble as *const c_void;
        if library_of((*definition).ml_meth.PyCFunction as *const c_void) != library_of(own) {
            return None;
        }
        Some((module.to_str().ok()?, CStr::from_ptr((*definition).ml_name).to_str().ok()?))
    }
}

/// The address of the definition of the C function at `address`, if that is one.
pub fn definition_of(address: usize) -> Option<usize> {
    // SAFETY: the caller has a reference or a cache that keeps the object alive.
    unsafe {
        let object = address as *mut PyObject;
        let is_function = !object.is_null() && object::type_of(object) as usize == c_function_type();
        is_function.then(|| (*object.cast::<ffi::PyCFunctionObject>()).m_ml as usize)
    }
}

/// Where the library begins that an address is in.
fn library_of(address: *const c_void) -> Option<usize> {
    let mut info = MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: any address will do, and there is room for the answer.
    let found = unsafe { libc::dladdr(address, info.as_mut_ptr()) };
    // SAFETY: filled in, or zero, which is valid for pointers.
    (found != 0).then(|| unsafe { info.assume_init() }.dli_fbase as usize)
}

/// The method descriptor `list.append`.
pub fn list_append() -> usize {
    static APPEND: OnceLock<usize> = OnceLock::new();
    *APPEND.get_or_init(|| look_up(c"builtins", &[c"list", c"append"]))
}

fn look_up(module: &std::ffi::CStr, path: &[&std::ffi::CStr]) -> usize {
    // SAFETY: the GIL is held; references to the intermediate objects are given back, the last one is kept.
    unsafe {
        let mut object = ffi::PyImport_ImportModule(module.as_ptr());
        for name in path {
            if object.is_null() {
                break;
            }
            let next = ffi::PyObject_GetAttrString(object, name.as_ptr());
            ffi::Py_DECREF(object);
            object = next;
        }
        ffi::PyErr_Clear();
        object as usize
    }
}
