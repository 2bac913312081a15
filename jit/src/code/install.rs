//! The way into compiled code: a function's vectorcall entry.
//!
//! Setting it also clears the function's version, without which the interpreter's specialized calls would run the
//! bytecode without looking at the entry. `MAKE_FUNCTION` gives a new function its version only after the function
//! watcher saw it, so a function that has the entry may need it set again: [`install`] does that.

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::ffi::{PyFunction_Check, PyObject};

use super::executable::Body;
use super::extra;
use crate::cpython::code::Code;
use crate::cpython::ffi;
use crate::cpython::function::{FUNC_VERSION_FIRST_VALID, Function};
use crate::cpython::monitoring;
use crate::cpython::thread::Thread;
use crate::runtime::entry;

/// Whether a tool other than ours gets events of `code`. Compiled code reports none, so it must run in the interpreter.
#[inline]
pub fn is_watched(code: Code) -> bool {
    // SAFETY: `Code`'s contract: the GIL is held, so the thread is attached.
    let thread = unsafe { Thread::current() };
    monitoring::has_other_tools(code, thread, monitoring::OPTIMIZER_ID)
}

/// The machine code that a call of `function` runs, if there is some.
#[inline]
pub fn body_of(function: Function) -> Option<Body> {
    extra::get(function.code_view())?.read(|state| state.cell.body())
}

/// Whether calls of `function` go through our entry.
#[inline]
pub fn has_entry(function: Function) -> bool {
    function.vectorcall() == entry::vectorcall as *const () as usize
}

/// Whether some tool gets CALL events, during which no function may have our entry.
static CALLS_WATCHED: AtomicBool = AtomicBool::new(false);

/// Notes whether some tool gets CALL events, and says whether that is new.
pub fn set_calls_watched(is_watched: bool) -> bool {
    CALLS_WATCHED.swap(is_watched, Ordering::Relaxed) != is_watched
}

/// Makes calls of `function` go through our entry, and says whether they do: an entry that somebody else has put there
/// stays, and while a tool gets CALL events there are no entries.
pub fn install(function: Function) -> bool {
    let ours = has_entry(function);
    if CALLS_WATCHED.load(Ordering::Relaxed) {
        return ours;
    }
    if !ours && function.vectorcall() != ffi::_PyFunction_Vectorcall as *const () as usize {
        return false;
    }
    if !ours || function.version() >= FUNC_VERSION_FIRST_VALID {
        // SAFETY: a live function, by `Function`'s contract; the entry runs any function that has it.
        unsafe { ffi::PyFunction_SetVectorcall(function.as_ptr(), entry::vectorcall) };
    }
    true
}

/// Gives `function` back to the interpreter if its calls go through our entry.
pub fn restore(function: Function) {
    if has_entry(function) {
        // SAFETY: a live function, by `Function`'s contract, gets the entry that it was made with.
        unsafe { ffi::PyFunction_SetVectorcall(function.as_ptr(), ffi::_PyFunction_Vectorcall) };
    }
}

/// Gives all functions back to the interpreter.
pub fn restore_all() {
    for_all_functions(restore);
}

/// Calls `work` with every function there is. They are found through the garbage collector, which knows them all, so that
/// making and freeing functions costs nothing more while the compiler is on. `work` must not make or free Python objects.
pub fn for_all_functions(work: fn(Function)) {
    unsafe extern "C-unwind" fn visit(object: *mut PyObject, work: *mut c_void) -> c_int {
        // SAFETY: the collector passes live objects; `work` is the function pointer passed below.
        unsafe {
            if PyFunction_Check(object) != 0 {
                let work: fn(Function) = std::mem::transmute(work);
                work(Function::from_ptr(object));
            }
        }
        1
    }
    // SAFETY: called by an attached thread; `work` makes and frees no objects of the collector.
    unsafe { ffi::PyUnstable_GC_VisitObjects(visit, work as *mut c_void) };
}
