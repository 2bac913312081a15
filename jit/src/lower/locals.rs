//! Numbers in locals, attributes and items. Observers find an object there at any time, so a store has to put one there.
//! But when the number that it replaces is held by nobody else, its object is dead but for the store, and gets the new
//! number: no allocation, one word written. Whoever has taken a reference to the object keeps it as it is, because then
//! there is more than one.

use super::*;
use crate::cpython::{float, kinds, long, object};
use crate::hir::types::Kinds;
use crate::runtime::ops::table::Helper;

/// A word in memory: an address, and the offset from it.
type Place = (ir::Value, i32);

/// Where a store goes on.
#[derive(Clone, Copy)]
struct Ways {
    /// A new object is needed.
    anew: ir::Block,
    /// The number is stored; the parameters are its object, and whether another one was given up for it.
    done: ir::Block,
}

impl Lowering<'_, '_> {
    /// Puts a number into a home slot; `store` is the instruction and the number.
    pub(super) fn store_float(&mut self, slot: u32, store: (Value, ir::Value), state: StateId) -> ir::Value {
        let (inst, value) = store;
        let place = (self.frame, self.slot_offset(slot));
        if self.is_cold {
            return self.store_in_cold_code(Helper::StoreFloat, place, store, state);
        }
        let ways = self.ways();
        let old = self.load(types::I64, place.0, place.1);
        self.leave_unless_counted(old, ways);
        self.leave_unless_of(old, Kinds::FLOAT, ways);
        self.write_float(old, value, ways);
        let object = self.finish_store(Helper::StoreFloat, place, value, state, ways);
        self.note_given_up(inst, ways);
        object
    }

    pub(super) fn store_int(&mut self, slot: u32, store: (Value, ir::Value), state: StateId) -> ir::Value {
        let (inst, value) = store;
        let place = (self.frame, self.slot_offset(slot));
        if self.is_cold {
            return self.store_in_cold_code(Helper::StoreInt, place, store, state);
        }
        let ways = self.ways();
        let old = self.load(types::I64, place.0, place.1);
        let small = self.small_or_else(value);
        let bits = self.b.ins().bor_imm_s(small.object, 1);
        self.store(bits, place.0, place.1);
        let (counted, borrowed) = (self.b.create_block(), self.b.create_block());
        let tag = self.b.ins().band_imm_s(old, 1);
        self.b.ins().brif(tag, borrowed, &[], counted, &[]);
        self.b.switch_to_block(counted);
        self.set_line_of(state);
        self.decref(old, Kinds::ANY);
        self.finish(ways, small.object, true);
        self.b.switch_to_block(borrowed);
        self.finish(ways, small.object, false);

        self.b.switch_to_block(small.otherwise);
        self.leave_unless_counted(old, ways);
        self.leave_unless_of(old, Kinds::LONG, ways);
        self.write_int(old, value, ways);
        let object = self.finish_store(Helper::StoreInt, place, value, state, ways);
        self.note_given_up(inst, ways);
        object
    }

    fn store_in_cold_code(
        &mut self,
        helper: Helper,
        place: Place,
        (inst, value): (Value, ir::Value),
        state: StateId,
    ) -> ir::Value {
        let always = self.b.ins().iconst(types::I8, 1);
        self.given_up.insert(inst, always);
        self.store_anew(helper, place, value, state)
    }

    /// Remembers whether the store has given up what may have been anything.
    fn note_given_up(&mut self, inst: Value, ways: Ways) {
        let given_up = self.b.block_params(ways.done)[1];
        self.given_up.insert(inst, given_up);
    }

    /// Ends the block: the number is stored, in `object`.
    fn finish(&mut self, ways: Ways, object: ir::Value, has_given_up: bool) {
        let flag = self.b.ins().iconst(types::I8, i64::from(has_given_up));
        self.b.ins().jump(ways.done, &[BlockArg::Value(object), BlockArg::Value(flag)]);
    }

    /// Puts a number where `old`, a float, is.
    pub(super) fn replace_float(&mut self, place: Place, old: ir::Value, value: ir::Value, state: StateId) {
        if self.is_cold {
            self.store_anew(Helper::ReplaceFloat, place, value, state);
            return;
        }
        let ways = self.ways();
        self.write_float(old, value, ways);
        self.finish_store(Helper::ReplaceFloat, place, value, state, ways);
    }

    /// Puts a number where `old`, an int, is.
    pub(super) fn replace_int(&mut self, place: Place, old: ir::Value, value: ir::Value, state: StateId) {
        if self.is_cold {
            self.store_anew(Helper::ReplaceInt, place, value, state);
            return;
        }
        let ways = self.ways();
        let small = self.small_or_else(value);
        self.store(small.object, place.0, place.1);
        self.decref(old, Kinds::LONG);
        self.finish(ways, small.object, false);

        self.b.switch_to_block(small.otherwise);
        self.write_int(old, value, ways);
        self.finish_store(Helper::ReplaceInt, place, value, state, ways);
    }

    /// Tells observers that the bytecode of `state` is being executed: what it gives up may have a finalizer.
    fn set_line_of(&mut self, state: StateId) {
        let site = self.code.instr_at(self.hir.state(state).site).expect("a state's site is an instruction");
        self.set_line(self.code.instrs[site].offset);
    }

    fn ways(&mut self) -> Ways {
        let ways = Ways { anew: self.b.create_block(), done: self.b.create_block() };
        self.b.set_cold_block(ways.anew);
        self.b.append_block_param(ways.done, types::I64);
        self.b.append_block_param(ways.done, types::I8);
        ways
    }

    /// Goes on where the stackref in a slot has a reference of its own.
    fn leave_unless_counted(&mut self, old: ir::Value, ways: Ways) {
        let counted = self.b.create_block();
        // Set for what the slot does not own, and for NULL.
        let tag = self.b.ins().band_imm_s(old, 1);
        self.b.ins().brif(tag, ways.anew, &[], counted, &[]);
        self.b.switch_to_block(counted);
    }

    /// Goes on where the object is of exactly this type.
    fn leave_unless_of(&mut self, object: ir::Value, kinds: Kinds, ways: Ways) {
        let ty = self.load(types::I64, object, object::OB_TYPE);
        let wanted = self.imm(kinds::type_address(kinds).expect("a single type") as i64);
        let is_of = self.b.ins().icmp(IntCC::Equal, ty, wanted);
        self.leave_unless(is_of, ways);
    }

    fn leave_unless(&mut self, cond: ir::Value, ways: Ways) {
        let next = self.b.create_block();
        self.b.ins().brif(cond, next, &[], ways.anew, &[]);
        self.b.switch_to_block(next);
    }

    /// Goes on where nobody else has a reference to the object.
    fn leave_unless_ours(&mut self, object: ir::Value, ways: Ways) {
        let count = self.load(types::I32, object, object::OB_REFCNT);
        let is_ours = self.b.ins().icmp_imm_s(IntCC::Equal, count, 1);
        self.leave_unless(is_ours, ways);
    }

    /// Ends the block: writes into `old`, a float, if that has one reference.
    fn write_float(&mut self, old: ir::Value, value: ir::Value, ways: Ways) {
        self.leave_unless_ours(old, ways);
        self.store(value, old, float::OB_FVAL);
        self.finish(ways, old, false);
    }

    /// Ends the block: writes into `old`, an int, if that has one reference, and the old and the new int take one digit. The ints
    /// that the interpreter has once are never written to.
    fn write_int(&mut self, old: ir::Value, value: ir::Value, ways: Ways) {
        self.leave_unless_ours(old, ways);
        let tag = self.load(types::I64, old, long::LV_TAG);
        let one_digit = self.b.ins().icmp_imm_s(IntCC::UnsignedLessThan, tag, long::COMPACT_TAG_LIMIT as i64);
        self.leave_unless(one_digit, ways);
        let int = self.one_digit(value);
        self.leave_unless(int.fits, ways);
        self.store_one_digit(int, old);
        self.finish(ways, old, false);
    }

    /// How an int that is not zero is written with one digit.
    pub(super) fn one_digit(&mut self, value: ir::Value) -> OneDigit {
        let negative = self.b.ins().sshr_imm_s(value, 63);
        let digit = self.b.ins().bxor(value, negative);
        let digit = self.b.ins().isub(digit, negative);
        let fits = self.b.ins().icmp_imm_s(IntCC::UnsignedLessThanOrEqual, digit, long::DIGIT_MASK);
        OneDigit { negative, digit, fits }
    }

    /// Writes it into an object.
    pub(super) fn store_one_digit(&mut self, int: OneDigit, object: ir::Value) {
        let sign = long::TAG_ONE_DIGIT_NEGATIVE ^ long::TAG_ONE_DIGIT_POSITIVE;
        let sign = self.b.ins().band_imm_s(int.negative, sign as i64);
        let tag = self.b.ins().bor_imm_s(sign, long::TAG_ONE_DIGIT_POSITIVE as i64);
        self.store(tag, object, long::LV_TAG);
        let digit = self.b.ins().ireduce(types::I32, int.digit);
        self.store(digit, object, long::OB_DIGIT);
    }

    /// Branches on whether the interpreter has the int once, and goes on where it does.
    fn small_or_else(&mut self, value: ir::Value) -> Small {
        let (small, otherwise) = (self.b.create_block(), self.b.create_block());
        let index = self.b.ins().iadd_imm_s(value, -long::SMALL_MIN);
        let count = long::SMALL_MAX - long::SMALL_MIN + 1;
        let is_small = self.b.ins().icmp_imm_s(IntCC::UnsignedLessThan, index, count);
        self.b.ins().brif(is_small, small, &[], otherwise, &[]);
        self.b.switch_to_block(small);
        Small { object: self.small_int(index), otherwise }
    }

    /// Makes a new object on the way that needs one, and goes on with the number stored.
    fn finish_store(
        &mut self,
        helper: Helper,
        place: Place,
        value: ir::Value,
        state: StateId,
        ways: Ways,
    ) -> ir::Value {
        self.b.switch_to_block(ways.anew);
        let made = self.store_anew(helper, place, value, state);
        self.finish(ways, made, true);
        self.b.switch_to_block(ways.done);
        self.b.block_params(ways.done)[0]
    }

    fn store_anew(&mut self, helper: Helper, (base, offset): Place, value: ir::Value, state: StateId) -> ir::Value {
        self.set_line_of(state);
        let place = self.b.ins().iadd_imm_s(base, i64::from(offset));
        let made = self.call_aside(helper.address(), &[place, value], Some(types::I64)).expect("has a result");
        self.guard(made, state, Reason::Memory);
        made
    }
}

/// An int as the interpreter writes it with one digit.
#[derive(Clone, Copy)]
pub(super) struct OneDigit {
    /// All bits set for negative ones.
    negative: ir::Value,
    digit: ir::Value,
    /// Whether one digit is enough.
    pub(super) fits: ir::Value,
}

/// An int that the interpreter has once.
struct Small {
    object: ir::Value,
    /// Where it is another int.
    otherwise: ir::Block,
}
