//! Integers and floats: boxes and arithmetic with Python's semantics.

use super::*;
use cranelift_codegen::ir::condcodes::FloatCC;

use crate::cpython::{float, kinds, long, object};
use crate::hir::inst::{Cond, FloatOp, IntOp, Op};
use crate::hir::types::Kinds;
use crate::runtime::ops::table::Helper;

impl Lowering<'_, '_> {
    pub(super) fn guard_kinds(&mut self, object: ir::Value, wanted: Kinds, state: StateId) {
        let ty = self.load(types::I64, object, object::OB_TYPE);
        let tests: Vec<ir::Value> = Kinds::singles()
            .filter(|single| single.is_within(wanted))
            .map(|single| {
                let address = kinds::type_address(single).expect("guards test for types");
                let expected = self.imm(address as i64);
                self.b.ins().icmp(IntCC::Equal, ty, expected)
            })
            .collect();
        let same = tests.into_iter().reduce(|one, other| self.b.ins().bor(one, other)).expect("at least one type");
        self.guard(same, state, Op::GuardKinds { kinds: wanted }.exit_reason());
    }

    pub(super) fn unbox_int(&mut self, object: ir::Value, state: StateId, reason: Reason) -> ir::Value {
        let (compact, big, done) = (self.block(), self.block(), self.block());
        let result = self.b.append_block_param(done, types::I64);
        self.b.set_cold_block(big);
        let tag = self.load(types::I64, object, long::LV_TAG);
        let small = self.b.ins().icmp_imm_s(IntCC::UnsignedLessThan, tag, long::COMPACT_TAG_LIMIT as i64);
        self.b.ins().brif(small, compact, &[], big, &[]);
        self.b.switch_to_block(compact);
        let digit = self.digit(object, long::OB_DIGIT);
        let value = self.with_sign(tag, digit);
        self.b.ins().jump(done, &[BlockArg::Value(value)]);
        self.b.switch_to_block(big);
        let (two, more) = (self.block(), self.block());
        self.b.set_cold_block(two);
        self.b.set_cold_block(more);
        let has_two = self.b.ins().icmp_imm_s(IntCC::UnsignedLessThan, tag, long::TWO_DIGITS_TAG_LIMIT as i64);
        self.b.ins().brif(has_two, two, &[], more, &[]);
        self.b.switch_to_block(two);
        let value = self.two_digits(object, tag);
        self.b.ins().jump(done, &[BlockArg::Value(value)]);
        self.b.switch_to_block(more);
        let slot = self.b.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, 8, 3));
        let out = self.b.ins().stack_addr(types::I64, slot, 0);
        let fits = self
            .call_aside_unsettled(Helper::LongToI64.address(), &[object, out], Some(types::I32))
            .expect("has a result");
        self.guard(fits, state, reason);
        let value = self.b.ins().stack_load(types::I64, types::I64, slot, 0);
        self.b.ins().jump(done, &[BlockArg::Value(value)]);
        self.b.switch_to_block(done);
        result
    }

    /// The value of an int of two digits.
    fn two_digits(&mut self, object: ir::Value, tag: ir::Value) -> ir::Value {
        let low = self.digit(object, long::OB_DIGIT);
        let high = self.digit(object, long::OB_DIGIT_1);
        let high = self.b.ins().ishl_imm_s(high, i64::from(long::DIGIT_BITS));
        let magnitude = self.b.ins().bor(high, low);
        self.with_sign(tag, magnitude)
    }

    fn digit(&mut self, object: ir::Value, offset: i32) -> ir::Value {
        let digit = self.load(types::I32, object, offset);
        self.b.ins().uextend(types::I64, digit)
    }

    /// What an int with this tag and magnitude stands for.
    fn with_sign(&mut self, tag: ir::Value, magnitude: ir::Value) -> ir::Value {
        let sign = self.b.ins().band_imm_s(tag, long::TAG_SIGN_MASK as i64);
        let one = self.imm(1);
        let sign = self.b.ins().isub(one, sign);
        self.b.ins().imul(sign, magnitude)
    }

    pub(super) fn box_int(&mut self, value: ir::Value, state: StateId) -> ir::Value {
        let (small, big, done) = (self.block(), self.block(), self.block());
        let result = self.b.append_block_param(done, types::I64);
        let index = self.b.ins().iadd_imm_s(value, -long::SMALL_MIN);
        let count = long::SMALL_MAX - long::SMALL_MIN + 1;
        let is_small = self.b.ins().icmp_imm_s(IntCC::UnsignedLessThan, index, count);
        self.b.ins().brif(is_small, small, &[], big, &[]);
        self.b.switch_to_block(small);
        let address = self.small_int(index);
        self.b.ins().jump(done, &[BlockArg::Value(address)]);
        self.b.switch_to_block(big);
        let made = self.new_int(value, state);
        self.b.ins().jump(done, &[BlockArg::Value(made)]);
        self.b.switch_to_block(done);
        result
    }

    /// The preallocated int with this place in the table.
    pub(super) fn small_int(&mut self, index: ir::Value) -> ir::Value {
        let offset = self.b.ins().ishl_imm_u(index, i64::from(long::LONG_SIZE.trailing_zeros()));
        let table = self.imm(long::small_table() as i64);
        self.b.ins().iadd(table, offset)
    }

    pub(super) fn unbox_float(&mut self, object: ir::Value) -> ir::Value {
        self.load(types::F64, object, float::OB_FVAL)
    }

    /// The double nearest to an int or float.
    pub(super) fn unbox_number(&mut self, object: ir::Value, exact: bool, state: StateId) -> ir::Value {
        let (float, other, done) = (self.block(), self.block(), self.block());
        let result = self.b.append_block_param(done, types::F64);
        let ty = self.load(types::I64, object, object::OB_TYPE);
        let expected = self.imm(kinds::type_address(Kinds::FLOAT).expect("a single type") as i64);
        let is_float = self.b.ins().icmp(IntCC::Equal, ty, expected);
        self.b.ins().brif(is_float, float, &[], other, &[]);
        self.b.switch_to_block(float);
        let value = self.unbox_float(object);
        self.b.ins().jump(done, &[BlockArg::Value(value)]);
        self.b.switch_to_block(other);
        let int = self.imm(kinds::type_address(Kinds::LONG).expect("a single type") as i64);
        let is_int = self.b.ins().icmp(IntCC::Equal, ty, int);
        self.guard(is_int, state, Reason::Number);
        let value = self.unbox_int(object, state, Reason::Number);
        if exact {
            let above = self.b.ins().iadd_imm_s(value, float::EXACT_INTS);
            let is_exact = self.b.ins().icmp_imm_s(IntCC::UnsignedLessThanOrEqual, above, 2 * float::EXACT_INTS);
            self.guard(is_exact, state, Reason::Number);
        }
        let value = self.b.ins().fcvt_from_sint(types::F64, value);
        self.b.ins().jump(done, &[BlockArg::Value(value)]);
        self.b.switch_to_block(done);
        result
    }

    fn constant(&self, value: Value) -> Option<i64> {
        match self.hir.inst(value).op {
            Op::ConstI64(v) => Some(v),
            _ => None,
        }
    }

    pub(super) fn int_op(&mut self, op: IntOp, left: Value, right: Value, state: Option<StateId>) -> ir::Value {
        let known = self.constant(right);
        let (l, r) = (self.value(left), self.value(right));
        match op {
            IntOp::And => return self.b.ins().band(l, r),
            IntOp::Or => return self.b.ins().bor(l, r),
            IntOp::Xor => return self.b.ins().bxor(l, r),
            _ => {}
        }
        let state = state.expect("verified: the operation has a state");
        match op {
            IntOp::Add => {
                let (result, overflow) = self.b.ins().sadd_overflow(l, r);
                self.guard_not(overflow, state, Reason::Overflow);
                result
            }
            IntOp::Sub => {
                let (result, overflow) = self.b.ins().ssub_overflow(l, r);
                self.guard_not(overflow, state, Reason::Overflow);
                result
            }
            IntOp::Mul => {
                let (result, overflow) = self.b.ins().smul_overflow(l, r);
                self.guard_not(overflow, state, Reason::Overflow);
                result
            }
            IntOp::FloorDiv | IntOp::Mod => {
                if let Some((quotient, remainder)) = known.and_then(|k| self.divide_by_constant((left, l), k)) {
                    return if op == IntOp::FloorDiv { quotient } else { remainder };
                }
                if known.is_none_or(|k| k <= 0) {
                    let zero = self.b.ins().icmp_imm_s(IntCC::Equal, r, 0);
                    self.guard_not(zero, state, Reason::ZeroDivision);
                    // The machine traps on the one quotient that does not fit.
                    let minus_one = self.b.ins().icmp_imm_s(IntCC::Equal, r, -1);
                    self.guard_not(minus_one, state, Reason::Overflow);
                }
                let quotient = self.b.ins().sdiv(l, r);
                let product = self.b.ins().imul(quotient, r);
                let remainder = self.b.ins().isub(l, product);
                if self.non_negative[left.index()] && self.non_negative[right.index()] {
                    return if op == IntOp::FloorDiv { quotient } else { remainder };
                }
                let signs = self.b.ins().bxor(remainder, r);
                let differ = self.b.ins().icmp_imm_s(IntCC::SignedLessThan, signs, 0);
                let inexact = self.b.ins().icmp_imm_s(IntCC::NotEqual, remainder, 0);
                let adjust = self.b.ins().band(differ, inexact);
                if op == IntOp::FloorDiv {
                    let one = self.b.ins().uextend(types::I64, adjust);
                    self.b.ins().isub(quotient, one)
                } else {
                    let adjusted = self.b.ins().iadd(remainder, r);
                    self.b.ins().select(adjust, adjusted, remainder)
                }
            }
            IntOp::Shl => {
                let large = self.b.ins().icmp_imm_s(IntCC::UnsignedGreaterThan, r, 62);
                self.guard_not(large, state, Reason::Overflow);
                let result = self.b.ins().ishl(l, r);
                let back = self.b.ins().sshr(result, r);
                let same = self.b.ins().icmp(IntCC::Equal, back, l);
                self.guard(same, state, Reason::Overflow);
                result
            }
            IntOp::Shr => {
                let negative = self.b.ins().icmp_imm_s(IntCC::SignedLessThan, r, 0);
                self.guard_not(negative, state, Reason::Overflow);
                let most = self.imm(63);
                let count = self.b.ins().umin(r, most);
                self.b.ins().sshr(l, count)
            }
            IntOp::And | IntOp::Or | IntOp::Xor => unreachable!("done above"),
        }
    }

    pub(super) fn int_neg(&mut self, value: ir::Value, state: StateId) -> ir::Value {
        let least = self.b.ins().icmp_imm_s(IntCC::Equal, value, i64::MIN);
        self.guard_not(least, state, Reason::Overflow);
        self.b.ins().ineg(value)
    }

    pub(super) fn float_op(&mut self, op: FloatOp, l: ir::Value, r: ir::Value, state: Option<StateId>) -> ir::Value {
        match op {
            FloatOp::Add => self.b.ins().fadd(l, r),
            FloatOp::Sub => self.b.ins().fsub(l, r),
            FloatOp::Mul => self.b.ins().fmul(l, r),
            FloatOp::Div => {
                let state = state.expect("verified: the operation has a state");
                let zero = self.b.ins().f64const(0.0);
                let by_zero = self.b.ins().fcmp(FloatCC::Equal, r, zero);
                self.guard_not(by_zero, state, Reason::ZeroDivision);
                self.b.ins().fdiv(l, r)
            }
        }
    }
}

pub(super) fn int_cc(cond: Cond) -> IntCC {
    match cond {
        Cond::Lt => IntCC::SignedLessThan,
        Cond::Le => IntCC::SignedLessThanOrEqual,
        Cond::Eq => IntCC::Equal,
        Cond::Ne => IntCC::NotEqual,
        Cond::Gt => IntCC::SignedGreaterThan,
        Cond::Ge => IntCC::SignedGreaterThanOrEqual,
        Cond::Below => IntCC::UnsignedLessThan,
    }
}

pub(super) fn float_cc(cond: Cond) -> FloatCC {
    match cond {
        Cond::Lt => FloatCC::LessThan,
        Cond::Le => FloatCC::LessThanOrEqual,
        Cond::Eq => FloatCC::Equal,
        // True for NaN, as `!=` is.
        Cond::Ne => FloatCC::NotEqual,
        Cond::Gt => FloatCC::GreaterThan,
        Cond::Ge => FloatCC::GreaterThanOrEqual,
        Cond::Below => unreachable!("floats have no unsigned order"),
    }
}
