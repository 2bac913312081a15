//! What `RJIT_STRESS` adds to machine code. Without it nothing here emits anything.

use super::*;
use crate::config::ForcedDeopt;
use crate::runtime::stress;

impl Lowering<'_, '_> {
    /// Before a guard: leaves whatever the guard would find, when it is its turn to fail.
    pub(super) fn force(&mut self, state: StateId, reason: Reason) {
        let Some(forced) = self.stress.deopt else { return };
        let guard = self.note_guard(state, reason);
        let due = match forced {
            ForcedDeopt::All => {
                let flag = self.imm(self.header.turns[guard].as_ptr() as i64);
                let turns = self.load(types::I8, flag, 0);
                self.b.ins().icmp_imm_s(IntCC::Equal, turns, 0)
            }
            ForcedDeopt::Nth(_) | ForcedDeopt::Every(_) => {
                let countdown = self.imm(stress::COUNTDOWN.as_ptr() as i64);
                let left = self.load(types::I64, countdown, 0);
                let left = self.b.ins().iadd_imm_s(left, -1);
                self.store(left, countdown, 0);
                self.b.ins().icmp_imm_s(IntCC::Equal, left, 0)
            }
        };
        self.force_if(due, guard, state);
    }

    /// A safepoint that always looks closer, and where the stress takes place.
    pub(super) fn stressed_safepoint(&mut self, periodic: bool, state: StateId) -> ir::Value {
        let guard = self.note_guard(state, Reason::Observed);
        let header = self.imm(std::ptr::from_ref(self.header) as i64);
        let (periodic, number) = (self.imm(i64::from(periodic)), self.imm(guard as i64));
        let args = [self.tstate, self.frame, header, periodic, number];
        let address = stress::safepoint as *const () as usize;
        let status = self.call_runtime(address, &args, Some(types::I64)).expect("has a result");
        let observed = self.b.ins().icmp_imm_s(IntCC::Equal, status, frames::OBSERVED_STATUS);
        self.guard_not(observed, state, Reason::Observed);
        let forced = self.b.ins().icmp_imm_s(IntCC::Equal, status, stress::FORCED_STATUS);
        self.force_if(forced, guard, state);
        status
    }

    pub(super) fn is_due_under_stress(&mut self) -> ir::Value {
        self.call_runtime(stress::is_due as *const () as usize, &[], Some(types::I64)).expect("has a result")
    }

    fn note_guard(&mut self, state: StateId, reason: Reason) -> usize {
        let record = self.side_exit(state, reason);
        self.guards.push(record);
        self.guards.len() - 1
    }

    fn force_if(&mut self, due: ir::Value, guard: usize, state: StateId) {
        let exit = self.exit(state, Cause::Stress);
        let next = self.block();
        let number = self.imm(guard as i64);
        self.b.ins().brif(due, exit, &[BlockArg::Value(number)], next, &[]);
        self.b.switch_to_block(next);
    }
}
