//! Noticing who looks. The `f_locals` getter of frame objects is wrapped, so that a compiled frame whose locals are
//! handed out goes on in the interpreter, where writes through the proxy take effect. `sys.monitoring.set_local_events`
//! is wrapped, because events of a single code object change nothing that machine code tests. Both wrappers are put
//! into tables of function pointers, which are data: no machine code of CPython is touched.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;

use super::frames;
use crate::cpython::code::Code;
use crate::cpython::frame::{self, InterpreterFrame};
use crate::cpython::{memory, method};
use crate::{telemetry, tier};

static ORIGINAL: AtomicUsize = AtomicUsize::new(0);
static ORIGINAL_SET_LOCAL_EVENTS: AtomicUsize = AtomicUsize::new(0);

/// Wraps both; once a process.
///
/// # Errors
/// What looking for `sys.monitoring.set_local_events` raised.
pub fn install(py: Python<'_>) -> PyResult<()> {
    let set_local_events = py.import("sys")?.getattr("monitoring")?.getattr("set_local_events")?;
    // SAFETY: `py` says that the GIL is held; the function is the interpreter's own, as its type says.
    unsafe {
        wrap_getter();
        if ffi::PyCFunction_Check(set_local_events.as_ptr()) == 0 {
            telemetry::warn(
                "events that other tools switch on for single functions are noticed late: \
                 sys.monitoring.set_local_events is not the interpreter's own"
                    .into(),
            );
        } else {
            wrap_set_local_events(set_local_events.as_ptr());
        }
    }
    Ok(())
}

unsafe fn wrap_set_local_events(function: *mut PyObject) {
    // SAFETY: a C function has its definition, a static of the interpreter that is read at each call.
    unsafe {
        let definition: *mut ffi::PyMethodDef = memory::read(function, method::M_ML);
        if (*definition).ml_flags == ffi::METH_FASTCALL && ORIGINAL_SET_LOCAL_EVENTS.load(Ordering::Relaxed) == 0 {
            let original = (*definition).ml_meth.PyCFunctionFast;
            ORIGINAL_SET_LOCAL_EVENTS.store(original as *const () as usize, Ordering::Relaxed);
            (*definition).ml_meth.PyCFunctionFast = set_local_events;
        }
    }
}

unsafe extern "C" fn set_local_events(
    module: *mut PyObject,
    args: *mut *mut PyObject,
    count: ffi::Py_ssize_t,
) -> *mut PyObject {
    // SAFETY: called by the interpreter with live arguments; the original has this signature.
    unsafe {
        let original = ORIGINAL_SET_LOCAL_EVENTS.load(Ordering::Relaxed);
        let original: ffi::PyCFunctionFast = std::mem::transmute(original);
        let result = original(module, args, count);
        if !result.is_null() && count == 3 && ffi::PyCode_Check(*args.add(1)) != 0 {
            tier::local_events_changed(Code::from_ptr((*args.add(1)).cast()));
        }
        result
    }
}

unsafe fn wrap_getter() {
    // SAFETY: the getset table of a static type is writable data that is read at each attribute access.
    unsafe {
        let mut def = ffi::PyFrame_Type.tp_getset;
        while !(*def).name.is_null() {
            if std::ffi::CStr::from_ptr((*def).name) == c"f_locals" && ORIGINAL.load(Ordering::Relaxed) == 0 {
                let Some(getter) = (*def).get else { return };
                ORIGINAL.store(getter as *const () as usize, Ordering::Relaxed);
                (*def).get = Some(get_locals);
            }
            def = def.add(1);
        }
    }
}

unsafe extern "C" fn get_locals(object: *mut PyObject, closure: *mut std::ffi::c_void) -> *mut PyObject {
    // SAFETY: called by the interpreter with a frame object; the original getter has this signature.
    unsafe {
        let frame: *mut InterpreterFrame = memory::read(object, frame::OBJ_F_FRAME);
        if !frame.is_null() && (*frame).return_offset == frames::RUNNING && (*frame).owner == frame::OWNED_BY_THREAD {
            (*frame).return_offset = frames::OBSERVED;
            tier::record_reification(Code::from_ptr((*frame).code().cast()));
        }
        let original: ffi::getter = std::mem::transmute(ORIGINAL.load(Ordering::Relaxed));
        original(object, closure)
    }
}
