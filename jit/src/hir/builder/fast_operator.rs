//! Operators that classes define by functions written in Python.

use super::*;

impl Builder<'_> {
    /// Enters the method of an operand's class that an operator stands for, if it is known what operands come by: the left one's, or the
    /// right one's where the left one is a number. Says whether it did.
    ///
    /// The operands stay where they are meanwhile, as the interpreter calls the method from C.
    pub(super) fn call_operator(&mut self) -> Result<bool, Refusal> {
        let operator = self.instr.oparg;
        let method = self.special_method(Special::Operator(operator), &[1, 0]);
        let method = method.or_else(|| self.special_method(Special::Reflected(operator), &[0, 1]));
        let Some(method) = method else { return Ok(false) };
        let [left, right] = [1, 0].map(|depth| self.peek_obj(depth));
        self.call_for_value(&method.call(), |builder, result| {
            builder.emit(Op::DecRef, &[method.function], Type::NONE);
            if builder.func.ty(result).repr != Repr::Obj {
                return builder.finish_special(result, 2);
            }
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
