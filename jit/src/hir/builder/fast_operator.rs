//! Operators that classes define by functions written in Python.

use super::*;
use crate::profile::Operand;

impl Builder<'_> {
    /// Enters the method of the left operand's class that an operator stands for, if it is known what operands come by. Says
    /// whether it did.
    ///
    /// The operands stay where they are meanwhile, as the interpreter calls the method from C.
    pub(super) fn call_operator(&mut self) -> Result<bool, Refusal> {
        let (site, operator) = (self.instr.start, self.instr.oparg);
        if self.profile.has_failed(site) {
            return Ok(false);
        }
        let Some((operands, object)) = self.profile.operator(site, operator) else { return Ok(false) };
        let binding = self.profile.binding(object, 2, &[]).filter(|binding| binding.defaults.is_none());
        let Some(Binding { target, .. }) = binding else { return Ok(false) };
        self.box_operands(2);
        let (left, right) = (self.peek_obj(1), self.peek_obj(0));
        for (object, depth, operand) in [(left, 1, operands.left), (right, 0, operands.right)] {
            match operand {
                Operand::Class(version) => {
                    self.guard_version(object, version);
                }
                Operand::Number(kinds) => {
                    self.guard_kinds(depth, kinds);
                }
                Operand::None => unreachable!("an operator has two operands"),
            }
        }
        let function = self.known_obj(object);
        self.guard_function(function, object, target.code);
        self.set_line();
        self.scratch(3);
        // The interpreter holds what it has looked up during the call.
        self.emit(Op::IncRef, &[function], Type::NONE);
        let mut refs = Vec::new();
        for object in [function, left, right] {
            self.emit(Op::IncRef, &[object], Type::NONE);
            refs.push(self.to_ref(StackEntry { value: object, owned: true }));
        }
        let (refs, kept) = (&refs, &[left, right]);
        let call = KnownCall { kept, ..KnownCall::new(object, target, refs) };
        self.call_known(&call, |builder, result| {
            builder.emit(Op::DecRef, &[function], Type::NONE);
            builder.unless_refused(result, left, right, operator)?;
            builder.check_and_close(result, ErrorKind::Null, 2)?;
            builder.push(result, true);
            builder.safepoint(false)
        })?;
        Ok(true)
    }

    /// Goes on unless the method's result is `NotImplemented`: there is nothing else to be asked, so the operands are refused.
    fn unless_refused(&mut self, result: Value, left: Value, right: Value, operator: u32) -> Result<(), Refusal> {
        let (refused, next) = (self.func.new_block(true), self.func.new_block(false));
        let not_implemented = self.const_i64(self.profile.not_implemented() as i64);
        let cond = self.emit(Op::Compare(Cond::Eq), &[result, not_implemented], Type::BOOL);
        self.terminate(Terminator::Branch { cond, then: Edge::to(refused), otherwise: Edge::to(next) });
        let saved = (self.state.clone(), self.line, self.before, self.noisy);
        self.switch_to(refused);
        self.helper(Helper::RefuseOperands, &[left, right], &[i64::from(operator)]);
        if !self.instr.opcode.keeps_operands_on_error() {
            self.close_top(2);
        }
        let unwind = self.state.stack.clone();
        self.raise(&unwind)?;
        (self.state, self.line, self.before, self.noisy) = saved;
        self.switch_to(next);
        Ok(())
    }
}
