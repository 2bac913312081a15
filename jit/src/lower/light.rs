//! Frames of which nothing is counted until something can ask for it ([`crate::hir::opt::light`]).

use super::*;
use crate::cpython::{frame as layout, reftracer};
use crate::hir::inst::Upkeep;
use crate::runtime::deopt;

impl Lowering<'_, '_> {
    /// Whether the current frame is one.
    pub(super) fn is_light(&self) -> bool {
        self.hir.upkeep(self.context) != Upkeep::Full
    }

    /// Counts what is to be counted of the current frame and of those below it, before something that may ask for it.
    pub(super) fn settle(&mut self) {
        if self.is_light() {
            self.make_lazy_tuples();
            let tstate = self.tstate;
            self.call_aside_unsettled(frames::settle as *const () as usize, &[tstate], None);
        }
    }

    /// Whether the current frame or one of those below it, as far as they are light, has a tuple that may be missing.
    pub(super) fn has_lazy_tuples(&self) -> bool {
        let mut context = self.context;
        while let (Upkeep::Light | Upkeep::Lent, Some(callee)) = (self.hir.upkeep(context), self.hir.callee(context)) {
            if self.hir.lazy_tuple(context).is_some() {
                return true;
            }
            context = callee.caller;
        }
        false
    }

    /// Makes the tuples that are missing in the current frame and in those below it, if they have not been made before.
    pub(super) fn make_lazy_tuples(&mut self) {
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
                let made = self.make_tuple(&items);
                self.store(made, frame, offset);
                self.b.ins().jump(there, &[]);
                self.b.switch_to_block(there);
            }
            context = callee.caller;
        }
    }

    /// A reference to a new tuple, which takes over the items.
    pub(super) fn make_tuple(&mut self, items: &[Value]) -> ir::Value {
        let bytes = 8 * items.len() as u32;
        let slot = self.b.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, bytes, 3));
        for (i, item) in items.iter().enumerate() {
            let item = self.value(*item);
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
        self.b.ins().jump(done, &[]);

        self.b.switch_to_block(fast);
        // What dies may run code, whose frames come where this one was.
        let slots = (0..self.code.nlocalsplus).rev().filter(|slot| settled & 1 << slot == 0);
        let offsets = slots.map(|slot| self.slot_offset(slot)).chain((!is_lent).then_some(layout::F_FUNCOBJ));
        let closed: Vec<ir::Value> =
            offsets.collect::<Vec<_>>().into_iter().map(|offset| self.load(types::I64, frame, offset)).collect();
        let lazy = self.hir.lazy_tuple(self.context).map(|(lazy, items)| (lazy.slot, items.to_vec()));
        let lazy = lazy.map(|(slot, items)| (self.load(types::I64, frame, self.slot_offset(slot)), items));
        let previous = self.frame_of(callee.caller);
        self.store(previous, tstate, thread::CURRENT_FRAME);
        self.dies_quietly = is_quiet;
        for bits in closed {
            self.close_ref(bits);
        }
        if let Some((bits, items)) = lazy {
            let (unmade, made) = (self.block(), self.block());
            if is_undisturbed {
                self.b.ins().jump(unmade, &[]);
            } else {
                let is_unmade = self.b.ins().icmp_imm_s(IntCC::Equal, bits, layout::NULL_BITS as i64);
                self.b.ins().brif(is_unmade, unmade, &[], made, &[]);
            }
            self.b.switch_to_block(unmade);
            for item in items {
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
