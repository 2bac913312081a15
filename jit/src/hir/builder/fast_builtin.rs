//! Calls of builtins that are done in place: functions and classes of the interpreter itself, on numbers mostly.
//!
//! What is a guess, the callee, is guarded; operands are those of which it is known, or seen in the frame's locals, what they
//! are. A result that is one of the operands is that very object.

use super::*;
use crate::cpython::{dict, kinds, method, object, unicode};
use crate::profile::Builtin;

/// Classes in a tuple for `isinstance` that are asked one after the other.
const MAX_CLASSES: usize = 6;

impl Builder<'_> {
    /// Does the call of `builtin`, which `object` is, in place. Says whether it did.
    pub(super) fn call_builtin(&mut self, builtin: Builtin, object: usize, has_self: bool) -> Result<bool, Refusal> {
        if builtin == Builtin::ListAppend {
            return if has_self && self.instr.oparg == 1 { self.list_append(object) } else { Ok(false) };
        }
        if has_self {
            return Ok(false);
        }
        Ok(match (builtin, self.instr.oparg) {
            (Builtin::Len, 1) => return self.length(object),
            (Builtin::IsInstance, 2) => return self.is_instance(object),
            (Builtin::Bool, 1) => return self.convert_to_bool(object),
            (Builtin::Type, 1) => self.type_of(object),
            (Builtin::Id, 1) => self.identity(object),
            (Builtin::Float, 1) => self.convert_to_float(object),
            (Builtin::Int | Builtin::Trunc | Builtin::Floor | Builtin::Ceil | Builtin::Round, 1) => {
                self.convert_to_int(builtin, object)
            }
            (Builtin::Abs, 1) if self.number_at(0) == Some(Number::Int) => self.absolute(object),
            (Builtin::Abs | Builtin::Sqrt | Builtin::Fabs | Builtin::Smooth(_), 1) => {
                self.float_function(builtin, object)
            }
            (Builtin::Min, 2) => self.extreme(Cond::Lt, object),
            (Builtin::Max, 2) => self.extreme(Cond::Gt, object),
            (Builtin::Divmod, 2) => self.quotient_and_remainder(object),
            (Builtin::Ord, 1) => self.code_of_character(object),
            (Builtin::Chr, 1) => self.character_of_code(object),
            (Builtin::Range, 1..=3) => return self.iterate_over_range(object),
            _ => false,
        })
    }

    /// Guards that the callable of the current call is `object`.
    fn guard_builtin(&mut self, object: usize) {
        let callable = self.peek(self.instr.oparg as usize + 1).value;
        self.guard_callable(callable, object);
    }

    /// Guards that the callable is `object`, or a function of the same definition: functions may die, and others take their places.
    fn guard_callable(&mut self, callable: Value, object: usize) {
        if matches!(self.func.inst(callable).op, Op::ConstObj { .. }) {
            return;
        }
        let Some(definition) = self.profile.definition_of(object) else {
            return self.guard_equal(callable, object as i64, Reason::Callee);
        };
        let ty = self.emit(Op::TypeOf, &[callable], Type::obj(Kinds::OTHER));
        self.guard_equal(ty, kinds::c_function_type() as i64, Reason::Callee);
        let found = self.emit(Op::Load { offset: method::M_ML, mem: Mem::I64 }, &[callable], Type::I64);
        self.guard_equal(found, definition as i64, Reason::Callee);
    }

    /// Drops callable, NULL and arguments; pushes the result, a new reference if it is an object that is not immortal.
    pub(super) fn finish_builtin(&mut self, result: Value, owned: bool) {
        let count = self.instr.oparg as usize + 2;
        self.set_line_to_close(count);
        self.close_top(count);
        self.push(result, owned);
    }

    /// Makes the only argument the result.
    fn finish_with_argument(&mut self) {
        let StackEntry { value, .. } = self.peek(0);
        let owned = self.func.ty(value).repr == Repr::Obj;
        if owned {
            self.emit(Op::IncRef, &[value], Type::NONE);
        }
        self.finish_builtin(value, owned);
    }

    /// The kind of number that an argument is, as far as is known or can be guessed.
    fn number_at(&self, depth: usize) -> Option<Number> {
        let entry = self.peek(depth);
        self.number(entry).or_else(|| {
            let seen = self.profile.kinds_in(*self.sources.get(&entry.value)?);
            [Number::Int, Number::Float]
                .into_iter()
                .find(|number| number.kinds() == seen && self.may_be(entry, *number))
        })
    }

    /// An argument that is such a number, unboxed.
    fn number_value(&mut self, depth: usize, number: Number) -> Value {
        match number {
            Number::Int => self.as_i64(depth),
            Number::Float => self.as_f64(depth, number),
        }
    }

    /// Guards that a float compares so.
    fn guard_limit(&mut self, cond: Cond, float: Value, limit: f64) {
        let limit = self.emit(Op::ConstF64(limit.to_bits()), &[], Type::F64);
        self.guard_float(cond, float, limit);
    }

    fn length(&mut self, object: usize) -> Result<bool, Refusal> {
        let arg = self.peek_obj(0);
        let kinds = self.func.ty(arg).kinds;
        self.guard_builtin(object);
        let offset = if kinds.is_within(Kinds::LIST.union(Kinds::TUPLE)) {
            object::OB_SIZE
        } else if kinds == Kinds::STR {
            unicode::LENGTH
        } else if kinds == Kinds::DICT {
            dict::MA_USED
        } else if self.call_length()? {
            return Ok(true);
        } else {
            self.set_line();
            let size = self.helper(Helper::Size, &[arg], &[]);
            self.check(size, ErrorKind::Negative)?;
            self.finish_builtin(size, false);
            self.safepoint(true)?;
            return Ok(true);
        };
        let size = self.emit(Op::Load { offset, mem: Mem::I64 }, &[arg], Type::I64);
        self.set_line();
        self.finish_builtin(size, false);
        Ok(true)
    }

    fn list_append(&mut self, object: usize) -> Result<bool, Refusal> {
        let receiver = self.peek(1).value;
        if kinds::type_address(Kinds::LIST).is_some_and(|list| self.is_known_below(receiver, list)) {
            return Ok(false);
        }
        self.guard_builtin(object);
        let list = self.guard_kinds(1, Kinds::LIST);
        self.append_to_list(list)?;
        self.close_top(2);
        let none = self.const_obj(self.profile.none());
        self.push(none, false);
        Ok(true)
    }

    /// `isinstance(object, class)`
    fn is_instance(&mut self, object: usize) -> Result<bool, Refusal> {
        self.box_operands(2);
        self.guard_builtin(object);
        let (instance, class) = (self.peek_obj(1), self.peek_obj(0));
        if let Some(answer) = self.foreseen_instance(instance, class) {
            let result = self.emit(Op::ConstBool(answer), &[], Type::BOOL);
            self.finish_builtin(result, false);
            return Ok(true);
        }
        self.set_line();
        let result = self.is_instance_of(instance, &[class])?;
        self.finish_builtin(result, false);
        self.safepoint(false)?;
        Ok(true)
    }

    /// Whether an object of which it is known what it is is an instance of a builtin class, which the class is guarded to be.
    /// Nobody can change these classes, and none of them asks their instances.
    fn foreseen_instance(&mut self, instance: Value, class: Value) -> Option<bool> {
        let address = *self.expect.get(&class)?;
        let answer = kinds::are_instances(self.func.ty(instance).kinds, address)?;
        if self.profile.has_failed(self.instr.start) {
            return None;
        }
        self.guard_equal(class, address as i64, Reason::Callee);
        Some(answer)
    }

    /// `isinstance(object, (class, ...))`, which needs no tuple: the current instruction makes it, the next one is the call. Says
    /// whether it did them.
    pub(super) fn is_instance_of_several(&mut self) -> Result<bool, Refusal> {
        let (next, count) = (self.index + 1, self.instr.oparg as usize);
        if next >= self.last || !(1..=MAX_CLASSES).contains(&count) || self.state.stack.len() < count + 3 {
            return Ok(false);
        }
        let call = self.code.instrs[next].clone();
        let (callable, receiver) = (self.peek(count + 2).value, self.peek(count + 1).value);
        let is_call = call.opcode == Opcode::Call && call.oparg == 2;
        let has_failed = [self.instr.start, call.start].iter().any(|start| self.profile.has_failed(*start));
        if !is_call || has_failed || !matches!(self.func.inst(receiver).op, Op::ConstRef(NULL_REF)) {
            return Ok(false);
        }
        let Some(&object) = self.expect.get(&callable) else { return Ok(false) };
        if self.profile.builtin(object) != Some(Builtin::IsInstance) {
            return Ok(false);
        }
        self.box_operands(count + 1);
        let callable = self.peek(count + 2).value;
        self.guard_callable(callable, object);
        let (instance, classes) = (self.peek_obj(count), self.operands(count));
        let mut asked = Vec::new();
        let mut is_own = false;
        for class in classes {
            match self.foreseen_instance(instance, class) {
                Some(true) if asked.is_empty() => {
                    is_own = true;
                    break;
                }
                Some(false) => {}
                _ => asked.push(class),
            }
        }
        let is_foreseen = asked.is_empty();
        self.skip(1);
        (self.instr, self.before) = (call, None);
        self.func.site = Some(self.instr.start);
        if is_foreseen {
            let result = self.emit(Op::ConstBool(is_own), &[], Type::BOOL);
            self.close_top(count + 3);
            self.push(result, false);
            return Ok(true);
        }
        self.set_line();
        let result = self.is_instance_of(instance, &asked)?;
        self.close_top(count + 3);
        self.push(result, false);
        self.safepoint(false)?;
        Ok(true)
    }

    /// Whether an object is an instance of one of the classes, which are asked in order: it is without any ado of its own class.
    fn is_instance_of(&mut self, instance: Value, classes: &[Value]) -> Result<Value, Refusal> {
        let join = self.func.new_block(false);
        let result = self.func.add_param(join, Type::BOOL);
        for class in classes {
            let ty = self.emit(Op::TypeOf, &[instance], Type::obj(Kinds::OTHER));
            let is_own = self.emit(Op::Compare(Cond::Eq), &[ty, *class], Type::BOOL);
            let (other, next) = (self.func.new_block(false), self.func.new_block(false));
            self.terminate(Terminator::Branch {
                cond: is_own,
                then: Edge { block: join, args: vec![is_own] },
                otherwise: Edge::to(other),
            });
            self.switch_to(other);
            let status = self.helper(Helper::IsInstance, &[instance, *class], &[]);
            self.check(status, ErrorKind::Negative)?;
            let zero = self.const_i64(0);
            let found = self.emit(Op::Compare(Cond::Ne), &[status, zero], Type::BOOL);
            self.terminate(Terminator::Branch {
                cond: found,
                then: Edge { block: join, args: vec![found] },
                otherwise: Edge::to(next),
            });
            self.switch_to(next);
        }
        let no = self.emit(Op::ConstBool(false), &[], Type::BOOL);
        self.terminate(Terminator::Jump(Edge { block: join, args: vec![no] }));
        self.switch_to(join);
        Ok(result)
    }

    fn convert_to_bool(&mut self, object: usize) -> Result<bool, Refusal> {
        self.guard_builtin(object);
        let entry = self.peek(0);
        let zero = match self.func.ty(entry.value).repr {
            Repr::Bool => {
                self.finish_builtin(entry.value, false);
                return Ok(true);
            }
            Repr::F64 => None,
            Repr::I64 => Some(self.const_i64(0)),
            _ => {
                let value = self.peek_obj(0);
                self.set_line();
                let status = self.helper(Helper::ToBool, &[value], &[]);
                self.check(status, ErrorKind::Negative)?;
                let zero = self.const_i64(0);
                let truth = self.emit(Op::Compare(Cond::Ne), &[status, zero], Type::BOOL);
                self.finish_builtin(truth, false);
                self.safepoint(true)?;
                return Ok(true);
            }
        };
        let truth = if let Some(zero) = zero {
            self.emit(Op::Compare(Cond::Ne), &[entry.value, zero], Type::BOOL)
        } else {
            let zero = self.emit(Op::ConstF64(0), &[], Type::F64);
            self.emit(Op::FloatCompare(Cond::Ne), &[entry.value, zero], Type::BOOL)
        };
        self.finish_builtin(truth, false);
        Ok(true)
    }

    fn type_of(&mut self, object: usize) -> bool {
        let arg = self.peek_obj(0);
        self.guard_builtin(object);
        let ty = self.emit(Op::TypeOf, &[arg], Type::obj(Kinds::OTHER));
        self.emit(Op::IncRef, &[ty], Type::NONE);
        self.finish_builtin(ty, true);
        true
    }

    fn identity(&mut self, object: usize) -> bool {
        let arg = self.peek_obj(0);
        self.guard_builtin(object);
        let zero = self.const_i64(0);
        let address = self.emit(Op::AddAddr, &[arg, zero], Type::I64);
        self.finish_builtin(address, false);
        true
    }

    /// `float(number)`: what is a float already is the result itself.
    fn convert_to_float(&mut self, object: usize) -> bool {
        let Some(number) = self.number_at(0) else { return false };
        self.guard_builtin(object);
        let value = self.as_f64(0, number);
        match number {
            Number::Int => self.finish_builtin(value, false),
            Number::Float => self.finish_with_argument(),
        }
        true
    }

    /// `int(number)`, `math.floor(number)` and the like: what is an int already is the result itself.
    fn convert_to_int(&mut self, builtin: Builtin, object: usize) -> bool {
        /// All floats below are ints of 64 bits, and none above is.
        const LIMIT: f64 = (1u64 << 63) as f64;
        /// Floats below have digits behind the point, and this times 3 added to one has none.
        const WHOLE: f64 = (1u64 << 51) as f64;
        let Some(number) = self.number_at(0) else { return false };
        self.guard_builtin(object);
        if number == Number::Int {
            if self.func.ty(self.peek(0).value).repr != Repr::I64 {
                self.guard_kinds(0, Kinds::LONG);
            }
            self.finish_with_argument();
            return true;
        }
        let float = self.as_f64(0, number);
        let limit = if builtin == Builtin::Round { WHOLE } else { LIMIT };
        self.guard_limit(Cond::Ge, float, -limit);
        self.guard_limit(Cond::Lt, float, limit);
        let result = if builtin == Builtin::Round {
            // The sum is rounded to the nearest int, and to an even one where two are as near.
            let shift = self.emit(Op::ConstF64((3.0 * WHOLE).to_bits()), &[], Type::F64);
            let sum = self.emit(Op::Float(FloatOp::Add), &[float, shift], Type::F64);
            let rounded = self.emit(Op::Float(FloatOp::Sub), &[sum, shift], Type::F64);
            self.emit(Op::FloatToInt, &[rounded], Type::I64)
        } else {
            let whole = self.emit(Op::FloatToInt, &[float], Type::I64);
            let further = match builtin {
                Builtin::Floor => Some((Cond::Gt, -1)),
                Builtin::Ceil => Some((Cond::Lt, 1)),
                _ => None,
            };
            match further {
                Some((cond, step)) => {
                    let back = self.emit(Op::IntToFloat, &[whole], Type::F64);
                    let is_short = self.emit(Op::FloatCompare(cond), &[back, float], Type::BOOL);
                    let step = self.const_i64(step);
                    let beyond = self.emit(Op::AddAddr, &[whole, step], Type::I64);
                    self.emit(Op::Select { repr: Repr::I64 }, &[is_short, beyond, whole], Type::I64)
                }
                None => whole,
            }
        };
        self.finish_builtin(result, false);
        true
    }

    /// `abs(int)`: what is not negative is the result itself.
    fn absolute(&mut self, object: usize) -> bool {
        self.guard_builtin(object);
        let int = self.as_i64(0);
        let negated = self.emit_guarded(Op::IntNeg, &[int], Type::I64);
        let zero = self.const_i64(0);
        let is_negative = self.emit(Op::Compare(Cond::Lt), &[int, zero], Type::BOOL);
        if self.is_fresh(0) {
            let result = self.emit(Op::Select { repr: Repr::I64 }, &[is_negative, negated, int], Type::I64);
            self.finish_builtin(result, false);
            return true;
        }
        let argument = self.peek_obj(0);
        let (negative, other) = (self.func.new_block(false), self.func.new_block(false));
        let join = self.func.new_block(false);
        let result = self.func.add_param(join, Type::obj(Kinds::LONG));
        let number = self.func.add_param(join, Type::I64);
        self.terminate(Terminator::Branch { cond: is_negative, then: Edge::to(negative), otherwise: Edge::to(other) });
        self.switch_to(negative);
        let boxed = self.emit_guarded(Op::BoxInt, &[negated], Type::obj(Kinds::LONG));
        self.terminate(Terminator::Jump(Edge { block: join, args: vec![boxed, negated] }));
        self.switch_to(other);
        self.emit(Op::IncRef, &[argument], Type::NONE);
        self.terminate(Terminator::Jump(Edge { block: join, args: vec![argument, int] }));
        self.switch_to(join);
        self.state.numbers.insert(result, number);
        self.finish_builtin(result, true);
        true
    }

    /// `divmod(a, b)` of ints, where its result is taken apart at once.
    fn quotient_and_remainder(&mut self, object: usize) -> bool {
        if [1, 0].map(|depth| self.number_at(depth)) != [Some(Number::Int); 2] || !self.is_unpacked_next(2) {
            return false;
        }
        self.guard_builtin(object);
        let operands = [1, 0].map(|depth| self.as_i64(depth));
        let quotient = self.emit_guarded(Op::Int(IntOp::FloorDiv), &operands, Type::I64);
        let remainder = self.emit_guarded(Op::Int(IntOp::Mod), &operands, Type::I64);
        self.skip(1);
        self.finish_builtin(remainder, false);
        self.push(quotient, false);
        true
    }

    /// A function of one float.
    fn float_function(&mut self, builtin: Builtin, object: usize) -> bool {
        let number = match (self.number_at(0), builtin) {
            // The absolute of an int is an int.
            (None, _) | (Some(Number::Int), Builtin::Abs) => return false,
            (Some(number), _) => number,
        };
        self.guard_builtin(object);
        let arg = self.as_f64(0, number);
        let result = match builtin {
            Builtin::Sqrt => {
                self.guard_limit(Cond::Ge, arg, 0.0);
                self.emit(Op::FloatSqrt, &[arg], Type::F64)
            }
            Builtin::Smooth(which) => {
                let result = self.helper(Helper::MathFunction, &[arg], &[which as i64]);
                let size = self.emit(Op::FloatAbs, &[result], Type::F64);
                self.guard_limit(Cond::Le, size, f64::MAX);
                result
            }
            _ => self.emit(Op::FloatAbs, &[arg], Type::F64),
        };
        self.finish_builtin(result, false);
        true
    }

    /// `min(a, b)` and `max(a, b)` of numbers of one kind: b if it compares as `cond` says, else a.
    fn extreme(&mut self, cond: Cond, object: usize) -> bool {
        let (Some(first), Some(second)) = (self.number_at(1), self.number_at(0)) else { return false };
        if first != second {
            return false;
        }
        self.guard_builtin(object);
        let (a, b) = (self.number_value(1, first), self.number_value(0, first));
        let compare = if first == Number::Int { Op::Compare(cond) } else { Op::FloatCompare(cond) };
        let is_second = self.emit(compare, &[b, a], Type::BOOL);
        let select = Op::Select { repr: first.ty().repr };
        let number = self.emit(select, &[is_second, b, a], first.ty());
        if self.is_fresh(1) && self.is_fresh(0) {
            self.finish_builtin(number, false);
            return true;
        }
        self.box_operands(2);
        let (a, b) = (self.peek_obj(1), self.peek_obj(0));
        let select = Op::Select { repr: Repr::Obj };
        let result = self.emit(select, &[is_second, b, a], Type::obj(first.kinds()));
        self.emit(Op::IncRef, &[result], Type::NONE);
        self.state.numbers.insert(result, number);
        self.finish_builtin(result, true);
        true
    }

    /// Whether nobody can tell a number's object from another one of the same value: there is none yet, or it is the
    /// interpreter's own.
    fn is_fresh(&self, depth: usize) -> bool {
        let value = self.peek(depth).value;
        match self.func.inst(value).op {
            Op::ConstObj { address, kinds: Kinds::LONG } => {
                self.profile.int_value(address).is_some_and(crate::cpython::long::is_small)
            }
            _ => matches!(self.func.ty(value).repr, Repr::I64 | Repr::F64),
        }
    }

    /// `ord(character)`
    fn code_of_character(&mut self, object: usize) -> bool {
        let argument = self.peek(0);
        let ty = self.func.ty(argument.value);
        if ty.repr != Repr::Obj || ty.kinds != Kinds::STR {
            return false;
        }
        self.guard_builtin(object);
        let code = match self.code_of(argument.value) {
            Some(code) => code,
            None => {
                let code = self.helper(Helper::UnicodeCode, &[argument.value], &[]);
                let zero = self.const_i64(0);
                let is_one = self.emit(Op::Compare(Cond::Ge), &[code, zero], Type::BOOL);
                self.emit_guarded(Op::Guard { reason: Reason::Bounds }, &[is_one], Type::NONE);
                code
            }
        };
        self.finish_builtin(code, false);
        true
    }

    /// `chr(code)` for the characters that the interpreter has at hand.
    fn character_of_code(&mut self, object: usize) -> bool {
        if self.number_at(0) != Some(Number::Int) {
            return false;
        }
        self.guard_builtin(object);
        let code = self.as_i64(0);
        let limit = self.const_i64(256);
        let is_there = self.emit(Op::Compare(Cond::Below), &[code, limit], Type::BOOL);
        self.emit_guarded(Op::Guard { reason: Reason::Bounds }, &[is_there], Type::NONE);
        let character = self.character(code);
        self.finish_builtin(character, false);
        true
    }

    /// The code of a string that is known to be one character below U+0100.
    pub(super) fn code_of(&mut self, string: Value) -> Option<Value> {
        match self.func.inst(string).op {
            Op::ConstObj { address, .. } => {
                let code = unicode::code_of_character(address)?;
                Some(self.const_i64(i64::from(code)))
            }
            _ => self.characters.get(&string).copied(),
        }
    }

    /// The string of one character with this code, which is immortal.
    pub(super) fn character(&mut self, code: Value) -> Value {
        let table = self.const_i64(unicode::characters() as i64);
        let load = Op::Load { offset: 0, mem: Mem::Obj };
        let character = self.emit(load, &[table, code], Type::obj(Kinds::STR));
        self.characters.insert(character, code);
        character
    }
}
