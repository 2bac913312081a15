//! Making generators, and delegating to others.

use std::ptr::null_mut;

use pyo3::ffi::*;

use crate::cpython::ffi as private;
use crate::cpython::frame::{InterpreterFrame, OBJ_F_FRAME, OWNED_BY_GENERATOR, StackRef};
use crate::cpython::generator::{GI_FRAME_STATE, GI_IFRAME, STATE_CREATED};
use crate::cpython::memory;
use crate::cpython::thread::Thread;
use crate::runtime::generators::Outcome;
use crate::runtime::{frames, generators};

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
