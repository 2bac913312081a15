//! Instances that nobody gets to see.
//!
//! `(a - b).dot(c)` makes an instance, reads its attributes, which are known by then, and drops it. Where nothing that runs between its
//! creation and its death could get hold of it, it is not made: its attributes stay numbers, or references that nobody has put anywhere. What
//! would see it after all, a side exit, a call on a way that is hardly ever taken, or whatever may ask for the locals of a light frame
//! that has it as an argument, makes it first ([`crate::lower`]).

use std::collections::{BTreeSet, HashMap, HashSet};

use super::elide::is_nothing;
use super::light::can_ask;
use super::sweep;
use crate::hir::function::Function;
use crate::hir::inst::{Block, ContextId, Edge, Inst, Op, Terminator, Upkeep, Value};
use crate::runtime::ops::table::Helper;
use crate::runtime::unmade::MAX_STORES;

/// Attributes that such an instance has at most.
const MAX_ATTRIBUTES: usize = 16;

pub fn run(function: &mut Function) {
    let mut is_changed = false;
    let order = function.reverse_postorder();
    for block in order {
        let Some(instance) = created_in(function, block) else { continue };
        if let Some(plan) = Plan::of(function, block, instance) {
            plan.carry_out(function);
            is_changed = true;
        }
    }
    if is_changed {
        sweep::run(function);
    }
}

/// The instance that a block makes as the last thing that it does, if freeing it runs nothing.
fn created_in(function: &Function, block: Block) -> Option<Value> {
    let &last = function.block(block).insts.last()?;
    let is_plain = |imms: &[i64]| imms.first() == Some(&1);
    let creates = matches!(&function.inst(last).op, Op::Helper { helper: Helper::NewInstance, imms } if is_plain(imms));
    let is_checked = matches!(function.block(block).terminator, Terminator::OnError { value, .. } if value == last);
    (creates && is_checked).then_some(last)
}

/// What there is to do for an instance not to be made.
struct Plan {
    block: Block,
    instance: Value,
    /// Where it gets its attributes, one after the other on the only usual way that leads on.
    adds: Vec<Value>,
    /// The references to it that frames get.
    arguments: BTreeSet<Value>,
    unusual: Vec<bool>,
}

/// A home slot of a light frame that it is put into.
struct Home {
    /// What puts it there.
    by: Value,
    context: ContextId,
    slot: u32,
    /// Whether the slot has a reference of its own.
    owns: bool,
}

/// The references to it at some place.
#[derive(Clone, PartialEq)]
struct References {
    count: usize,
    /// The home slots that have one.
    homes: BTreeSet<(ContextId, u32)>,
}

impl Plan {
    fn of(function: &Function, block: Block, instance: Value) -> Option<Plan> {
        let unusual = function.unusual_blocks();
        if unusual[block.index()] {
            return None;
        }
        let mut plan = Plan { block, instance, adds: Vec::new(), arguments: BTreeSet::new(), unusual };
        plan.collect(function)?;
        let is_added = plan.added_at_once(function)? == plan.adds.len() && plan.adds.len() <= MAX_ATTRIBUTES;
        let slots = plan.slots(function)?;
        let stores = slots.iter().filter(|home| matches!(function.inst(home.by).op, Op::SwapLocal { .. }));
        if stores.count() > MAX_STORES {
            return None;
        }
        let is_kept = slots.iter().all(|home| plan.is_left_alone(function, home));
        (is_added && is_kept && plan.dies_unseen(function, &slots)?).then_some(plan)
    }

    fn is_usual(&self, block: Block) -> bool {
        !self.unusual[block.index()]
    }

    /// Looks at what is done with the instance where code usually runs. None if it is anything that has to have it.
    fn collect(&mut self, function: &Function) -> Option<()> {
        let order = function.reverse_postorder();
        let usual: Vec<Block> = order.into_iter().filter(|block| self.is_usual(*block)).collect();
        let used = function.used();
        for &block in &usual {
            for &value in &function.block(block).insts {
                let inst = function.inst(value);
                if !inst.args.contains(&self.instance) {
                    continue;
                }
                match &inst.op {
                    Op::Helper { helper: Helper::AddInlineValue | Helper::InitSlot, .. }
                        if inst.args[0] == self.instance && inst.args[1] != self.instance =>
                    {
                        self.adds.push(value);
                    }
                    Op::ToRef { .. } => {
                        self.arguments.insert(value);
                    }
                    Op::IncRef | Op::DecRef => {}
                    _ => return None,
                }
            }
        }
        for &block in &usual {
            let data = function.block(block);
            let is_it = |value: &Value| *value == self.instance || self.arguments.contains(value);
            let is_passed = data.terminator.edges().iter().any(|edge| edge.args.iter().any(is_it));
            let is_checked = block == self.block;
            if is_passed || !is_checked && data.terminator.operand().is_some_and(|value| is_it(&value)) {
                return None;
            }
            for &value in &data.insts {
                let inst = function.inst(value);
                let takes = inst.args.iter().any(|arg| self.arguments.contains(arg));
                let is_kept = match inst.op {
                    Op::PushFrame { upkeep, .. } => upkeep != Upkeep::Full,
                    Op::SwapLocal { .. } => function.upkeep(data.context) != Upkeep::Full && !used[value.index()],
                    _ => false,
                };
                if takes && !is_kept {
                    return None;
                }
            }
            let states = data.insts.iter().filter_map(|value| function.inst(*value).state);
            let states = states.chain(data.terminator.state());
            let mut in_states = states.flat_map(|state| {
                let state = function.state(state);
                let raw = state.values().filter(|value| self.arguments.contains(value));
                let pending = state.pending.iter().map(|pending| pending.object);
                raw.chain(pending.filter(|value| *value == self.instance)).collect::<Vec<_>>()
            });
            if in_states.next().is_some() {
                return None;
            }
        }
        Some(())
    }

    /// How many attributes it gets on the way that usually leads on from where it is created, before anything else happens.
    fn added_at_once(&self, function: &Function) -> Option<usize> {
        let order = function.reverse_postorder();
        let ways_in = function.ways_in(&order);
        let mut count = 0;
        let mut block = self.next(function, self.block)?;
        while ways_in[block.index()] == 1 {
            for &value in &function.block(block).insts {
                match function.inst(value).op {
                    _ if self.adds.contains(&value) => count += 1,
                    Op::CanInline { .. } => {}
                    // No class dies by that.
                    Op::DecRef if function.inst(value).args[0] == function.inst(self.instance).args[0] => {}
                    ref op if is_nothing(op) => {}
                    _ => return Some(count),
                }
            }
            match self.next(function, block) {
                Some(next) => block = next,
                None => break,
            }
        }
        Some(count)
    }

    /// Where a block usually leads, if that is one place.
    fn next(&self, function: &Function, block: Block) -> Option<Block> {
        let edges = function.block(block).terminator.edges();
        let mut usual = edges.iter().map(|edge| edge.block).filter(|block| self.is_usual(*block));
        let next = usual.next()?;
        usual.next().is_none().then_some(next)
    }

    /// The home slots that it is put into.
    fn slots(&self, function: &Function) -> Option<Vec<Home>> {
        let mut homes = Vec::new();
        let owns = |arg: &Value| function.inst(*arg).op == Op::ToRef { borrowed: false };
        for (index, context) in function.contexts.iter().enumerate() {
            let push = function.inst(context.frame);
            let Op::PushFrame { has_self, .. } = push.op else { continue };
            let first = if has_self { 1 } else { 2 };
            for (place, arg) in push.args.iter().enumerate().filter(|(_, arg)| self.arguments.contains(arg)) {
                let slot = place.checked_sub(first)? as u32;
                homes.push(Home { by: context.frame, context: ContextId(index as u32 + 1), slot, owns: owns(arg) });
            }
        }
        for block in function.reverse_postorder() {
            let data = function.block(block);
            for &value in data.insts.iter().filter(|_| self.is_usual(block)) {
                let inst = function.inst(value);
                if let Op::SwapLocal { slot } = inst.op
                    && self.arguments.contains(&inst.args[0])
                {
                    homes.push(Home { by: value, context: data.context, slot, owns: owns(&inst.args[0]) });
                }
            }
        }
        Some(homes)
    }

    /// Whether the code of a frame, as it usually runs, neither reads nor writes a home slot but to put the instance there.
    fn is_left_alone(&self, function: &Function, home: &Home) -> bool {
        let blocks = function.reverse_postorder().into_iter().filter(|block| self.is_usual(*block));
        let blocks = blocks.filter(|block| function.block(*block).context == home.context);
        let mut insts = blocks.flat_map(|block| &function.block(block).insts);
        !insts.any(|value| match function.inst(*value).op {
            Op::LoadLocal { slot } | Op::SwapLocal { slot } | Op::StoreInt { slot } | Op::StoreFloat { slot } => {
                slot == home.slot && *value != home.by
            }
            _ => false,
        })
    }

    /// Whether nothing can run on the usual ways from its creation to its death, and each of them leads there.
    fn dies_unseen(&self, function: &Function, homes: &[Home]) -> Option<bool> {
        let first = self.next(function, self.block)?;
        let mut states = HashMap::from([(first, References { count: 1, homes: BTreeSet::new() })]);
        let mut work = vec![first];
        while let Some(block) = work.pop() {
            if block == self.block {
                return Some(false);
            }
            let data = function.block(block);
            let mut known = states[&block].clone();
            for &value in &data.insts {
                if !self.step(function, data.context, value, homes, &mut known) {
                    return Some(false);
                }
                if known.count == 0 {
                    break;
                }
                if can_ask(function, value) {
                    return Some(false);
                }
            }
            if known.count == 0 {
                continue;
            }
            let edges = data.terminator.edges();
            if edges.is_empty() {
                return Some(false);
            }
            for next in edges.iter().map(|edge| edge.block).filter(|block| self.is_usual(*block)) {
                match states.get(&next) {
                    None => {
                        states.insert(next, known.clone());
                        work.push(next);
                    }
                    Some(before) if *before == known => {}
                    Some(_) => return Some(false),
                }
            }
        }
        Some(true)
    }

    /// What an instruction does to the references to it. False if that cannot be told.
    fn step(
        &self,
        function: &Function,
        context: ContextId,
        value: Value,
        homes: &[Home],
        known: &mut References,
    ) -> bool {
        let inst = function.inst(value);
        match inst.op {
            Op::IncRef if inst.args[0] == self.instance => known.count += 1,
            Op::DecRef if inst.args[0] == self.instance => known.count -= 1,
            Op::PopFrame { settled, .. } => {
                let (gone, kept): (BTreeSet<_>, BTreeSet<_>) =
                    known.homes.iter().copied().partition(|(of, _)| *of == context);
                let closed = gone.iter().filter(|(_, slot)| settled & 1 << slot == 0).count();
                // Nobody would close it.
                if closed != gone.len() || closed > known.count {
                    return false;
                }
                known.count -= closed;
                known.homes = kept;
            }
            Op::PushFrame { .. } | Op::SwapLocal { .. } => {
                for home in homes.iter().filter(|home| home.by == value && home.owns) {
                    if !known.homes.insert((home.context, home.slot)) {
                        return false;
                    }
                }
            }
            _ => {}
        }
        true
    }

    fn carry_out(self, function: &mut Function) {
        let Terminator::OnError { ok, .. } = &function.block(self.block).terminator else { return };
        function.block_mut(self.block).terminator = Terminator::Jump(ok.clone());
        let class = function.inst(self.instance).args[0];
        let creation = &mut function.values[self.instance.index()];
        (creation.op, creation.args) = (Op::NewUnmade, vec![class]);
        for &add in &self.adds {
            let inst = &mut function.values[add.index()];
            let Op::Helper { helper, imms } = &inst.op else { unreachable!("it adds an attribute") };
            inst.op = Op::AddUnmade { offset: imms[0] as i32, is_slot: *helper == Helper::InitSlot };
        }
        let arguments: Vec<Value> = self.arguments.iter().copied().collect();
        for argument in arguments {
            self.repeat_aside(function, argument, function.inst(argument).clone());
        }
        let mut adds = self.adds.clone();
        // The state of a box has those that were made before.
        adds.reverse();
        for add in adds {
            self.unbox(function, add);
        }
    }

    /// Has the blocks that code hardly ever comes to compute a value themselves.
    fn repeat_aside(&self, function: &mut Function, value: Value, inst: Inst) {
        for block in users(function, value).into_iter().filter(|block| !self.is_usual(*block)) {
            let again = function.add_value(inst.clone());
            replace_in(function, block, value, again);
            function.block_mut(block).insts.insert(0, again);
        }
        if users(function, value).is_empty() {
            remove(function, value);
        }
    }

    /// Has the instance have a number instead of its box, if nothing else usually needs that.
    fn unbox(&self, function: &mut Function, add: Value) {
        let boxed = function.inst(add).args[1];
        let inst = function.inst(boxed).clone();
        if !matches!(inst.op, Op::BoxInt | Op::BoxFloat) {
            return;
        }
        let Some(home) = block_of(function, add) else { return };
        let mut refs = Vec::new();
        let mut elsewhere = HashSet::new();
        for block in users(function, boxed) {
            let data = function.block(block);
            let takes = |value: &&Value| function.inst(**value).args.contains(&boxed);
            for &user in data.insts.iter().filter(takes) {
                match function.inst(user).op {
                    _ if user == add && block == home => {}
                    Op::ToRef { borrowed: false } => refs.push(user),
                    _ => return,
                }
            }
            let in_state = |value: &Value| {
                let state = function.inst(*value).state;
                state.is_some_and(|state| function.state(state).values().any(|value| value == boxed))
            };
            let in_terminator = data.terminator.operand() == Some(boxed)
                || data.terminator.edges().iter().any(|edge| edge.args.contains(&boxed))
                || data
                    .terminator
                    .state()
                    .is_some_and(|state| function.state(state).values().any(|value| value == boxed));
            if in_terminator || data.insts.iter().any(in_state) {
                return;
            }
        }
        for &reference in &refs {
            elsewhere.extend(users(function, reference));
        }
        // One of them gets the box, which is one.
        if elsewhere.len() > 1 || elsewhere.iter().any(|block| self.is_usual(*block)) || refs.len() > 1 {
            return;
        }
        for reference in refs {
            let ty = inst.ty;
            let aside = Inst { op: Op::BoxAside, args: inst.args.clone(), state: None, ty };
            let again = function.add_value(aside);
            let Some(&block) = elsewhere.iter().next() else {
                remove(function, reference);
                continue;
            };
            function.values[reference.index()].args = vec![again];
            remove(function, reference);
            function.block_mut(block).insts.splice(0..0, [again, reference]);
        }
        function.values[add.index()].args[1] = inst.args[0];
        remove(function, boxed);
    }
}

/// The blocks that use a value.
fn users(function: &Function, value: Value) -> Vec<Block> {
    let in_state = |state| function.state(state).values().any(|other| other == value);
    let uses = |block: &Block| {
        let data = function.block(*block);
        let mut insts = data.insts.iter().map(|inst| function.inst(*inst));
        insts.any(|inst| inst.args.contains(&value) || inst.state.is_some_and(in_state))
            || data.terminator.operand() == Some(value)
            || data.terminator.edges().iter().any(|edge| edge.args.contains(&value))
            || data.terminator.state().is_some_and(in_state)
    };
    function.reverse_postorder().into_iter().filter(uses).collect()
}

fn block_of(function: &Function, value: Value) -> Option<Block> {
    let mut order = function.reverse_postorder().into_iter();
    order.find(|block| function.block(*block).insts.contains(&value))
}

fn remove(function: &mut Function, value: Value) {
    if let Some(block) = block_of(function, value) {
        function.block_mut(block).insts.retain(|other| *other != value);
    }
}

/// Replaces a value by another one wherever a block uses it. States that it shares with other blocks are its own afterwards.
fn replace_in(function: &mut Function, block: Block, old: Value, new: Value) {
    let swap = |value: &mut Value| {
        if *value == old {
            *value = new;
        }
    };
    for inst in function.block(block).insts.clone() {
        function.values[inst.index()].args.iter_mut().for_each(swap);
        if let Some(state) = function.inst(inst).state
            && function.state(state).values().any(|value| value == old)
        {
            let mut own = function.state(state).clone();
            own.values_mut().for_each(swap);
            function.values[inst.index()].state = Some(function.add_state(own));
        }
    }
    let mut terminator = function.block(block).terminator.clone();
    terminator.edges_mut().into_iter().flat_map(|edge: &mut Edge| &mut edge.args).for_each(swap);
    terminator.operand_mut().into_iter().for_each(swap);
    if let Some(state) = terminator.state_mut()
        && function.state(*state).values().any(|value| value == old)
    {
        let mut own = function.state(*state).clone();
        own.values_mut().for_each(swap);
        *state = function.add_state(own);
    }
    function.block_mut(block).terminator = terminator;
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::super::after;
    use super::run;

    /// `C(x * 0.5).method(other)`, where the method looks at nothing and `body` is done before the instance dies.
    fn passing(plain: u8, upkeep: &str, body: &str) -> String {
        let text = format!(
            "
            function caller
            context c1 v16 b7 from c0 @12 C.method
            b0:
                v0: any = const_obj 0x10
                v1: f64 = const_f64 0.5
                v2: any = const_obj 0x20
                v3: float = box_float v1  ; @4 []
                v4: any = call new_instance [{plain}] v0
                on_error.Null v4 b5 else b1
            b1:
                v6: ref = own_ref v3
                v7: ref = own_ref v4
                v8: cond = can_inline 0x55550000 has_shim=true
                branch v8 b3 else b2
            b2: cold
                v9: ref = own_ref v2
                v10: any = call_direct 0x55550000 nargs=2 has_self=true has_shim=true v9 v7 v6
                return v10
            b3:
                call add_inline_value [24, 16] v4 v3
                v11: cond = const_cond true
                guard Callee v11  ; @8 [v4]
                v12: ref = own_ref v2
                v13: ref = own_ref v4
                v14: cond = can_inline 0x66660000 has_shim=false
                branch v14 b6 else b4
            b4: cold
                v15: any = call_direct 0x66660000 nargs=1 has_self=true has_shim=false v12 v13
                return v15
            b6:
                v16: i64 = push_frame {upkeep} 0x66660000 nargs=1 has_self=true has_shim=false v12 v13
                jump b8
            b8: in c1
                {body}
                pop_frame 0x0 is_quiet=false
                jump b9
            b9:
                return v2
            b7(v17: any?): cold
                return v17
            b5: cold
                unwind
        "
        );
        after(run, &text)
    }

    #[test]
    fn instances_that_nobody_sees_are_not_made() {
        assert_snapshot!(passing(1, "Light", "inc_ref v2"), @r"
        function caller
        context c1 v16 b7 from c0 @12 C.method
        b0:
            v0: any = const_obj 0x10
            v1: f64 = const_f64 0.5
            v2: any = const_obj 0x20
            v4: any = new_unmade v0
            jump b1
        b1:
            v8: cond = can_inline 0x55550000 has_shim=true
            branch v8 b3 else b2
        b2: cold
            v24: float = box_aside v1
            v6: ref = own_ref v24
            v22: ref = own_ref v4
            v9: ref = own_ref v2
            v10: any = call_direct 0x55550000 nargs=2 has_self=true has_shim=true v9 v22 v6
            return v10
        b3:
            add_unmade +24 is_slot=false v4 v1
            v11: cond = const_cond true
            guard Callee v11  ; @8 [v4]
            v12: ref = own_ref v2
            v13: ref = own_ref v4
            v14: cond = can_inline 0x66660000 has_shim=false
            branch v14 b6 else b4
        b4: cold
            v23: ref = own_ref v4
            v15: any = call_direct 0x66660000 nargs=1 has_self=true has_shim=false v12 v23
            return v15
        b6:
            v16: i64 = push_frame Light 0x66660000 nargs=1 has_self=true has_shim=false v12 v13
            jump b8
        b8: in c1
            inc_ref v2
            pop_frame 0x0 is_quiet=false
            jump b9
        b9:
            return v2
        ");
    }

    #[test]
    fn instances_that_somebody_may_see_are_made() {
        for (plain, upkeep, body) in [
            // Freeing it runs something.
            (0, "Light", "inc_ref v2"),
            // The frame's arguments are what they are from the start.
            (1, "Full", "inc_ref v2"),
            // What runs may ask for the frame.
            (1, "Light", "v20: any = call load_attr v2 v2"),
            // The local is given something else.
            (1, "Light", "v20: ref = swap_local 0 v12"),
            // It stays.
            (1, "Light", "inc_ref v4"),
            (1, "Light", "store.Obj +16 v2 v4"),
        ] {
            let text = passing(plain, upkeep, body);
            assert!(text.contains("call new_instance") && !text.contains("unmade"), "{text}");
        }
    }
}
