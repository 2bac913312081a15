//! Noticing who looks: the `f_locals` getter of frame objects is wrapped, so that a compiled frame whose locals are
//! handed out goes on in the interpreter, where writes through the proxy take effect.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use pyo3::ffi::{self, PyObject};

use super::frames;
use crate::cpython::code::Code;
use crate::cpython::frame::{self, InterpreterFrame};
use crate::cpython::memory;

static ORIGINAL: AtomicUsize = AtomicUsize::new(0);

/// Frames that went on in the interpreter because somebody asked for their locals.
pub static REIFICATIONS: AtomicU64 = AtomicU64::new(0);

/// Wraps the getter; once a process.
///
/// # Safety
/// The GIL is held.
pub unsafe fn install() {
    // SAFETY: the getset table of a static type is writable data that is read at each attribute access.
    unsafe {
        let mut def = (*(&raw mut ffi::PyFrame_Type)).tp_getset;
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
            REIFICATIONS.fetch_add(1, Ordering::Relaxed);
            crate::tier::record_reification(Code::from_ptr((*frame).code().cast()));
        }
        let original: ffi::getter = std::mem::transmute(ORIGINAL.load(Ordering::Relaxed));
        original(object, closure)
    }
}
