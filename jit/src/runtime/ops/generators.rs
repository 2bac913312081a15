//! Making generators, and delegating to others.

use std::ptr::null_mut;

use pyo3::ffi::*;

use super::names;
use crate::code::extra;
use crate::code::state::CodeCell;
use crate::cpython::ffi as private;
use crate::cpython::frame::{InterpreterFrame, OBJ_F_FRAME, OWNED_BY_GENERATOR, StackRef};
use crate::cpython::function::Function;
use crate::cpython::generator::{GI_FRAME_STATE, GI_IFRAME, STATE_CREATED};
use crate::cpython::thread::Thread;
use crate::cpython::{interp, memory};
use crate::runtime::generators::Outcome;
use crate::runtime::{frames, generators, push};

/// `RETURN_GENERATOR`: a generator that the frame, with its operands, becomes a part of. The frame is gone from the thread's stack
/// then. NULL with an exception set that leaves the function, and the frame gone, too.
pub unsafe extern "C-unwind" fn return_generator(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
) -> *mut PyObject {
    // SAFETY: the contract; a new generator has room for all of the frame, and no frame yet.
    unsafe {
        let generator = private::_Py_MakeCoro((*frame).f_funcobj.untag());
        if generator.is_null() {
            frames::add_traceback(tstate, frame);
            frames::unwind(tstate, frame);
            return null_mut();
        }
        let moved: *mut InterpreterFrame = memory::field(generator, GI_IFRAME);
        (*moved).f_executable = heap_safe((*frame).f_executable);
        (*moved).f_funcobj = heap_safe((*frame).f_funcobj);
        (*moved).f_globals = (*frame).f_globals;
        (*moved).f_builtins = (*frame).f_builtins;
        (*moved).f_locals = (*frame).f_locals;
        (*moved).frame_obj = (*frame).frame_obj;
        (*moved).previous = null_mut();
        (*moved).instr_ptr = (*frame).instr_ptr.add(1);
        (*moved).return_offset = 0;
        (*moved).owner = OWNED_BY_GENERATOR;
        (*moved).visited = 0;
        let slots = (*frame).stackpointer.offset_from((*frame).slot(0)) as usize;
        for slot in 0..slots {
            (*moved).slot(slot).write(heap_safe(*(*frame).slot(slot)));
        }
        (*moved).stackpointer = (*moved).slot(slots);
        if !(*moved).frame_obj.is_null() {
            memory::write((*moved).frame_obj, OBJ_F_FRAME, moved);
        }
        memory::write(generator, GI_FRAME_STATE, STATE_CREATED);
        let thread = Thread::from_ptr(tstate);
        let previous = (*frame).previous;
        thread.set_recursion_remaining(thread.recursion_remaining() + 1);
        thread.forget_profiled_frame(frame, previous);
        thread.set_current_frame(previous);
        private::_PyThreadState_PopFrame(tstate, frame);
        generator
    }
}

/// What a call of `function` with the `count` arguments at `args` returns, without a frame for the call: if it is a generator function
/// that does nothing before it makes its generator, or a generator expression over something that is simple to iterate over. All of
/// them are stackrefs that are taken over; with None none is.
///
/// # Safety
/// `function` is a Python function without a namespace of its own; `tstate` is attached.
pub unsafe fn make_at_once(
    tstate: *mut PyThreadState,
    function: StackRef,
    args: *const StackRef,
    count: usize,
) -> Option<*mut PyObject> {
    // SAFETY: the contract; a new generator has room for all of the frame, and the closure as many cells as the code has free variables.
    unsafe {
        let callee = Function::from_ptr(function.untag());
        let code = callee.code_view();
        let thread = Thread::from_ptr(tstate);
        let is_usual = |cell: &CodeCell| cell.exact_args as usize == count && cell.is_watched == 0;
        let start = extra::get(code)?.read(|state| state.cell.start.filter(|_| is_usual(&state.cell)))?;
        if interp::eval_frame(thread.interp()).is_some() || thread.recursion_remaining() <= 1 {
            return None;
        }
        let operands = if start.iterates { Some(iterate(*args)?) } else { None };
        let generator = private::_Py_MakeCoro(function.untag());
        if generator.is_null() {
            // Who has no memory raises in the function.
            PyErr_Clear();
            operands.into_iter().flatten().for_each(|operand| frames::drop_ref(operand));
            return None;
        }
        let frame: *mut InterpreterFrame = memory::field(generator, GI_IFRAME);
        push::fill(frame, null_mut(), heap_safe(function), args, count);
        for slot in 0..count {
            let home = (*frame).slot(slot);
            home.write(heap_safe(*home));
        }
        names::copy_free_vars(frame, start.free_variables.into());
        for operand in operands.into_iter().flatten() {
            (*frame).stackpointer.write(operand);
            (*frame).stackpointer = (*frame).stackpointer.add(1);
        }
        (*frame).instr_ptr = code.first_unit().add(start.units.into());
        (*frame).owner = OWNED_BY_GENERATOR;
        memory::write(generator, GI_FRAME_STATE, STATE_CREATED);
        Some(generator)
    }
}

/// The iterator and the index word that `GET_ITER` makes of an object, if that runs no Python code and raises nothing.
unsafe fn iterate(iterable: StackRef) -> Option<[StackRef; 2]> {
    // SAFETY: the callers': a reference to a live object; what is borrowed is closed without effect.
    unsafe {
        let object = iterable.untag();
        let is_simple = PyList_CheckExact(object) != 0
            || PyTuple_CheckExact(object) != 0
            || PyDict_CheckExact(object) != 0
            || PyUnicode_CheckExact(object) != 0
            || [&raw mut PyRange_Type, &raw mut PySet_Type].contains(&Py_TYPE(object));
        if !is_simple {
            return None;
        }
        let mut index = StackRef::NULL;
        let iterator = private::_PyEval_GetIter(StackRef::from_borrowed(object), &raw mut index, 0);
        if iterator == StackRef::ERROR {
            PyErr_Clear();
            return None;
        }
        Some([heap_safe(iterator), index])
    }
}

/// The same reference with a count of its own, if it needs one to outlive what it was borrowed from.
unsafe fn heap_safe(reference: StackRef) -> StackRef {
    if reference.is_counted() || reference.is_int() || reference.is_null() {
        return reference;
    }
    // SAFETY: the callers': a reference to a live object.
    unsafe { StackRef::from_owned(Py_NewRef(reference.untag())) }
}

/// `SEND` of None: the next item of what is delegated to, or what that has returned. Borrows `receiver`. The first of `words` is
/// the index word of [`super::iter`], which is advanced; the second is set to 1 if it has returned, else to 0.
pub unsafe extern "C-unwind" fn send_none(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    receiver: *mut PyObject,
    words: *mut *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the contract; there is room for two words.
    unsafe {
        let index = words.cast::<StackRef>();
        let has_returned = words.add(1).cast::<u64>();
        has_returned.write(0);
        if !(*index).is_null() {
            let receiver = StackRef::from_borrowed(receiver);
            return match private::_PyForIter_VirtualIteratorNext(tstate, frame, receiver, index) {
                StackRef::NULL => {
                    has_returned.write(1);
                    Py_NewRef(Py_None())
                }
                StackRef::ERROR => null_mut(),
                item => item.into_owned(),
            };
        }
        if PyGen_CheckExact(receiver) != 0 {
            return match generators::send_none(tstate, receiver) {
                Outcome::Item(item) => item,
                Outcome::Returned(result) => {
                    has_returned.write(1);
                    result
                }
                Outcome::Raised => null_mut(),
            };
        }
        let mut result = null_mut();
        let sent = PyIter_Send(receiver, Py_None(), &raw mut result);
        has_returned.write(u64::from(sent == PySendResult::PYGEN_RETURN));
        result
    }
}
