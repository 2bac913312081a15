//! Special methods written in Python that comparisons, `in`, truth, `len` and unary operators call from C.
//!
//! The operands stay where they are until the method has returned, and the method is held that was looked up. What usually comes
//! back, a bool or an int, is made use of at once; anything else is dealt with aside, and the code is left behind the bytecode.

use super::ops::COMPARE_TO_BOOL;
use super::*;
use crate::cpython::kinds;
use crate::profile::Operand;

/// A special method that is called, after the guards that it is this one.
pub(super) struct SpecialMethod {
    pub(super) function: Value,
    object: usize,
    target: CallTarget,
    /// The function and its arguments, stackrefs; and the operands that these are.
    refs: Vec<Value>,
    operands: Vec<Value>,
}

impl SpecialMethod {
    pub(super) fn call(&self) -> KnownCall<'_> {
        KnownCall { kept: &self.operands, ..KnownCall::new(self.object, self.target, &self.refs) }
    }
}

impl Builder<'_> {
    /// Guards that the operands at these depths, in the order of the method's parameters, are what came by here, and that their method
    /// is what it was; none if that is not known.
    pub(super) fn special_method(&mut self, special: Special, depths: &[usize]) -> Option<SpecialMethod> {
        let site = self.instr.start;
        if self.profile.has_failed(site) {
            return None;
        }
        let (seen, object) = self.profile.special(site, special)?;
        let binding = self.profile.binding(object, depths.len() as u32, &[])?;
        if binding.defaults.is_some() {
            return None;
        }
        self.box_operands(depths.len());
        let operands: Vec<Value> = depths.iter().map(|depth| self.peek_obj(*depth)).collect();
        for (i, operand) in [seen.left, seen.right].into_iter().enumerate() {
            match operand {
                Operand::Class(version) => {
                    self.guard_version(operands[i], version);
                }
                Operand::Number(kinds) => {
                    self.guard_kinds(depths[i], kinds);
                }
                Operand::None | Operand::Function { .. } | Operand::Buffer(..) => {}
            }
        }
        let (function, target) = (self.known_obj(object), binding.target);
        self.guard_function(function, object, target.code);
        self.set_line();
        self.scratch(1 + depths.len() as u32);
        // The interpreter holds what it has looked up during the call.
        self.emit(Op::IncRef, &[function], Type::NONE);
        let mut refs = Vec::new();
        for object in [function].iter().chain(&operands) {
            self.emit(Op::IncRef, &[*object], Type::NONE);
            refs.push(self.to_ref(StackEntry { value: *object, owned: true }));
        }
        Some(SpecialMethod { function, object, target, refs, operands })
    }

    /// A comparison, by the left operand's method. Says whether it is one.
    pub(super) fn call_comparison(&mut self) -> Result<bool, Refusal> {
        let operator = self.instr.oparg >> 5;
        let Some(method) = self.special_method(Special::Comparison(operator), &[1, 0]) else { return Ok(false) };
        let wants_bool = self.instr.oparg & COMPARE_TO_BOOL != 0;
        self.call_for_value(&method.call(), |builder, result| {
            builder.emit(Op::DecRef, &[method.function], Type::NONE);
            if builder.func.ty(result).repr != Repr::Obj {
                return builder.finish_special(result, 2);
            }
            let not_implemented = builder.const_i64(builder.profile.not_implemented() as i64);
            let cond = builder.emit(Op::Compare(Cond::Eq), &[result, not_implemented], Type::BOOL);
            builder.aside(cond, |builder| {
                let result = builder.helper(Helper::CompareRest, &method.operands, &[i64::from(operator)]);
                builder.check_and_close(result, ErrorKind::Null, 2)?;
                if wants_bool {
                    return builder.push_truth(result);
                }
                builder.push(result, true);
                Ok(())
            })?;
            builder.check_and_close(result, ErrorKind::Null, 2)?;
            if !wants_bool {
                builder.push(result, true);
                return builder.safepoint(false);
            }
            let truth = builder.bool_or_aside(result, |builder| builder.push_truth(result))?;
            builder.push(truth, false);
            builder.safepoint(false)
        })?;
        Ok(true)
    }

    /// `in`, by the container's method. Says whether it is one.
    pub(super) fn call_contains(&mut self) -> Result<bool, Refusal> {
        let Some(method) = self.special_method(Special::Contains, &[0, 1]) else { return Ok(false) };
        let is_inverted = self.instr.oparg != 0;
        let answer = |builder: &mut Self, found| match is_inverted {
            true => builder.emit(Op::Not, &[found], Type::BOOL),
            false => found,
        };
        self.call_for_value(&method.call(), |builder, result| {
            builder.emit(Op::DecRef, &[method.function], Type::NONE);
            let found = match builder.func.ty(result).repr {
                Repr::Bool => result,
                _ => {
                    builder.check(result, ErrorKind::Null)?;
                    builder.bool_or_aside(result, |builder| {
                        let status = builder.helper(Helper::ToBool, &[result], &[]);
                        builder.emit(Op::DecRef, &[result], Type::NONE);
                        builder.check_and_close(status, ErrorKind::Negative, 2)?;
                        let zero = builder.const_i64(0);
                        let found = builder.emit(Op::Compare(Cond::Ne), &[status, zero], Type::BOOL);
                        let found = answer(builder, found);
                        builder.push(found, false);
                        Ok(())
                    })?
                }
            };
            let found = answer(builder, found);
            builder.finish_special(found, 2)
        })?;
        Ok(true)
    }

    /// The truth of the topmost operand, by its method `__bool__`. Says whether there is one.
    pub(super) fn call_truth(&mut self) -> Result<bool, Refusal> {
        let Some(method) = self.special_method(Special::Truth, &[0]) else { return Ok(false) };
        self.call_for_value(&method.call(), |builder, result| {
            builder.emit(Op::DecRef, &[method.function], Type::NONE);
            if builder.func.ty(result).repr == Repr::Bool {
                return builder.finish_special(result, 1);
            }
            builder.check_and_close(result, ErrorKind::Null, 1)?;
            let truth = builder.bool_or_aside(result, |builder| {
                let status = builder.helper(Helper::RefuseTruth, &[result], &[]);
                builder.emit(Op::DecRef, &[result], Type::NONE);
                builder.check(status, ErrorKind::Negative)?;
                let no = builder.emit(Op::ConstBool(false), &[], Type::BOOL);
                builder.push(no, false);
                Ok(())
            })?;
            builder.push(truth, false);
            builder.safepoint(false)
        })?;
        Ok(true)
    }

    /// `len`, whose argument is the topmost operand, by the argument's method. Says whether there is one.
    pub(super) fn call_length(&mut self) -> Result<bool, Refusal> {
        let Some(method) = self.special_method(Special::Length, &[0]) else { return Ok(false) };
        self.call_for_value(&method.call(), |builder, result| {
            builder.emit(Op::DecRef, &[method.function], Type::NONE);
            let length = match builder.func.ty(result).repr {
                Repr::I64 => {
                    let zero = builder.const_i64(0);
                    let cond = builder.emit(Op::Compare(Cond::Lt), &[result, zero], Type::BOOL);
                    builder.aside(cond, |builder| {
                        let status = builder.helper(Helper::RefuseLength, &[], &[]);
                        builder.check(status, ErrorKind::Negative)?;
                        builder.finish_builtin(result, false);
                        Ok(())
                    })?;
                    result
                }
                Repr::Obj => {
                    builder.check(result, ErrorKind::Null)?;
                    let length = builder.helper(Helper::LengthOf, &[result], &[]);
                    builder.emit(Op::DecRef, &[result], Type::NONE);
                    builder.check(length, ErrorKind::Negative)?;
                    length
                }
                _ => {
                    let boxed = builder.boxed(StackEntry { value: result, owned: true }).value;
                    let length = builder.helper(Helper::LengthOf, &[boxed], &[]);
                    builder.emit(Op::DecRef, &[boxed], Type::NONE);
                    builder.check(length, ErrorKind::Negative)?;
                    length
                }
            };
            builder.finish_builtin(length, false);
            if !builder.noisy {
                return Ok(());
            }
            let serves = builder.serves_after_call();
            builder.safepoint(serves)
        })?;
        Ok(true)
    }

    /// `-` and `~`, by the operand's method. Says whether there is one.
    pub(super) fn call_unary(&mut self, special: Special) -> Result<bool, Refusal> {
        let Some(method) = self.special_method(special, &[0]) else { return Ok(false) };
        self.call_for_value(&method.call(), |builder, result| {
            builder.emit(Op::DecRef, &[method.function], Type::NONE);
            if builder.func.ty(result).repr != Repr::Obj {
                return builder.finish_special(result, 1);
            }
            builder.check_and_close(result, ErrorKind::Null, 1)?;
            builder.push(result, true);
            builder.safepoint(false)
        })?;
        Ok(true)
    }

    /// Closes the operands and pushes a result that is in a register.
    pub(super) fn finish_special(&mut self, result: Value, count: usize) -> Result<(), Refusal> {
        self.close_top(count);
        self.push(result, false);
        self.safepoint(false)
    }

    /// The truth of an object on the usual way, where it is `True` or `False`; anything else is dealt with aside.
    fn bool_or_aside(
        &mut self,
        object: Value,
        other: impl FnOnce(&mut Self) -> Result<(), Refusal>,
    ) -> Result<Value, Refusal> {
        let ty = self.emit(Op::TypeOf, &[object], Type::obj(Kinds::OTHER));
        let expected = self.const_i64(kinds::type_address(Kinds::BOOL).expect("a single type") as i64);
        let cond = self.emit(Op::Compare(Cond::Ne), &[ty, expected], Type::BOOL);
        self.aside(cond, other)?;
        let object = self.emit(Op::Refine { kinds: Kinds::BOOL }, &[object], Type::obj(Kinds::BOOL));
        let truth = self.emit(Op::UnboxBool, &[object], Type::BOOL);
        self.emit(Op::DecRef, &[object], Type::NONE);
        Ok(truth)
    }

    /// Pushes the truth of a result, which is given up.
    fn push_truth(&mut self, result: Value) -> Result<(), Refusal> {
        let status = self.helper(Helper::ToBool, &[result], &[]);
        self.emit(Op::DecRef, &[result], Type::NONE);
        self.check(status, ErrorKind::Negative)?;
        let zero = self.const_i64(0);
        let truth = self.emit(Op::Compare(Cond::Ne), &[status, zero], Type::BOOL);
        self.push(truth, false);
        Ok(())
    }

    /// Where `cond` holds the bytecode is finished by `finish`, and the code is left behind it; goes on where it does not hold.
    fn aside(&mut self, cond: Value, finish: impl FnOnce(&mut Self) -> Result<(), Refusal>) -> Result<(), Refusal> {
        let (rare, next) = (self.func.new_block(true), self.func.new_block(false));
        self.terminate(Terminator::Branch { cond, then: Edge::to(rare), otherwise: Edge::to(next) });
        let saved = (self.state.clone(), self.line, self.before, self.noisy, self.stored);
        let facts = self.facts.clone();
        self.switch_to(rare);
        self.forget();
        self.noisy = true;
        finish(self)?;
        let state = self.state_at(self.instr.next);
        self.terminate(Terminator::Exit { state, reason: Reason::Type });
        (self.state, self.line, self.before, self.noisy, self.stored) = saved;
        self.facts = facts;
        self.switch_to(next);
        Ok(())
    }
}
