//! The objects in the locals of frames.

use pyo3::ffi::PyObject;

use super::code::Code;
use super::frame::InterpreterFrame;
use super::function::Function;
use super::thread::Thread;
use crate::bytecode::opcode::{CodeOffset, Opcode};

/// The addresses of the objects in the home slots of the thread's innermost frame if that runs `code`, and of the lowest `operands`
/// on its stack, which are there; 0 where there is none. They are borrowed from the frame.
pub fn of_running_frame(code: Code, operands: u32) -> Vec<usize> {
    // SAFETY: the GIL is held; the innermost frame is null or complete.
    unsafe {
        let frame = Thread::current().current_frame();
        if frame.is_null() || (*frame).code() != code.as_ptr().cast() {
            return Vec::new();
        }
        of_frame(frame, operands)
    }
}

/// The same of `frame`.
///
/// # Safety
/// `frame` is a complete frame, and the GIL is held.
unsafe fn of_frame(frame: *mut InterpreterFrame, operands: u32) -> Vec<usize> {
    // SAFETY: the contract; the home slots hold references or NULL, as does the stack up to the stack pointer.
    unsafe {
        let locals = Code::from_ptr((*frame).code().cast()).localsplus_count() as usize;
        let top = (*frame).slot(locals + operands as usize);
        let operands = if (*frame).stackpointer >= top { operands as usize } else { 0 };
        let slots = (0..locals + operands).map(|slot| *(*frame).slot(slot));
        slots.map(|local| if local.is_int() { 0 } else { local.untag() as usize }).collect()
    }
}

/// The frame of a generator that waits.
#[derive(Copy, Clone, Debug)]
pub struct WaitingFrame(*mut InterpreterFrame);

impl WaitingFrame {
    /// # Safety
    /// `frame` is complete, and stays as it is while this is in use; the GIL is held.
    pub unsafe fn new(frame: *mut InterpreterFrame) -> WaitingFrame {
        WaitingFrame(frame)
    }

    /// Its code.
    pub fn code(self) -> Code {
        // SAFETY: the constructor's contract.
        unsafe { Code::from_ptr((*self.0).code().cast()) }
    }

    /// The bytecode that it goes on with.
    pub fn at(self) -> CodeOffset {
        // SAFETY: the constructor's contract: a complete frame is at an instruction of its code.
        CodeOffset(unsafe { (*self.0).instr_ptr.offset_from(self.code().first_unit()) } as u32)
    }

    /// The address of that.
    #[inline]
    pub fn bytecode(self) -> usize {
        // SAFETY: the constructor's contract.
        unsafe { (*self.0).instr_ptr as usize }
    }

    /// Operands on its stack.
    pub fn depth(self) -> u32 {
        let locals = self.code().localsplus_count() as usize;
        // SAFETY: the constructor's contract; the stack begins behind the home slots.
        unsafe { (*self.0).stackpointer.offset_from((*self.0).slot(locals)) as u32 }
    }

    /// The function that has made it, if it has not begun to run.
    pub fn maker(self) -> Option<Function> {
        // SAFETY: the constructor's contract; the frame of a generator holds the function, and has nothing on its stack before it
        // begins but what a generator expression iterates over.
        unsafe {
            let before = self.at().0.checked_sub(1).map(|unit| *self.code().first_unit().add(unit as usize));
            let is_new = before.and_then(|unit| Opcode::from_number(unit as u8)) == Some(Opcode::ReturnGenerator);
            is_new.then(|| Function::from_ptr((*self.0).f_funcobj.untag()))
        }
    }

    /// Its globals and its builtins, borrowed.
    pub fn namespaces(self) -> [*mut PyObject; 2] {
        // SAFETY: the constructor's contract.
        unsafe { [(*self.0).f_globals, (*self.0).f_builtins] }
    }

    /// The objects in its home slots and on its stack, as [`of_running_frame`] tells them.
    pub fn objects(self) -> Vec<usize> {
        // SAFETY: the constructor's contract.
        unsafe { of_frame(self.0, self.depth()) }
    }
}
