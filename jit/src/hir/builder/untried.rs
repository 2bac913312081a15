//! What the interpreter has not executed, or only once.
//!
//! There is no profile for it. In code that has run often the interpreter will hardly come there either, so it is left to it;
//! nothing that can run there counts for the rest of the code. In code that has just begun it is compiled to what can do everything.

use super::*;
use crate::profile::is_untried;

/// Instructions with inline caches that tell whether the interpreter has executed them more than once.
const TELL_IF_REACHED: [Opcode; 11] = [
    Opcode::LoadAttr,
    Opcode::StoreAttr,
    Opcode::LoadGlobal,
    Opcode::ForIter,
    Opcode::UnpackSequence,
    Opcode::StoreSubscr,
    Opcode::BinaryOp,
    Opcode::CompareOp,
    Opcode::ContainsOp,
    Opcode::ToBool,
    Opcode::Call,
];

/// Whether the interpreter has executed more than once what the code begins with, as far as that can be told.
pub(super) fn has_begun(code: &CodeInfo, cfg: &Cfg) -> bool {
    let blocks = cfg.order.iter().map(|start| &cfg.blocks[start]);
    let mut instrs = blocks.flat_map(|block| &code.instrs[block.first..block.last]);
    let first = instrs.find(|instr| TELL_IF_REACHED.contains(&instr.opcode));
    first.is_some_and(|instr| !is_untried(instr))
}

impl Builder<'_> {
    /// Whether the interpreter has not come to the current instruction, although the code has run often.
    pub(super) fn is_unreached(&self) -> bool {
        let tells = TELL_IF_REACHED.contains(&self.instr.opcode) && is_untried(&self.instr);
        self.is_warm && tells && !self.profile.has_failed(self.instr.start) && !self.has_left_pair()
    }

    /// Where the compiled instruction can do everything because the interpreter has hardly executed it: leaves when that has
    /// happened often, so that the interpreter sees what there is.
    pub(super) fn count_untried(&mut self) {
        let Some(counter) = self.profile.counts_as_untried(&self.instr) else { return };
        if self.profile.has_failed(self.instr.start) || self.has_left_pair() {
            return;
        }
        let counter = self.const_i64(counter as i64);
        let left = self.emit(Op::Load { offset: 0, mem: Mem::I64 }, &[counter], Type::I64);
        let one_less = self.const_i64(-1);
        let left = self.emit(Op::AddAddr, &[left, one_less], Type::I64);
        self.emit(Op::Store { offset: 0, mem: Mem::I64 }, &[counter, left], Type::NONE);
        let zero = self.const_i64(0);
        let is_rare = self.emit(Op::Compare(Cond::Ne), &[left, zero], Type::BOOL);
        self.emit_guarded(Op::Guard { reason: Reason::Untried }, &[is_rare], Type::NONE);
    }
}
