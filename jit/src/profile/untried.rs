//! Instructions that the interpreter had not executed, or only once, when the code was compiled. There is no profile for them, so they are
//! compiled to what can do everything. When that turns out to be executed often the code is compiled anew, after the interpreter
//! has seen what there is.

use std::sync::atomic::AtomicI64;

use super::Profile;
use crate::bytecode::decode::Instr;

/// Executions without a profile, all of an executable's together, after which it is worth while to get one.
const MANY: i64 = 1000;
/// The part of an inline cache's counter that grows with each attempt to specialize that fails, and its value before the first one. After
/// one that succeeded it is less, also where the instruction was made the general one again.
const BACKOFF: u16 = 7;
const NO_ATTEMPT: u16 = 1;

impl Profile {
    /// Has the machine code notice when it often executes what has no profile.
    pub fn notice_untried(&mut self) {
        self.untried = Some(Box::new(AtomicI64::new(MANY)));
    }

    /// The address of the counter, if the instruction is untried and that is to be noticed.
    pub fn counts_as_untried(&self, instr: &Instr) -> Option<usize> {
        let counter = self.untried.as_ref().filter(|_| is_untried(instr))?;
        Some(std::ptr::from_ref::<AtomicI64>(counter).addr())
    }
}

/// Whether the interpreter has not yet tried to specialize the instruction, which it does at the second execution.
pub fn is_untried(instr: &Instr) -> bool {
    instr.raw == instr.opcode && instr.cache.first().is_some_and(|counter| counter & BACKOFF == NO_ATTEMPT)
}

/// Whether it has, and found nothing to specialize it for.
pub fn was_tried_in_vain(instr: &Instr) -> bool {
    instr.raw == instr.opcode && instr.cache.first().is_some_and(|counter| counter & BACKOFF > NO_ATTEMPT)
}
