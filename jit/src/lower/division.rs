//! Floor division by a constant, without dividing: the divisor's reciprocal, in fixed point, is known when compiling.
//!
//! For a dividend `n` of 63 bits and a divisor `d` with `2**(s-1) < d <= 2**s`, let `m` be `2**(63+s) / d`, rounded up. It is too
//! large by less than `2**s / 2**(63+s)` of the quotient's unit, so `n * m` without its low `63+s` bits is `n / d`, rounded down.
//! A negative dividend becomes its complement and back, which also makes the quotient the one that is rounded down.
//!
//! Whether there is a remainder takes less. Modulo `2**64` the odd part `o` of `d = o * 2**k` has an inverse. The product of that and `n`
//! is `n / o` if `o` divides `n`, which is a number of at most `2**63 / o`, and a larger one otherwise; and a multiple of `2**k` if
//! `d` divides `n`. Both are tested at once (Warren, Hacker's Delight, 10-17).

use super::*;
use crate::hir::inst::{IntOp, Op};

/// What to multiply with, of which product to take the upper word, and by how much to shift that.
fn reciprocal(divisor: i64) -> (u64, u8) {
    let shift = 64 - (divisor as u64 - 1).leading_zeros();
    let scaled = (1u128 << (63 + shift)).div_ceil(divisor as u128);
    (scaled as u64, shift as u8 - 1)
}

/// What tells multiples of a divisor from other numbers.
struct Multiples {
    /// The inverse of the divisor's odd part.
    inverse: i64,
    /// The largest quotient by the odd part that comes of a multiple.
    largest: i64,
    /// By how many powers of two the divisor can be divided.
    twos: u8,
}

impl Multiples {
    /// None for powers of two.
    fn of(divisor: i64) -> Option<Multiples> {
        if divisor <= 0 || divisor.count_ones() == 1 {
            return None;
        }
        let twos = divisor.trailing_zeros();
        let odd = divisor >> twos;
        // Each round doubles the bits that are right; the first three are.
        let inverse = (0..5).fold(odd, |inverse, _| inverse.wrapping_mul(2i64.wrapping_sub(odd.wrapping_mul(inverse))));
        Some(Multiples { inverse, largest: (i64::MAX / odd) >> twos << twos, twos: twos as u8 })
    }

    /// What the quotients, made non-negative and turned by the twos, are at most.
    fn limit(&self) -> i64 {
        (((self.largest as u64) << 1) >> self.twos) as i64
    }
}

impl Lowering<'_, '_> {
    /// Whether a value, known to be a remainder of a division by a constant, is zero; without dividing.
    pub(super) fn is_divisible(&mut self, remainder: Value) -> Option<ir::Value> {
        let inst = self.hir.inst(remainder);
        let Op::Int(IntOp::Mod) = inst.op else { return None };
        let Op::ConstI64(divisor) = self.hir.inst(inst.args[1]).op else { return None };
        let multiples = Multiples::of(divisor)?;
        let dividend = self.value(inst.args[0]);
        let inverse = self.imm(multiples.inverse);
        let quotient = self.b.ins().imul(dividend, inverse);
        let shifted = self.b.ins().iadd_imm_s(quotient, multiples.largest);
        let turned = match multiples.twos {
            0 => shifted,
            twos => self.b.ins().rotr_imm_u(shifted, i64::from(twos)),
        };
        let limit = self.imm(multiples.limit());
        Some(self.b.ins().icmp(IntCC::UnsignedLessThanOrEqual, turned, limit))
    }

    /// Quotient and remainder of a floor division by a constant, if that is positive.
    pub(super) fn divide_by_constant(
        &mut self,
        (dividend, left): (Value, ir::Value),
        divisor: i64,
    ) -> Option<(ir::Value, ir::Value)> {
        match divisor {
            ..=0 => None,
            1 => Some((left, self.imm(0))),
            _ if divisor.count_ones() == 1 => {
                let quotient = self.b.ins().sshr_imm_s(left, i64::from(divisor.trailing_zeros()));
                let mask = self.imm(divisor - 1);
                Some((quotient, self.b.ins().band(left, mask)))
            }
            _ => {
                let (factor, shift) = reciprocal(divisor);
                let has_sign = !self.non_negative[dividend.index()];
                let sign = has_sign.then(|| self.b.ins().sshr_imm_s(left, 63));
                let magnitude = sign.map_or(left, |sign| self.b.ins().bxor(left, sign));
                let factor = self.imm(factor as i64);
                let upper = self.b.ins().umulhi(magnitude, factor);
                let quotient = self.b.ins().ushr_imm_u(upper, i64::from(shift));
                let quotient = sign.map_or(quotient, |sign| self.b.ins().bxor(quotient, sign));
                let divisor = self.imm(divisor);
                let product = self.b.ins().imul(quotient, divisor);
                Some((quotient, self.b.ins().isub(left, product)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Multiples, reciprocal};

    /// What the machine code does.
    fn quotient(dividend: i64, divisor: i64) -> i64 {
        let (factor, shift) = reciprocal(divisor);
        let sign = dividend >> 63;
        let upper = (u128::from((dividend ^ sign) as u64) * u128::from(factor)) >> 64;
        (upper as i64 >> shift) ^ sign
    }

    #[test]
    fn quotients_are_rounded_down() {
        let powers = (1..63).flat_map(|bits| [-1, 0, 1].map(|by| (1i64 << bits) + by));
        let divisors: Vec<i64> =
            (3..1000).chain(powers).filter(|d| *d > 2 && d.count_ones() != 1).chain([i64::MAX]).collect();
        for divisor in divisors {
            let near = |value: i64| (-3..=3).filter_map(move |by| value.checked_add(by));
            let largest = i64::MAX - i64::MAX % divisor;
            let dividends = [0, i64::MAX, i64::MIN, divisor, -divisor, largest, -largest, 1 << 31, -(1 << 31), 1 << 62];
            for dividend in dividends.into_iter().flat_map(near) {
                let expected = i64::try_from(i128::from(dividend).div_euclid(i128::from(divisor))).unwrap();
                assert_eq!(quotient(dividend, divisor), expected, "{dividend} // {divisor}");
            }
        }
    }

    #[test]
    fn multiples_are_told_from_others() {
        let is_multiple = |dividend: i64, multiples: &Multiples| {
            let quotient = dividend.wrapping_mul(multiples.inverse);
            let turned = quotient.wrapping_add(multiples.largest).rotate_right(multiples.twos.into());
            turned as u64 <= multiples.limit() as u64
        };
        let powers = (1..63).flat_map(|bits| [-1, 0, 1, 1 << (bits / 2)].map(|by| (1i64 << bits) + by));
        for divisor in (1..1000).chain(powers).chain([i64::MAX, i64::MAX - 1, 3 << 61]) {
            let Some(multiples) = Multiples::of(divisor) else {
                assert_eq!(divisor.count_ones(), 1);
                continue;
            };
            let near = |value: i64| (-70..=70).filter_map(move |by| value.checked_add(by));
            let largest = i64::MAX - i64::MAX % divisor;
            let dividends = [
                0,
                i64::MAX,
                i64::MIN,
                divisor,
                -divisor,
                largest,
                -largest,
                largest / 2,
                1 << 31,
                -(1 << 31),
                1 << 62,
            ];
            for dividend in dividends.into_iter().flat_map(near) {
                assert_eq!(is_multiple(dividend, &multiples), dividend % divisor == 0, "{dividend} % {divisor}");
            }
        }
    }
}
