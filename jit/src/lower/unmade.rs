//! Instances that are not made before something may ask for them ([`crate::hir::opt::unmade`]).
//!
//! Each has a place on the machine stack for what belongs to it ([`crate::runtime::unmade`]). It is made where its value is used other
//! than to give it an attribute, to put it into a home slot of a light frame, or to give it up, and, whichever way leads
//! there, before whatever may run something.

use super::*;
use crate::cpython::frame as layout;
use crate::hir::inst::{Block, LazyTuple, Op, Upkeep};
use crate::hir::types::Kinds;
use crate::runtime::{deopt, unmade};

/// A home slot of a light frame that has such an instance as an argument.
#[derive(Copy, Clone)]
struct Slot {
    slot: u32,
    instance: Value,
    /// Whether the slot has the reference to it, and not an operand of the caller's.
    owns: bool,
    /// What puts it there, and for a store its number among those of the instance.
    by: Value,
    store: Option<usize>,
}

/// What is known of those of a function.
#[derive(Default)]
pub struct UnmadeInstances {
    /// Where each has its place, in bytes.
    places: HashMap<Value, i32>,
    /// How far the places are apart.
    size: i32,
    /// Their attributes.
    attributes: HashMap<Value, Vec<Value>>,
    slots: HashMap<ContextId, Vec<Slot>>,
    /// The references that the slots are given.
    references: HashSet<Value>,
    /// Those to which there is usually more than one reference at times.
    counted: HashSet<Value>,
    /// The blocks in which there may be one that is not made.
    blocks: HashSet<Block>,
    unusual: Vec<bool>,
    /// Where the places are.
    pub(super) memory: Option<StackSlot>,
}

impl UnmadeInstances {
    pub fn of(hir: &Function) -> UnmadeInstances {
        let mut found = UnmadeInstances::default();
        let order = hir.reverse_postorder();
        let all = order.iter().flat_map(|block| hir.block(*block).insts.iter().map(move |value| (*block, *value)));
        let created: Vec<(Block, Value)> =
            all.clone().filter(|(_, value)| hir.inst(*value).op == Op::NewUnmade).collect();
        if created.is_empty() {
            return found;
        }
        found.unusual = hir.unusual_blocks();
        for (block, value) in all {
            let inst = hir.inst(value);
            let is_usual = !found.unusual[block.index()];
            match inst.op {
                Op::IncRef if is_usual && hir.inst(inst.args[0]).op == Op::NewUnmade => {
                    found.counted.insert(inst.args[0]);
                }
                Op::SwapLocal { slot } if is_usual => found.note_store(hir, hir.block(block).context, slot, value),
                Op::AddUnmade { .. } => found.attributes.entry(inst.args[0]).or_default().push(value),
                Op::PushFrame { upkeep: Upkeep::Light | Upkeep::Lent, has_self, lazy, .. } => {
                    found.note_arguments(hir, value, if has_self { 1 } else { 2 }, lazy);
                }
                _ => {}
            }
        }
        let most = found.attributes.values().map(Vec::len).max().unwrap_or(0);
        found.size = unmade::ATTRIBUTES + unmade::ATTRIBUTE_SIZE * most as i32;
        for (block, instance) in created {
            found.places.insert(instance, found.size * found.places.len() as i32);
            found.follow(hir, block, instance);
        }
        found
    }

    fn note_arguments(&mut self, hir: &Function, push: Value, first: usize, lazy: Option<LazyTuple>) {
        let Some(context) = hir.callee_in(push) else { return };
        let operands = LazyTuple::split(lazy, &hir.inst(push).args).0;
        for (place, operand) in operands.iter().enumerate().skip(first) {
            let inst = hir.inst(*operand);
            if let Op::ToRef { borrowed } = inst.op
                && hir.inst(inst.args[0]).op == Op::NewUnmade
            {
                let (slot, instance) = ((place - first) as u32, inst.args[0]);
                let slot = Slot { slot, instance, owns: !borrowed, by: push, store: None };
                self.slots.entry(context).or_default().push(slot);
                self.references.insert(*operand);
            }
        }
    }

    fn note_store(&mut self, hir: &Function, context: ContextId, slot: u32, swap: Value) {
        let reference = hir.inst(swap).args[0];
        let inst = hir.inst(reference);
        let Op::ToRef { borrowed } = inst.op else { return };
        let instance = inst.args[0];
        if hir.inst(instance).op != Op::NewUnmade {
            return;
        }
        let stores = self.slots.values().flatten().filter(|slot| slot.instance == instance && slot.store.is_some());
        let slot = Slot { slot, instance, owns: !borrowed, by: swap, store: Some(stores.count()) };
        self.slots.entry(context).or_default().push(slot);
        self.references.insert(reference);
    }

    /// The home slot that an instruction puts one into.
    fn stored_by(&self, swap: Value) -> Option<Slot> {
        self.slots.values().flatten().copied().find(|slot| slot.by == swap)
    }

    /// Notes the blocks from the creation of an instance to where it is given up.
    fn follow(&mut self, hir: &Function, created: Block, instance: Value) {
        let gives_up = |this: &Self, block: Block| {
            let data = hir.block(block);
            data.insts.iter().any(|value| match hir.inst(*value).op {
                Op::DecRef => hir.inst(*value).args[0] == instance,
                Op::PopFrame { .. } => this.owned_by(data.context).values().any(|owned| *owned == instance),
                _ => false,
            }) && !this.counted.contains(&instance)
        };
        let mut work = vec![created];
        self.blocks.insert(created);
        let mut seen = HashSet::from([created]);
        while let Some(block) = work.pop() {
            self.blocks.insert(block);
            if gives_up(self, block) {
                continue;
            }
            let next = hir.block(block).terminator.edges().into_iter().map(|edge| edge.block);
            let resumed = hir.contexts.iter().map(|context| context.resume);
            work.extend(next.chain(resumed).filter(|block| seen.insert(*block)));
        }
    }

    /// Whether a value is a reference to one that only goes into a home slot.
    pub fn is_argument(&self, value: Value) -> bool {
        self.references.contains(&value)
    }

    pub fn is_one(&self, value: Value) -> bool {
        self.places.contains_key(&value)
    }

    /// Those that the home slots of a frame own, by slot.
    pub fn owned_by(&self, context: ContextId) -> HashMap<u32, Value> {
        let slots = self.slots.get(&context).into_iter().flatten();
        slots.filter(|slot| slot.owns).map(|slot| (slot.slot, slot.instance)).collect()
    }
}

impl Lowering<'_, '_> {
    /// At the start: there is none.
    pub(super) fn have_none_unmade(&mut self) {
        let places: Vec<i32> = self.unmade.places.values().copied().collect();
        if places.is_empty() {
            return;
        }
        let bytes = (self.unmade.size * places.len() as i32) as u32;
        let data = StackSlotData::new(StackSlotKind::ExplicitSlot, bytes, 3);
        let memory = self.b.create_sized_stack_slot(data);
        self.unmade.memory = Some(memory);
        let gone = self.imm(unmade::IS_GONE);
        for place in places {
            self.b.ins().stack_store(types::I64, gone, memory, place + unmade::STATE);
        }
    }

    /// What comes now is part of a block.
    pub(super) fn enter_unmade(&mut self, block: Block) {
        self.may_be_unmade = self.unmade.blocks.contains(&block);
        self.is_unusual = self.unmade.unusual.get(block.index()).copied().unwrap_or(false);
    }

    /// What comes now may be reached from wherever there are some.
    pub(super) fn enter_exits(&mut self) {
        self.may_be_unmade = self.unmade.memory.is_some();
        self.is_unusual = true;
    }

    fn place_of_unmade(&self, instance: Value) -> (StackSlot, i32) {
        (self.unmade.memory.expect("there are some"), self.unmade.places[&instance])
    }

    pub(super) fn new_unmade(&mut self, instance: Value, class: Value) {
        let (memory, place) = self.place_of_unmade(instance);
        let class = self.value(class);
        self.b.ins().stack_store(types::I64, class, memory, place + unmade::CLASS);
        let zero = self.imm(0);
        self.b.ins().stack_store(types::I64, zero, memory, place + unmade::COUNT);
        self.b.ins().stack_store(types::I64, zero, memory, place + unmade::STORED);
        let one = self.imm(1);
        self.b.ins().stack_store(types::I64, one, memory, place + unmade::REFERENCES);
        let state = self.imm(unmade::IS_UNMADE);
        self.b.ins().stack_store(types::I64, state, memory, place + unmade::STATE);
    }

    /// Puts an instance into a home slot of a light frame, if `swap` does that: the slot stays empty.
    pub(super) fn store_unmade(&mut self, swap: Value) -> bool {
        let Some(Slot { slot, instance, store: Some(number), .. }) = self.unmade.stored_by(swap) else { return false };
        let (memory, place) = self.place_of_unmade(instance);
        let stored = self.b.ins().iconst(types::I8, 1);
        self.b.ins().stack_store(types::I64, stored, memory, place + unmade::STORED + number as i32);
        let (frame, offset) = (self.frame, self.slot_offset(slot));
        let null = self.imm(layout::NULL_BITS as i64);
        self.store(null, frame, offset);
        true
    }

    /// Takes a reference.
    pub(super) fn inc_ref_unmade(&mut self, instance: Value) {
        if self.is_unusual {
            let made = self.made(instance);
            return self.incref(made);
        }
        let (memory, place) = self.place_of_unmade(instance);
        let (made, unmade, done) = (self.block(), self.block(), self.block());
        self.b.set_cold_block(made);
        let state = self.b.ins().stack_load(types::I64, types::I64, memory, place + unmade::STATE);
        self.b.ins().brif(state, made, &[], unmade, &[]);
        self.b.switch_to_block(made);
        self.incref(state);
        self.b.ins().jump(done, &[]);
        self.b.switch_to_block(unmade);
        let count = self.b.ins().stack_load(types::I64, types::I64, memory, place + unmade::REFERENCES);
        let more = self.b.ins().iadd_imm_s(count, 1);
        self.b.ins().stack_store(types::I64, more, memory, place + unmade::REFERENCES);
        self.b.ins().jump(done, &[]);
        self.b.switch_to_block(done);
    }

    /// The instance cannot be made yet: the pass has seen to that.
    pub(super) fn add_unmade(&mut self, add: Value, offset: i32, is_slot: bool) {
        let (instance, value) = (self.hir.inst(add).args[0], self.hir.inst(add).args[1]);
        let index =
            self.unmade.attributes[&instance].iter().position(|other| *other == add).expect("it is one of them");
        let (memory, place) = self.place_of_unmade(instance);
        let kind = match self.hir.ty(value).repr {
            Repr::I64 => unmade::IS_INT,
            Repr::F64 => unmade::IS_FLOAT,
            _ => unmade::IS_OBJECT,
        };
        let at = place + unmade::ATTRIBUTES + unmade::ATTRIBUTE_SIZE * index as i32;
        let kind = kind | if is_slot { unmade::IN_SLOT } else { 0 };
        let word = self.imm(i64::from(offset) << unmade::OFFSET_SHIFT | kind);
        self.b.ins().stack_store(types::I64, word, memory, at + unmade::PLACE);
        let value = self.value(value);
        let ty = self.b.func.dfg.value_type(value);
        self.b.ins().stack_store(ty, value, memory, at + unmade::VALUE);
        let count = self.imm(index as i64 + 1);
        self.b.ins().stack_store(types::I64, count, memory, place + unmade::COUNT);
    }

    /// Makes those among `values` that are not made, and takes the objects for their values from here on.
    pub(super) fn make_operands(&mut self, values: impl IntoIterator<Item = Value>) {
        if self.unmade.memory.is_none() {
            return;
        }
        for value in values {
            if self.unmade.is_one(value) {
                let made = self.made(value);
                self.values.insert(value, made);
            }
        }
    }

    /// The instance, which is made if it was not before.
    fn made(&mut self, instance: Value) -> ir::Value {
        let (memory, place) = self.place_of_unmade(instance);
        let address = self.b.ins().stack_addr(types::I64, memory, place);
        let make = unmade::make as *const () as usize;
        self.call_aside_unsettled(make, &[address], Some(types::I64)).expect("has a result")
    }

    /// Makes all that there are, before something that may run anything.
    pub(super) fn make_unmade(&mut self) {
        let (true, Some(memory)) = (self.may_be_unmade, self.unmade.memory) else { return };
        let address = self.b.ins().stack_addr(types::I64, memory, 0);
        let (count, size) = (self.imm(self.unmade.places.len() as i64), self.imm(i64::from(self.unmade.size)));
        self.call_aside_unsettled(unmade::make_all as *const () as usize, &[address, count, size], None);
    }

    /// Puts those that are arguments of a light frame into its home slots, if they are not there.
    pub(super) fn fill_unmade_slots(&mut self, context: ContextId) {
        for Slot { slot, instance, owns, store, .. } in self.unmade.slots.get(&context).cloned().unwrap_or_default() {
            let (frame, offset) = (self.frame_of(context), self.slot_offset(slot));
            let bits = self.load(types::I64, frame, offset);
            let mut is_missing = self.b.ins().icmp_imm_s(IntCC::Equal, bits, layout::NULL_BITS as i64);
            if let Some(number) = store {
                let (memory, place) = self.place_of_unmade(instance);
                let at = place + unmade::STORED + number as i32;
                let stored = self.b.ins().stack_load(types::I64, types::I8, memory, at);
                is_missing = self.b.ins().band(is_missing, stored);
            }
            let (missing, there) = (self.block(), self.block());
            self.b.ins().brif(is_missing, missing, &[], there, &[]);
            self.b.switch_to_block(missing);
            let made = self.made(instance);
            let bits = if owns { made } else { self.b.ins().bor_imm_s(made, 1) };
            self.store(bits, frame, offset);
            self.b.ins().jump(there, &[]);
            self.b.switch_to_block(there);
        }
    }

    /// Gives up a reference to an instance.
    pub(super) fn give_up_unmade(&mut self, instance: Value) {
        if self.is_unusual {
            let made = self.made(instance);
            return self.decref(made, Kinds::OTHER);
        }
        let (memory, place) = self.place_of_unmade(instance);
        let state = self.b.ins().stack_load(types::I64, types::I64, memory, place + unmade::STATE);
        let (made, unmade, done) = (self.block(), self.block(), self.block());
        self.b.set_cold_block(made);
        self.b.ins().brif(state, made, &[], unmade, &[]);
        self.b.switch_to_block(made);
        self.decref(state, Kinds::OTHER);
        self.b.ins().jump(done, &[]);
        self.b.switch_to_block(unmade);
        if self.unmade.counted.contains(&instance) {
            let count = self.b.ins().stack_load(types::I64, types::I64, memory, place + unmade::REFERENCES);
            let fewer = self.b.ins().iadd_imm_s(count, -1);
            self.b.ins().stack_store(types::I64, fewer, memory, place + unmade::REFERENCES);
            let last = self.block();
            self.b.ins().brif(fewer, done, &[], last, &[]);
            self.b.switch_to_block(last);
        }
        let gone = self.imm(unmade::IS_GONE);
        self.b.ins().stack_store(types::I64, gone, memory, place + unmade::STATE);
        // In the order in which an instance that dies gives them up.
        let mut attributes = self.unmade.attributes.get(&instance).cloned().unwrap_or_default();
        attributes.sort_by_key(|add| match self.hir.inst(*add).op {
            Op::AddUnmade { offset, .. } => offset,
            _ => 0,
        });
        for add in attributes {
            let value = self.hir.inst(add).args[1];
            let ty = self.hir.ty(value);
            if ty.repr == Repr::Obj {
                let object = self.value(value);
                self.decref(object, ty.kinds);
            }
        }
        self.b.ins().jump(done, &[]);
        self.b.switch_to_block(done);
    }

    /// A new reference to a number, where that need not be fast.
    pub(super) fn box_aside(&mut self, number: Value) -> ir::Value {
        let address = match self.hir.ty(number).repr {
            Repr::F64 => deopt::box_float as *const (),
            _ => deopt::box_int as *const (),
        };
        let number = self.value(number);
        let bits = self.call_aside_unsettled(address as usize, &[number], Some(types::I64)).expect("has a result");
        self.untag(bits)
    }
}
