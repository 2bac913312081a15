//! Floor division by a constant, without dividing: the divisor's reciprocal, in fixed point, is known when compiling.
//!
//! For a dividend `n` of 63 bits and a divisor `d` with `2**(s-1) < d <= 2**s`, let `m` be `2**(63+s) / d`, rounded up. It is too
//! large by less than `2**s / 2**(63+s)` of the quotient's unit, so `n * m` without its low `63+s` bits is `n / d`, rounded down.
//! A negative dividend becomes its complement and back, which also makes the quotient the one that is rounded down.

use super::*;

/// What to multiply with, of which product to take the upper word, and by how much to shift that.
fn reciprocal(divisor: i64) -> (u64, u8) {
    let shift = 64 - (divisor as u64 - 1).leading_zeros();
    let scaled = (1u128 << (63 + shift)).div_ceil(divisor as u128);
    (scaled as u64, shift as u8 - 1)
}

impl Lowering<'_, '_> {
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
    use super::reciprocal;

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
}
