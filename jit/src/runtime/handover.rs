//! Taking a call's arguments over from an interpreted caller.
//!
//! The interpreter moves arguments into the callee's frame: one that only the call keeps alive dies when the callee
//! lets go of it, and `sys.getrefcount` counts it once. The vectorcall protocol lends them instead. So that a function
//! behaves the same whether it is compiled or not, our entry looks at the caller: when it is an interpreted frame in
//! the middle of a call instruction of this very function, the references on its operand stack are taken over. Nothing
//! is left in their place: the frame of a generator is looked through by the collector of garbage while it runs,
//! operands and all, and would show it the dead.

use pyo3::ffi::{self, PyObject};

use crate::bytecode::opcode::{CodeOffset, Opcode, OpcodeKind};
use crate::cpython::code::Code;
use crate::cpython::frame::{self, InterpreterFrame, StackRef};
use crate::cpython::{memory, monitoring, tuple};
use crate::runtime::frames;

/// The arguments of a vectorcall.
pub struct Arguments {
    /// The function that is called.
    pub callable: *mut PyObject,
    /// Positional arguments, then the values of keywords.
    pub args: *const *mut PyObject,
    /// How many there are in all.
    pub count: usize,
    /// The tuple of the keywords' names, or null.
    pub kwnames: *mut PyObject,
}

impl Arguments {
    /// Fills `refs` with references that the callee's frame owns.
    ///
    /// # Safety
    /// The arguments are those of a vectorcall in progress, `caller` is the thread's current frame or null, and `refs`
    /// has room for all of them.
    pub unsafe fn take(&self, caller: *mut InterpreterFrame, refs: &mut [StackRef]) {
        // SAFETY: the contract.
        unsafe {
            if self.count > 0 && self.take_from(caller, refs) {
                return;
            }
            for (i, slot) in refs.iter_mut().enumerate() {
                *slot = StackRef::from_owned(ffi::Py_NewRef(*self.args.add(i)));
            }
        }
    }

    unsafe fn take_from(&self, caller: *mut InterpreterFrame, refs: &mut [StackRef]) -> bool {
        // SAFETY: the contract; an interpreted frame in a call has its operands below its stack pointer.
        unsafe {
            // With CALL events on, the interpreter reports an argument after the call, so it needs them all.
            if !is_interpreted(caller)
                || Code::from_ptr((*caller).code().cast()).active_tools(monitoring::EVENT_CALL) != 0
            {
                return false;
            }
            let Some((opcode, oparg)) = call_in_progress(caller) else {
                return false;
            };
            let top = (*caller).stackpointer;
            let depth = top.offset_from((*caller).localsplus.as_ptr());
            match opcode {
                Opcode::Call if self.kwnames.is_null() => self.take_operands(top, depth, oparg, refs),
                Opcode::CallKw if depth > 0 && (*top.sub(1)).untag() == self.kwnames => {
                    self.take_operands(top.sub(1), depth - 1, oparg, refs)
                }
                Opcode::CallFunctionEx if depth >= 4 && (*top.sub(4)).untag() == self.callable => {
                    self.take_unpacked(*top.sub(2), *top.sub(1), refs)
                }
                _ => false,
            }
        }
    }

    /// The operands of a `CALL` or `CALL_KW` end at `top`: callable, self or NULL, `oparg` arguments.
    unsafe fn take_operands(&self, top: *mut StackRef, depth: isize, oparg: usize, refs: &mut [StackRef]) -> bool {
        // SAFETY: as in `take_from`.
        unsafe {
            if depth < oparg as isize + 2 || (*top.sub(oparg + 2)).untag() != self.callable {
                return false;
            }
            let with_self = !(*top.sub(oparg + 1)).is_null();
            if self.count != oparg + usize::from(with_self) {
                return false;
            }
            let first = top.sub(self.count);
            let same = |i| {
                let operand: StackRef = *first.add(i);
                !operand.is_int() && operand.untag() == *self.args.add(i)
            };
            if !(0..self.count).all(same) {
                return false;
            }
            for (i, slot) in refs.iter_mut().enumerate() {
                *slot = first.add(i).replace(StackRef::NULL);
            }
            true
        }
    }

    /// The operands of a `CALL_FUNCTION_EX`. The interpreter drops the tuple and the dict before the callee starts; here
    /// they stay, so what they alone hold is moved out of them.
    unsafe fn take_unpacked(&self, positional: StackRef, keywords: StackRef, refs: &mut [StackRef]) -> bool {
        // SAFETY: as in `take_from`; an object with one reference, which the operand stack owns, is seen by nobody else.
        unsafe {
            let is_ours = |operand: StackRef| operand.is_counted() && ffi::Py_REFCNT(operand.untag()) == 1;
            let items: *mut *mut PyObject = memory::field(positional.untag(), tuple::OB_ITEM);
            let named = !self.kwnames.is_null();
            if !is_ours(positional) || named == keywords.is_null() {
                return false;
            }
            let size = ffi::PyTuple_GET_SIZE(positional.untag()) as usize;
            let names = if named { ffi::PyTuple_GET_SIZE(self.kwnames) as usize } else { 0 };
            let same = |i| *items.add(i) == *self.args.add(i);
            if size + names != self.count || !(0..size).all(same) {
                return false;
            }
            // With keywords the arguments are in an array made for this call, which owns the keywords' values only.
            for (i, slot) in refs.iter_mut().enumerate() {
                let place = if i < size { items.add(i) } else { self.args.cast_mut().add(i) };
                *slot = StackRef::from_owned(place.replace(ffi::Py_None()));
            }
            if named && is_ours(keywords) {
                ffi::PyDict_Clear(keywords.untag());
            }
            true
        }
    }
}

/// Whether the interpreter runs `caller`. Machine code passes arguments on its own way; only what it calls generically
/// comes here.
unsafe fn is_interpreted(caller: *const InterpreterFrame) -> bool {
    // SAFETY: the callers' contract: the thread's current frame or null.
    unsafe {
        !caller.is_null()
            && matches!((*caller).owner, frame::OWNED_BY_THREAD | frame::OWNED_BY_GENERATOR)
            && !frames::is_mark((*caller).return_offset)
            && !rjit_frames::is_native(caller)
    }
}

/// The unspecialized opcode that an interpreted frame is at, whatever instruments it, and its operand.
unsafe fn call_in_progress(caller: *const InterpreterFrame) -> Option<(Opcode, usize)> {
    // SAFETY: the callers' contract: a live frame, which is at an instruction of its code.
    let unit = unsafe {
        let unit = (*caller).instr_ptr.read();
        match Opcode::from_number(unit as u8)?.kind() {
            OpcodeKind::Instrumented => {
                let code = Code::from_ptr((*caller).code().cast());
                code.base_unit(CodeOffset((*caller).instr_ptr.offset_from(code.first_unit()) as u32))
            }
            _ => unit,
        }
    };
    Some((Opcode::from_number(unit as u8)?.deopt(), usize::from(unit >> 8)))
}
