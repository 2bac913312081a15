//! Where the state of a code object is kept: in its `co_extra` slot, so that it is found in a few nanoseconds and goes
//! with the code object. Slots of other users stay untouched.

use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::ffi::{PyErr_Clear, PyObject};

use super::state::CodeState;
use crate::cpython::code::Code;
use crate::cpython::ffi;

/// What is done with the state of a code object that is being freed.
pub type OnFree = fn(Box<CodeState>);

static SLOT: OnceLock<(isize, OnFree)> = OnceLock::new();

/// Takes a slot of `co_extra`, once in a process. False when the interpreter has none left.
pub fn init(on_free: OnFree) -> bool {
    let (index, _) = SLOT.get_or_init(|| {
        // SAFETY: called by an attached thread; `free` is for the values that `get_or_new` stores.
        (unsafe { ffi::PyUnstable_Eval_RequestCodeExtraIndex(free) }, on_free)
    });
    *index >= 0
}

unsafe extern "C" fn free(extra: *mut c_void) {
    if let (Some((_, on_free)), false) = (SLOT.get(), extra.is_null()) {
        // SAFETY: the value is a box that `get_or_new` gave to the code object, which is gone.
        on_free(unsafe { Box::from_raw(extra.cast::<CodeState>()) });
    }
}

/// The state of a live code object. Valid as long as the code object.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct StateRef(NonNull<CodeState>);

impl StateRef {
    /// Works on the state. `work` must not run Python code nor reach the same state by another way.
    pub fn with<R>(self, work: impl FnOnce(&mut CodeState) -> R) -> R {
        // SAFETY: the code object is alive, and with it the state; the GIL and the caller exclude other access.
        work(unsafe { &mut *self.0.as_ptr() })
    }

    /// Reads the state. Others may read it meanwhile.
    pub fn read<R>(self, work: impl FnOnce(&CodeState) -> R) -> R {
        // SAFETY: as in `with`, and nobody writes while `work` runs.
        work(unsafe { self.0.as_ref() })
    }

    /// Its address, which stays the same.
    pub fn address(self) -> usize {
        self.0.as_ptr().addr()
    }

    /// The state itself.
    pub fn as_ptr(self) -> NonNull<CodeState> {
        self.0
    }
}

/// Whether `co_extra` is laid out as [`Code::extra`] reads it, as the first state that was stored has shown.
static IS_DIRECT: AtomicBool = AtomicBool::new(false);

/// The state of `code`, when it has one.
#[inline]
pub fn get(code: Code) -> Option<StateRef> {
    let &(index, _) = SLOT.get()?;
    if IS_DIRECT.load(Ordering::Relaxed) {
        return NonNull::new(code.extra(index as usize).cast()).map(StateRef);
    }
    ask(code, index)
}

#[cold]
fn ask(code: Code, index: isize) -> Option<StateRef> {
    let mut extra = std::ptr::null_mut();
    // SAFETY: a live code object, by `Code`'s contract, and a slot that was given to us.
    if unsafe { ffi::PyUnstable_Code_GetExtra(object(code), index, &raw mut extra) } != 0 {
        // SAFETY: an attached thread.
        unsafe { PyErr_Clear() };
        return None;
    }
    NonNull::new(extra.cast()).map(StateRef)
}

/// The state of `code`, made if it has none, and whether it was. None when memory is short or [`init`] was not called.
pub fn get_or_new(code: Code) -> Option<(StateRef, bool)> {
    if let Some(state) = get(code) {
        return Some((state, false));
    }
    let &(index, _) = SLOT.get()?;
    let state = NonNull::from(Box::leak(Box::new(CodeState::new(code))));
    if IS_DIRECT.load(Ordering::Relaxed) && code.set_first_extra(index as usize, state.as_ptr().cast()) {
        return Some((StateRef(state), true));
    }
    // SAFETY: as in `get`; the slot is empty and takes over the box.
    if unsafe { ffi::PyUnstable_Code_SetExtra(object(code), index, state.as_ptr().cast()) } != 0 {
        // SAFETY: an attached thread; the slot did not take the box.
        unsafe {
            PyErr_Clear();
            drop(Box::from_raw(state.as_ptr()));
        }
        return None;
    }
    let is_direct = code.extra(index as usize) == state.as_ptr().cast();
    IS_DIRECT.store(is_direct, Ordering::Relaxed);
    Some((StateRef(state), true))
}

fn object(code: Code) -> *mut PyObject {
    code.as_ptr().cast()
}
