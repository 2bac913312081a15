//! Frames of which nothing is counted until something can ask for it ([`crate::hir::opt::light`]).

use super::*;
use crate::cpython::{frame as layout, reftracer};
use crate::hir::inst::{LazyTuple, Upkeep};
use crate::hir::types::Kinds;
use crate::runtime::deopt;

impl Lowering<'_, '_> {
    /// Whether the current frame is one.
    pub(super) fn is_light(&self) -> bool {
        self.hir.upkeep(self.context) != Upkeep::Full
    }

    /// Counts what is to be counted of the current frame and of those below it, before something that may ask for it.
    pub(super) fn settle(&mut self) {
        self.make_unmade();
        if self.is_light() {
            self.make_arguments();
            let tstate = self.tstate;
            self.call_aside_unsettled(frames::settle as *const () as usize, &[tstate], None);
        }
    }

    /// Whether there may be something that is not made: an instance, or, in the current frame or one of those below it, as far as they
    /// are light, a tuple.
    pub(super) fn has_unmade(&self) -> bool {
        if self.may_be_unmade {
            return true;
        }
        let mut context = self.context;
        while let (Upkeep::Light | Upkeep::Lent, Some(callee)) = (self.hir.upkeep(context), self.hir.callee(context)) {
            if self.hir.lazy_tuple(context).is_some() {
                return true;
            }
            context = callee.caller;
        }
        false
    }

    /// Makes the tuples and instances that are missing as arguments in the current frame and in those below it, if they have not been made
    /// before.
    pub(super) fn make_arguments(&mut self) {
        let mut context = self.context;
        while let (Upkeep::Light | Upkeep::Lent, Some(callee)) = (self.hir.upkeep(context), self.hir.callee(context)) {
            if let Some((lazy, items)) = self.hir.lazy_tuple(context) {
                let (items, frame, offset) = (items.to_vec(), self.frame_of(context), self.slot_offset(lazy.slot));
                let bits = self.load(types::I64, frame, offset);
                let is_missing = self.b.ins().icmp_imm_s(IntCC::Equal, bits, layout::NULL_BITS as i64);
                let (missing, there) = (self.block(), self.block());
                self.b.set_cold_block(missing);
                self.b.ins().brif(is_missing, missing, &[], there, &[]);
                self.b.switch_to_block(missing);
                let made = self.make_tuple(lazy, &items);
                self.store(made, frame, offset);
                self.note_made_tuple(context, made);
                self.own_items(frame, lazy);
                self.b.ins().jump(there, &[]);
                self.b.switch_to_block(there);
            }
            self.fill_unmade_slots(context);
            context = callee.caller;
        }
    }

    /// Has the home slots that items are in own them.
    fn own_items(&mut self, frame: ir::Value, lazy: LazyTuple) {
        for slot in (0..u64::BITS).filter(|slot| lazy.is_home(*slot)) {
            let offset = self.slot_offset(slot);
            let bits = self.load(types::I64, frame, offset);
            let is_bound = self.b.ins().icmp_imm_s(IntCC::NotEqual, bits, layout::NULL_BITS as i64);
            let (bound, done) = (self.block(), self.block());
            self.b.ins().brif(is_bound, bound, &[], done, &[]);
            self.b.switch_to_block(bound);
            let owned = self.own(bits);
            self.store(owned, frame, offset);
            self.b.ins().jump(done, &[]);
            self.b.switch_to_block(done);
        }
    }

    /// Whether what is put into a home slot is an item that the frame ought to own, as it is not light.
    pub(super) fn is_lent_item(&self, slot: u32) -> bool {
        !self.is_light() && self.hir.lazy_tuple(self.context).is_some_and(|(lazy, _)| lazy.is_home(slot))
    }

    /// Where the tuple is told that was made for the frame of `context`, if its caller has that among its operands.
    fn made_tuple(&mut self, context: ContextId) -> Option<StackSlot> {
        self.hir.lazy_tuple(context).filter(|(lazy, _)| lazy.is_operand)?;
        let b = &mut self.b;
        let slot = || b.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, 8, 3));
        Some(*self.made_tuples.entry(context).or_insert_with(slot))
    }

    /// The lazy tuple of the frame that is pushed for `context` has not been made yet.
    pub(super) fn no_tuple_is_made(&mut self, context: ContextId) {
        if let Some(slot) = self.made_tuple(context) {
            let none = self.imm(0);
            self.b.ins().stack_store(types::I64, none, slot, 0);
        }
    }

    /// It was: a caller that would have it among its operands gets a reference of its own.
    pub(super) fn note_made_tuple(&mut self, context: ContextId, tuple: ir::Value) {
        if let Some(slot) = self.made_tuple(context) {
            self.incref(tuple);
            self.b.ins().stack_store(types::I64, tuple, slot, 0);
        }
    }

    /// Gives that up behind the call.
    pub(super) fn close_made_tuple(&mut self) {
        let Some(slot) = self.made_tuple(self.context) else { return };
        let tuple = self.b.ins().stack_load(types::I64, types::I64, slot, 0);
        let (made, done) = (self.block(), self.block());
        self.b.ins().brif(tuple, made, &[], done, &[]);
        self.b.switch_to_block(made);
        // Items are such as die quietly.
        let was_quiet = std::mem::replace(&mut self.dies_quietly, true);
        self.decref(tuple, Kinds::TUPLE);
        self.dies_quietly = was_quiet;
        self.b.ins().jump(done, &[]);
        self.b.switch_to_block(done);
    }

    /// A reference to a new tuple, which takes over the items, or gets references of its own to those that are lent.
    pub(super) fn make_tuple(&mut self, lazy: LazyTuple, items: &[Value]) -> ir::Value {
        let bytes = 8 * items.len() as u32;
        let slot = self.b.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, bytes, 3));
        for (i, item) in items.iter().enumerate() {
            let item = self.value(*item);
            if lazy.is_lent(i) {
                self.incref(item);
            }
            self.b.ins().stack_store(types::I64, item, slot, 8 * i as i32);
        }
        let address = self.b.ins().stack_addr(types::I64, slot, 0);
        let count = self.imm(items.len() as i64);
        let make = deopt::tuple_of as *const () as usize;
        self.call_aside_unsettled(make, &[address, count], Some(types::I64)).expect("has a result")
    }

    /// The same before an object is made or freed, if somebody wants to be told of that.
    pub(super) fn settle_if_traced(&mut self) {
        if !self.is_light() {
            return;
        }
        let (traced, next) = (self.block(), self.block());
        self.b.set_cold_block(traced);
        let tracer = self.imm(reftracer::address() as i64);
        let tracer = self.load(types::I64, tracer, 0);
        self.b.ins().brif(tracer, traced, &[], next, &[]);
        self.b.switch_to_block(traced);
        self.settle();
        self.b.ins().jump(next, &[]);
        self.b.switch_to_block(next);
    }

    /// How many calls the recursion limit may not know of yet where the current frame makes one.
    pub(super) fn uncounted_calls(&self) -> i64 {
        let mut context = self.context;
        let mut calls = 0;
        while let (Upkeep::Light | Upkeep::Lent, Some(callee)) = (self.hir.upkeep(context), self.hir.callee(context)) {
            calls += 1 + i64::from(callee.has_shim);
            context = callee.caller;
        }
        calls
    }

    /// Pops the current frame, nothing of which is counted as a rule.
    pub(super) fn pop_light_frame(&mut self, settled: u64, is_quiet: bool) {
        let (tstate, frame) = (self.tstate, self.frame);
        let callee = self.hir.callee(self.context).expect("the outermost frame is not light");
        let is_lent = self.hir.upkeep(self.context) == Upkeep::Lent;
        let mark = frames::light_mark(is_lent, callee.has_shim);
        let (slow, fast, done) = (self.block(), self.block(), self.block());
        self.b.set_cold_block(slow);
        let profiled = self.load(types::I64, tstate, thread::LAST_PROFILED_FRAME);
        let profiled = self.b.ins().icmp(IntCC::Equal, profiled, frame);
        let is_undisturbed = self.undisturbed.contains(&self.context);
        let special = if is_undisturbed {
            profiled
        } else {
            let found = self.load(types::I16, frame, layout::RETURN_OFFSET);
            let is_settled = self.b.ins().icmp_imm_s(IntCC::NotEqual, found, i64::from(mark as i16));
            // What hooks into the allocation of memory may have asked for the thread's frame.
            let object = self.load(types::I64, frame, layout::FRAME_OBJ);
            let observed = self.b.ins().icmp_imm_s(IntCC::NotEqual, object, 0);
            let special = self.b.ins().bor(is_settled, profiled);
            self.b.ins().bor(special, observed)
        };
        self.b.ins().brif(special, slow, &[], fast, &[]);

        self.b.switch_to_block(slow);
        self.call_runtime(frames::leave as *const () as usize, &[tstate, frame], None);
        self.note_death();
        self.restore_head();
        self.leave_shim();
        self.close_made_tuple();
        self.b.ins().jump(done, &[]);

        self.b.switch_to_block(fast);
        // What dies may run code, whose frames come where this one was.
        let lazy = self.hir.lazy_tuple(self.context).map(|(lazy, items)| (lazy, items.to_vec()));
        let is_item = |slot: u32| lazy.as_ref().is_some_and(|(lazy, _)| lazy.is_home(slot));
        // On other ways nobody knows what has been put where.
        if self.is_unusual {
            self.fill_unmade_slots(self.context);
        }
        let unmade = if self.is_unusual { HashMap::new() } else { self.unmade.owned_by(self.context) };
        let slots = (0..self.code.nlocalsplus).rev().filter(|slot| settled & 1 << slot == 0 && !is_item(*slot));
        let places = slots.map(|slot| (self.slot_offset(slot), unmade.get(&slot).copied()));
        let places: Vec<_> = places.chain((!is_lent).then_some((layout::F_FUNCOBJ, None))).collect();
        let closed = places.into_iter().map(|(offset, unmade)| match unmade {
            Some(instance) => Err(instance),
            None => Ok(self.load(types::I64, frame, offset)),
        });
        let closed: Vec<Result<ir::Value, Value>> = closed.collect();
        let lazy = lazy.map(|(lazy, items)| (self.load(types::I64, frame, self.slot_offset(lazy.slot)), lazy, items));
        let previous = self.frame_of(callee.caller);
        self.store(previous, tstate, thread::CURRENT_FRAME);
        self.dies_quietly = is_quiet;
        for closed in closed {
            match closed {
                Ok(bits) => self.close_ref(bits),
                Err(unmade) => self.give_up_unmade(unmade),
            }
        }
        if let Some((bits, lazy, items)) = lazy {
            let (unmade, made) = (self.block(), self.block());
            if is_undisturbed {
                self.b.ins().jump(unmade, &[]);
            } else {
                let is_unmade = self.b.ins().icmp_imm_s(IntCC::Equal, bits, layout::NULL_BITS as i64);
                self.b.ins().brif(is_unmade, unmade, &[], made, &[]);
            }
            self.b.switch_to_block(unmade);
            for item in items.iter().zip(0..).filter(|(_, index)| !lazy.is_lent(*index)).map(|(item, _)| *item) {
                let (object, kinds) = (self.value(item), self.hir.ty(item).kinds);
                self.decref(object, kinds);
            }
            self.b.ins().jump(made, &[]);
            self.b.switch_to_block(made);
        }
        self.dies_quietly = false;
        self.b.ins().jump(done, &[]);
        self.b.switch_to_block(done);
    }
}
