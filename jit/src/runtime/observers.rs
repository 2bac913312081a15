//! Who looks at compiled frames: the call site of an observer is kept from the moment it looks until the frame goes on in the
//! interpreter because of that, which the telemetry page tells.

use pyo3::ffi::PyObject;

use super::frames;
use crate::bytecode::opcode::CodeOffset;
use crate::code::executable::Cause;
use crate::cpython::code::Code;
use crate::cpython::frame::{self, InterpreterFrame};
use crate::cpython::gil::GilCell;
use crate::cpython::memory;
use crate::cpython::thread::Thread;

/// Looks that are remembered. A frame that an exception leaves never asks who has looked at it.
const MOST: usize = 32;

/// What an observer did.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Asked for the locals, or changed one.
    Locals,
    /// Set a trace function.
    Trace,
}

struct Look {
    act: Act,
    frame: usize,
    code: usize,
    observer: String,
}

static LOOKS: GilCell<Vec<Look>> = GilCell::new(Vec::new());
/// Who has switched on events last.
static TOOL: GilCell<Option<String>> = GilCell::new(None);

/// Notes that the running Python code looks at a frame, if machine code runs that.
///
/// # Safety
/// `object` is a live frame object, and the GIL is held.
pub unsafe fn note(object: *mut PyObject, act: Act) {
    // SAFETY: the contract.
    unsafe {
        let frame: *mut InterpreterFrame = memory::read(object, frame::OBJ_F_FRAME);
        if frame.is_null() || !frames::is_compiled(frame) {
            return;
        }
        let Some(observer) = call_site() else { return };
        let (frame, code) = (frame as usize, (*frame).code() as usize);
        LOOKS.with(|looks| {
            looks.retain(|look| (look.frame, look.act) != (frame, act));
            if looks.len() == MOST {
                looks.remove(0);
            }
            looks.push(Look { act, frame, code, observer });
        });
    }
}

/// Notes that the running Python code switches on events.
///
/// # Safety
/// The GIL is held.
pub unsafe fn note_tool() {
    // SAFETY: the contract.
    let tool = unsafe { call_site() };
    TOOL.with(|known| *known = tool);
}

/// Who has made a frame go on in the interpreter, for `cause`.
///
/// # Safety
/// `frame` is a live frame, and the GIL is held.
pub unsafe fn of(frame: *mut InterpreterFrame, cause: Cause) -> Option<String> {
    let act = match cause {
        Cause::OutOfUse => return None,
        Cause::ToolOn => return TOOL.with(|tool| tool.clone()),
        Cause::LocalsRead | Cause::LocalAssigned => Act::Locals,
        Cause::Traced => Act::Trace,
    };
    // SAFETY: the contract.
    let (frame, code) = unsafe { (frame as usize, (*frame).code() as usize) };
    LOOKS.with(|looks| {
        let found = looks.iter().position(|look| (look.frame, look.act) == (frame, act))?;
        let look = looks.remove(found);
        (look.code == code).then_some(look.observer)
    })
}

/// Where the innermost Python frame is, as `FUNCTION FILE:LINE`.
unsafe fn call_site() -> Option<String> {
    // SAFETY: the frames of an attached thread are linked, and those of the interpreter's own loop have no code.
    unsafe {
        let mut frame: *mut InterpreterFrame = Thread::current().current_frame();
        while !frame.is_null() && (*frame).owner >= frame::OWNED_BY_INTERPRETER {
            frame = (*frame).previous;
        }
        if frame.is_null() {
            return None;
        }
        let code = Code::from_ptr((*frame).code().cast());
        let unit = (*frame).instr_ptr.offset_from(code.first_unit());
        let line = code.line(CodeOffset(u32::try_from(unit).unwrap_or(0)));
        Some(format!("{} {}:{line}", code.qualname(), code.filename()))
    }
}
