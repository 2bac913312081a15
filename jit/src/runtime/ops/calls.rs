//! Calls of anything with any arguments.
//!
//! Argument arrays need no copying: the two words in front of `args` belong to the helper, which puts the self of a
//! method into the one and lets the callee scribble on the other.

use super::ffi::*;
use pyo3::ffi::*;
use std::ptr::null_mut;

/// Calls `callable` with `count` arguments (values of keywords included), prepending the self, if there is one.
unsafe fn vectorcall(
    callable: *mut PyObject,
    this: *mut PyObject,
    args: *mut *mut PyObject,
    count: usize,
    keywords: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the contract; a bound method keeps its parts alive, and its caller keeps it alive.
    unsafe {
        let (callable, this) = if this.is_null() && is_exactly(callable, &raw const PyMethod_Type) {
            let method = callable.cast::<MethodObject>();
            ((*method).im_func, (*method).im_self)
        } else {
            (callable, this)
        };
        let (args, mut positional) = if this.is_null() {
            (args, count)
        } else {
            let args = args.sub(1);
            args.write(this);
            (args, count + 1)
        };
        if !keywords.is_null() {
            positional -= PyTuple_GET_SIZE(keywords) as usize;
        }
        PyObject_Vectorcall(
            callable,
            args,
            positional | PY_VECTORCALL_ARGUMENTS_OFFSET,
            keywords,
        )
    }
}

/// `CALL`: `callable(*args)`, with `this` as the first argument unless it is NULL. Borrows all.
///
/// The two words in front of `args` are scratch. The eval breaker, which the instruction looks at after the call, is
/// the caller's business ([`handle_pending`]).
pub unsafe extern "C" fn call(
    callable: *mut PyObject,
    this: *mut PyObject,
    args: *mut *mut PyObject,
    count: i64,
) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { vectorcall(callable, this, args, count as usize, null_mut()) }
}

/// `CALL_KW`: as [`call`], the last of the `count` arguments being the values of `keywords`. Borrows all.
pub unsafe extern "C" fn call_kw(
    callable: *mut PyObject,
    this: *mut PyObject,
    args: *mut *mut PyObject,
    keywords: *mut PyObject,
    count: i64,
) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { vectorcall(callable, this, args, count as usize, keywords) }
}

/// `CALL_FUNCTION_EX`: `callable(*arguments, **keywords)`; `keywords` is a dict or NULL. Borrows all.
pub unsafe extern "C" fn call_function_ex(
    tstate: *mut PyThreadState,
    callable: *mut PyObject,
    arguments: *mut PyObject,
    keywords: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the contract; a tuple made here is ours to release.
    unsafe {
        if is_exactly(arguments, &raw const PyTuple_Type) {
            return PyObject_Call(callable, arguments, keywords);
        }
        if _Py_Check_ArgsIterable(tstate, callable, arguments) < 0 {
            return null_mut();
        }
        let tuple = PySequence_Tuple(arguments);
        if tuple.is_null() {
            return tuple;
        }
        let result = PyObject_Call(callable, tuple, keywords);
        Py_DECREF(tuple);
        result
    }
}

/// `CALL_INTRINSIC_1`: the interpreter's own unary function number `oparg`. Borrows `value`.
///
/// `INTRINSIC_IMPORT_STAR` works on the locals of the running frame.
pub unsafe extern "C" fn call_intrinsic_1(
    tstate: *mut PyThreadState,
    value: *mut PyObject,
    oparg: i64,
) -> *mut PyObject {
    // SAFETY: the contract; oparg of real bytecode is within the table.
    unsafe {
        let table = (&raw const _PyIntrinsics_UnaryFunctions).cast::<Intrinsic1>();
        ((*table.add(oparg as usize)).func)(tstate, value)
    }
}

/// `CALL_INTRINSIC_2`: the interpreter's own binary function number `oparg`; `first` is deeper on the stack. Borrows
/// both.
pub unsafe extern "C" fn call_intrinsic_2(
    tstate: *mut PyThreadState,
    first: *mut PyObject,
    second: *mut PyObject,
    oparg: i64,
) -> *mut PyObject {
    // SAFETY: the contract; oparg of real bytecode is within the table.
    unsafe {
        let table = (&raw const _PyIntrinsics_BinaryFunctions).cast::<Intrinsic2>();
        ((*table.add(oparg as usize)).func)(tstate, first, second)
    }
}

/// `EXIT_INIT_CHECK`: an `__init__` must return None. Borrows `value`.
pub unsafe extern "C" fn exit_init_check(value: *mut PyObject) -> i32 {
    // SAFETY: the contract.
    unsafe {
        if value == Py_None() {
            return 0;
        }
        PyErr_Format(
            PyExc_TypeError,
            c"__init__() should return None, not '%.200s'".as_ptr(),
            (*Py_TYPE(value)).tp_name,
        );
        -1
    }
}

/// Serves the eval breaker: signals, pending calls, the garbage collector, other threads, asynchronous exceptions.
pub unsafe extern "C" fn handle_pending(tstate: *mut PyThreadState) -> i32 {
    // SAFETY: the contract.
    unsafe { _Py_HandlePending(tstate) }
}
