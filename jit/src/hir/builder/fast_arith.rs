//! Fast paths for arithmetic, comparison and truth: unboxed when the interpreter has seen ints or floats. Results stay
//! unboxed on the abstract stack until something wants an object.

use super::*;
use crate::bytecode::operators::*;
use crate::cpython::float;

impl Builder<'_> {
    pub(super) fn binary_op(&mut self) -> Result<bool, Refusal> {
        if self.fast_subscr()?
            || self.fast_arith()
            || self.fast_concat()?
            || self.float_or_else()?
            || self.call_operator()?
        {
            return Ok(true);
        }
        self.count_untried();
        self.consume(Helper::BinaryOp, 2, &[i64::from(self.instr.oparg)])?;
        Ok(true)
    }

    /// What is known of an operand: its representation, its inferred type, or what the profile has seen.
    pub(super) fn number(&self, entry: StackEntry) -> Option<Number> {
        let ty = self.func.ty(entry.value);
        match (ty.repr, ty.kinds) {
            (Repr::I64, _) | (Repr::Obj, Kinds::LONG) => Some(Number::Int),
            (Repr::F64, _) | (Repr::Obj, Kinds::FLOAT) => Some(Number::Float),
            _ => None,
        }
    }

    /// Whether it makes sense to guess that the operand is a number of this kind.
    pub(super) fn may_be(&self, entry: StackEntry, number: Number) -> bool {
        let ty = self.func.ty(entry.value);
        let can_be = matches!(ty.repr, Repr::I64 | Repr::F64 | Repr::Obj | Repr::Ref);
        can_be && !ty.kinds.intersect(number.kinds()).is_empty()
    }

    /// Arithmetic of a float and something that may be an int or a float, which makes no difference to the result.
    fn double_arith(&mut self) -> bool {
        let op = match self.instr.oparg % OPERATORS {
            NB_ADD => FloatOp::Add,
            NB_SUBTRACT => FloatOp::Sub,
            NB_MULTIPLY => FloatOp::Mul,
            NB_TRUE_DIVIDE => FloatOp::Div,
            _ => return false,
        };
        let entries = [self.peek(1), self.peek(0)];
        let noted = self.noted_numbers();
        let is_float = [0, 1].map(|i| match self.number(entries[i]) {
            Some(number) => number == Number::Float,
            None => noted[i] == Kinds::FLOAT && self.may_be(entries[i], Number::Float),
        });
        let is_known = entries.map(|entry| self.double_in(&self.state, entry.value).is_some());
        // The interpreter specializes so for a float and an int: what is no float now was an int, and may become a float.
        // Where a guess at one of them has failed any number may still come by.
        // It specializes no division of two floats, and hardly anything else that floats are divided by is no number.
        let is_guessed = match self.profile.is_doubtful(self.instr.start) {
            true => op != FloatOp::Div && self.profile.may_be_of_numbers(self.instr.start),
            false => self.instr.raw == Opcode::BinaryOpExtend || op == FloatOp::Div,
        };
        let may_be = |i: usize| (is_guessed || noted[i] == Kinds::NUMBER) && self.may_be_any_number(entries[i]);
        let is_one = (0..2).any(|i| is_float[1 - i] && (is_known[i] || may_be(i)));
        if self.instr.oparg >= 2 * OPERATORS {
            return false;
        }
        if op == FloatOp::Div
            && !is_float.contains(&true)
            && let Some([left, right]) = self.mixed_numbers(entries[0], entries[1])
        {
            let l = self.as_exact_double(1, left);
            let r = self.as_exact_double(0, right);
            let result = self.emit_guarded(Op::Float(op), &[l, r], Type::F64);
            self.finish_unboxed(2, result);
            return true;
        }
        if !is_one {
            return false;
        }
        let mut doubles = Vec::new();
        for (i, depth) in [(0, 1), (1, 0)] {
            doubles.push(if is_float[i] {
                self.as_f64(depth, Number::Float)
            } else {
                let object = entries[i].value;
                self.double_of(object)
            });
        }
        let result = match op {
            FloatOp::Div => self.emit_guarded(Op::Float(op), &doubles, Type::F64),
            _ => self.emit(Op::Float(op), &doubles, Type::F64),
        };
        self.finish_unboxed(2, result);
        true
    }

    pub(super) fn fast_arith(&mut self) -> bool {
        if self.double_arith() {
            return true;
        }
        let (left, right) = (self.peek(1), self.peek(0));
        let expected = match self.instr.raw {
            Opcode::BinaryOpAddInt | Opcode::BinaryOpSubtractInt | Opcode::BinaryOpMultiplyInt => {
                Some((Number::Int, Number::Int))
            }
            Opcode::BinaryOpAddFloat | Opcode::BinaryOpSubtractFloat | Opcode::BinaryOpMultiplyFloat => {
                Some((Number::Float, Number::Float))
            }
            Opcode::BinaryOpExtend => {
                let number = |kinds| if kinds == Kinds::FLOAT { Number::Float } else { Number::Int };
                let kinds = self.profile.extended_numbers(self.instr.cache_u64(1));
                kinds.map(|(left, right)| (number(left), number(right)))
            }
            _ => {
                let [left, right] = self.noted_numbers().map(Number::of);
                left.zip(right)
            }
        };
        let known = (self.number(left), self.number(right));
        let guess = match (known, expected) {
            ((Some(l), Some(r)), _) => (l, r),
            ((Some(l), None), Some((_, r))) => (l, r),
            ((None, Some(r)), Some((l, _))) => (l, r),
            (_, Some(both)) => both,
            _ => return false,
        };
        if self.profile.is_doubtful(self.instr.start) && known != (Some(guess.0), Some(guess.1)) {
            return false;
        }
        if !self.may_be(left, guess.0) || !self.may_be(right, guess.1) {
            return false;
        }
        if self.instr.oparg >= 2 * OPERATORS {
            return false;
        }
        let operator = self.instr.oparg % OPERATORS;
        let int_op = match operator {
            NB_ADD => Some(IntOp::Add),
            NB_SUBTRACT => Some(IntOp::Sub),
            NB_MULTIPLY => Some(IntOp::Mul),
            NB_FLOOR_DIVIDE => Some(IntOp::FloorDiv),
            NB_REMAINDER => Some(IntOp::Mod),
            NB_AND => Some(IntOp::And),
            NB_OR => Some(IntOp::Or),
            NB_XOR => Some(IntOp::Xor),
            NB_LSHIFT => Some(IntOp::Shl),
            NB_RSHIFT => Some(IntOp::Shr),
            _ => None,
        };
        let float_op = match operator {
            NB_ADD => Some(FloatOp::Add),
            NB_SUBTRACT => Some(FloatOp::Sub),
            NB_MULTIPLY => Some(FloatOp::Mul),
            NB_TRUE_DIVIDE => Some(FloatOp::Div),
            _ => None,
        };
        match guess {
            (Number::Int, Number::Int) if operator == NB_TRUE_DIVIDE => {
                if self.profile.has_failed(self.instr.start) {
                    return false;
                }
                // The quotient of two doubles that are the ints is rounded as Python rounds that of the ints.
                let l = self.as_exact_f64(1, Number::Int);
                let r = self.as_exact_f64(0, Number::Int);
                let result = self.emit_guarded(Op::Float(FloatOp::Div), &[l, r], Type::F64);
                self.finish_unboxed(2, result);
            }
            (Number::Int, Number::Int) if operator == NB_POWER => return self.power_of_int(),
            (Number::Int, Number::Int) => {
                // Results of ints that keep overflowing 64 bits belong to the interpreter's own arithmetic.
                let Some(op) = int_op else { return false };
                if self.profile.has_failed(self.instr.start) {
                    return false;
                }
                let l = self.as_i64(1);
                let r = self.as_i64(0);
                let result = match op {
                    IntOp::And | IntOp::Or | IntOp::Xor => self.emit(Op::Int(op), &[l, r], Type::I64),
                    _ => self.emit_guarded(Op::Int(op), &[l, r], Type::I64),
                };
                self.finish_unboxed(2, result);
            }
            _ if operator == NB_POWER => {
                if guess.0 == Number::Int || self.profile.has_failed(self.instr.start) {
                    return false;
                }
                let base = self.as_f64(1, Number::Float);
                let exponent = self.as_f64(0, guess.1);
                self.power(base, exponent);
            }
            _ => {
                let Some(op) = float_op else { return false };
                let l = self.as_f64(1, guess.0);
                let r = self.as_f64(0, guess.1);
                let result = match op {
                    FloatOp::Div => self.emit_guarded(Op::Float(op), &[l, r], Type::F64),
                    _ => self.emit(Op::Float(op), &[l, r], Type::F64),
                };
                self.finish_unboxed(2, result);
            }
        }
        true
    }

    /// A power that is as C computes it.
    fn power(&mut self, base: Value, exponent: Value) {
        let result = self.helper(Helper::FloatPow, &[base, exponent], &[]);
        // What must be left to the interpreter comes as a NaN.
        self.guard_float(Cond::Eq, result, result);
        self.finish_unboxed(2, result);
    }

    /// The square or the cube of an int; says whether it is one of them.
    fn power_of_int(&mut self) -> bool {
        let exponent = match self.func.inst(self.peek(0).value).op {
            Op::ConstI64(exponent) => Some(exponent),
            Op::ConstObj { address, .. } => self.profile.int_value(address),
            _ => None,
        };
        let Some(exponent @ 2..=3) = exponent else { return false };
        if self.profile.has_failed(self.instr.start) {
            return false;
        }
        let base = self.as_i64(1);
        let mut result = base;
        for _ in 1..exponent {
            result = self.emit_guarded(Op::Int(IntOp::Mul), &[result, base], Type::I64);
        }
        self.finish_unboxed(2, result);
        true
    }

    /// What the operands were noted to be where the interpreter says nothing, if that can be guessed. Where a guess has failed ints and
    /// floats both came by: then it is only guessed that they are numbers.
    fn noted_numbers(&self) -> [Kinds; 2] {
        let site = self.instr.start;
        match self.profile.numbers(site) {
            Some((left, right)) if !self.profile.has_failed(site) => [left, right],
            Some((left, right)) if left.union(right) != Kinds::LONG && self.may_guess_again() => [Kinds::NUMBER; 2],
            _ => [Kinds::EMPTY; 2],
        }
    }

    fn is_constant(&self, entry: StackEntry) -> bool {
        matches!(self.func.inst(entry.value).op, Op::ConstI64(_) | Op::ConstObj { .. })
    }

    /// Whether numbers may be guessed where a more exact guess has failed: not if that would be one failure too many.
    fn may_guess_again(&self) -> bool {
        self.profile.is_learning() && self.profile.may_be_of_numbers(self.instr.start)
    }

    /// Whether it makes sense to guess that the operand is an object that is a number.
    fn may_be_any_number(&self, entry: StackEntry) -> bool {
        let ty = self.func.ty(entry.value);
        ty.repr == Repr::Obj && Kinds::NUMBER.is_within(ty.kinds)
    }

    pub(super) fn guard_float(&mut self, cond: Cond, left: Value, right: Value) {
        let holds = self.emit(Op::FloatCompare(cond), &[left, right], Type::BOOL);
        self.emit_guarded(Op::Guard { reason: Reason::Domain }, &[holds], Type::NONE);
    }

    /// Drops the operands of a computation without side effects and pushes its result.
    pub(super) fn finish_unboxed(&mut self, count: usize, result: Value) {
        self.close_top(count);
        self.push(result, false);
    }

    /// The operand as a machine integer.
    pub(super) fn as_i64(&mut self, depth: usize) -> Value {
        let entry = self.peek(depth);
        if self.func.ty(entry.value).repr == Repr::I64 {
            return entry.value;
        }
        let object = self.guard_kinds(depth, Kinds::LONG);
        self.number_of(object, Number::Int)
    }

    pub(super) fn as_f64(&mut self, depth: usize, number: Number) -> Value {
        let entry = self.peek(depth);
        if self.func.ty(entry.value).repr == Repr::F64 {
            return entry.value;
        }
        if number == Number::Int {
            let int = self.as_i64(depth);
            return self.emit(Op::IntToFloat, &[int], Type::F64);
        }
        let object = self.guard_kinds(depth, Kinds::FLOAT);
        self.number_of(object, Number::Float)
    }

    /// The operand as a double of exactly its value: Python compares an int and a float by their values.
    fn as_exact_f64(&mut self, depth: usize, number: Number) -> Value {
        if number == Number::Float {
            return self.as_f64(depth, number);
        }
        let int = self.as_i64(depth);
        if let Op::ConstI64(value) = self.func.inst(int).op
            && value.abs() <= float::EXACT_INTS
        {
            return self.emit(Op::ConstF64((value as f64).to_bits()), &[], Type::F64);
        }
        for (cond, limit) in [(Cond::Ge, -float::EXACT_INTS), (Cond::Le, float::EXACT_INTS)] {
            let limit = self.const_i64(limit);
            let is_exact = self.emit(Op::Compare(cond), &[int, limit], Type::BOOL);
            self.emit_guarded(Op::Guard { reason: Reason::Overflow }, &[is_exact], Type::NONE);
        }
        self.emit(Op::IntToFloat, &[int], Type::F64)
    }

    /// The operand, which may be any number, as a double of exactly its value.
    fn as_exact_double(&mut self, depth: usize, kinds: Kinds) -> Value {
        let known = self.number(self.peek(depth));
        match known.or(Number::of(kinds)) {
            Some(number) => self.as_exact_f64(depth, number),
            None => {
                let object = self.peek_obj(depth);
                self.emit_guarded(Op::UnboxNumber { exact: true }, &[object], Type::F64)
            }
        }
    }

    /// The operand as an object of one of `kinds`, guarded unless that is known. The abstract state learns it.
    pub(super) fn guard_kinds(&mut self, depth: usize, kinds: Kinds) -> Value {
        let object = self.peek_obj(depth);
        if self.func.ty(object).kinds.is_within(kinds) {
            return object;
        }
        let refined = self.emit_guarded(Op::GuardKinds { kinds }, &[object], Type::obj(kinds));
        if let Some(slot) = self.sources.get(&object) {
            self.sources.insert(refined, *slot);
        }
        self.learn(object, refined);
        refined
    }

    /// Replaces a value by what a guard knows of it.
    pub(super) fn learn(&mut self, old: Value, new: Value) {
        for entry in &mut self.state.stack {
            if entry.value == old {
                entry.value = new;
            }
        }
        for local in &mut self.state.locals {
            if *local == Local::Value(old) {
                *local = Local::Value(new);
            }
        }
    }

    pub(super) fn unary_negative(&mut self) -> Result<bool, Refusal> {
        let entry = self.peek(0);
        match self.number(entry) {
            Some(Number::Int) if !self.profile.has_failed(self.instr.start) => {
                let value = self.as_i64(0);
                let result = self.emit_guarded(Op::IntNeg, &[value], Type::I64);
                self.finish_unboxed(1, result);
            }
            Some(Number::Float) => {
                let value = self.as_f64(0, Number::Float);
                let result = self.emit(Op::FloatNeg, &[value], Type::F64);
                self.finish_unboxed(1, result);
            }
            _ if self.call_unary(Special::Negative)? => {}
            _ => self.unary(Helper::UnaryNegative)?,
        }
        Ok(true)
    }

    pub(super) fn compare_op(&mut self) -> Result<bool, Refusal> {
        let cond = [Cond::Lt, Cond::Le, Cond::Eq, Cond::Ne, Cond::Gt, Cond::Ge][(self.instr.oparg >> 5) as usize];
        let (left, right) = (self.peek(1), self.peek(0));
        let expected = match self.instr.raw {
            Opcode::CompareOpInt => Some((Number::Int, Number::Int)),
            Opcode::CompareOpFloat => Some((Number::Float, Number::Float)),
            _ => {
                let [left, right] = self.noted_numbers().map(Number::of);
                left.zip(right).filter(|(left, right)| left == right)
            }
        };
        let known = (self.number(left), self.number(right));
        let guess = match (known, expected) {
            ((Some(l), Some(r)), _) if l == r => Some(l),
            ((Some(_), Some(_)), _) => None,
            (_, Some((l, _))) => Some(l),
            _ => None,
        };
        if let Some([left, right]) = self.mixed_numbers(left, right) {
            let l = self.as_exact_double(1, left);
            let r = self.as_exact_double(0, right);
            let result = self.emit(Op::FloatCompare(cond), &[l, r], Type::BOOL);
            self.finish_unboxed(2, result);
            return Ok(true);
        }
        let sure = guess.is_some_and(|g| known == (Some(g), Some(g)));
        if let Some(guess) = guess
            && (sure || !self.profile.has_failed(self.instr.start))
            && self.may_be(left, guess)
            && self.may_be(right, guess)
        {
            let result = match guess {
                Number::Int => {
                    let l = self.as_i64(1);
                    let r = self.as_i64(0);
                    self.emit(Op::Compare(cond), &[l, r], Type::BOOL)
                }
                Number::Float => {
                    let l = self.as_f64(1, Number::Float);
                    let r = self.as_f64(0, Number::Float);
                    self.emit(Op::FloatCompare(cond), &[l, r], Type::BOOL)
                }
            };
            self.finish_unboxed(2, result);
            return Ok(true);
        }
        if let (Some(l), Some(r)) = (self.code_of(left.value), self.code_of(right.value)) {
            let result = self.emit(Op::Compare(cond), &[l, r], Type::BOOL);
            self.finish_unboxed(2, result);
            return Ok(true);
        }
        if self.instr.raw == Opcode::CompareOpStr
            && matches!(cond, Cond::Eq | Cond::Ne)
            && !self.profile.has_failed(self.instr.start)
        {
            let l = self.guard_kinds(1, Kinds::STR);
            let r = self.guard_kinds(0, Kinds::STR);
            let equal = self.helper(Helper::UnicodeEq, &[l, r], &[]);
            let zero = self.const_i64(0);
            let cond = if cond == Cond::Eq { Cond::Ne } else { Cond::Eq };
            let result = self.emit(Op::Compare(cond), &[equal, zero], Type::BOOL);
            self.finish_unboxed(2, result);
            return Ok(true);
        }
        self.generic_compare()?;
        Ok(true)
    }

    /// What numbers these operands are, if one may be a float and the other may be an int, and only their values matter.
    fn mixed_numbers(&self, left: StackEntry, right: StackEntry) -> Option<[Kinds; 2]> {
        let is_unspecialized = matches!(self.instr.raw, Opcode::CompareOp | Opcode::BinaryOp);
        let has_failed = self.profile.has_failed(self.instr.start);
        let known = [left, right].map(|entry| self.number(entry));
        let noted = self.noted_numbers();
        // The interpreter specializes no such comparison, but that of two floats.
        let kinds = |i: usize, entry: StackEntry| match known[i] {
            // That an int is too large for a double would be the same failure again, here or at the next place.
            Some(Number::Int) if has_failed || !self.profile.is_learning() && !self.is_constant(entry) => Kinds::EMPTY,
            Some(number) => number.kinds(),
            None if !self.may_be_any_number(entry) => Kinds::EMPTY,
            None if !noted[i].is_empty() && (is_unspecialized || has_failed) => noted[i],
            None if is_unspecialized && !has_failed && known[1 - i] == Some(Number::Float) => Kinds::NUMBER,
            None => Kinds::EMPTY,
        };
        let both = [kinds(0, left), kinds(1, right)];
        let is_mixed = both[0].union(both[1]) == Kinds::NUMBER && !both.contains(&Kinds::EMPTY);
        is_mixed.then_some(both)
    }

    /// The truth of the top operand when its type tells how to compute it; consumes the operand.
    pub(super) fn fast_to_bool(&mut self) -> Option<Value> {
        let entry = self.peek(0);
        let ty = self.func.ty(entry.value);
        match ty.repr {
            Repr::Bool => {
                self.pop();
                return Some(entry.value);
            }
            Repr::I64 => {
                self.pop();
                let zero = self.const_i64(0);
                return Some(self.emit(Op::Compare(Cond::Ne), &[entry.value, zero], Type::BOOL));
            }
            Repr::F64 => {
                self.pop();
                let zero = self.emit(Op::ConstF64(0), &[], Type::F64);
                return Some(self.emit(Op::FloatCompare(Cond::Ne), &[entry.value, zero], Type::BOOL));
            }
            _ => {}
        }
        let kinds = match self.instr.raw {
            _ if self.profile.has_failed(self.instr.start) => return None,
            Opcode::ToBoolBool => Kinds::BOOL,
            Opcode::ToBoolInt => Kinds::LONG,
            Opcode::ToBoolList => Kinds::LIST,
            Opcode::ToBoolNone => Kinds::NONE,
            Opcode::ToBoolStr => Kinds::STR,
            _ => return None,
        };
        let object = self.guard_kinds(0, kinds);
        let cond = match kinds {
            Kinds::BOOL => self.emit(Op::UnboxBool, &[object], Type::BOOL),
            Kinds::NONE => self.emit(Op::ConstBool(false), &[], Type::BOOL),
            Kinds::LONG => {
                let offset = crate::cpython::long::LV_TAG;
                let tag = self.emit(Op::Load { offset, mem: Mem::I64 }, &[object], Type::I64);
                let three = self.const_i64(3);
                let sign = self.emit(Op::Int(IntOp::And), &[tag, three], Type::I64);
                let one = self.const_i64(1);
                self.emit(Op::Compare(Cond::Ne), &[sign, one], Type::BOOL)
            }
            _ => {
                let offset = match kinds {
                    Kinds::LIST => crate::cpython::object::OB_SIZE,
                    _ => crate::cpython::unicode::LENGTH,
                };
                let size = self.emit(Op::Load { offset, mem: Mem::I64 }, &[object], Type::I64);
                let zero = self.const_i64(0);
                self.emit(Op::Compare(Cond::Ne), &[size, zero], Type::BOOL)
            }
        };
        self.set_line();
        self.close_top(1);
        Some(cond)
    }

    /// `name += text` of exact strings: the local gives its reference up, so that a string which nobody else has grows in
    /// place. The `STORE_FAST` that follows fills the local again.
    fn append_in_place(&mut self) -> Result<bool, Refusal> {
        let Some(store) = self.code.instrs.get(self.index + 1).filter(|next| next.opcode == Opcode::StoreFast) else {
            return Ok(false);
        };
        let slot = store.oparg;
        let left = self.guard_kinds(1, Kinds::STR);
        let right = self.guard_kinds(0, Kinds::STR);
        let home = self.load_local(slot);
        let same = self.emit(Op::Compare(Cond::Eq), &[left, home], Type::BOOL);
        self.emit_guarded(Op::Guard { reason: Reason::Identity }, &[same], Type::NONE);
        self.set_line();
        let (right_entry, left_entry) = (self.pop(), self.pop());
        self.close(left_entry);
        let result = self.helper(Helper::UnicodeAppend, &[right], &[i64::from(slot)]);
        self.state.locals[slot as usize] = Local::Null;
        self.close(right_entry);
        self.check(result, ErrorKind::Null)?;
        let result = self.emit(Op::Refine { kinds: Kinds::STR }, &[result], Type::obj(Kinds::STR));
        self.push(result, true);
        Ok(true)
    }

    /// String concatenation of two exact strings.
    fn fast_concat(&mut self) -> Result<bool, Refusal> {
        if self.instr.raw == Opcode::BinaryOpInplaceAddUnicode && !self.profile.has_failed(self.instr.start) {
            return self.append_in_place();
        }
        if self.instr.raw != Opcode::BinaryOpAddUnicode || self.profile.has_failed(self.instr.start) {
            return Ok(false);
        }
        let l = self.guard_kinds(1, Kinds::STR);
        let r = self.guard_kinds(0, Kinds::STR);
        self.set_line();
        let result = self.helper(Helper::UnicodeConcat, &[l, r], &[]);
        self.check_and_close(result, ErrorKind::Null, 2)?;
        let result = self.emit(Op::Refine { kinds: Kinds::STR }, &[result], Type::obj(Kinds::STR));
        self.push(result, true);
        Ok(true)
    }
}
