//! Noticing what other tools want to be told.
//!
//! Three things depend on it. Events of a single code object change nothing that machine code tests, so the tier has to be
//! told of them. To the interpreter a function with a vectorcall entry of its own is a C function: where CALL events are on
//! it reports a C_RETURN or C_RAISE after each call of one, and reads arguments that it has lent. So while a tool gets CALL
//! events, anywhere, no function has our entry. And the interpreter loses line and opcode events of code objects in which a
//! second tool comes to share an event with the first, so while others get events everywhere our own are off; nothing is
//! compiled then anyway.
//!
//! The functions that switch events are wrapped where their definitions point to them. That is data: no machine code of
//! CPython is touched.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;

use super::observers;
use crate::code::install;
use crate::cpython::code::Code;
use crate::cpython::gil::GilCell;
use crate::cpython::thread::Thread;
use crate::cpython::{interp, memory, method, monitoring};
use crate::{telemetry, tier};

/// Where CALL events of single code objects are on: tool and code object.
static LOCAL_CALLS: GilCell<Vec<(i32, usize)>> = GilCell::new(Vec::new());

type WithOne = unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject;
type WithMany = ffi::PyCFunctionFast;

/// A wrapped function.
struct Wrapped {
    module: &'static str,
    name: &'static str,
    flags: i32,
    original: AtomicUsize,
    wrapper: Wrapper,
}

enum Wrapper {
    One(WithOne),
    Many(WithMany),
}

impl Wrapped {
    const fn one(module: &'static str, name: &'static str, wrapper: WithOne) -> Self {
        Self { module, name, flags: ffi::METH_O, original: AtomicUsize::new(0), wrapper: Wrapper::One(wrapper) }
    }

    const fn many(name: &'static str, wrapper: WithMany) -> Self {
        let (module, flags) = ("monitoring", ffi::METH_FASTCALL);
        Self { module, name, flags, original: AtomicUsize::new(0), wrapper: Wrapper::Many(wrapper) }
    }

    unsafe fn call_one(&self, module: *mut PyObject, argument: *mut PyObject) -> *mut PyObject {
        // SAFETY: the wrapper is reached only after the original was kept, which has this signature.
        unsafe {
            let original: WithOne = std::mem::transmute(self.original.load(Ordering::Relaxed));
            original(module, argument)
        }
    }

    unsafe fn call_many(
        &self,
        module: *mut PyObject,
        args: *mut *mut PyObject,
        count: ffi::Py_ssize_t,
    ) -> *mut PyObject {
        // SAFETY: as in `call_one`.
        unsafe {
            let original: WithMany = std::mem::transmute(self.original.load(Ordering::Relaxed));
            original(module, args, count)
        }
    }
}

static SET_EVENTS: Wrapped = Wrapped::many("set_events", set_events);
static SET_LOCAL_EVENTS: Wrapped = Wrapped::many("set_local_events", set_local_events);
static FREE_TOOL_ID: Wrapped = Wrapped::one("monitoring", "free_tool_id", free_tool_id);
static CLEAR_TOOL_ID: Wrapped = Wrapped::one("monitoring", "clear_tool_id", clear_tool_id);
static SETPROFILE: Wrapped = Wrapped::one("", "setprofile", setprofile);
static SETPROFILE_ALL: Wrapped = Wrapped::one("", "_setprofileallthreads", setprofile_all);
static SETTRACE: Wrapped = Wrapped::one("", "settrace", settrace);
static SETTRACE_ALL: Wrapped = Wrapped::one("", "_settraceallthreads", settrace_all);

/// Wraps the functions; once a process.
///
/// # Errors
/// What looking for them raised.
pub fn install(py: Python<'_>) -> PyResult<()> {
    let sys = py.import("sys")?;
    let mut foreign = Vec::new();
    for wrapped in [
        &SET_EVENTS,
        &SET_LOCAL_EVENTS,
        &FREE_TOOL_ID,
        &CLEAR_TOOL_ID,
        &SETPROFILE,
        &SETPROFILE_ALL,
        &SETTRACE,
        &SETTRACE_ALL,
    ] {
        let holder = if wrapped.module.is_empty() { sys.clone().into_any() } else { sys.getattr(wrapped.module)? };
        let function = holder.getattr(wrapped.name)?;
        // SAFETY: `py` says that the GIL is held.
        if !unsafe { wrap(function.as_ptr(), wrapped) } {
            foreign.push(wrapped.name);
        }
    }
    if !foreign.is_empty() {
        telemetry::warn(format!(
            "events that other tools switch on may be noticed late, because these functions of sys are not the \
             interpreter's own: {}",
            foreign.join(", ")
        ));
    }
    Ok(())
}

/// Has the definition of a C function point to its wrapper, and keeps what it pointed to. Says whether that was possible.
unsafe fn wrap(function: *mut PyObject, wrapped: &Wrapped) -> bool {
    let wrapper = match wrapped.wrapper {
        Wrapper::One(wrapper) => wrapper as usize,
        Wrapper::Many(wrapper) => wrapper as usize,
    };
    // SAFETY: a C function has its definition, a static of the interpreter that is read at each call.
    unsafe {
        if ffi::PyCFunction_Check(function) == 0 {
            return false;
        }
        let definition: *mut ffi::PyMethodDef = memory::read(function, method::M_ML);
        let place = (&raw mut (*definition).ml_meth).cast::<usize>();
        if *place != wrapper {
            if (*definition).ml_flags != wrapped.flags {
                return false;
            }
            wrapped.original.store(*place, Ordering::Relaxed);
            *place = wrapper;
        }
    }
    true
}

unsafe extern "C" fn set_events(
    module: *mut PyObject,
    args: *mut *mut PyObject,
    count: ffi::Py_ssize_t,
) -> *mut PyObject {
    // SAFETY: called by the interpreter as it would call the original.
    unsafe {
        let call = || SET_EVENTS.call_many(module, args, count);
        if count == 2 && is_ours(*args) {
            return call();
        }
        // 0, the only event set that wants nothing, is one of the small ints that exist once.
        around(count == 2 && *args.add(1) != ffi::PyLong_FromLong(0), call)
    }
}

unsafe extern "C" fn set_local_events(
    module: *mut PyObject,
    args: *mut *mut PyObject,
    count: ffi::Py_ssize_t,
) -> *mut PyObject {
    // SAFETY: called by the interpreter as it would call the original; what succeeded had three arguments of the right
    // types.
    unsafe {
        let result = SET_LOCAL_EVENTS.call_many(module, args, count);
        if !result.is_null() && count == 3 && ffi::PyCode_Check(*args.add(1)) != 0 {
            let code = Code::from_ptr((*args.add(1)).cast());
            if !is_ours(*args) {
                observers::note_tool();
            }
            let here = (ffi::PyLong_AsLong(*args) as i32, *args.add(1) as usize);
            let watches_calls = monitoring::local_tools(code, monitoring::EVENT_CALL) & 1 << here.0 != 0;
            LOCAL_CALLS.with(|places| {
                places.retain(|place| *place != here);
                if watches_calls && here.0 != monitoring::OPTIMIZER_ID {
                    places.push(here);
                }
            });
            calls_may_be_watched();
            tier::local_events_changed(code);
        }
        result
    }
}

unsafe extern "C" fn free_tool_id(module: *mut PyObject, tool: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by the interpreter as it would call the original.
    unsafe { forget_tool(&FREE_TOOL_ID, module, tool) }
}

unsafe extern "C" fn clear_tool_id(module: *mut PyObject, tool: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by the interpreter as it would call the original.
    unsafe { forget_tool(&CLEAR_TOOL_ID, module, tool) }
}

unsafe fn forget_tool(wrapped: &Wrapped, module: *mut PyObject, tool: *mut PyObject) -> *mut PyObject {
    // SAFETY: the callers' contract; what succeeded was a tool's number.
    unsafe {
        if is_ours(tool) {
            return wrapped.call_one(module, tool);
        }
        around(false, || {
            let result = wrapped.call_one(module, tool);
            if !result.is_null() {
                let tool = ffi::PyLong_AsLong(tool) as i32;
                LOCAL_CALLS.with(|places| places.retain(|place| place.0 != tool));
            }
            result
        })
    }
}

unsafe extern "C" fn setprofile(module: *mut PyObject, function: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by the interpreter as it would call the original.
    unsafe { around(function != ffi::Py_None(), || SETPROFILE.call_one(module, function)) }
}

unsafe extern "C" fn setprofile_all(module: *mut PyObject, function: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by the interpreter as it would call the original.
    unsafe { around(function != ffi::Py_None(), || SETPROFILE_ALL.call_one(module, function)) }
}

unsafe extern "C" fn settrace(module: *mut PyObject, function: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by the interpreter as it would call the original.
    unsafe { around(function != ffi::Py_None(), || SETTRACE.call_one(module, function)) }
}

unsafe extern "C" fn settrace_all(module: *mut PyObject, function: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by the interpreter as it would call the original.
    unsafe { around(function != ffi::Py_None(), || SETTRACE_ALL.call_one(module, function)) }
}

/// Whether an argument is the number of our own tool.
unsafe fn is_ours(tool: *mut PyObject) -> bool {
    // SAFETY: the callers pass a live object.
    unsafe {
        ffi::PyLong_CheckExact(tool) != 0
            && ffi::PyLong_AsLongAndOverflow(tool, &mut 0) == i64::from(monitoring::OPTIMIZER_ID)
    }
}

/// Does `work`, which changes what others are told; events come on by it if `turns_on`.
unsafe fn around(turns_on: bool, work: impl FnOnce() -> *mut PyObject) -> *mut PyObject {
    // SAFETY: the callers hold the GIL; an exception that `work` raised is kept meanwhile.
    unsafe {
        let py = Python::assume_attached();
        if turns_on {
            observers::note_tool();
            tier::pause_events(py);
        }
        let result = work();
        let raised = if result.is_null() { ffi::PyErr_GetRaisedException() } else { std::ptr::null_mut() };
        calls_may_be_watched();
        if !monitoring::others_get_events(monitoring::OPTIMIZER_ID) {
            tier::resume_events(py);
        }
        if !raised.is_null() {
            ffi::PyErr_SetRaisedException(raised);
        }
        result
    }
}

/// Takes our entry from all functions when the first tool wants CALL events, and gives it back after the last one.
unsafe fn calls_may_be_watched() {
    // SAFETY: the callers hold the GIL.
    let everywhere = unsafe { interp::global_tools(Thread::current().interp(), monitoring::EVENT_CALL) };
    let by_others = everywhere & !(1 << monitoring::OPTIMIZER_ID) != 0;
    let is_watched = by_others || LOCAL_CALLS.with(|places| !places.is_empty());
    if install::set_calls_watched(is_watched) {
        if is_watched { install::restore_all() } else { tier::functions::welcome_all() }
    }
}
