//! Reference counts that nobody can notice.
//!
//! The interpreter takes a reference to what it loads and gives it up when it has used it. Where something else holds the object
//! until then, and nobody can have looked at the count in between, neither is done. A side exit in between hands
//! the operand to the interpreter, which wants to own it: it takes the reference then ([`FrameState::late`]). So does a way that
//! leads to code that runs rarely. A light frame does not even own its function ([`Upkeep::Lent`]).
//!
//! This looks at *traces*: blocks in a row, through callees that are a part of the function, as they are usually run.

use std::collections::{HashMap, HashSet};

use crate::hir::effects::dies_quietly;
use crate::hir::function::Function;
use crate::hir::inst::{
    Block, ContextId, Edge, Inst, LazyTuple, Mem, Op, StackEntry, StateId, Terminator, Upkeep, Value,
};
use crate::hir::types::{Kinds, Repr, Type};
use crate::runtime::ops::table::Helper;

pub fn run(function: &mut Function) {
    let order = function.reverse_postorder();
    let ways_in = function.ways_in(&order);
    let unusual = function.unusual_blocks();
    let mut is_traced = vec![false; function.blocks.len()];
    let mut given_late = Vec::new();
    for &first in &order {
        if is_traced[first.index()] {
            continue;
        }
        let mut blocks = vec![first];
        is_traced[first.index()] = true;
        while let Some(next) = usual_successor(function, blocks[blocks.len() - 1], &unusual) {
            if ways_in[next.index()] != 1 || is_traced[next.index()] {
                break;
            }
            is_traced[next.index()] = true;
            blocks.push(next);
        }
        let mut trace = Trace::new(function, blocks);
        trace.run();
        given_late.extend(trace.finish());
    }
    for ((block, edge), objects) in given_late {
        take_on_the_way(function, block, edge, &objects);
    }
}

/// Where a block usually leads, if that is one place.
fn usual_successor(function: &Function, block: Block, unusual: &[bool]) -> Option<Block> {
    match &function.block(block).terminator {
        Terminator::Jump(edge) => Some(edge.block),
        Terminator::OnError { ok, .. } => Some(ok.block),
        Terminator::Branch { then, otherwise, .. } => {
            match (unusual[then.block.index()], unusual[otherwise.block.index()]) {
                (false, true) => Some(then.block),
                (true, false) => Some(otherwise.block),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Takes references on a way out of a block.
fn take_on_the_way(function: &mut Function, block: Block, edge: usize, objects: &[Value]) {
    (function.context, function.site) = (function.block(block).context, function.block(block).site);
    let between = function.new_block(true);
    for object in objects {
        let inst = Inst { op: Op::IncRef, args: vec![*object], state: None, ty: Type::NONE };
        let inst = function.add_value(inst);
        function.block_mut(between).insts.push(inst);
    }
    let mut edges = function.block_mut(block).terminator.edges_mut();
    let way = std::mem::replace(edges[edge], Edge::to(between));
    let site = function.site;
    let data = function.block_mut(between);
    (data.terminator, data.site) = (Terminator::Jump(way), site);
}

/// A part of a trace.
#[derive(Copy, Clone)]
enum Item {
    Inst(Block, Value),
    /// The end of a block, with the edge by which the trace goes on.
    End(Block, Option<usize>),
}

/// What holds an object besides the references that are taken here.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Keeper {
    /// The code, or what a guard has tested that only Python code can change.
    Constant,
    /// A home slot.
    Slot(ContextId, u32),
    /// Where it was loaded from: this object, or a table.
    Memory(Value),
    /// A reference that is to be given up.
    Own,
}

/// An object that is known to be held.
struct Held {
    keeper: Keeper,
    /// Where references to it were taken that are not given up yet.
    taken: Vec<usize>,
}

/// Whose a reference is at a side exit.
enum Owned {
    ByNobody,
    /// An operand of the frame that is left.
    ByOperand(Value),
    /// An operand of a caller of that frame's, which goes on in machine code and is not a part of the state.
    ByCaller,
    /// It cannot be told.
    Otherwise,
}

struct Trace<'a> {
    function: &'a mut Function,
    items: Vec<Item>,
    held: HashMap<Value, Held>,
    /// For parameters of the blocks what they get.
    aliases: HashMap<Value, Value>,
    /// What has been put into the home slots of callees.
    in_slots: HashMap<ContextId, Vec<Value>>,
    gone: HashSet<Value>,
    /// The classes of instances that were made, which hold them.
    classes: HashSet<Value>,
    /// What has to be taken on ways out of the trace.
    on_the_way: HashMap<(Block, usize), Vec<Value>>,
    /// Whether something may have been noticed since the last safepoint.
    is_noisy: bool,
}

impl Trace<'_> {
    fn new(function: &mut Function, blocks: Vec<Block>) -> Trace<'_> {
        let mut items = Vec::new();
        let mut aliases = HashMap::new();
        for (index, &block) in blocks.iter().enumerate() {
            let data = function.block(block);
            items.extend(data.insts.iter().map(|value| Item::Inst(block, *value)));
            let next = blocks.get(index + 1);
            let edges = data.terminator.edges();
            let way = next.and_then(|next| edges.iter().position(|edge| edge.block == *next));
            if let (Some(next), Some(way)) = (next, way) {
                let params = &function.block(*next).params;
                aliases.extend(params.iter().copied().zip(edges[way].args.iter().copied()));
            }
            items.push(Item::End(block, way));
        }
        Trace {
            function,
            items,
            held: HashMap::new(),
            aliases,
            in_slots: HashMap::new(),
            gone: HashSet::new(),
            classes: HashSet::new(),
            on_the_way: HashMap::new(),
            is_noisy: true,
        }
    }

    fn finish(self) -> Vec<((Block, usize), Vec<Value>)> {
        for item in &self.items {
            if let Item::End(block, _) = item {
                self.function.block_mut(*block).insts.retain(|value| !self.gone.contains(value));
            }
        }
        let mut on_the_way: Vec<_> = self.on_the_way.into_iter().collect();
        on_the_way.sort_unstable_by_key(|(way, _)| (way.0.index(), way.1));
        on_the_way
    }

    fn run(&mut self) {
        for position in 0..self.items.len() {
            if let Item::Inst(block, value) = self.items[position] {
                self.inst(position, block, value);
            }
        }
    }

    fn inst(&mut self, position: usize, block: Block, value: Value) {
        let context = self.function.block(block).context;
        let Inst { op, args, .. } = self.function.inst(value).clone();
        match op {
            Op::ConstObj { .. } => self.hold(value, Keeper::Constant),
            Op::LoadLocal { slot } => self.hold(value, Keeper::Slot(context, slot)),
            Op::Load { mem: Mem::Obj, .. } => {
                let base = self.source(args[0]);
                self.hold(value, Keeper::Memory(base));
            }
            Op::BoxInt | Op::BoxFloat => self.hold(value, Keeper::Own),
            Op::Helper { helper: Helper::NewInstance, .. } => {
                let class = self.source(args[0]);
                self.classes.insert(class);
            }
            Op::IncRef => {
                let object = self.source(args[0]);
                match self.held.get_mut(&object) {
                    Some(held) => held.taken.push(position),
                    None => self.hold(object, Keeper::Own),
                }
            }
            Op::DecRef => self.dec_ref(position, value, args[0]),
            Op::ToRef { borrowed: false } | Op::SpillArgs { .. } => args.iter().for_each(|arg| self.consume(*arg)),
            Op::SwapLocal { slot } => {
                self.overwrite(context, slot);
                self.put_into_slot(context, slot, args[0]);
            }
            Op::StoreInt { slot } | Op::StoreFloat { slot } => {
                self.overwrite(context, slot);
                // What was in the slot may have held anything.
                if args.len() == 1 {
                    self.held.retain(|_, held| !matches!(held.keeper, Keeper::Memory(_)));
                    self.is_noisy = true;
                }
                self.hold(value, Keeper::Slot(context, slot));
            }
            Op::ReplaceInt { .. } | Op::ReplaceFloat { .. } => {
                let function = &*self.function;
                let may_be_number = |value: &Value| !function.ty(*value).kinds.intersect(Kinds::NUMBER).is_empty();
                self.held.retain(|object, held| !matches!(held.keeper, Keeper::Memory(_)) || !may_be_number(object));
            }
            // The place was empty: nothing was loaded from it, and nothing held there is given up.
            Op::Helper { helper: Helper::AddInlineValue | Helper::InitSlot, .. } => self.consume(args[1]),
            Op::Helper { helper: Helper::MoveItems, .. } => {
                self.held.retain(|_, held| !matches!(held.keeper, Keeper::Memory(_)));
            }
            Op::Store { mem: Mem::Obj, .. } => {
                self.held.retain(|_, held| !matches!(held.keeper, Keeper::Memory(_)));
                args.iter().for_each(|arg| self.consume(*arg));
            }
            Op::PushFrame { upkeep, has_self, lazy, .. } => {
                self.lend_function(position, value, args[0], upkeep);
                let (args, items) = LazyTuple::split(lazy, &args);
                self.lend_items(position, value, items, upkeep);
                if let Some(callee) = self.function.callee_in(value) {
                    for item in items {
                        // The frame has it until it is popped, or else what has lent it.
                        let object = self.source(*item);
                        if !self.held.contains_key(&object) {
                            self.hold(object, Keeper::Slot(callee, lazy.map_or(0, |lazy| lazy.slot)));
                        }
                    }
                    let first = if has_self { 1 } else { 2 };
                    for (slot, argument) in (0..).zip(&args[first.min(args.len())..]) {
                        self.put_into_slot(callee, slot, *argument);
                    }
                }
            }
            Op::PopFrame { is_quiet: true, .. } => self.pop_quietly(context),
            Op::GuardPrivate => {
                let object = self.source(args[0]);
                self.held.remove(&object);
            }
            // It has nothing to do, and will not be there.
            Op::Safepoint { periodic: false, boxes: 0, .. } if args.is_empty() && !self.is_noisy => {}
            // It goes on only if nothing has run since.
            Op::Safepoint { leaves: true, .. } => self.is_noisy = false,
            Op::Safepoint { .. } => {
                self.forget();
                self.is_noisy = false;
            }
            _ if is_unnoticed(&op) => {}
            _ => {
                self.forget();
                self.is_noisy = true;
            }
        }
    }

    /// Whatever can have run may have given anything up.
    fn forget(&mut self) {
        self.held.clear();
        self.classes.clear();
    }

    fn hold(&mut self, object: Value, keeper: Keeper) {
        self.held.insert(object, Held { keeper, taken: Vec::new() });
    }

    fn dec_ref(&mut self, position: usize, value: Value, object: Value) {
        let quietly = dies_quietly(self.function, object);
        let object = self.source(object);
        if let Some(taken) = self.held.get_mut(&object).and_then(|held| held.taken.pop()) {
            if self.give_late(taken, position, object) {
                let Item::Inst(_, inc) = self.items[taken] else {
                    unreachable!("a reference is taken by an instruction")
                };
                self.gone.extend([inc, value]);
                return;
            }
            self.held.remove(&object);
        } else if self.held.get(&object).is_some_and(|held| held.keeper == Keeper::Own) {
            self.held.remove(&object);
        }
        if !quietly && !self.classes.contains(&object) {
            self.forget();
            self.is_noisy = true;
        }
    }

    /// A reference goes elsewhere.
    fn consume(&mut self, object: Value) {
        let object = self.source(object);
        if let Some(held) = self.held.get_mut(&object)
            && held.taken.pop().is_none()
        {
            self.held.remove(&object);
        }
    }

    fn overwrite(&mut self, context: ContextId, slot: u32) {
        self.held.retain(|_, held| held.keeper != Keeper::Slot(context, slot));
    }

    fn put_into_slot(&mut self, context: ContextId, slot: u32, reference: Value) {
        if let Op::ToRef { borrowed } = self.function.inst(reference).op {
            let object = self.source(self.function.inst(reference).args[0]);
            // A borrowed reference keeps nothing alive, and nothing dies with it.
            if borrowed {
                return;
            }
            self.in_slots.entry(context).or_default().push(object);
            if !self.held.contains_key(&object) {
                self.hold(object, Keeper::Slot(context, slot));
            }
        }
    }

    /// A light frame need not own a function that only Python code could free.
    fn lend_function(&mut self, position: usize, frame: Value, reference: Value, upkeep: Upkeep) {
        let Op::ToRef { borrowed: false } = self.function.inst(reference).op else { return };
        let object = self.source(self.function.inst(reference).args[0]);
        // The conversion was taken for the one that consumes the reference.
        let Some(taken) = self.lendable(position, object, upkeep) else { return };
        if self.give_late(taken, position, object) {
            let Item::Inst(_, inc) = self.items[taken] else { unreachable!("a reference is taken by an instruction") };
            self.gone.insert(inc);
            if let Op::PushFrame { upkeep, .. } = &mut self.function.values[frame.index()].op {
                *upkeep = Upkeep::Lent;
            }
        }
    }

    /// Nor need it own items of a tuple that is not made, which its caller's locals hold.
    fn lend_items(&mut self, position: usize, frame: Value, items: &[Value], upkeep: Upkeep) {
        for (index, item) in items.iter().enumerate().take(u32::BITS as usize) {
            let object = self.source(*item);
            let is_kept =
                self.held.get(&object).is_some_and(|held| matches!(held.keeper, Keeper::Slot(..) | Keeper::Constant));
            let taken = self.held.get(&object).and_then(|held| held.taken.last().copied());
            let is_lent = match taken {
                Some(taken) if is_kept && upkeep != Upkeep::Full => self.give_late(taken, position, object),
                _ => false,
            };
            let Some(taken) = taken.filter(|_| is_lent) else {
                self.consume(*item);
                continue;
            };
            self.held.entry(object).and_modify(|held| _ = held.taken.pop());
            let Item::Inst(_, inc) = self.items[taken] else { unreachable!("a reference is taken by an instruction") };
            self.gone.insert(inc);
            if let Op::PushFrame { lazy: Some(lazy), .. } = &mut self.function.values[frame.index()].op {
                lazy.lent |= 1 << index;
            }
        }
    }

    /// Where the reference was taken that the frame of the call at `position` gets, if the frame can do without.
    fn lendable(&self, position: usize, function: Value, upkeep: Upkeep) -> Option<usize> {
        let is_kept = self.held.get(&function).is_some_and(|held| match held.keeper {
            Keeper::Constant => true,
            Keeper::Memory(base) => self.function.ty(base).repr == Repr::I64,
            _ => false,
        });
        if upkeep != Upkeep::Light || !is_kept {
            return None;
        }
        let is_taking = |index: &usize| match self.items[*index] {
            Item::Inst(_, value) => {
                let inst = self.function.inst(value);
                inst.op == Op::IncRef && !self.gone.contains(&value) && self.source(inst.args[0]) == function
            }
            Item::End(..) => false,
        };
        (0..position).rev().find(is_taking)
    }

    /// The locals of a callee die; none can run Python code, or hold anything that could, but a tuple may hold numbers.
    fn pop_quietly(&mut self, context: ContextId) {
        let dead = self.in_slots.remove(&context).unwrap_or_default();
        let function = &*self.function;
        let aliases = &self.aliases;
        let is_lost = |mut base: Value| loop {
            if dead.contains(&base) {
                return true;
            }
            match &function.inst(base).op {
                Op::LoadLocal { .. } => return function.sites[base.index()].is_none_or(|(site, _)| site == context),
                Op::Load { .. } => base = source(function, aliases, function.inst(base).args[0]),
                _ => return false,
            }
        };
        self.held.retain(|_, held| match held.keeper {
            Keeper::Slot(other, _) => other != context,
            Keeper::Memory(base) => !is_lost(base),
            Keeper::Constant | Keeper::Own => true,
        });
    }

    /// Has all ways out between two positions take the reference; or nothing, if that is not possible.
    fn give_late(&mut self, taken: usize, given: usize, object: Value) -> bool {
        let Item::Inst(block, inc) = self.items[taken] else { return false };
        let mut owner = self.function.block(block).context;
        let counted = self.function.inst(inc).args[0];
        let mut late = Vec::new();
        for position in taken + 1..given {
            let state = match self.items[position] {
                Item::Inst(block, value) => {
                    let inst = self.function.inst(value);
                    let context = self.function.block(block).context;
                    if let (Op::PopFrame { .. }, Some(callee)) = (&inst.op, self.function.callee(context))
                        && context == owner
                    {
                        // The callee returns it.
                        owner = callee.caller;
                    }
                    inst.state
                }
                Item::End(block, _) => self.function.block(block).terminator.state(),
            };
            let Some(state) = state else { continue };
            if let Item::Inst(_, value) = self.items[position]
                && self.gone.contains(&value)
            {
                continue;
            }
            match self.owned_at(state, owner, object) {
                Owned::ByNobody => {}
                Owned::ByCaller => late.push((position, state, counted)),
                Owned::ByOperand(value) => late.push((position, state, value)),
                Owned::Otherwise => return false,
            }
        }
        let mut copies: HashMap<StateId, StateId> = HashMap::new();
        for (position, state, value) in late {
            let copy = *copies.entry(state).or_insert_with(|| {
                let mut data = self.function.state(state).clone();
                data.late.push(value);
                self.function.add_state(data)
            });
            match self.items[position] {
                Item::Inst(_, value) => self.function.values[value.index()].state = Some(copy),
                Item::End(block, _) => {
                    if let Some(state) = self.function.block_mut(block).terminator.state_mut() {
                        *state = copy;
                    }
                }
            }
        }
        for position in taken + 1..given {
            if let Item::End(block, way) = self.items[position] {
                let edges = self.function.block(block).terminator.edges().len();
                for edge in (0..edges).filter(|edge| Some(*edge) != way) {
                    self.on_the_way.entry((block, edge)).or_default().push(counted);
                }
            }
        }
        true
    }

    /// Whose the reference that the code of `owner` has is where `state` leads.
    fn owned_at(&self, state: StateId, owner: ContextId, object: Value) -> Owned {
        let data = self.function.state(state);
        let late = data.late.iter().filter(|value| self.source(**value) == object).count();
        if self.is_inside(data.context, owner) {
            return Owned::ByCaller;
        }
        let is_object = |value| self.function.ty(value).repr == Repr::Obj;
        let is_owner =
            |entry: &&StackEntry| entry.owned && is_object(entry.value) && self.source(entry.value) == object;
        let mut owners = data.stack.iter().filter(is_owner);
        match (owners.nth(late), late) {
            (Some(entry), _) => Owned::ByOperand(entry.value),
            (None, 0) => Owned::ByNobody,
            (None, _) => Owned::Otherwise,
        }
    }

    /// Whether the frame of `context` is one of a callee of `caller`.
    fn is_inside(&self, mut context: ContextId, caller: ContextId) -> bool {
        while let Some(callee) = self.function.callee(context) {
            context = callee.caller;
            if context == caller {
                return true;
            }
        }
        false
    }

    fn source(&self, value: Value) -> Value {
        source(self.function, &self.aliases, value)
    }
}

/// What a value was loaded as: refinements are the same object.
fn source(function: &Function, aliases: &HashMap<Value, Value>, mut value: Value) -> Value {
    loop {
        value = match (&function.inst(value).op, aliases.get(&value)) {
            (Op::Refine { .. } | Op::GuardKinds { .. } | Op::RefToObj, _) => function.inst(value).args[0],
            (Op::Param, Some(argument)) => *argument,
            _ => return value,
        };
    }
}

/// Whether an instruction writes to no place that holds an object, gives up no reference, and cannot run Python code.
fn is_unnoticed(op: &Op) -> bool {
    if let Op::Store { mem, .. } = op {
        return *mem != Mem::Obj;
    }
    matches!(
        op,
        Op::ConstRef(_)
            | Op::ConstI64(_)
            | Op::ConstF64(_)
            | Op::ConstBool(_)
            | Op::Load { .. }
            | Op::RefToObj
            | Op::ToRef { .. }
            | Op::Refine { .. }
            | Op::Bits
            | Op::AsRef
            | Op::GuardKinds { .. }
            | Op::Guard { .. }
            | Op::TypeOf
            | Op::UnboxInt
            | Op::UnboxFloat
            | Op::UnboxNumber { .. }
            | Op::UnboxBool
            | Op::BoxBool
            | Op::IntToFloat
            | Op::FloatToInt
            | Op::Int(_)
            | Op::IntNeg
            | Op::Float(_)
            | Op::FloatNeg
            | Op::FloatSqrt
            | Op::FloatAbs
            | Op::Select { .. }
            | Op::Compare(_)
            | Op::FloatCompare(_)
            | Op::Not
            | Op::AddAddr
            | Op::WrapIndex
            | Op::ShiftRight { .. }
            | Op::FrameGlobals
            | Op::FrameBuiltins
            | Op::ScratchAddr { .. }
            | Op::LoadScratch { .. }
            | Op::Returned { .. }
            | Op::CanInline { .. }
            | Op::SetLine { .. }
            | Op::IsDue
            | Op::Helper {
                helper: Helper::BuildTuple
                    | Helper::IterRange
                    | Helper::FloatPow
                    | Helper::MathFunction
                    | Helper::NewInstance,
                ..
            }
    )
}

#[cfg(test)]
mod tests;
