//! Generators that delegate to others (`yield from`).
//!
//! An item of the innermost one passes through all that delegate to it, and each does nothing with it but pass it on. So they are
//! not run for it: their frames are linked, one below the other, which is all that anybody could notice, and the innermost one
//! runs. While they wait so they look as in the interpreter, at the bytecode that asks for the item. When the innermost one
//! returns or raises, the next one goes on from there, in machine code if there is some for that place.

use std::mem::MaybeUninit;
use std::ptr::null_mut;

use pyo3::ffi::{self, PyObject, PyThreadState};

use super::generators::{
    Outcome, enter, enter_linked, frame, interpret, is_observed, is_quiet, known_at, link, may_run, outcome, resumption,
};
use super::{deopt, frames};
use crate::bytecode::opcode::CodeOffset;
use crate::code::resume_cache::Delegation;
use crate::cpython::code::Code;
use crate::cpython::frame::StackRef;
use crate::cpython::generator::{
    GI_EXC_STATE, GI_FRAME_STATE, STATE_CREATED, STATE_SUSPENDED, STATE_SUSPENDED_YIELD_FROM,
};
use crate::cpython::memory;
use crate::cpython::thread::{ErrStackItem, Thread};

/// Frames that are linked at once, at most; whoever is below is asked by the last of them.
const MOST: usize = 64;

/// A generator that waits for another one's item, linked.
#[derive(Copy, Clone)]
struct Level {
    generator: *mut PyObject,
    delegation: Delegation,
}

/// Whether the generator, which waits where it can delegate, does so to another one that waits.
#[inline]
pub unsafe fn delegates(generator: *mut PyObject) -> bool {
    // SAFETY: the callers': a generator that waits.
    unsafe {
        memory::read::<i8, _>(generator, GI_FRAME_STATE) == STATE_SUSPENDED_YIELD_FROM && receiver(generator).is_some()
    }
}

/// The generator that this one delegates to, if it is one that waits.
unsafe fn receiver(generator: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: the callers': a generator that delegates has what it delegates to and an index word on top of its stack.
    unsafe {
        let top = (*frame(generator)).stackpointer;
        let receiver = *top.sub(2);
        if !(*top.sub(1)).is_null() || receiver.is_int() || ffi::PyGen_CheckExact(receiver.untag()) == 0 {
            return None;
        }
        let state: i8 = memory::read(receiver.untag(), GI_FRAME_STATE);
        let waits = matches!(state, STATE_CREATED | STATE_SUSPENDED | STATE_SUSPENDED_YIELD_FROM);
        waits.then(|| receiver.untag())
    }
}

/// Runs a generator that [`delegates`] and for which there is machine code. Not a part of its caller, which would have to make room on
/// the stack for all levels.
#[inline(never)]
pub unsafe fn run(tstate: *mut PyThreadState, generator: *mut PyObject, delegation: Delegation) -> Outcome {
    // SAFETY: the callers': nothing is against running it.
    unsafe {
        let mut levels = [const { MaybeUninit::<Level>::uninit() }; MOST];
        let mut count = 1;
        wait(tstate, *levels[0].write(Level { generator, delegation }));
        let mut innermost = receiver(generator).expect("asked for by the caller");
        let mut found = resumption(tstate, innermost);
        while let Some(delegation) = found.and_then(|found| found.delegation)
            && count < MOST
            && delegates(innermost)
        {
            let level = Level { generator: innermost, delegation };
            innermost = receiver(innermost).expect("it delegates to one");
            wait(tstate, *levels[count].write(level));
            count += 1;
            found = resumption(tstate, innermost);
        }
        let mut outcome = match found {
            Some(found) => enter(tstate, innermost, found.body),
            None => interpret(innermost),
        };
        for level in levels[..count].iter().rev() {
            let level = level.assume_init();
            outcome = match outcome {
                Outcome::Item(item) => pass_on(tstate, level, item),
                Outcome::Returned(result) => go_on(tstate, level, level.delegation.returned(), result),
                Outcome::Raised => raise(tstate, level),
            };
        }
        outcome
    }
}

unsafe fn at(generator: *mut PyObject, offset: CodeOffset) -> *mut u16 {
    // SAFETY: the callers': an offset in the generator's code.
    unsafe { Code::from_ptr((*frame(generator)).code().cast()).first_unit().add(offset.index()) }
}

/// Links the frame, at the bytecode that asks for an item.
unsafe fn wait(tstate: *mut PyThreadState, level: Level) {
    // SAFETY: the callers': a generator that waits.
    unsafe {
        link(tstate, level.generator);
        (*frame(level.generator)).instr_ptr = at(level.generator, level.delegation.send());
    }
}

/// Yields an item of what is delegated to.
unsafe fn pass_on(tstate: *mut PyThreadState, level: Level, item: *mut PyObject) -> Outcome {
    // SAFETY: the callers': the level is the thread's innermost frame.
    unsafe {
        let thread = Thread::from_ptr(tstate);
        let frame = frame(level.generator);
        if !is_quiet(thread) || is_observed(frame) {
            return go_on(tstate, level, level.delegation.yields(), item);
        }
        let handled: *mut ErrStackItem = memory::field(level.generator, GI_EXC_STATE);
        thread.set_exc_info((*handled).previous_item);
        (*handled).previous_item = null_mut();
        thread.set_recursion_remaining(thread.recursion_remaining() + 1);
        thread.set_current_frame((*frame).previous);
        (*frame).previous = null_mut();
        // Behind the bytecode that yields.
        (*frame).instr_ptr = at(level.generator, level.delegation.yields()).add(1);
        memory::write(level.generator, GI_FRAME_STATE, STATE_SUSPENDED_YIELD_FROM);
        Outcome::Item(item)
    }
}

/// Goes on at `offset` with `value`, an owned reference, on the stack.
unsafe fn go_on(tstate: *mut PyThreadState, level: Level, offset: CodeOffset, value: *mut PyObject) -> Outcome {
    // SAFETY: as for `pass_on`; the frame has room for the operand, as in the interpreter.
    unsafe {
        let frame = frame(level.generator);
        (*frame).stackpointer.write(StackRef::from_owned(value));
        (*frame).stackpointer = (*frame).stackpointer.add(1);
        (*frame).instr_ptr = at(level.generator, offset);
        if let Some(resumption) = known_at(frame).filter(|_| may_run(tstate, frame)) {
            return enter_linked(tstate, level.generator, resumption.body);
        }
        outcome(level.generator, deopt::resume(tstate, frame))
    }
}

/// Goes on with the exception that is set, which the bytecode that asks for an item raises.
#[cold]
unsafe fn raise(tstate: *mut PyThreadState, level: Level) -> Outcome {
    // SAFETY: as for `pass_on`, with an exception set; the operands above the handler's are the frame's to close.
    unsafe {
        let frame = frame(level.generator);
        let code = Code::from_ptr((*frame).code().cast());
        frames::add_traceback(tstate, frame);
        let Some(handler) = code.exceptions().lookup(level.delegation.send()).copied() else {
            frames::unwind(tstate, frame);
            return Outcome::Raised;
        };
        let depth = (*frame).slot((code.localsplus_count() + handler.depth) as usize);
        while (*frame).stackpointer > depth {
            (*frame).stackpointer = (*frame).stackpointer.sub(1);
            frames::drop_ref(*(*frame).stackpointer);
        }
        let push = |operand: StackRef| {
            (*frame).stackpointer.write(operand);
            (*frame).stackpointer = (*frame).stackpointer.add(1);
        };
        if handler.lasti {
            push(StackRef::from_int(i64::from(level.delegation.send().0)));
        }
        push(StackRef::from_owned(ffi::PyErr_GetRaisedException()));
        (*frame).instr_ptr = at(level.generator, handler.target);
        outcome(level.generator, deopt::resume(tstate, frame))
    }
}
