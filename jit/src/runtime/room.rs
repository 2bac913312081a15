//! Room on the data stack for the frames of callees whose code is a part of their caller's.
//!
//! The data stack is made of chunks, and where one ends depends on how deep the program is. Machine code that pushes frames at places
//! known when it was compiled needs room for all of them when it is entered. Where a chunk ends before, a new one is put on
//! top for as long as the machine code runs.

use pyo3::ffi::{PyObject, PyThreadState};

use crate::code::executable::Header;
use crate::cpython::ffi as private;
use crate::cpython::frame::InterpreterFrame;
use crate::cpython::thread::Thread;
use crate::runtime::deopt;

/// Words at the start of a new chunk that no frame has: the interpreter frees the chunk with the frame at its start.
const APART: usize = 1;

/// A chunk that is to be given back, if one was needed.
pub struct Room(Option<*mut InterpreterFrame>);

/// Makes room for so many words; nothing if there is no memory.
///
/// # Safety
/// `tstate` is attached.
pub unsafe fn make(tstate: *mut PyThreadState, words: usize) -> Option<Room> {
    // SAFETY: the contract; what is pushed is popped by `give_back`, and nobody takes it for a frame.
    unsafe {
        let thread = Thread::from_ptr(tstate);
        if thread.datastack_top().wrapping_add(words) < thread.datastack_limit() {
            return Some(Room(None));
        }
        let start = private::_PyThreadState_PushFrame(tstate, words + APART);
        if start.is_null() {
            return None;
        }
        thread.set_datastack_top(start.cast::<u64>().add(APART));
        Some(Room(Some(start)))
    }
}

/// Gives room back, when all frames in it are gone.
///
/// # Safety
/// `tstate` is the thread that the room was made for.
pub unsafe fn give_back(tstate: *mut PyThreadState, room: Room) {
    if let Room(Some(start)) = room {
        // SAFETY: the contract.
        unsafe { private::_PyThreadState_PopFrame(tstate, start) };
    }
}

/// Called by a function's machine code at its start when its callees have not enough room: has the machine code run with more.
///
/// # Safety
/// `frame` is the current frame, neither started nor counted, and `header` that of its machine code, which needs so many words.
pub unsafe extern "C-unwind" fn enter_with_room(
    tstate: *mut PyThreadState,
    frame: *mut InterpreterFrame,
    header: *const Header,
    words: u64,
) -> *mut PyObject {
    // SAFETY: the contract. The machine code ends with its frame, which is the last of the chunk below.
    unsafe {
        let Some(room) = make(tstate, words as usize) else {
            let thread = Thread::from_ptr(tstate);
            thread.set_recursion_remaining(thread.recursion_remaining() - 1);
            return deopt::resume(tstate, frame);
        };
        let result = ((*(*header).executable).body)(tstate, frame);
        give_back(tstate, room);
        private::_PyThreadState_PopFrame(tstate, frame);
        result.into_object()
    }
}
