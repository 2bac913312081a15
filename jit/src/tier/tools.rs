//! Who else is watching the code.

use crate::cpython::code::Code;
use crate::cpython::monitoring::{OPTIMIZER_ID, UNGROUPED_EVENTS};
use crate::cpython::thread::Thread;

/// Whether a tool other than this one gets events of `code`: through `sys.monitoring`, `sys.settrace` or `sys.setprofile`.
/// Compiled code reports no events, so such code must run in the interpreter.
pub fn tools_active(code: Code, thread: Thread) -> bool {
    let others = !(1u8 << OPTIMIZER_ID);
    (0..UNGROUPED_EVENTS as u8)
        .any(|event| (code.active_tools(event) | thread.global_tools(event)) & others != 0)
}
