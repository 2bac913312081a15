//! Frames around nothing.
//!
//! What a small callee does is often known to the caller: it returns `self`, or a constant, or what was loaded before. Nothing is left to
//! be done between the push of its frame and the pop then, and nobody could find the frame by anything but chance, for as long as it takes
//! to write it. Such a frame is not pushed.

use super::sweep;
use crate::hir::function::Function;
use crate::hir::inst::{Block, ContextId, NULL_REF, Op, Terminator, Upkeep, Value};

pub fn run(function: &mut Function) {
    let order = function.reverse_postorder();
    let ways_in = function.ways_in(&order);
    let mut is_changed = false;
    // What a callee calls comes after it.
    for index in (1..=function.contexts.len()).rev() {
        let context = ContextId(index as u32);
        let push = function.contexts[index - 1].frame;
        let Some(&block) = order.iter().find(|block| function.block(**block).insts.contains(&push)) else { continue };
        if is_lent(function, push)
            && let Some(span) = Span::behind(function, &ways_in, context, block, push)
        {
            span.remove(function, context, push);
            is_changed = true;
        }
    }
    if is_changed {
        sweep::run(function);
    }
}

/// Whether the frame has no reference of its own to anything.
fn is_lent(function: &Function, push: Value) -> bool {
    let inst = function.inst(push);
    let is_borrowed =
        |operand: &Value| matches!(function.inst(*operand).op, Op::ToRef { borrowed: true } | Op::ConstRef(NULL_REF));
    let is_plain = matches!(inst.op, Op::PushFrame { upkeep: Upkeep::Lent, lazy: None, has_shim: false, .. });
    is_plain && inst.args[1..].iter().all(is_borrowed)
}

/// From a push to the pop.
struct Span {
    /// The blocks, in the order in which they run; the first is the one of the push.
    blocks: Vec<Block>,
    pop: Value,
}

impl Span {
    /// The way that leads from the push to the pop of the frame of `context`, if there is only one and nothing is done on it.
    fn behind(function: &Function, ways_in: &[usize], context: ContextId, first: Block, push: Value) -> Option<Span> {
        let mut blocks = vec![first];
        let start = function.block(first).insts.iter().position(|value| *value == push)? + 1;
        let mut insts = &function.block(first).insts[start..];
        loop {
            for &value in insts {
                match function.inst(value).op {
                    Op::PopFrame { is_quiet: true, .. }
                        if function.block(blocks[blocks.len() - 1]).context == context =>
                    {
                        return Some(Span { blocks, pop: value });
                    }
                    ref op if is_nothing(op) => {}
                    _ => return None,
                }
            }
            let Terminator::Jump(edge) = &function.block(blocks[blocks.len() - 1]).terminator else { return None };
            if ways_in[edge.block.index()] != 1 {
                return None;
            }
            blocks.push(edge.block);
            insts = &function.block(edge.block).insts;
        }
    }

    /// Has the frame not be pushed: what is left runs in the caller's.
    fn remove(self, function: &mut Function, context: ContextId, push: Value) {
        let (caller, site) = (function.block(self.blocks[0]).context, function.block(self.blocks[0]).site);
        for &block in &self.blocks {
            let is_callee = function.block(block).context == context;
            let mut insts = std::mem::take(&mut function.block_mut(block).insts);
            insts.retain(|value| {
                let is_line = is_callee && matches!(function.inst(*value).op, Op::SetLine { .. });
                *value != push && *value != self.pop && !is_line
            });
            let data = function.block_mut(block);
            data.insts = insts;
            if is_callee {
                (data.context, data.site) = (caller, site);
            }
        }
    }
}

/// Whether an instruction does nothing that takes time, or could be noticed.
fn is_nothing(op: &Op) -> bool {
    matches!(
        op,
        Op::SetLine { .. }
            | Op::ConstObj { .. }
            | Op::ConstRef(_)
            | Op::ConstI64(_)
            | Op::ConstF64(_)
            | Op::ConstBool(_)
            | Op::Param
            | Op::ToRef { .. }
            | Op::RefToObj
            | Op::Refine { .. }
            | Op::IncRef
    )
}

#[cfg(test)]
mod tests {
    use super::super::after;
    use super::run;

    /// What becomes of a callee that does this.
    fn elided(upkeep: &str, operand: &str, body: &str) -> String {
        let text = format!(
            "
            function caller
            context c1 v5 b4 from c0 @12 callee
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                v2: function = const_obj 0x10
                set_line @12
                v3: ref = own_ref v2
                v4: ref = {operand} v1
                jump b1
            b1:
                v5: i64 = push_frame {upkeep} 0x55550000 nargs=1 has_self=true has_shim=false v3 v4
                jump b2
            b2: in c1
                set_line @3
                {body}
                set_line @5
                pop_frame 0x1 is_quiet=true
                jump b3
            b3:
                return v1
            b4(v9: any?): cold
                return v9
        "
        );
        after(run, &text)
    }

    #[test]
    fn frames_around_nothing_go() {
        insta::assert_snapshot!(elided("Lent", "borrow_ref", "inc_ref v1"), @r"
        function caller
        context c1 v5 b4 from c0 @12 callee
        b0:
            v0: ref = load_local 0
            v1: any = ref_to_obj v0
            set_line @12
            jump b1
        b1:
            jump b2
        b2:
            inc_ref v1
            jump b3
        b3:
            return v1
        ");
    }

    #[test]
    fn frames_around_something_stay() {
        for (upkeep, operand, body) in [
            ("Lent", "borrow_ref", "v6: any = guard_private v1  ; @3 []"),
            ("Lent", "borrow_ref", "v6: i64 = load.I64 +16 v1"),
            ("Lent", "own_ref", "inc_ref v1"),
            ("Light", "borrow_ref", "inc_ref v1"),
        ] {
            let text = elided(upkeep, operand, body);
            assert!(text.contains("push_frame") && text.contains("pop_frame"), "{text}");
        }
    }
}
