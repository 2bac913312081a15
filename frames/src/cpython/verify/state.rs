//! Reads the thread state and the running frame through the layouts, and compares with what Python says about them.

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;

use super::super::frame::{self, InterpreterFrame};
use super::super::{code, memory, object, thread};
use super::{LayoutMismatch, holds, same};
use crate::cpython::thread::Thread;

type Checked = Result<(), LayoutMismatch>;

/// Checks the state of the running thread and the frame that runs.
pub fn check(py: Python<'_>) -> Checked {
    // SAFETY: attached, as the token says.
    let current = unsafe { Thread::current() };
    data_stack(current)?;
    frames(py, current)
}

/// A field of the attached thread's state.
fn of_thread<T: Copy>(current: Thread, offset: i32) -> T {
    // SAFETY: the attached thread's own state; offsets match their fields' types.
    unsafe { memory::read(current.as_ptr(), offset) }
}

fn data_stack(current: Thread) -> Checked {
    let (top, end) = (current.datastack_top() as usize, current.datastack_limit() as usize);
    let chunk: usize = of_thread(current, thread::DATASTACK_CHUNK);
    holds("datastack_top", "within its chunk", (chunk, top, end), chunk <= top && top <= end)?;
    if chunk != 0 {
        // SAFETY: the interpreter publishes the place of the chunk.
        let size: usize = unsafe { memory::read(chunk as *const u8, thread::CHUNK_SIZE) };
        same("end of the data stack's chunk", chunk + size, end)?;
        holds("first word of the chunk", "in front of the top", top, chunk + thread::CHUNK_DATA as usize <= top)?;
    }
    Ok(())
}

fn frames(py: Python<'_>, current: Thread) -> Checked {
    // SAFETY: the GIL is held.
    let object = unsafe { ffi::PyEval_GetFrame() };
    if object.is_null() {
        return Ok(());
    }
    let object = object.cast::<PyObject>();
    // SAFETY: a live frame object, whose frame runs; the interpreter publishes the frame's own places.
    unsafe {
        let running: *mut InterpreterFrame = memory::read(object, frame::OBJ_F_FRAME);
        let mut innermost = current.current_frame();
        while !innermost.is_null() && innermost != running {
            innermost = (*innermost).previous;
        }
        same("f_frame of the running frame", running, innermost)?;
        let executable = ffi::PyFrame_GetCode(object.cast());
        let official = executable.cast::<PyObject>();
        ffi::Py_DECREF(official);
        let running = &*running;
        same("f_executable", official, running.code())?;
        same("frame_obj", object, running.frame_obj)?;
        same("f_globals", ffi::PyEval_GetGlobals(), running.f_globals)?;
        same("f_builtins", ffi::PyEval_GetBuiltins(), running.f_builtins)?;
        let first = executable as usize + code::CO_CODE_ADAPTIVE as usize;
        let at = (running.instr_ptr as usize).wrapping_sub(first) / 2;
        let units: usize = memory::read(executable, object::OB_SIZE);
        holds("instr_ptr", "within the bytecode", at, at < units)?;
        let slots =
            (running.stackpointer as usize).wrapping_sub(running as *const _ as usize + frame::LOCALSPLUS as usize) / 8;
        let [locals, operands, words]: [i32; 3] = [code::CO_NLOCALSPLUS, code::CO_STACKSIZE, code::CO_FRAMESIZE]
            .map(|offset| memory::read(executable, offset));
        same("co_framesize", locals + operands + frame::SPECIALS_SIZE, words)?;
        holds("stackpointer", "within the frame", slots, slots <= (locals + operands) as usize)?;
        let owner = running.owner;
        holds("owner", "a Python frame", owner, owner <= frame::OWNED_BY_FRAME_OBJECT)?;
        same("f_lineno without tracing", 0, memory::read::<i32, _>(object, frame::OBJ_F_LINENO))?;
        let traces: bool = Bound::from_borrowed_ptr(py, object).getattr("f_trace_lines")?.extract()?;
        same("f_trace_lines", u8::from(traces), memory::read(object, frame::OBJ_F_TRACE_LINES))
    }
}
