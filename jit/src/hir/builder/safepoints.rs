//! Safepoints: where code leaves after something may have run that has got hold of its frame.

use super::*;
use crate::hir::effects::{is_quiet, only_deaths};

impl Builder<'_> {
    /// Whether nothing has run since the instruction's start but what objects may run that have died, and they are not known
    /// to run anything.
    pub(super) fn may_leave_at_death(&self) -> bool {
        let (start, first) = self.start;
        if !self.profile.may_die_quietly(self.instr.start) || first > self.func.block(start).insts.len() {
            return false;
        }
        let is_quiet = |insts: &[Value]| {
            insts.iter().all(|value| is_quiet(&self.func, *value) || self.closed_quietly.contains(value))
        };
        let insts = |block: Block| match &self.func.block(block).insts {
            insts if block == start => &insts[first..],
            insts => insts,
        };
        let before = match self.cur == start {
            true => HashSet::new(),
            false => self.blocks_between(start, self.cur),
        };
        before.iter().all(|block| is_quiet(insts(*block)))
            && only_deaths(&self.func, insts(self.cur), &self.closed_quietly)
    }

    /// Leaves when the store of a number has given up an object, and whoever saw that got hold of this frame.
    pub(super) fn safepoint_after(&mut self, store: Value) {
        let state = self.state_at(self.instr.next);
        let op = Op::Safepoint { periodic: false, boxes: 0, leaves: self.may_leave_at_death() };
        self.emit_in(self.cur, op, &[store], Type::I64, Some(state));
    }

    /// After a call: leaves when the call's callee (or anyone meanwhile) got hold of this frame. With `periodic` it also
    /// serves pending signals, where the interpreter would.
    pub(super) fn safepoint(&mut self, periodic: bool) -> Result<(), Refusal> {
        let state = self.state_at(self.instr.next);
        let leaves = !periodic && self.may_leave_at_death();
        let op = Op::Safepoint { periodic, boxes: 0, leaves };
        let status = self.emit_in(self.cur, op, &[], Type::I64, Some(state));
        self.noisy = false;
        if periodic {
            let unwind = self.state.stack.clone();
            self.check_error(status, ErrorKind::Negative, &unwind)?;
        }
        Ok(())
    }
}
