//! What CPython calls when something happens: monitoring events and the function watcher.
//!
//! This layer checks and unpacks arguments; what to do is decided in [`crate::tier`]. Nothing here raises, save what
//! compiled code raised, and a mistake of ours ends in going on interpreted.

use std::ffi::{c_char, c_int};
use std::panic::{self, AssertUnwindSafe};

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use super::{events, frames, generators, observe, osr};
use crate::code::install;
use crate::compile::Namespaces;
use crate::cpython;
use crate::cpython::code::Code;
use crate::cpython::frame::{InterpreterFrame, OWNED_BY_THREAD};
use crate::cpython::function::Function;
use crate::cpython::thread::Thread;
use crate::cpython::{unicode, watch};
use crate::tier::functions::{Change, function_changed};
use crate::tier::hotness::{self, Answer, JumpingFrame};
use crate::tier::invariants;
use crate::tier::is_enabled;

/// The callbacks for `sys.monitoring.register_callback`.
pub struct Callbacks {
    /// For PY_START.
    pub start: Py<PyAny>,
    /// For JUMP.
    pub jump: Py<PyAny>,
    /// For INSTRUCTION.
    pub instruction: Py<PyAny>,
}

/// The callbacks, made once. They are C functions: anything else would cost more than what they do.
pub fn callbacks(py: Python<'_>) -> PyResult<&'static Callbacks> {
    static CALLBACKS: PyOnceLock<Callbacks> = PyOnceLock::new();
    CALLBACKS.get_or_try_init(py, || {
        Ok(Callbacks {
            start: callback(py, c"rjit_on_start".as_ptr(), on_start)?,
            jump: callback(py, c"rjit_on_jump".as_ptr(), on_jump)?,
            instruction: callback(py, c"rjit_on_instruction".as_ptr(), on_instruction)?,
        })
    })
}

/// [`ffi::PyCFunctionFast`], through which C++ exceptions may pass.
type Callback = unsafe extern "C-unwind" fn(*mut PyObject, *mut *mut PyObject, ffi::Py_ssize_t) -> *mut PyObject;

fn callback(py: Python<'_>, name: *const c_char, function: Callback) -> PyResult<Py<PyAny>> {
    // SAFETY: the types differ only in what may pass through.
    let function = unsafe { std::mem::transmute::<Callback, ffi::PyCFunctionFast>(function) };
    let definition = Box::leak(Box::new(ffi::PyMethodDef {
        ml_name: name,
        ml_meth: ffi::PyMethodDefPointer { PyCFunctionFast: function },
        ml_flags: ffi::METH_FASTCALL,
        ml_doc: std::ptr::null(),
    }));
    // SAFETY: the definition lives forever and describes `function` rightly.
    unsafe {
        let object = ffi::PyCFunction_New(definition, std::ptr::null_mut());
        Bound::from_owned_ptr_or_err(py, object).map(Bound::unbind)
    }
}

/// The arguments of a callback when they are what the interpreter passes: a code object and numbers. Python code can
/// get hold of callbacks and call them with anything.
///
/// # Safety
/// `args` has `count` live objects.
unsafe fn arguments<const N: usize>(args: *const *mut PyObject, count: ffi::Py_ssize_t) -> Option<(Code, [u32; N])> {
    if usize::try_from(count) != Ok(N + 1) {
        return None;
    }
    // SAFETY: as the caller says, and each object is tested before it is taken for something.
    unsafe {
        if ffi::PyCode_Check(*args) == 0 {
            return None;
        }
        let mut numbers = [0; N];
        for (index, number) in numbers.iter_mut().enumerate() {
            let object = *args.add(index + 1);
            if ffi::PyLong_CheckExact(object) == 0 {
                return None;
            }
            let mut overflow = 0;
            let value = ffi::PyLong_AsLongAndOverflow(object, &raw mut overflow);
            *number = u32::try_from(value).ok()?;
        }
        Some((Code::from_ptr((*args).cast()), numbers))
    }
}

/// Asks `decide`, and gives the interpreter the answer.
fn answer(decide: impl FnOnce() -> Option<Answer>) -> *mut PyObject {
    let answer = panic::catch_unwind(AssertUnwindSafe(decide)).ok().flatten();
    let object = match answer {
        Some(Answer::Disable) => &raw mut cpython::ffi::_PyInstrumentation_DISABLE,
        // SAFETY: None exists as long as the interpreter.
        _ => unsafe { ffi::Py_None() },
    };
    // SAFETY: both objects exist as long as the interpreter.
    unsafe { ffi::Py_NewRef(object) }
}

/// The current frame, if it runs `code`.
///
/// # Safety
/// The frame is not used after the callback has returned.
unsafe fn frame_of(thread: Thread, code: Code) -> Option<&'static InterpreterFrame> {
    // SAFETY: the current frame of an attached thread is null or complete.
    let frame = unsafe { thread.current_frame().as_ref() }?;
    (frame.code() == code.as_ptr().cast()).then_some(frame)
}

unsafe extern "C-unwind" fn on_start(
    _: *mut PyObject,
    args: *mut *mut PyObject,
    count: ffi::Py_ssize_t,
) -> *mut PyObject {
    answer(|| {
        // SAFETY: called by the interpreter, attached, with live arguments; the frame lives as long as this call.
        unsafe {
            let (code, [_offset]) = arguments(args, count)?;
            let frame = frame_of(Thread::current(), code)?;
            let function = frame.f_funcobj;
            let is_function = !function.is_null() && ffi::PyFunction_Check(function.untag()) != 0;
            let function = is_function.then(|| Function::from_ptr(function.untag()));
            Some(hotness::started(code, function))
        }
    })
}

unsafe extern "C-unwind" fn on_jump(
    _: *mut PyObject,
    args: *mut *mut PyObject,
    count: ffi::Py_ssize_t,
) -> *mut PyObject {
    let mut entered = None;
    let object = answer(|| {
        // SAFETY: called by the interpreter, attached, with live arguments; the frame lives as long as this call.
        unsafe {
            let (code, [from, to]) = arguments(args, count)?;
            let thread = Thread::current();
            let tstate = thread.as_ptr();
            let frame = frame_of(thread, code)?;
            let operands = frame.stackpointer.offset_from(frame.localsplus.as_ptr());
            let jumping = JumpingFrame {
                is_generator: frame.owner != OWNED_BY_THREAD,
                depth: u32::try_from(operands).ok()?.checked_sub(code.localsplus_count())?,
                namespaces: Namespaces { globals: frame.f_globals, builtins: frame.f_builtins },
            };
            let frame = thread.current_frame();
            let answer = hotness::jumped(code, jumping, from, to, || {
                frames::observed(frame).is_some() || install::is_watched(code)
            });
            if let Answer::Enter(executable) = answer {
                entered = Some((tstate, frame, executable));
            }
            Some(answer)
        }
    });
    // Not where panics are caught: a C++ exception that comes from machine code has to pass.
    if let Some((tstate, frame, executable)) = entered {
        // SAFETY: as above; the executable was found for this frame just now.
        unsafe {
            if let Err(error) = osr::enter(tstate, frame, &*executable) {
                error.restore(Python::assume_attached());
                ffi::Py_DECREF(object);
                return std::ptr::null_mut();
            }
        }
    }
    object
}

unsafe extern "C-unwind" fn on_instruction(
    _: *mut PyObject,
    args: *mut *mut PyObject,
    count: ffi::Py_ssize_t,
) -> *mut PyObject {
    // SAFETY: called by the interpreter, attached, with live arguments.
    unsafe {
        match arguments::<1>(args, count) {
            Some((code, _)) => osr::on_instruction(code.as_ptr().cast()),
            None => ffi::Py_NewRef(ffi::Py_None()),
        }
    }
}

/// Has the interpreter tell of functions that are made or changed, of frames whose locals are asked for, and of events
/// that other tools switch.
pub fn install(py: Python<'_>) -> PyResult<()> {
    // SAFETY: `py` says that the GIL is held.
    unsafe {
        observe::install();
        generators::install();
    }
    events::install(py)?;
    watch::install(on_dict, on_class);
    // SAFETY: the callback lives as long as the process.
    if unsafe { cpython::ffi::PyFunction_AddWatcher(on_function) } >= 0 {
        return Ok(());
    }
    let error = PyRuntimeError::new_err(
        "the interpreter has no free function watcher for rjit; another tool uses them all: run without it",
    );
    error.set_cause(py, PyErr::take(py));
    Err(error)
}

unsafe extern "C-unwind" fn on_dict(
    event: c_int,
    dict: *mut PyObject,
    key: *mut PyObject,
    value: *mut PyObject,
) -> c_int {
    let is_of_key = matches!(
        event,
        cpython::ffi::DICT_EVENT_ADDED | cpython::ffi::DICT_EVENT_MODIFIED | cpython::ffi::DICT_EVENT_DELETED
    );
    let change = if event == cpython::ffi::DICT_EVENT_DEALLOCATED {
        invariants::Change::Death
    } else if !is_of_key {
        invariants::Change::Anything
    } else {
        let value = value as usize;
        // SAFETY: the interpreter passes the key, which is alive, with these events.
        unsafe {
            if unicode::is_interned(key) {
                invariants::Change::Name { key: key as usize, value }
            } else if ffi::PyUnicode_CheckExact(key) != 0 {
                invariants::Change::Text { key: unicode::text(key), value }
            } else {
                invariants::Change::Anything
            }
        }
    };
    invariants::dict_changes(dict as usize, &change);
    0
}

unsafe extern "C-unwind" fn on_class(class: *mut ffi::PyTypeObject) -> c_int {
    invariants::class_changes(class as usize);
    0
}

unsafe extern "C-unwind" fn on_function(event: c_int, function: *mut PyObject, _: *mut PyObject) -> c_int {
    let change = match event {
        cpython::ffi::FUNCTION_EVENT_CREATE if is_enabled() => Change::Created,
        cpython::ffi::FUNCTION_EVENT_MODIFY_CODE => Change::Code,
        cpython::ffi::FUNCTION_EVENT_DESTROY => Change::Dies,
        _ => return 0,
    };
    // A mistake of ours leaves the function as it is, which is always sound.
    let _ = panic::catch_unwind(|| {
        // SAFETY: the interpreter passes a live function.
        function_changed(unsafe { Function::from_ptr(function) }, change);
    });
    0
}
