//! Operators that a class defines by a function written in Python, without the way through the type's slot.

use pyo3::ffi::*;
use std::ptr::null_mut;
use std::sync::OnceLock;

use crate::cpython::frame::{InterpreterFrame, StackRef};
use crate::cpython::typeobject::{self, Type};
use crate::cpython::{ffi as private, kinds, memory};
use crate::hir::types::Kinds;
use crate::runtime::ops::calls;

/// By the argument of `BINARY_OP`: the method, the reflected method, and the sign. The others have more to them.
const OPERATORS: [(&str, &str, &str); 13] = [
    ("__add__", "__radd__", "+"),
    ("__and__", "__rand__", "&"),
    ("__floordiv__", "__rfloordiv__", "//"),
    ("__lshift__", "__rlshift__", "<<"),
    ("__matmul__", "__rmatmul__", "@"),
    ("__mul__", "__rmul__", "*"),
    ("__mod__", "__rmod__", "%"),
    ("__or__", "__ror__", "|"),
    ("", "", ""),
    ("", "", ""),
    ("__sub__", "__rsub__", "-"),
    ("__truediv__", "__rtruediv__", "/"),
    ("__xor__", "__rxor__", "^"),
];

/// The names of a method and of its reflected one, interned, by operator.
fn names(operator: usize) -> Option<(*mut PyObject, *mut PyObject)> {
    static NAMES: OnceLock<Option<Vec<(usize, usize)>>> = OnceLock::new();
    let intern = |text: &str| {
        // SAFETY: the GIL is held; the reference is kept for good.
        unsafe {
            let mut name = PyUnicode_FromStringAndSize(text.as_ptr().cast(), text.len() as Py_ssize_t);
            if name.is_null() {
                PyErr_Clear();
                return None;
            }
            PyUnicode_InternInPlace(&raw mut name);
            Some(name as usize)
        }
    };
    let all = NAMES.get_or_init(|| OPERATORS.iter().map(|it| Some((intern(it.0)?, intern(it.1)?))).collect());
    let (method, reflected) = *all.as_ref()?.get(operator)?;
    (!OPERATORS[operator].0.is_empty()).then_some((method as *mut PyObject, reflected as *mut PyObject))
}

/// `left <op> right`, where the class of `left` has a Python function for it that comes first, and nothing comes after it:
/// both are of one class, or the other class knows nothing of the operator's reflected form. Borrows both.
pub unsafe fn call_operator(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    left: *mut PyObject,
    right: *mut PyObject,
    operator: usize,
) -> Option<*mut PyObject> {
    // SAFETY: the contract; the function is held while it runs.
    unsafe {
        let (ty, other) = (Type::of(left), Type::of(right));
        if !ty.has(typeobject::FLAG_HEAPTYPE) {
            return None;
        }
        let (name, reflected) = names(operator)?;
        let method = private::_PyType_Lookup(ty.as_ptr(), name);
        if kinds::of_object(method as usize) != Kinds::FUNCTION || is_sequence(ty) {
            return None;
        }
        if ty != other {
            let is_below = PyType_IsSubtype(other.as_ptr(), ty.as_ptr()) != 0;
            if is_below
                || is_sequence(other)
                || !other.has(typeobject::FLAG_HEAPTYPE)
                || !private::_PyType_Lookup(other.as_ptr(), reflected).is_null()
            {
                return None;
            }
        }
        Py_INCREF(method);
        let owned = |object| StackRef::from_owned(Py_NewRef(object));
        let mut operands = [owned(method), StackRef::NULL, owned(left), owned(right)];
        let result = calls::call(tstate, frame, operands.as_mut_ptr().cast(), 2);
        Py_DECREF(method);
        if result != Py_NotImplemented() {
            return Some(result);
        }
        Py_DECREF(result);
        let (left, right) = ((*Py_TYPE(left)).tp_name, (*Py_TYPE(right)).tp_name);
        let sign = std::ffi::CString::new(OPERATORS[operator].2).unwrap_or_default();
        let text = c"unsupported operand type(s) for %.100s: '%.100s' and '%.100s'";
        PyErr_Format(PyExc_TypeError, text.as_ptr(), sign.as_ptr(), left, right);
        Some(null_mut())
    }
}

/// Whether addition and multiplication would go on as those of a sequence.
unsafe fn is_sequence(ty: Type) -> bool {
    // SAFETY: the contract; a heap type has a table of sequence methods.
    unsafe {
        let methods: *const u8 = memory::read(ty.as_ptr(), typeobject::TP_AS_SEQUENCE);
        let has = |offset| !memory::read::<*const u8, _>(methods, offset).is_null();
        methods.is_null() || has(typeobject::SQ_CONCAT) || has(typeobject::SQ_REPEAT)
    }
}
