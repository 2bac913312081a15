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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hir::parse::parse;

    /// The callee's first position if its push tells it, and the instructions that tell nothing.
    fn found(before: &str, after: &str, is_undisturbed: bool) -> (Option<u32>, Vec<usize>) {
        let text = format!(
            "
            function caller
            context c1 v5 b4 from c0 @12 callee
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                v2: function = const_obj 0x10
                v3: ref = own_ref v2
                v4: ref = borrow_ref v1
                v5: i64 = push_frame Lent 0x55550000 nargs=1 has_self=true has_shim=false v3 v4
                jump b2
            b2: in c1
                {before}
                set_line @3
                v7: any = guard_private v1  ; @4 []
                set_line @5
                {after}
                pop_frame 0x1 is_quiet=true
                jump b3
            b3:
                return v1
            b4(v9: any?): cold
                return v9
        "
        );
        let function = parse(&text).unwrap();
        let context = ContextId(1);
        let undisturbed = is_undisturbed.then_some(context).into_iter().collect();
        let found = Positions::of(&function, &undisturbed);
        let offset = |value: &Value| match function.inst(*value).op {
            Op::SetLine { offset } => offset.index(),
            _ => unreachable!("only positions are not needed"),
        };
        let mut needless: Vec<usize> = found.needless.iter().map(offset).collect();
        needless.sort_unstable();
        (found.first.get(&context).map(|offset| offset.0), needless)
    }

    #[test]
    fn the_push_tells_the_first_position() {
        assert_eq!(found("inc_ref v1", "inc_ref v1", false), (Some(3), vec![3]));
        assert_eq!(found("v6: any = call get_len v1", "inc_ref v1", false), (None, vec![]));
    }

    #[test]
    fn frames_that_nobody_has_do_not_tell_the_last_one() {
        assert_eq!(found("inc_ref v1", "inc_ref v1", true), (Some(3), vec![3, 5]));
        assert_eq!(found("inc_ref v1", "v6: any = call get_len v1", true), (Some(3), vec![3]));
    }
}
