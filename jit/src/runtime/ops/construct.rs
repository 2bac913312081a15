//! Making instances of classes whose calls do no more than `object.__new__` and an `__init__` written in Python.

use pyo3::ffi::*;
use std::ptr::null_mut;

use crate::cpython::constructor::{self, Constructor};
use crate::cpython::frame::{InterpreterFrame, StackRef};
use crate::cpython::function::Function;
use crate::cpython::kinds;
use crate::cpython::thread::Thread;
use crate::cpython::typeobject::Type;
use crate::runtime::frames::drop_ref;
use crate::runtime::ops::calls;
use crate::runtime::pools;

/// A new instance of `class`, as `object.__new__` makes it. Borrows the class. The compiler is told by `_dies_plainly` whether freeing one does no
/// more than to give up its attributes.
pub unsafe extern "C-unwind" fn new_instance(class: *mut PyObject, _dies_plainly: i64) -> *mut PyObject {
    // SAFETY: the contract; the caller knows that it is such a class.
    unsafe { pools::take(Type::from_ptr(class.cast())).unwrap_or_else(|| PyType_GenericAlloc(class.cast(), 0)) }
}

/// Raises what the interpreter raises when `__init__` returns something else than None. Borrows it.
pub unsafe extern "C-unwind" fn init_returned(result: *mut PyObject) -> i32 {
    // SAFETY: the contract; a type's name is text.
    unsafe {
        let name = (*Py_TYPE(result)).tp_name;
        PyErr_Format(PyExc_TypeError, c"__init__() should return None, not '%.200s'".as_ptr(), name);
        -1
    }
}

/// Calls a class with `count` arguments, as the interpreter's specialized instruction does, if that is possible: the class
/// at `operands`, the NULL above it and the arguments are consumed then.
pub unsafe fn construct(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    operands: *mut StackRef,
    count: usize,
) -> Option<*mut PyObject> {
    // SAFETY: the contract; the class is alive until its reference is given up.
    unsafe {
        let class = *operands;
        let Constructor { init, is_specialized: true, .. } = constructor::of(class.untag() as usize)? else {
            return None;
        };
        let thread = Thread::from_ptr(tstate);
        let shim = constructor::shim_size();
        let needed = shim + Function::from_ptr(init as *mut PyObject).code_view().frame_size();
        if thread.recursion_remaining() <= 1 || thread.datastack_top().add(needed as usize) >= thread.datastack_limit()
        {
            return None;
        }
        let instance = new_instance(class.untag(), 0);
        if instance.is_null() {
            for position in (2..2 + count).rev() {
                drop_ref(*operands.add(position));
            }
            drop_ref(class);
            return Some(null_mut());
        }
        *operands = StackRef::from_owned(Py_NewRef(init as *mut PyObject));
        *operands.add(1) = StackRef::from_owned(Py_NewRef(instance));
        drop_ref(class);
        let result = calls::call_below_shim(tstate, frame, operands, count, shim);
        if result as usize == kinds::none() {
            return Some(instance);
        }
        if !result.is_null() {
            init_returned(result);
            Py_DECREF(result);
        }
        Py_DECREF(instance);
        Some(null_mut())
    }
}
