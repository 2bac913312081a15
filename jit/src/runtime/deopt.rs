//! Deoptimization: the machine code has flushed its operand stack into the frame; the interpreter goes on from there.

use pyo3::ffi::{self, PyObject, PyThreadState};

use crate::bytecode::opcode::Opcode;
use crate::bytecode::operators::NB_SUBSCR;
use crate::code::executable::{Header, OSR_EXITED, OSR_RAISED};
use crate::cpython::code::Code;
use crate::cpython::ffi as private;
use crate::cpython::frame::{InterpreterFrame, StackRef};
use crate::cpython::function::Function;
use crate::cpython::interp;
use crate::cpython::thread::Thread;
use crate::hir::function::Kind;
use crate::hir::inst::Reason;
use crate::runtime::ops::{containers, operators};
use crate::runtime::{attr_cache, blame, frames};
use crate::tier;

/// Side exit of a function: the interpreter runs the rest of the frame and returns its result.
///
/// # Safety
/// `frame` is the current frame of `tstate`, with its operands in their places; `header` and `index` are those of the
/// machine code that left.
pub unsafe extern "C-unwind" fn exit_function(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    header: *const Header,
    index: u64,
) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe {
        frames::settle(tstate);
        record(frame, header, index);
        let raised = !tell_line(tstate, frame, header, index);
        evaluate(tstate, frame, raised)
    }
}

/// Side exit of a loop: the interpreter, which called the loop's code, goes on with the frame.
///
/// # Safety
/// As for [`exit_function`].
pub unsafe extern "C-unwind" fn exit_loop(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    header: *const Header,
    index: u64,
) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe {
        frames::settle(tstate);
        record(frame, header, index);
        let told = tell_line(tstate, frame, header, index);
        std::ptr::without_provenance_mut(if told { OSR_EXITED } else { OSR_RAISED })
    }
}

/// Runs the current frame to its end in the interpreter, which pops it.
///
/// # Safety
/// `frame` is the current frame of `tstate` and complete for the interpreter. Its entry was counted against the
/// recursion limit.
pub unsafe fn resume(tstate: *mut PyThreadState, frame: *mut InterpreterFrame) -> *mut PyObject {
    // SAFETY: the contract.
    unsafe { evaluate(tstate, frame, false) }
}

/// Like [`resume`]; with `raised` an exception is set, which is raised where the frame is.
unsafe fn evaluate(tstate: *mut PyThreadState, frame: *mut InterpreterFrame, raised: bool) -> *mut PyObject {
    // SAFETY: the contract; the evaluation counts the entry again and links the frame itself.
    unsafe {
        let thread = Thread::from_ptr(tstate);
        (*frame).return_offset = 0;
        thread.set_current_frame((*frame).previous);
        thread.set_recursion_remaining(thread.recursion_remaining() + 1);
        let raised = raised || !is_instrumented(frame, thread);
        private::_PyEval_EvalFrameDefault(tstate, frame, raised.into())
    }
}

/// Brings the bytecode of a frame that the interpreter is to go on with up to the events that tools want. The interpreter does that where a
/// function starts; this one may have started in machine code, when its bytecode still had events that nobody wants any more. False with
/// an exception set if there is no memory for it.
unsafe fn is_instrumented(frame: *mut InterpreterFrame, thread: Thread) -> bool {
    // SAFETY: the frame's code object and the thread's interpreter are alive, and the GIL is held.
    unsafe {
        let code = Code::from_ptr((*frame).code().cast());
        let interp = thread.interp();
        code.instrumentation_version() == interp::instrumentation_version(interp)
            || private::_Py_Instrument(code.as_ptr(), interp.cast()) >= 0
    }
}

/// Reports the line that a frame goes on with behind a finished instruction, to tools that were switched on by it. The
/// interpreter would not: it takes the place at which it resumes for one where it has been. False when a tool raises.
unsafe fn tell_line(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    header: *const Header,
    index: u64,
) -> bool {
    // SAFETY: the frame is complete; as for `record`. The bytecode of a tool's line event is the event itself.
    unsafe {
        let executable = &*(*header).executable;
        let exit = &executable.exits[index as usize];
        let instr = (*frame).instr_ptr;
        let opcode = Opcode::from_number(*instr as u8);
        if exit.site == exit.offset
            || opcode != Some(Opcode::InstrumentedLine)
            || Thread::from_ptr(tstate).tracing() != 0
        {
            return true;
        }
        (*frame).return_offset = 0;
        let before = Code::from_ptr((*frame).code().cast()).first_unit().add(exit.site.index());
        private::_Py_call_instrumentation_line(tstate, frame, instr, before) >= 0
    }
}

unsafe fn record(frame: *mut InterpreterFrame, header: *const Header, index: u64) {
    // SAFETY: the executable is boxed and installed before its code can run, and freed only when no code runs.
    unsafe {
        let executable = &mut *(*header).executable;
        executable.exits[index as usize].settle(frame);
        let code = Code::from_ptr((*frame).code().cast());
        if let Some(exit) = executable.exits.get(index as usize)
            && matches!(exit.opcode, Opcode::LoadAttr | Opcode::StoreAttr | Opcode::LoadSuperAttr)
            && exit.reason == Reason::TypeVersion
        {
            // The owner is the topmost operand of all.
            let owner = (*(*frame).stackpointer.sub(1)).untag();
            let slots = 0..code.localsplus_count();
            let holders = slots.filter(|slot| {
                let local = *(*frame).slot(*slot as usize);
                !local.is_int() && local.untag() == owner
            });
            tier::record_class(code, exit.site, attr_cache::version_of(owner), holders);
        }
        let finding = blame::tell(executable, frame, index as usize);
        let owner = Code::from_ptr(executable.code as *mut _);
        // Frames of callees that are a part of the machine code are linked to that of the owner.
        let mut outermost = frame;
        while !outermost.is_null() && (*outermost).code() != owner.as_ptr().cast() {
            outermost = (*outermost).previous;
        }
        let is_function = executable.kind == Kind::Function && !outermost.is_null();
        let function = is_function.then(|| Function::from_ptr((*outermost).f_funcobj.untag()));
        let exit = executable.exits.get(index as usize);
        let exit = exit.filter(|exit| exit.site == exit.offset).map(|exit| (exit.opcode, exit.reason));
        tier::record_deopt(executable, owner, function, code, index as usize, &finding);
        if let Some((opcode, reason)) = exit {
            note_operands(frame, opcode, reason);
        }
    }
}

/// Notes what has come by at a bytecode where the interpreter, which goes on there, would not say it.
unsafe fn note_operands(frame: *mut InterpreterFrame, opcode: Opcode, reason: Reason) {
    // SAFETY: the frame is complete, and before the bytecode: all operands of that are on its stack.
    unsafe {
        let oparg = usize::from(*(*frame).instr_ptr >> 8);
        let operand = |depth: usize| *(*frame).stackpointer.sub(depth + 1);
        match (opcode, reason) {
            (Opcode::BinaryOp, Reason::Type | Reason::Shape) if oparg == NB_SUBSCR as usize => {
                operators::note_buffer(frame, operand(1).untag());
            }
            (Opcode::StoreSubscr, Reason::Type | Reason::Shape) => {
                operators::note_buffer(frame, operand(1).untag());
            }
            (Opcode::Call, Reason::Callee) if operand(oparg).is_null() => {
                operators::note_code(frame, operand(oparg + 1).untag());
            }
            _ => {}
        }
    }
}

/// An int as a stackref for the interpreter.
///
/// # Safety
/// The GIL is held.
pub unsafe extern "C-unwind" fn box_int(value: i64) -> StackRef {
    // SAFETY: the contract.
    unsafe { StackRef::from_owned(or_die(ffi::PyLong_FromLongLong(value))) }
}

/// A float as a stackref for the interpreter.
///
/// # Safety
/// The GIL is held.
pub unsafe extern "C-unwind" fn box_float(value: f64) -> StackRef {
    // SAFETY: the contract.
    unsafe { StackRef::from_owned(or_die(ffi::PyFloat_FromDouble(value))) }
}

/// A tuple that takes over the `count` references in `items`, as a stackref for the interpreter.
///
/// # Safety
/// The GIL is held; so many references.
pub unsafe extern "C-unwind" fn tuple_of(items: *mut *mut PyObject, count: i64) -> StackRef {
    // SAFETY: the contract.
    unsafe { StackRef::from_owned(or_die(containers::build_tuple(items, count))) }
}

/// A box that could not be made for lack of memory cannot be reported at this point, where the frame must get
/// its operands: the process is out of memory for 32 bytes, and the interpreter itself treats that as fatal elsewhere.
pub(super) unsafe fn or_die(object: *mut PyObject) -> *mut PyObject {
    if object.is_null() {
        // SAFETY: the text ends with a NUL.
        unsafe { ffi::Py_FatalError(c"rjit: out of memory while handing a frame back to the interpreter".as_ptr()) };
    }
    object
}
