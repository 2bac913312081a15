//! Numbers in locals, attributes and items. Observers find an object there at any time, so a store has to put one there.
//! But when the number that it replaces is held by nobody else, its object is dead but for the store, and gets the new
//! number: no allocation, one word written. Whoever has taken a reference to the object keeps it as it is, because then
//! there is more than one.

use super::*;
use crate::cpython::{allocator, float, kinds, long, object};
use crate::hir::inst::Op;
use crate::hir::types::Kinds;
use crate::runtime::ops::table::Helper;

/// A word in memory: an address, and the offset from it.
type Place = (ir::Value, i32);

/// Where a store goes on.
#[derive(Clone, Copy)]
struct Ways {
    /// A new object is needed.
    anew: ir::Block,
    /// The number is stored; the parameters are its object, and for stores into home slots its box and whether something was given
    /// up that may have been anything.
    done: ir::Block,
    /// The store into a home slot that it is, and whether it is one of an int.
    store: Option<Value>,
    is_int: bool,
    /// The safepoint that follows it.
    safepoint: Option<Value>,
}

impl Lowering<'_, '_> {
    /// The safepoint that follows a store of a number in the same bytecode, if the store can do it where it is needed.
    pub(super) fn safepoint_of(&self, store: Value, rest: &[Value]) -> Option<Value> {
        let next = *rest.first()?;
        let inst = self.hir.inst(next);
        let state = self.hir.state(inst.state?);
        let follows = matches!(inst.op, Op::Safepoint { periodic: false, .. }) && inst.args.first() == Some(&store);
        let is_possible = !self.is_cold && !self.stress.is_on() && state.stack.iter().all(|entry| entry.value != store);
        (follows && is_possible).then_some(next)
    }

    /// Puts a number into a home slot.
    pub(super) fn store_float(&mut self, slot: u32, store: Value, safepoint: Option<Value>) -> ir::Value {
        let place = (self.frame, self.slot_offset(slot));
        let (value, private, state) = self.operands_of(store);
        if self.is_cold {
            return self.store_in_cold_code(Helper::StoreFloat, place, store, state);
        }
        if let Some(private) = private
            && self.hir.ty(private).kinds.is_within(Kinds::FLOAT)
        {
            let object = self.value(private);
            self.store(value, object, float::OB_FVAL);
            let nothing = self.b.ins().iconst(types::I8, 0);
            self.given_up.insert(store, nothing);
            self.done_safepoint = safepoint;
            return object;
        }
        let ways = self.ways(Some(store), safepoint);
        if let Some(private) = private {
            let object = self.private_box(private);
            let (write, look) = (self.block(), self.block());
            self.b.set_cold_block(look);
            self.b.ins().brif(object, write, &[], look, &[]);
            self.b.switch_to_block(write);
            self.store(value, object, float::OB_FVAL);
            self.finish(ways, object, Some(object), false);
            self.b.switch_to_block(look);
        }
        let old = self.load(types::I64, place.0, place.1);
        self.leave_unless_counted(old, ways);
        self.leave_unless_of(old, Kinds::FLOAT, ways);
        self.write_float(old, value, ways);
        self.finish_store(Helper::StoreFloat, place, value, state, ways)
    }

    pub(super) fn store_int(&mut self, slot: u32, store: Value, safepoint: Option<Value>) -> ir::Value {
        let place = (self.frame, self.slot_offset(slot));
        let (value, private, state) = self.operands_of(store);
        if self.is_cold {
            return self.store_in_cold_code(Helper::StoreInt, place, store, state);
        }
        let ways = self.ways(Some(store), safepoint);
        if let Some(private) = private {
            self.write_usual_int(private, value, ways);
        }
        let old = self.load(types::I64, place.0, place.1);
        let small = self.small_or_else(value);
        let bits = self.b.ins().bor_imm_s(small.object, 1);
        self.store(bits, place.0, place.1);
        let (counted, borrowed) = (self.block(), self.block());
        self.b.set_cold_block(counted);
        let tag = self.b.ins().band_imm_s(old, 1);
        self.b.ins().brif(tag, borrowed, &[], counted, &[]);
        self.b.switch_to_block(counted);
        self.set_line_of(state);
        self.forget_deaths_for(ways);
        self.decref(old, Kinds::ANY);
        self.finish(ways, small.object, None, true);
        self.b.switch_to_block(borrowed);
        self.finish(ways, small.object, None, false);

        self.b.switch_to_block(small.otherwise);
        self.leave_unless_counted(old, ways);
        self.leave_unless_of(old, Kinds::LONG, ways);
        self.write_int(old, value, ways);
        self.finish_store(Helper::StoreInt, place, value, state, ways)
    }

    /// The box that a store has left, or a parameter brings.
    pub(super) fn private_box(&self, value: Value) -> ir::Value {
        self.boxes.get(&value).copied().unwrap_or_else(|| self.value(value))
    }

    /// What a store is given: the number, and the box, if any.
    fn operands_of(&self, store: Value) -> (ir::Value, Option<Value>, StateId) {
        let inst = self.hir.inst(store);
        (self.value(inst.args[0]), inst.args.get(1).copied(), inst.state.expect("verified: a store has a state"))
    }

    /// Ends the block if there is a box and the int is one of those that need one, are not negative and have at most two digits.
    fn write_usual_int(&mut self, private: Value, value: ir::Value, ways: Ways) {
        let object = self.private_box(private);
        let (fits, write, look, large) = (self.block(), self.block(), self.block(), self.block());
        self.b.set_cold_block(large);
        let above = self.b.ins().iadd_imm_s(value, -(long::SMALL_MAX + 1));
        let most = long::DIGIT_MASK - long::SMALL_MAX;
        let is_usual = self.b.ins().icmp_imm_s(IntCC::UnsignedLessThan, above, most);
        self.b.ins().brif(is_usual, fits, &[], large, &[]);
        self.b.switch_to_block(large);
        if allocator::blocks().is_some() {
            let (two, write) = (self.block(), self.block());
            self.b.set_cold_block(two);
            self.b.set_cold_block(write);
            let above = self.b.ins().iadd_imm_s(value, -(long::DIGIT_MASK + 1));
            let most = long::TWO_DIGITS_MASK - long::DIGIT_MASK;
            let has_two = self.b.ins().icmp_imm_s(IntCC::UnsignedLessThan, above, most);
            self.b.ins().brif(has_two, two, &[], look, &[]);
            self.b.switch_to_block(two);
            self.b.ins().brif(object, write, &[], look, &[]);
            self.b.switch_to_block(write);
            let tag = self.imm(long::TAG_TWO_DIGITS_POSITIVE as i64);
            self.store(tag, object, long::LV_TAG);
            self.store_digits(value, object);
            self.finish(ways, object, Some(object), false);
        } else {
            self.b.ins().jump(look, &[]);
        }
        self.b.switch_to_block(fits);
        self.b.ins().brif(object, write, &[], look, &[]);
        self.b.switch_to_block(write);
        let tag = self.imm(long::TAG_ONE_DIGIT_POSITIVE as i64);
        self.store(tag, object, long::LV_TAG);
        let digit = self.b.ins().ireduce(types::I32, value);
        self.store(digit, object, long::OB_DIGIT);
        self.finish(ways, object, Some(object), false);
        self.b.switch_to_block(look);
    }

    fn store_in_cold_code(&mut self, helper: Helper, place: Place, store: Value, state: StateId) -> ir::Value {
        let always = self.b.ins().iconst(types::I8, 1);
        self.given_up.insert(store, always);
        let none = self.imm(0);
        if matches!(self.hir.inst(store).op, Op::StoreInt { .. }) {
            self.boxes.insert(store, none);
        }
        let value = self.value(self.hir.inst(store).args[0]);
        self.store_anew(helper, place, value, state)
    }

    /// Ends the block: the number is stored, in `object`, which is a box or not.
    fn finish(&mut self, ways: Ways, object: ir::Value, private: Option<ir::Value>, has_given_up: bool) {
        let mut args = vec![BlockArg::Value(object)];
        if let Some(store) = ways.store {
            let private = private.unwrap_or_else(|| self.imm(0));
            if ways.is_int {
                args.push(BlockArg::Value(private));
            }
            match ways.safepoint {
                Some(safepoint) if has_given_up => {
                    self.values.insert(store, object);
                    if ways.is_int {
                        self.boxes.insert(store, private);
                    }
                    let inst = self.hir.inst(safepoint);
                    let state = inst.state.expect("verified: a safepoint has a state");
                    self.belongs_to(Origin::Inst(safepoint));
                    if matches!(inst.op, Op::Safepoint { leaves: true, .. }) {
                        self.leave_after_death(state);
                    } else {
                        self.safepoint(false, &inst.args[1..], state);
                    }
                    self.belongs_to(Origin::Inst(store));
                }
                Some(_) => {}
                None => args.push(BlockArg::Value(self.b.ins().iconst(types::I8, i64::from(has_given_up)))),
            }
        }
        self.b.ins().jump(ways.done, &args);
    }

    /// Forgets what has died before if the safepoint wants to know what dies now.
    fn forget_deaths_for(&mut self, ways: Ways) {
        let leaves = |safepoint| matches!(self.hir.inst(safepoint).op, Op::Safepoint { leaves: true, .. });
        if ways.safepoint.is_some_and(leaves) {
            self.forget_deaths();
        }
    }

    /// Puts a number where `old`, a float, is.
    pub(super) fn replace_float(&mut self, place: Place, old: ir::Value, value: ir::Value, state: StateId) {
        if self.is_cold {
            self.store_anew(Helper::ReplaceFloat, place, value, state);
            return;
        }
        let ways = self.ways(None, None);
        let shared = self.block();
        self.b.set_cold_block(shared);
        self.write_float(old, value, Ways { anew: shared, ..ways });
        // Others have the old one, so it does not die.
        self.b.switch_to_block(shared);
        let made = self.pop_float(value, ways.anew);
        self.store(made, place.0, place.1);
        let count = self.load(types::I32, old, object::OB_REFCNT);
        let is_immortal = self.b.ins().icmp_imm_s(IntCC::SignedLessThan, count, 0);
        let less = self.b.ins().iadd_imm_s(count, -1);
        let count = self.b.ins().select(is_immortal, count, less);
        self.store(count, old, object::OB_REFCNT);
        self.finish(ways, made, None, false);
        self.finish_store(Helper::ReplaceFloat, place, value, state, ways);
    }

    /// Puts a number where `old`, an int, is.
    pub(super) fn replace_int(&mut self, place: Place, old: ir::Value, value: ir::Value, state: StateId) {
        if self.is_cold {
            self.store_anew(Helper::ReplaceInt, place, value, state);
            return;
        }
        let ways = self.ways(None, None);
        let small = self.small_or_else(value);
        self.store(small.object, place.0, place.1);
        self.decref(old, Kinds::LONG);
        self.finish(ways, small.object, None, false);

        self.b.switch_to_block(small.otherwise);
        self.write_int(old, value, ways);
        self.finish_store(Helper::ReplaceInt, place, value, state, ways);
    }

    /// Tells observers that the bytecode of `state` is being executed: what it gives up may have a finalizer.
    pub(super) fn set_line_of(&mut self, state: StateId) {
        let site = self.code.instr_at(self.hir.state(state).site).expect("a state's site is an instruction");
        self.set_line(self.code.instrs[site].offset);
    }

    fn ways(&mut self, store: Option<Value>, safepoint: Option<Value>) -> Ways {
        let is_int = store.is_some_and(|store| matches!(self.hir.inst(store).op, Op::StoreInt { .. }));
        let ways = Ways { anew: self.block(), done: self.block(), store, is_int, safepoint };
        self.b.set_cold_block(ways.anew);
        self.b.append_block_param(ways.done, types::I64);
        if is_int {
            self.b.append_block_param(ways.done, types::I64);
        }
        if store.is_some() && safepoint.is_none() {
            self.b.append_block_param(ways.done, types::I8);
        }
        ways
    }

    /// Goes on where the stackref in a slot has a reference of its own.
    fn leave_unless_counted(&mut self, old: ir::Value, ways: Ways) {
        let counted = self.block();
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
        let next = self.block();
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
        self.finish(ways, old, Some(old), false);
    }

    /// Ends the block: writes into `old`, an int, if that has one reference, and the old and the new int have blocks of one size. The
    /// ints that the interpreter has once are never written to.
    fn write_int(&mut self, old: ir::Value, value: ir::Value, ways: Ways) {
        self.leave_unless_ours(old, ways);
        let tag = self.load(types::I64, old, long::LV_TAG);
        let limit = long::one_size_tag_limit() as i64;
        let is_of_size = self.b.ins().icmp_imm_s(IntCC::UnsignedLessThan, tag, limit);
        self.leave_unless(is_of_size, ways);
        let int = self.magnitude(value);
        let (one, large) = (self.block(), self.block());
        self.b.set_cold_block(large);
        self.b.ins().brif(int.has_one_digit, one, &[], large, &[]);
        self.b.switch_to_block(large);
        if self.leave_unless_two_digits(int, ways.anew) {
            self.store_two_digits(int, old);
            self.finish(ways, old, Some(old), false);
        }
        self.b.switch_to_block(one);
        self.store_one_digit(int, old);
        self.finish(ways, old, Some(old), false);
    }

    /// How the interpreter writes an int that is not zero.
    pub(super) fn magnitude(&mut self, value: ir::Value) -> Magnitude {
        let negative = self.b.ins().sshr_imm_s(value, 63);
        let digits = self.b.ins().bxor(value, negative);
        let digits = self.b.ins().isub(digits, negative);
        let has_one_digit = self.b.ins().icmp_imm_s(IntCC::UnsignedLessThanOrEqual, digits, long::DIGIT_MASK);
        Magnitude { negative, digits, has_one_digit }
    }

    /// Writes an int of one digit into an object.
    pub(super) fn store_one_digit(&mut self, int: Magnitude, object: ir::Value) {
        self.store_tag(int, long::TAG_ONE_DIGIT_POSITIVE, object);
        let digit = self.b.ins().ireduce(types::I32, int.digits);
        self.store(digit, object, long::OB_DIGIT);
    }

    /// Goes on where an int of more than one digit has two. If there is no room for them where there was one, it ends the block and
    /// says that nothing goes on.
    pub(super) fn leave_unless_two_digits(&mut self, int: Magnitude, otherwise: ir::Block) -> bool {
        if allocator::blocks().is_none() {
            self.b.ins().jump(otherwise, &[]);
            return false;
        }
        let two = self.block();
        self.b.set_cold_block(two);
        let fits = self.b.ins().icmp_imm_s(IntCC::UnsignedLessThanOrEqual, int.digits, long::TWO_DIGITS_MASK);
        self.b.ins().brif(fits, two, &[], otherwise, &[]);
        self.b.switch_to_block(two);
        true
    }

    /// Writes an int of two digits into an object.
    pub(super) fn store_two_digits(&mut self, int: Magnitude, object: ir::Value) {
        self.store_tag(int, long::TAG_TWO_DIGITS_POSITIVE, object);
        self.store_digits(int.digits, object);
    }

    fn store_tag(&mut self, int: Magnitude, positive: u64, object: ir::Value) {
        let sign = long::TAG_ONE_DIGIT_NEGATIVE ^ long::TAG_ONE_DIGIT_POSITIVE;
        let sign = self.b.ins().band_imm_s(int.negative, sign as i64);
        let tag = self.b.ins().bor_imm_s(sign, positive as i64);
        self.store(tag, object, long::LV_TAG);
    }

    fn store_digits(&mut self, digits: ir::Value, object: ir::Value) {
        let low = self.b.ins().band_imm_s(digits, long::DIGIT_MASK);
        let low = self.b.ins().ireduce(types::I32, low);
        self.store(low, object, long::OB_DIGIT);
        let high = self.b.ins().ushr_imm_s(digits, i64::from(long::DIGIT_BITS));
        let high = self.b.ins().ireduce(types::I32, high);
        self.store(high, object, long::OB_DIGIT_1);
    }

    /// Branches on whether the interpreter has the int once, and goes on where it does.
    fn small_or_else(&mut self, value: ir::Value) -> Small {
        let (small, otherwise) = (self.block(), self.block());
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
        self.forget_deaths_for(ways);
        let made = self.store_anew(helper, place, value, state);
        // What needs a new object is none of the ints that the interpreter has once.
        self.finish(ways, made, Some(made), true);
        self.b.switch_to_block(ways.done);
        let params = self.b.block_params(ways.done).to_vec();
        if let Some(store) = ways.store {
            if ways.is_int {
                self.boxes.insert(store, params[1]);
            }
            if ways.safepoint.is_none() {
                self.given_up.insert(store, params[params.len() - 1]);
            }
            self.done_safepoint = ways.safepoint;
        }
        params[0]
    }

    fn store_anew(&mut self, helper: Helper, (base, offset): Place, value: ir::Value, state: StateId) -> ir::Value {
        self.set_line_of(state);
        let place = self.b.ins().iadd_imm_s(base, i64::from(offset));
        let made = self.store_aside(helper, place, value);
        self.guard(made, state, Reason::Memory);
        made
    }
}

/// An int as the interpreter writes it.
#[derive(Clone, Copy)]
pub(super) struct Magnitude {
    /// All bits set for negative ones.
    negative: ir::Value,
    digits: ir::Value,
    pub(super) has_one_digit: ir::Value,
}

/// An int that the interpreter has once.
struct Small {
    object: ir::Value,
    /// Where it is another int.
    otherwise: ir::Block,
}
