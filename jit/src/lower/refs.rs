//! Reference counts.

use super::*;
use crate::cpython::{kinds, object};
use crate::hir::inst::Op;
use crate::hir::types::Kinds;

impl Lowering<'_, '_> {
    /// Takes a reference. Counts of immortal objects are written back unchanged: that is cheaper than a branch.
    pub(super) fn incref(&mut self, object: ir::Value) {
        let count = self.load(types::I32, object, object::OB_REFCNT);
        let mortal = self.b.ins().icmp_imm_s(IntCC::UnsignedLessThan, count, object::INCREF_LIMIT as i32 as i64);
        let more = self.b.ins().iadd_imm_s(count, 1);
        let count = self.b.ins().select(mortal, more, count);
        self.store(count, object, object::OB_REFCNT);
    }

    pub(super) fn decref(&mut self, object: ir::Value, kinds: Kinds) {
        self.decref_then(object, kinds, None);
    }

    /// The same, and does the safepoint where the object dies.
    pub(super) fn decref_then(&mut self, object: ir::Value, kinds: Kinds, safepoint: Option<Value>) {
        let done = self.block();
        if !Kinds::NULL.intersect(kinds).is_empty() {
            let some = self.block();
            self.b.ins().brif(object, some, &[], done, &[]);
            self.b.switch_to_block(some);
        }
        self.decref_into(object, kinds, done, safepoint);
        self.b.switch_to_block(done);
    }

    fn decref_into(&mut self, object: ir::Value, kinds: Kinds, done: ir::Block, safepoint: Option<Value>) {
        if self.is_cold {
            self.call_runtime(frames::drop_object as *const () as usize, &[object], None);
            self.b.ins().jump(done, &[]);
            return;
        }
        let (mortal, dead) = (self.block(), self.block());
        let count = self.load(types::I32, object, object::OB_REFCNT);
        let immortal = self.b.ins().icmp_imm_s(IntCC::SignedLessThan, count, 0);
        self.b.ins().brif(immortal, done, &[], mortal, &[]);
        self.b.switch_to_block(mortal);
        let count = self.b.ins().iadd_imm_s(count, -1);
        self.store(count, object, object::OB_REFCNT);
        self.b.ins().brif(count, done, &[], dead, &[]);
        self.b.switch_to_block(dead);
        if self.free_number(object, kinds, done) {
            return;
        }
        self.b.set_cold_block(dead);
        let safepoint = safepoint.map(|safepoint| self.hir.inst(safepoint));
        let leaves = safepoint.is_some_and(|inst| matches!(inst.op, Op::Safepoint { leaves: true, .. }));
        if leaves {
            self.forget_deaths();
        }
        self.dealloc(object, kinds);
        if let Some(inst) = safepoint {
            let state = inst.state.expect("verified: a safepoint has a state");
            if leaves {
                self.leave_after_death(state);
            } else {
                self.safepoint(false, &inst.args, state);
            }
        }
        self.b.ins().jump(done, &[]);
    }

    /// The safepoint that `given`, which gives up an object, can do if the object dies.
    pub(super) fn safepoint_at_death(&mut self, given: Value) -> Option<Value> {
        let safepoint = self.quiet.after_death.get(&given).copied().filter(|_| !self.is_cold);
        self.done_safepoint = safepoint.or(self.done_safepoint);
        safepoint
    }

    /// Gives up a stackref. NULL, tagged integers, and borrowed and immortal objects all have bit 0 set.
    pub(super) fn close_ref(&mut self, bits: ir::Value) {
        self.close_ref_then(bits, None);
    }

    /// The same, and does the safepoint where the object dies.
    pub(super) fn close_ref_then(&mut self, bits: ir::Value, safepoint: Option<Value>) {
        if self.is_cold {
            self.call_runtime(frames::drop_ref as *const () as usize, &[bits], None);
            return;
        }
        let (counted, done) = (self.block(), self.block());
        let tag = self.b.ins().band_imm_s(bits, 1);
        self.b.ins().brif(tag, done, &[], counted, &[]);
        self.b.switch_to_block(counted);
        self.decref_into(bits, Kinds::ANY, done, safepoint);
        self.b.switch_to_block(done);
    }

    pub(super) fn dup_ref(&mut self, bits: ir::Value) {
        let (counted, done) = (self.block(), self.block());
        let tag = self.b.ins().band_imm_s(bits, 1);
        self.b.ins().brif(tag, done, &[], counted, &[]);
        self.b.switch_to_block(counted);
        self.incref(bits);
        self.b.ins().jump(done, &[]);
        self.b.switch_to_block(done);
    }

    /// The stackref of an owned object. Those to immortal objects must carry the tag that the interpreter gives them: it
    /// compares references to None, True and False as bits, and takes a count of whatever it closes without the tag.
    pub(super) fn owned_ref(&mut self, object: ir::Value, kinds: Kinds) -> ir::Value {
        if kinds.is_within(Kinds::NONE.union(Kinds::BOOL)) {
            return self.b.ins().bor_imm_s(object, 1);
        }
        // The interpreter makes none that are immortal, and a count that is taken down for one that was made so later stays far above 0.
        if kinds.is_within(Kinds::FUNCTION) {
            return object;
        }
        let flags = self.b.ins().uload8(types::I64, MemFlagsData::trusted(), object, object::OB_FLAGS);
        let tag = self.b.ins().band_imm_s(flags, i64::from(object::OB_FLAG_IMMORTAL));
        self.b.ins().bor(object, tag)
    }

    /// Removes a stackref's tag; NULL becomes 0.
    pub(super) fn untag(&mut self, bits: ir::Value) -> ir::Value {
        self.b.ins().band_imm_s(bits, !3)
    }

    /// An untagged object with a reference that a borrowed stackref did not have.
    pub(super) fn own(&mut self, bits: ir::Value) -> ir::Value {
        let (borrowed, done) = (self.block(), self.block());
        let object = self.untag(bits);
        let tag = self.b.ins().band_imm_s(bits, 1);
        let is_null = self.b.ins().icmp_imm_s(IntCC::Equal, bits, 1);
        let zero = self.b.ins().iconst(types::I64, 0);
        let tag = self.b.ins().select(is_null, zero, tag);
        self.b.ins().brif(tag, borrowed, &[], done, &[]);
        self.b.switch_to_block(borrowed);
        self.incref(object);
        self.b.ins().jump(done, &[]);
        self.b.switch_to_block(done);
        object
    }

    pub(super) fn bool_object(&mut self, cond: ir::Value) -> ir::Value {
        let (yes, no) = (self.imm(kinds::true_object() as i64), self.imm(kinds::false_object() as i64));
        self.b.ins().select(cond, yes, no)
    }
}
