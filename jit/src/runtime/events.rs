//! Noticing what other tools want to be told of calls.
//!
//! To the interpreter a function with a vectorcall entry of its own is a C function: where CALL events are on it reports
//! a C_RETURN or C_RAISE after each call of one, and reads arguments that it has lent. So while a tool gets CALL events,
//! anywhere, no function has our entry. And events of a single code object change nothing that machine code tests, so
//! the tier has to be told of them.
//!
//! The functions that switch events are wrapped where their definitions point to them. That is data: no machine code of
//! CPython is touched.

use std::ffi::CStr;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;

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

/// Wraps the functions; once a process.
///
/// # Errors
/// What looking for them raised.
pub fn install(py: Python<'_>) -> PyResult<()> {
    let sys = py.import("sys")?;
    let monitoring = sys.getattr("monitoring")?;
    let mut foreign = Vec::new();
    for (name, original, wrapper) in WITH_MANY {
        // SAFETY: `py` says that the GIL is held.
        if !unsafe { wrap(monitoring.getattr(*name)?.as_ptr(), ffi::METH_FASTCALL, original, *wrapper as *const ()) } {
            foreign.push(format!("sys.monitoring.{name}"));
        }
    }
    for (module, prefix, name, original, wrapper) in [
        (&monitoring, "sys.monitoring", "free_tool_id", &FREE_TOOL_ID, free_tool_id as WithOne),
        (&monitoring, "sys.monitoring", "clear_tool_id", &CLEAR_TOOL_ID, clear_tool_id),
        (sys.as_any(), "sys", "setprofile", &SETPROFILE, setprofile),
        (sys.as_any(), "sys", "_setprofileallthreads", &SETPROFILE_ALL, setprofile_all),
    ] {
        // SAFETY: `py` says that the GIL is held.
        if !unsafe { wrap(module.getattr(name)?.as_ptr(), ffi::METH_O, original, wrapper as *const ()) } {
            foreign.push(format!("{prefix}.{name}"));
        }
    }
    if !foreign.is_empty() {
        telemetry::warn(format!(
            "events that other tools switch on may be noticed late, because these are not the interpreter's own: {}",
            foreign.join(", ")
        ));
    }
    Ok(())
}

static SET_EVENTS: AtomicUsize = AtomicUsize::new(0);
static SET_LOCAL_EVENTS: AtomicUsize = AtomicUsize::new(0);
static FREE_TOOL_ID: AtomicUsize = AtomicUsize::new(0);
static CLEAR_TOOL_ID: AtomicUsize = AtomicUsize::new(0);
static SETPROFILE: AtomicUsize = AtomicUsize::new(0);
static SETPROFILE_ALL: AtomicUsize = AtomicUsize::new(0);

const WITH_MANY: &[(&str, &AtomicUsize, WithMany)] =
    &[("set_events", &SET_EVENTS, set_events), ("set_local_events", &SET_LOCAL_EVENTS, set_local_events)];

/// Has the definition of a C function point to `wrapper`, and keeps what it pointed to. Says whether that was possible.
unsafe fn wrap(function: *mut PyObject, flags: i32, original: &AtomicUsize, wrapper: *const ()) -> bool {
    // SAFETY: a C function has its definition, a static of the interpreter that is read at each call.
    unsafe {
        if ffi::PyCFunction_Check(function) == 0 {
            return false;
        }
        let definition: *mut ffi::PyMethodDef = memory::read(function, method::M_ML);
        let place = (&raw mut (*definition).ml_meth).cast::<usize>();
        if *place == wrapper as usize {
            return true;
        }
        if (*definition).ml_flags != flags || CStr::from_ptr((*definition).ml_name).is_empty() {
            return false;
        }
        original.store(*place, Ordering::Relaxed);
        *place = wrapper as usize;
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
        let result = call_with_many(&SET_EVENTS, module, args, count);
        calls_may_be_watched();
        result
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
        let result = call_with_many(&SET_LOCAL_EVENTS, module, args, count);
        if !result.is_null() && count == 3 && ffi::PyCode_Check(*args.add(1)) != 0 {
            let code = Code::from_ptr((*args.add(1)).cast());
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

unsafe extern "C" fn setprofile(module: *mut PyObject, function: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by the interpreter as it would call the original.
    unsafe {
        let result = call_with_one(&SETPROFILE, module, function);
        calls_may_be_watched();
        result
    }
}

unsafe extern "C" fn setprofile_all(module: *mut PyObject, function: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by the interpreter as it would call the original.
    unsafe {
        let result = call_with_one(&SETPROFILE_ALL, module, function);
        calls_may_be_watched();
        result
    }
}

unsafe fn forget_tool(original: &AtomicUsize, module: *mut PyObject, tool: *mut PyObject) -> *mut PyObject {
    // SAFETY: the callers' contract; what succeeded was a tool's number.
    unsafe {
        let result = call_with_one(original, module, tool);
        if !result.is_null() {
            let tool = ffi::PyLong_AsLong(tool) as i32;
            LOCAL_CALLS.with(|places| places.retain(|place| place.0 != tool));
            calls_may_be_watched();
        }
        result
    }
}

unsafe fn call_with_one(original: &AtomicUsize, module: *mut PyObject, argument: *mut PyObject) -> *mut PyObject {
    // SAFETY: the wrapper is reached only after the original was kept, which has this signature.
    unsafe {
        let original: WithOne = std::mem::transmute(original.load(Ordering::Relaxed));
        original(module, argument)
    }
}

unsafe fn call_with_many(
    original: &AtomicUsize,
    module: *mut PyObject,
    args: *mut *mut PyObject,
    count: ffi::Py_ssize_t,
) -> *mut PyObject {
    // SAFETY: as in `call_with_one`.
    unsafe {
        let original: WithMany = std::mem::transmute(original.load(Ordering::Relaxed));
        original(module, args, count)
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
