//! The objects in the locals of the running frame.

use super::code::Code;
use super::thread::Thread;

/// The addresses of the objects in the home slots of the thread's innermost frame if that runs `code`, 0 where there is
/// none. They are borrowed from the frame.
pub fn of_running_frame(code: Code) -> Vec<usize> {
    // SAFETY: the GIL is held; the innermost frame is complete, and its home slots hold references or NULL.
    unsafe {
        let frame = Thread::current().current_frame();
        if frame.is_null() || (*frame).code() != code.as_ptr().cast() {
            return Vec::new();
        }
        let slots = 0..code.localsplus_count() as usize;
        let slots = slots.map(|slot| *(*frame).slot(slot));
        slots.map(|local| if local.is_int() { 0 } else { local.untag() as usize }).collect()
    }
}
