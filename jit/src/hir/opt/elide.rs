//! Frames around nothing.
//!
//! What a small callee does is often known to the caller: it returns `self`, or a constant, or what was loaded before. Nothing is left to
//! be done between the push of its frame and the pop then, and nobody could find the frame by anything but chance, for as long as it takes
//! to write it. Such a frame is not pushed.

use super::sweep;
use crate::hir::function::Function;
use crate::hir::inst::{Block, ContextId, Inst, NULL_REF, Op, Terminator, Upkeep, Value};
use crate::hir::types::Type;
use crate::runtime::ops::table::Helper;

pub fn run(function: &mut Function) {
    let order = function.reverse_postorder();
    let ways_in = function.ways_in(&order);
    let mut is_changed = false;
    // What a callee calls comes after it.
    for index in (1..=function.contexts.len()).rev() {
        let context = ContextId(index as u32);
        let push = function.contexts[index - 1].frame;
        let Some(&block) = order.iter().find(|block| function.block(**block).insts.contains(&push)) else { continue };
        let Some(owned) = owned_by(function, push) else { continue };
        if let Some(span) = Span::behind(function, &ways_in, context, block, push)
            && let Some(taken) = Taken::of(function, &ways_in, &span, push, &owned)
        {
            taken.remove(function);
            span.remove(function, context, push);
            is_changed = true;
        }
    }
    if is_changed {
        sweep::run(function);
    }
}

/// The objects to which the frame has references of its own, unless it is more than a plain frame.
fn owned_by(function: &Function, push: Value) -> Option<Vec<Value>> {
    let inst = function.inst(push);
    if !matches!(inst.op, Op::PushFrame { upkeep: Upkeep::Lent, lazy: None, .. }) {
        return None;
    }
    let mut owned = Vec::new();
    for &reference in &inst.args[1..] {
        match function.inst(reference).op {
            Op::ToRef { borrowed: true } | Op::ConstRef(NULL_REF) => {}
            Op::ToRef { borrowed: false } => owned.push(function.inst(reference).args[0]),
            _ => return None,
        }
    }
    Some(owned)
}

/// Where the references are taken that the frame gives up in the end.
struct Taken {
    /// The instructions, by block.
    insts: Vec<(Block, Value)>,
    /// Where the frame is not pushed, and what has to be taken there.
    elsewhere: Option<(Block, Vec<Value>)>,
}

impl Taken {
    /// One reference to each of `owned`, taken on the way from the push to the pop or right before it, if there is one.
    fn of(function: &Function, ways_in: &[usize], span: &Span, push: Value, owned: &[Value]) -> Option<Taken> {
        let mut taken = Taken { insts: Vec::new(), elsewhere: None };
        for &object in owned {
            let is_taking = |taken: &Taken, block: Block, value: Value| {
                let inst = function.inst(value);
                inst.op == Op::IncRef && inst.args[0] == object && !taken.insts.contains(&(block, value))
            };
            let inside = span.insts(function, push).find(|(block, value)| is_taking(&taken, *block, *value));
            if let Some(found) = inside {
                taken.insts.push(found);
                continue;
            }
            let (asks, before) = span.asked_in(function, ways_in, push)?;
            let mut late =
                function.block(asks).insts.iter().rev().take_while(|value| is_blind(function, **value, owned));
            let found = late.find(|value| is_taking(&taken, asks, **value))?;
            taken.insts.push((asks, *found));
            taken.elsewhere.get_or_insert_with(|| (before, Vec::new())).1.push(object);
        }
        Some(taken)
    }

    fn remove(self, function: &mut Function) {
        for (block, taking) in self.insts {
            function.block_mut(block).insts.retain(|value| *value != taking);
        }
        let Some((block, objects)) = self.elsewhere else { return };
        for object in objects {
            let inst = Inst { op: Op::IncRef, args: vec![object], state: None, ty: Type::NONE };
            let inst = function.add_value(inst);
            function.block_mut(block).insts.insert(0, inst);
        }
    }
}

/// Whether an instruction between the taking of a reference and the push has nothing to do with whether it was taken. The class of an
/// instance among `owned` does not die.
fn is_blind(function: &Function, value: Value, owned: &[Value]) -> bool {
    let inst = function.inst(value);
    let is_class = |object: Value| owned.iter().any(|instance| class_of_new(function, *instance) == Some(object));
    is_nothing(&inst.op) || matches!(inst.op, Op::CanInline { .. }) || inst.op == Op::DecRef && is_class(inst.args[0])
}

/// The class of which an instance was made here.
fn class_of_new(function: &Function, instance: Value) -> Option<Value> {
    let inst = function.inst(instance);
    matches!(inst.op, Op::Helper { helper: Helper::NewInstance, .. }).then(|| inst.args[0])
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

    /// What is between the two.
    fn insts<'a>(&'a self, function: &'a Function, push: Value) -> impl Iterator<Item = (Block, Value)> + 'a {
        let all = self.blocks.iter().flat_map(|block| {
            let insts = &function.block(*block).insts;
            insts.iter().map(|value| (*block, *value))
        });
        let behind = all.skip_while(move |(_, value)| *value != push).skip(1);
        behind.take_while(|(_, value)| *value != self.pop)
    }

    /// The block that asks whether the frame can be pushed, right before the push, and where it leads if not.
    fn asked_in(&self, function: &Function, ways_in: &[usize], push: Value) -> Option<(Block, Block)> {
        let first = self.blocks[0];
        let is_first = function.block(first).insts.first() == Some(&push) && ways_in[first.index()] == 1;
        let asks = |block: &Block| match &function.block(*block).terminator {
            Terminator::Branch { then, otherwise, .. } => {
                let asks = then.block == first && ways_in[otherwise.block.index()] == 1;
                asks.then_some((*block, otherwise.block))
            }
            _ => None,
        };
        let blocks = (0..function.blocks.len() as u32).map(Block);
        blocks.filter(|_| is_first).find_map(|block| asks(&block))
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
pub(super) fn is_nothing(op: &Op) -> bool {
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
            | Op::Helper { helper: Helper::AddInlineValue | Helper::InitSlot, .. }
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
            ("Lent", "own_ref", "v6: none = const_obj 0x20"),
            ("Light", "borrow_ref", "inc_ref v1"),
        ] {
            let text = elided(upkeep, operand, body);
            assert!(text.contains("push_frame") && text.contains("pop_frame"), "{text}");
        }
    }

    /// An `__init__` that puts its argument into the instance: the reference that the frame would have to the argument goes there, and
    /// that to the instance is not taken.
    #[test]
    fn what_a_frame_would_own_is_passed_on() {
        let text = "
            function caller
            context c1 v10 b3 from c0 @12 above a shim C.__init__
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                v2: f64 = const_f64 0.5
                v3: float = box_float v2  ; @12 []
                v4: any = call new_instance [0] v1
                on_error.Null v4 b6 else b1
            b1:
                inc_ref v4
                v5: function = const_obj 0x10
                v6: ref = own_ref v5
                v7: ref = own_ref v4
                v8: ref = own_ref v3
                v9: cond = can_inline 0x55550000 has_shim=true
                branch v9 b4 else b2
            b2: cold
                v11: any = call_direct 0x55550000 nargs=2 has_self=true has_shim=true v6 v7 v8
                jump b3(v11)
            b3(v12: any?): cold
                dec_ref v4
                return v12
            b4:
                v10: i64 = push_frame Lent 0x55550000 nargs=2 has_self=true has_shim=true v6 v7 v8
                jump b5
            b5: in c1
                set_line @3
                inc_ref v3
                call add_inline_value [24, 16] v4 v3
                pop_frame 0x0 is_quiet=true
                jump b7
            b6: cold
                unwind
            b7:
                return v4
        ";
        insta::assert_snapshot!(after(run, text), @r"
        function caller
        context c1 v10 b3 from c0 @12 above a shim C.__init__
        b0:
            v0: ref = load_local 0
            v1: any = ref_to_obj v0
            v2: f64 = const_f64 0.5
            v3: float = box_float v2  ; @12 []
            v4: any = call new_instance [0] v1
            on_error.Null v4 b6 else b1
        b1:
            v5: function = const_obj 0x10
            v6: ref = own_ref v5
            v7: ref = own_ref v4
            v8: ref = own_ref v3
            v9: cond = can_inline 0x55550000 has_shim=true
            branch v9 b4 else b2
        b2: cold
            inc_ref v4
            v11: any = call_direct 0x55550000 nargs=2 has_self=true has_shim=true v6 v7 v8
            jump b3(v11)
        b3(v12: any?): cold
            dec_ref v4
            return v12
        b4:
            jump b5
        b5:
            call add_inline_value [24, 16] v4 v3
            jump b7
        b7:
            return v4
        b6: cold
            unwind
        ");
    }
}
