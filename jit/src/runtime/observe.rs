//! Noticing who looks. The `f_locals` getter of frame objects is wrapped, and who sets `f_trace` is noted. A compiled frame whose
//! locals are handed out goes on in the interpreter, where writes through the proxy take effect. So are all ways of writing to such a
//! proxy, since C code gets one from `PyFrame_GetLocals`, past the getter. The wrappers are put into tables of function pointers, which
//! are data: no machine code of CPython is touched.

use std::ffi::{CStr, c_int};
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::ffi::{self, PyObject};

use super::frames;
use super::observers::{self, Act};
use crate::cpython::ffi as private;
use crate::cpython::frame::{self, InterpreterFrame};
use crate::cpython::memory;

static GET: AtomicUsize = AtomicUsize::new(0);
static SET_TRACE: AtomicUsize = AtomicUsize::new(0);

static ASSIGN: AtomicUsize = AtomicUsize::new(0);
static MERGE: AtomicUsize = AtomicUsize::new(0);
static UPDATE: AtomicUsize = AtomicUsize::new(0);
static SETDEFAULT: AtomicUsize = AtomicUsize::new(0);

/// Wraps the getter and writing; once a process.
///
/// # Safety
/// The GIL is held.
pub unsafe fn install() {
    // SAFETY: the contract.
    unsafe {
        wrap_attributes();
        wrap_writing();
    }
}

unsafe fn wrap_writing() {
    // SAFETY: the tables of a static type are writable data; the slots of this one, which cannot be subclassed, are read
    // at each use, and so are the definitions of its methods.
    unsafe {
        let proxy = &raw mut private::PyFrameLocalsProxy_Type;
        let assignment = (&raw mut (*(*proxy).tp_as_mapping).mp_ass_subscript).cast();
        replace(assignment, &ASSIGN, assign as *const ());
        replace((&raw mut (*(*proxy).tp_as_number).nb_inplace_or).cast(), &MERGE, merge as *const ());
        let mut method = (*proxy).tp_methods;
        while !(*method).ml_name.is_null() {
            let place = (&raw mut (*method).ml_meth).cast();
            match (CStr::from_ptr((*method).ml_name).to_bytes(), (*method).ml_flags) {
                (b"update", ffi::METH_O) => replace(place, &UPDATE, update as *const ()),
                (b"setdefault", ffi::METH_FASTCALL) => replace(place, &SETDEFAULT, setdefault as *const ()),
                _ => {}
            }
            method = method.add(1);
        }
    }
}

/// Puts `wrapper` where a function pointer is, and keeps what was there; once.
pub(super) unsafe fn replace(place: *mut usize, original: &AtomicUsize, wrapper: *const ()) {
    // SAFETY: the caller's: a place in a writable table.
    unsafe {
        if *place != 0 && original.load(Ordering::Relaxed) == 0 {
            original.store(*place, Ordering::Relaxed);
            *place = wrapper as usize;
        }
    }
}

unsafe extern "C-unwind" fn assign(proxy: *mut PyObject, key: *mut PyObject, value: *mut PyObject) -> c_int {
    // SAFETY: called by the interpreter with a proxy, which owns its frame object; the original has this signature.
    unsafe {
        mark(memory::read(proxy, frame::PROXY_FRAME), frames::ASSIGNED);
        let original: ffi::objobjargproc = std::mem::transmute(ASSIGN.load(Ordering::Relaxed));
        original(proxy, key, value)
    }
}

unsafe extern "C-unwind" fn merge(proxy: *mut PyObject, other: *mut PyObject) -> *mut PyObject {
    // SAFETY: as in `assign`, but that the left operand may be any object.
    unsafe {
        if ffi::Py_TYPE(proxy) == &raw mut private::PyFrameLocalsProxy_Type {
            mark(memory::read(proxy, frame::PROXY_FRAME), frames::ASSIGNED);
        }
        let original: ffi::binaryfunc = std::mem::transmute(MERGE.load(Ordering::Relaxed));
        original(proxy, other)
    }
}

unsafe extern "C-unwind" fn update(proxy: *mut PyObject, other: *mut PyObject) -> *mut PyObject {
    // SAFETY: as in `assign`.
    unsafe {
        mark(memory::read(proxy, frame::PROXY_FRAME), frames::ASSIGNED);
        let original: ffi::PyCFunction = std::mem::transmute(UPDATE.load(Ordering::Relaxed));
        original(proxy, other)
    }
}

unsafe extern "C-unwind" fn setdefault(
    proxy: *mut PyObject,
    args: *mut *mut PyObject,
    count: ffi::Py_ssize_t,
) -> *mut PyObject {
    // SAFETY: as in `assign`.
    unsafe {
        mark(memory::read(proxy, frame::PROXY_FRAME), frames::ASSIGNED);
        let original: ffi::PyCFunctionFast = std::mem::transmute(SETDEFAULT.load(Ordering::Relaxed));
        original(proxy, args, count)
    }
}

/// Marks the frame of a frame object, if machine code runs in it.
unsafe fn mark(object: *mut PyObject, mark: u16) {
    // SAFETY: the callers pass a live frame object.
    unsafe {
        let frame: *mut InterpreterFrame = memory::read(object, frame::OBJ_F_FRAME);
        if !frame.is_null() && frames::is_compiled(frame) && (*frame).return_offset == frames::RUNNING {
            (*frame).return_offset = mark;
            observers::note(object, Act::Locals);
        }
    }
}

unsafe fn wrap_attributes() {
    // SAFETY: the getset table of a static type is writable data that is read at each attribute access.
    unsafe {
        let mut def = ffi::PyFrame_Type.tp_getset;
        while !(*def).name.is_null() {
            match CStr::from_ptr((*def).name).to_bytes() {
                b"f_locals" => replace((&raw mut (*def).get).cast(), &GET, get_locals as *const ()),
                b"f_trace" => replace((&raw mut (*def).set).cast(), &SET_TRACE, set_trace as *const ()),
                _ => {}
            }
            def = def.add(1);
        }
    }
}

unsafe extern "C-unwind" fn get_locals(object: *mut PyObject, closure: *mut std::ffi::c_void) -> *mut PyObject {
    // SAFETY: called by the interpreter with a frame object; the original getter has this signature.
    unsafe {
        mark(object, frames::OBSERVED);
        let original: ffi::getter = std::mem::transmute(GET.load(Ordering::Relaxed));
        original(object, closure)
    }
}

/// Setting a trace function needs no mark: safepoints look for one.
unsafe extern "C-unwind" fn set_trace(
    object: *mut PyObject,
    value: *mut PyObject,
    closure: *mut std::ffi::c_void,
) -> c_int {
    // SAFETY: called by the interpreter with a frame object; the original setter has this signature.
    unsafe {
        observers::note(object, Act::Trace);
        let original: ffi::setter = std::mem::transmute(SET_TRACE.load(Ordering::Relaxed));
        original(object, value, closure)
    }
}
