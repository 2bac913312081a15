//! Bound methods (`Include/cpython/classobject.h`), C functions (`Include/cpython/methodobject.h`), the descriptors
//! that make C functions methods (`Include/cpython/descrobject.h`), and properties
//! (`Include/internal/pycore_descrobject.h`).

use pyo3::ffi::PyObject;
use pyo3::prelude::*;

use super::{ffi as private, kinds, memory, object};

layout! {
    /// In a bound method: the function.
    IM_FUNC: i32 = 16, "offsetof(PyMethodObject, im_func)";
    /// In a bound method: the object it is bound to.
    IM_SELF: i32 = 24, "offsetof(PyMethodObject, im_self)";
    /// In a C function: its `PyMethodDef`.
    M_ML: i32 = 16, "offsetof(PyCFunctionObject, m_ml)";
    /// In a C function: what it gets as first argument (the module, or the object it is bound to), or null.
    M_SELF: i32 = 24, "offsetof(PyCFunctionObject, m_self)";
    /// In a C function: its module's name, or null.
    M_MODULE: i32 = 32, "offsetof(PyCFunctionObject, m_module)";
    /// In a C function: its vectorcall entry.
    M_VECTORCALL: i32 = 48, "offsetof(PyCFunctionObject, vectorcall)";
    /// In a C method with `METH_METHOD`: the class that defines it.
    MM_CLASS: i32 = 56, "offsetof(PyCMethodObject, mm_class)";
    /// In a descriptor: the type it belongs to.
    D_TYPE: i32 = 16, "offsetof(PyMethodDescrObject, d_common.d_type)";
    /// In a descriptor: its name.
    D_NAME: i32 = 24, "offsetof(PyMethodDescrObject, d_common.d_name)";
    /// In a method descriptor: its `PyMethodDef`.
    D_METHOD: i32 = 40, "offsetof(PyMethodDescrObject, d_method)";
    /// In a method descriptor: its vectorcall entry.
    D_VECTORCALL: i32 = 48, "offsetof(PyMethodDescrObject, vectorcall)";
    /// In a member descriptor (a slot of `__slots__`): its `PyMemberDef`.
    D_MEMBER: i32 = 40, "offsetof(PyMemberDescrObject, d_member)";
    /// In a `PyMemberDef`: the type code (`i32`).
    MEMBER_TYPE: i32 = 8, "offsetof(PyMemberDef, type)";
    /// In a `PyMemberDef`: where in the object the member lives (`isize`).
    MEMBER_OFFSET: i32 = 16, "offsetof(PyMemberDef, offset)";
    /// In a `PyMemberDef`: flags (`i32`), see [`MEMBER_READONLY`].
    MEMBER_FLAGS: i32 = 24, "offsetof(PyMemberDef, flags)";
    /// Type code of a slot: an object pointer, AttributeError when null.
    MEMBER_OBJECT_EX: i32 = 16, "Py_T_OBJECT_EX";
    /// Flag of a member that cannot be assigned.
    MEMBER_READONLY: i32 = 1, "Py_READONLY";
    /// In a `PyMethodDef`: the name, a C string.
    ML_NAME: i32 = 0, "offsetof(PyMethodDef, ml_name)";
    /// In a `PyMethodDef`: the C function.
    ML_METH: i32 = 8, "offsetof(PyMethodDef, ml_meth)";
    /// In a `PyMethodDef`: its calling convention (`i32`), bits `METH_*`.
    ML_FLAGS: i32 = 16, "offsetof(PyMethodDef, ml_flags)";
    /// In a property: the getter, or null.
    PROP_GET: i32 = 16, "offsetof(_PyPropertyObject, prop_get)";
    /// In a property: the setter, or null.
    PROP_SET: i32 = 24, "offsetof(_PyPropertyObject, prop_set)";
    /// `f(self, args_tuple)`.
    METH_VARARGS: i32 = 1, "METH_VARARGS";
    /// Takes keyword arguments too.
    METH_KEYWORDS: i32 = 2, "METH_KEYWORDS";
    /// `f(self, NULL)`.
    METH_NOARGS: i32 = 4, "METH_NOARGS";
    /// `f(self, arg)`.
    METH_O: i32 = 8, "METH_O";
    /// The first argument is the class.
    METH_CLASS: i32 = 16, "METH_CLASS";
    /// There is no first argument.
    METH_STATIC: i32 = 32, "METH_STATIC";
    /// `f(self, args_array, count)`.
    METH_FASTCALL: i32 = 128, "METH_FASTCALL";
    /// `f(self, class, args_array, count, names)`.
    METH_METHOD: i32 = 512, "METH_METHOD";
}

/// Whether an object is a bound method.
pub fn is_bound(object: &Bound<'_, PyAny>) -> bool {
    std::ptr::eq(object.get_type_ptr(), &raw const private::PyMethod_Type)
}

/// The function of the object at `address`, if that is a bound method.
pub fn bound_function(address: usize) -> Option<usize> {
    let object = address as *const PyObject;
    // SAFETY: the caller has a reference or a cache that keeps the object alive, which keeps its function.
    unsafe {
        let is_bound = !object.is_null() && object::type_of(object) as usize == kinds::bound_method_type();
        is_bound.then(|| memory::read(object, IM_FUNC))
    }
}

/// A C function that is a method.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct NativeMethod {
    /// The address of the type it belongs to.
    pub class: usize,
    /// Its calling convention, bits `METH_*`.
    pub flags: i32,
    /// Its address.
    pub function: usize,
}

/// The C function behind the object at `address`, if that is a method descriptor.
pub fn native(address: usize) -> Option<NativeMethod> {
    // SAFETY: the caller has a reference or a cache that keeps the object alive, which keeps its definition.
    unsafe {
        let object = address as *const PyObject;
        if object::type_of(object) as usize != kinds::method_descriptor_type() {
            return None;
        }
        let definition: *const u8 = memory::read(object, D_METHOD);
        Some(NativeMethod {
            class: memory::read(object, D_TYPE),
            flags: memory::read(definition, ML_FLAGS),
            function: memory::read(definition, ML_METH),
        })
    }
}
