//! Numbers in locals. Observers find an object in the home slot at any time, so a store has to put one there. But when
//! the number that it replaces is held by nobody else, its object is dead but for the store, and gets the new number: no
//! allocation, one word written. Whoever has taken a reference to the object keeps it as it is, because then there is more
//! than one.

use super::*;
use crate::cpython::{float, kinds, long, object};
use crate::hir::types::Kinds;
use crate::runtime::ops::table::Helper;

impl Lowering<'_, '_> {
    pub(super) fn store_float(&mut self, slot: u32, value: ir::Value, state: StateId) -> ir::Value {
        if self.is_cold {
            return self.store_anew(Helper::StoreFloat, slot, value, state);
        }
        let (counted, in_place, anew, done) = self.four_blocks();
        let result = self.b.append_block_param(done, types::I64);
        let (frame, offset) = (self.frame, self.slot_offset(slot));
        let old = self.load(types::I64, frame, offset);
        // Set for what the slot does not own, and for NULL.
        let tag = self.b.ins().band_imm_s(old, 1);
        self.b.ins().brif(tag, anew, &[], counted, &[]);
        self.b.switch_to_block(counted);
        let is_ours = self.is_sole_reference(old, Kinds::FLOAT);
        self.b.ins().brif(is_ours, in_place, &[], anew, &[]);
        self.b.switch_to_block(in_place);
        self.store(value, old, float::OB_FVAL);
        self.b.ins().jump(done, &[BlockArg::Value(old)]);
        self.b.switch_to_block(anew);
        let made = self.store_anew(Helper::StoreFloat, slot, value, state);
        self.b.ins().jump(done, &[BlockArg::Value(made)]);
        self.b.switch_to_block(done);
        result
    }

    pub(super) fn store_int(&mut self, slot: u32, value: ir::Value, state: StateId) -> ir::Value {
        if self.is_cold {
            return self.store_anew(Helper::StoreInt, slot, value, state);
        }
        let (counted, in_place, anew, done) = self.four_blocks();
        let (small, large) = (self.b.create_block(), self.b.create_block());
        let result = self.b.append_block_param(done, types::I64);
        let (frame, offset) = (self.frame, self.slot_offset(slot));
        let old = self.load(types::I64, frame, offset);
        let index = self.b.ins().iadd_imm_s(value, -long::SMALL_MIN);
        let count = long::SMALL_MAX - long::SMALL_MIN + 1;
        let is_small = self.b.ins().icmp_imm_s(IntCC::UnsignedLessThan, index, count);
        self.b.ins().brif(is_small, small, &[], large, &[]);

        self.b.switch_to_block(small);
        let object = self.small_int(index);
        let bits = self.b.ins().bor_imm_s(object, 1);
        self.store(bits, frame, offset);
        self.close_ref(old);
        self.b.ins().jump(done, &[BlockArg::Value(object)]);

        self.b.switch_to_block(large);
        let tag = self.b.ins().band_imm_s(old, 1);
        self.b.ins().brif(tag, anew, &[], counted, &[]);
        self.b.switch_to_block(counted);
        let is_ours = self.is_sole_reference(old, Kinds::LONG);
        // The old and the new int take one digit; small ones are never written to.
        let tag = self.load(types::I64, old, long::LV_TAG);
        let one_digit =
            self.b.ins().band_imm_s(tag, !(long::TAG_ONE_DIGIT_NEGATIVE ^ long::TAG_ONE_DIGIT_POSITIVE) as i64);
        let one_digit = self.b.ins().icmp_imm_s(IntCC::Equal, one_digit, long::TAG_ONE_DIGIT_POSITIVE as i64);
        let negative = self.b.ins().sshr_imm_s(value, 63);
        let digit = self.b.ins().bxor(value, negative);
        let digit = self.b.ins().isub(digit, negative);
        let fits = self.b.ins().icmp_imm_s(IntCC::UnsignedLessThanOrEqual, digit, long::DIGIT_MASK);
        let is_ours = self.b.ins().band(is_ours, one_digit);
        let is_ours = self.b.ins().band(is_ours, fits);
        self.b.ins().brif(is_ours, in_place, &[], anew, &[]);
        self.b.switch_to_block(in_place);
        let sign = long::TAG_ONE_DIGIT_NEGATIVE ^ long::TAG_ONE_DIGIT_POSITIVE;
        let sign = self.b.ins().band_imm_s(negative, sign as i64);
        let tag = self.b.ins().bor_imm_s(sign, long::TAG_ONE_DIGIT_POSITIVE as i64);
        self.store(tag, old, long::LV_TAG);
        let digit = self.b.ins().ireduce(types::I32, digit);
        self.store(digit, old, long::OB_DIGIT);
        self.b.ins().jump(done, &[BlockArg::Value(old)]);

        self.b.switch_to_block(anew);
        let made = self.store_anew(Helper::StoreInt, slot, value, state);
        self.b.ins().jump(done, &[BlockArg::Value(made)]);
        self.b.switch_to_block(done);
        result
    }

    /// Blocks for: an old object with a count, writing into it, a new object, and what follows.
    fn four_blocks(&mut self) -> (ir::Block, ir::Block, ir::Block, ir::Block) {
        let anew = self.b.create_block();
        self.b.set_cold_block(anew);
        (self.b.create_block(), self.b.create_block(), anew, self.b.create_block())
    }

    /// Whether the object is of exactly this type and has one reference.
    fn is_sole_reference(&mut self, object: ir::Value, kinds: Kinds) -> ir::Value {
        let ty = self.load(types::I64, object, object::OB_TYPE);
        let wanted = self.imm(kinds::type_address(kinds).expect("a single type") as i64);
        let is_wanted = self.b.ins().icmp(IntCC::Equal, ty, wanted);
        let count = self.load(types::I32, object, object::OB_REFCNT);
        let is_one = self.b.ins().icmp_imm_s(IntCC::Equal, count, 1);
        self.b.ins().band(is_wanted, is_one)
    }

    fn store_anew(&mut self, helper: Helper, slot: u32, value: ir::Value, state: StateId) -> ir::Value {
        let (frame, offset) = (self.frame, self.slot_offset(slot));
        let place = self.b.ins().iadd_imm_s(frame, i64::from(offset));
        let made = self.call_runtime(helper.address(), &[place, value], Some(types::I64)).expect("has a result");
        self.guard(made, state, Reason::Memory);
        made
    }
}
