//! The objects in the locals of the running frame.

use super::code::Code;
use super::thread::Thread;

/// The addresses of the objects in the home slots of the thread's innermost frame if that runs `code`, and of the lowest `operands`
/// on its stack, which are there; 0 where there is none. They are borrowed from the frame.
pub fn of_running_frame(code: Code, operands: u32) -> Vec<usize> {
    // SAFETY: the GIL is held; the innermost frame is complete, and its home slots hold references or NULL, as its stack does up
    // to the stack pointer.
    unsafe {
        let frame = Thread::current().current_frame();
        if frame.is_null() || (*frame).code() != code.as_ptr().cast() {
            return Vec::new();
        }
        let locals = code.localsplus_count() as usize;
        let top = (*frame).slot(locals + operands as usize);
        let operands = if (*frame).stackpointer >= top { operands as usize } else { 0 };
        let slots = (0..locals + operands).map(|slot| *(*frame).slot(slot));
        slots.map(|local| if local.is_int() { 0 } else { local.untag() as usize }).collect()
    }
}
