//! Positions of inlined callees that need no instruction of their own.
//!
//! A frame tells where it is whenever it could be asked. Where a callee tells that right after its frame is pushed, the push tells it; where
//! nobody can have got hold of the frame and it is popped at once, there is nobody to ask.

use std::collections::{HashMap, HashSet};

use crate::bytecode::opcode::CodeOffset;
use crate::hir::effects::is_quiet;
use crate::hir::function::Function;
use crate::hir::inst::{Block, ContextId, Op, Terminator, Value};

#[derive(Default)]
pub(super) struct Positions {
    /// The positions that frames have when they are pushed, if not the start.
    pub first: HashMap<ContextId, CodeOffset>,
    /// The instructions that are not needed.
    pub needless: HashSet<Value>,
}

impl Positions {
    /// `undisturbed` has the callees whose frames nobody can have got hold of when they are popped.
    pub fn of(hir: &Function, undisturbed: &HashSet<ContextId>) -> Self {
        let mut found = Self::default();
        let order = hir.reverse_postorder();
        let ways_in = hir.ways_in(&order);
        for &block in &order {
            let data = hir.block(block);
            if let (Some(push), Terminator::Jump(edge)) = (data.insts.last(), &data.terminator)
                && let Some(context) = hir.callee_in(*push)
                && ways_in[edge.block.index()] == 1
            {
                found.first_of(hir, context, edge.block);
            }
            if undisturbed.contains(&data.context) {
                found.last_of(hir, &data.insts);
            }
        }
        found
    }

    fn first_of(&mut self, hir: &Function, context: ContextId, block: Block) {
        for &value in &hir.block(block).insts {
            match hir.inst(value).op {
                Op::SetLine { offset } => {
                    self.first.insert(context, offset);
                    self.needless.insert(value);
                    return;
                }
                _ if asks(hir, value) => return,
                _ => {}
            }
        }
    }

    fn last_of(&mut self, hir: &Function, insts: &[Value]) {
        let mut is_popped = false;
        for &value in insts.iter().rev() {
            match hir.inst(value).op {
                Op::PopFrame { is_quiet, .. } => is_popped = is_quiet,
                Op::SetLine { .. } if is_popped => {
                    self.needless.insert(value);
                }
                _ => is_popped &= !asks(hir, value),
            }
        }
    }
}

/// Whether something that runs in an instruction can ask where frames are, but for what leaves: that tells it first.
fn asks(hir: &Function, value: Value) -> bool {
    let op = &hir.inst(value).op;
    !is_quiet(hir, value) || matches!(op, Op::Helper { .. } | Op::DecRef | Op::CloseRef | Op::PushFrame { .. })
}
