//! Calls of anything with any arguments.
//!
//! The operands lie in an array of stackrefs as they would on the interpreter's stack, and the call consumes them.

use pyo3::ffi::*;
use std::ffi::c_int;
use std::ptr::null_mut;

use crate::bytecode::info::CodeFlags;
use crate::cpython::code::Code;
use crate::cpython::ffi as private;
use crate::cpython::frame::{InterpreterFrame, StackRef};
use crate::cpython::function::Function;
use crate::cpython::thread::Thread;
use crate::cpython::{constructor, memory, method};
use crate::runtime::frames::drop_ref;
use crate::runtime::ops::specials::Special;
use crate::runtime::ops::{construct, generators, operators};
use crate::runtime::push;

/// Splits a bound method into its function and its self, as the interpreter does before a call.
unsafe fn expand_method(operands: *mut StackRef) {
    // SAFETY: the contract; the parts are taken before the method goes.
    unsafe {
        let callable = (*operands).untag();
        if (*operands.add(1)).is_null() && Py_IS_TYPE(callable, &raw mut private::PyMethod_Type) != 0 {
            let this = Py_NewRef(memory::read(callable, method::IM_SELF));
            let function = Py_NewRef(memory::read(callable, method::IM_FUNC));
            let old = std::mem::replace(&mut *operands, StackRef::from_owned(function));
            *operands.add(1) = StackRef::from_owned(this);
            if old.is_counted() {
                Py_DECREF(callable);
            }
        }
    }
}

/// Whether the interpreter would run a call of `callable` as a frame of its own, arguments and all.
unsafe fn is_python_function(callable: *mut PyObject) -> bool {
    // SAFETY: the contract; only a function has a vectorcall at that place.
    unsafe {
        if PyFunction_Check(callable) == 0 {
            return false;
        }
        let entry = Function::from_ptr(callable).vectorcall();
        entry == private::_PyFunction_Vectorcall as *const () as usize
            || entry == crate::runtime::entry::vectorcall as *const () as usize
    }
}

/// The namespace that a new frame of the function gets: only code that is not a function's has one.
unsafe fn namespace(function: *mut PyObject) -> *mut PyObject {
    // SAFETY: the contract: a Python function.
    unsafe {
        let function = Function::from_ptr(function);
        if Code::from_ptr(function.code().cast()).flags().has(CodeFlags::OPTIMIZED) {
            null_mut()
        } else {
            Py_NewRef(function.globals())
        }
    }
}

/// Calls with the operands of a `CALL`: callable, self or NULL, `count` arguments of which the last are the values of
/// `keywords`. Consumes the operands, not `keywords`.
unsafe fn call_consuming(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    operands: *mut StackRef,
    count: usize,
    keywords: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the contract; both ways consume callable and arguments whatever happens.
    unsafe {
        expand_method(operands);
        let callable = (*operands).untag();
        let with_self = usize::from(!(*operands.add(1)).is_null());
        let args = operands.add(2 - with_self);
        let total = count + with_self;
        if with_self == 0
            && keywords.is_null()
            && Py_IS_TYPE(callable, &raw mut PyType_Type) != 0
            && let Some(result) = construct::construct(tstate, frame, operands, count)
        {
            return result;
        }
        if !is_python_function(callable) {
            if with_self == 0 && keywords.is_null() {
                operators::note_callable(frame, callable);
            }
            let names = if keywords.is_null() { StackRef::NULL } else { StackRef::from_owned(Py_NewRef(keywords)) };
            return private::_Py_VectorCall_StackRefSteal(*operands, args, total as c_int, names);
        }
        if keywords.is_null()
            && let Some(generator) = generators::make_at_once(tstate, *operands, args, total)
        {
            return generator;
        }
        if with_self == 0 && keywords.is_null() {
            operators::note_function(frame, callable);
        }
        if keywords.is_null()
            && let Some(result) = push::call_exact(tstate, *operands, args, total)
        {
            return result;
        }
        let named = if keywords.is_null() { 0 } else { PyTuple_GET_SIZE(keywords) as usize };
        let new = private::_PyEvalFramePushAndInit(
            tstate,
            *operands,
            namespace(callable),
            args,
            total - named,
            keywords,
            frame,
        );
        if new.is_null() {
            return null_mut();
        }
        crate::runtime::entry::run_frame(tstate, new)
    }
}

/// `CALL`: consumes the callable, self or NULL, and `count` arguments, which are stackrefs at `operands`.
///
/// A Python function takes its arguments over, so that one that only the call keeps alive dies when the function
/// lets go of it. The eval breaker is the caller's business.
pub unsafe extern "C-unwind" fn call(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    operands: *mut *mut PyObject,
    count: i64,
) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { call_consuming(tstate, frame, operands.cast(), count as usize, null_mut()) }
}

/// Calls the `__init__` at `operands` as [`call`] does, below `shim` words for a frame of the interpreter's own, which counts
/// against the recursion limit.
pub unsafe fn call_below_shim(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    operands: *mut StackRef,
    count: usize,
    shim: u32,
) -> *mut PyObject {
    // SAFETY: the contract; there is room on the data stack, of which as much is in use afterwards as before.
    unsafe {
        let thread = Thread::from_ptr(tstate);
        let top = thread.datastack_top();
        thread.set_recursion_remaining(thread.recursion_remaining() - 1);
        thread.set_datastack_top(top.add(shim as usize));
        let result = call_consuming(tstate, frame, operands, count, null_mut());
        thread.set_recursion_remaining(thread.recursion_remaining() + 1);
        thread.set_datastack_top(top);
        result
    }
}

/// Calls the Python function at `operands` with arguments that are bound to its parameters, the first `count` local
/// variables, already: the first is at the next place, or behind it if that is NULL. Consumes the operands.
pub unsafe extern "C-unwind" fn call_bound(
    tstate: *mut PyThreadState,
    _: *mut InterpreterFrame,
    operands: *mut *mut PyObject,
    count: i64,
) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe {
        let operands = operands.cast::<StackRef>();
        let with_self = usize::from(!(*operands.add(1)).is_null());
        let frame = push::push_bound(tstate, *operands, operands.add(2 - with_self), count as usize + with_self);
        if frame.is_null() { null_mut() } else { crate::runtime::entry::run_frame(tstate, frame) }
    }
}

/// `CALL_KW`: as [`call`], with the names of the keywords as one more operand behind the arguments.
pub unsafe extern "C-unwind" fn call_kw(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    operands: *mut *mut PyObject,
    count: i64,
) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe {
        let names = operands.cast::<StackRef>().add(2 + count as usize).read();
        let result = call_consuming(tstate, frame, operands.cast(), count as usize, names.untag());
        if names.is_counted() {
            Py_DECREF(names.untag());
        }
        result
    }
}

/// `CALL_FUNCTION_EX`: consumes callable, a NULL, the positional arguments and the keywords (a dict or NULL), which are
/// stackrefs at `operands`.
pub unsafe extern "C-unwind" fn call_function_ex(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    operands: *mut *mut PyObject,
    _: i64,
) -> *mut PyObject {
    // SAFETY: the contract; every operand is given up exactly once on each way.
    unsafe {
        let operands = operands.cast::<StackRef>();
        let callable = (*operands).untag();
        let given = *operands.add(2);
        let keywords = *operands.add(3);
        let arguments = if PyTuple_CheckExact(given.untag()) != 0 {
            if !given.is_counted() {
                Py_INCREF(given.untag());
            }
            given.untag()
        } else {
            let tuple = if private::_Py_Check_ArgsIterable(tstate, callable, given.untag()) < 0 {
                null_mut()
            } else {
                PySequence_Tuple(given.untag())
            };
            if tuple.is_null() {
                drop_ref(keywords);
                drop_ref(given);
                drop_ref(*operands);
                return null_mut();
            }
            drop_ref(given);
            tuple
        };
        if is_python_function(callable) {
            let count = PyTuple_GET_SIZE(arguments);
            let mapping = if keywords.is_null() { null_mut() } else { keywords.untag() };
            if !mapping.is_null() && !keywords.is_counted() {
                Py_INCREF(mapping);
            }
            let new = private::_PyEvalFramePushAndInit_Ex(
                tstate,
                *operands,
                namespace(callable),
                count,
                arguments,
                mapping,
                frame,
            );
            if new.is_null() {
                return null_mut();
            }
            return crate::runtime::entry::run_frame(tstate, new);
        }
        let mapping = if keywords.is_null() { null_mut() } else { keywords.untag() };
        let result = PyObject_Call(callable, arguments, mapping);
        drop_ref(keywords);
        Py_DECREF(arguments);
        drop_ref(*operands);
        result
    }
}

/// `len(object)`, as the builtin has it. Borrows it.
pub unsafe extern "C-unwind" fn size(frame: *mut InterpreterFrame, object: *mut PyObject) -> i64 {
    // SAFETY: the contract.
    unsafe {
        operators::note_owner(frame, object, Special::Length);
        PyObject_Size(object) as i64
    }
}

/// `isinstance(object, class)`, as the builtin has it. Borrows both.
pub unsafe extern "C-unwind" fn is_instance(object: *mut PyObject, class: *mut PyObject) -> i32 {
    // SAFETY: the contract.
    unsafe {
        if PyType_CheckExact(class) != 0 {
            if PyType_IsSubtype(Py_TYPE(object), class.cast()) != 0 {
                return 1;
            }
            if constructor::says_its_class(Py_TYPE(object)) {
                return 0;
            }
        }
        PyObject_IsInstance(object, class)
    }
}

/// `CALL_INTRINSIC_1`: the interpreter's own unary function number `oparg`. Borrows `value`.
///
/// `INTRINSIC_IMPORT_STAR` works on the locals of the running frame.
pub unsafe extern "C-unwind" fn call_intrinsic_1(
    tstate: *mut PyThreadState,
    value: *mut PyObject,
    oparg: i64,
) -> *mut PyObject {
    // SAFETY: the contract; oparg of real bytecode is within the table.
    unsafe {
        let table = (&raw const private::_PyIntrinsics_UnaryFunctions).cast::<private::UnaryIntrinsic>();
        ((*table.add(oparg as usize)).func)(tstate, value)
    }
}

/// `CALL_INTRINSIC_2`: the interpreter's own binary function number `oparg`; `first` is deeper on the stack. Borrows
/// both.
pub unsafe extern "C-unwind" fn call_intrinsic_2(
    tstate: *mut PyThreadState,
    first: *mut PyObject,
    second: *mut PyObject,
    oparg: i64,
) -> *mut PyObject {
    // SAFETY: the contract; oparg of real bytecode is within the table.
    unsafe {
        let table = (&raw const private::_PyIntrinsics_BinaryFunctions).cast::<private::BinaryIntrinsic>();
        ((*table.add(oparg as usize)).func)(tstate, first, second)
    }
}
