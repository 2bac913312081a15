//! Arithmetic at places where floats come by and other things as well, so that guessing floats has failed.

use super::*;
use crate::bytecode::operators::{NB_ADD, NB_MULTIPLY, NB_SUBTRACT, OPERATORS};
use crate::cpython::kinds;

impl Builder<'_> {
    /// Does the operation in place if both operands turn out to be floats, and otherwise for any numbers, or in general where something
    /// else has come by; the result is an object either way. Says whether it did: only where a guess has failed.
    pub(super) fn float_or_else(&mut self) -> Result<bool, Refusal> {
        let (left, right) = (self.peek(1), self.peek(0));
        let op = match self.instr.oparg % OPERATORS {
            NB_ADD => FloatOp::Add,
            NB_SUBTRACT => FloatOp::Sub,
            NB_MULTIPLY => FloatOp::Mul,
            _ => return Ok(false),
        };
        let is_float = |entry| self.number(entry) == Some(Number::Float);
        let may_be_float = |entry: StackEntry| {
            let ty = self.func.ty(entry.value);
            is_float(entry) || ty.repr == Repr::Obj && !ty.kinds.intersect(Kinds::FLOAT).is_empty()
        };
        let is_known = is_float(left) && is_float(right);
        if !self.profile.is_doubtful(self.instr.start)
            || self.instr.oparg >= 2 * OPERATORS
            || is_known
            || !may_be_float(left)
            || !may_be_float(right)
        {
            return Ok(false);
        }
        self.set_line();
        let mut fork = self.fork(&[Type::OBJ]);
        let float_type = kinds::type_address(Kinds::FLOAT).expect("a single type") as i64;
        let mut numbers = Vec::new();
        for depth in [1, 0] {
            let entry = self.peek(depth);
            if self.func.ty(entry.value).repr == Repr::F64 {
                numbers.push(entry.value);
                continue;
            }
            let float = if is_float_object(self.func.ty(entry.value)) {
                entry.value
            } else {
                let ty = self.emit(Op::TypeOf, &[entry.value], Type::obj(Kinds::OTHER));
                self.expect_equal(&fork, ty, float_type);
                self.emit(Op::Refine { kinds: Kinds::FLOAT }, &[entry.value], Type::obj(Kinds::FLOAT))
            };
            self.poke(depth, StackEntry { value: float, owned: entry.owned });
            numbers.push(self.emit(Op::UnboxFloat, &[float], Type::F64));
        }
        let result = self.emit(Op::Float(op), &numbers, Type::F64);
        let result = self.emit_guarded(Op::BoxFloat, &[result], Type::obj(Kinds::FLOAT));
        self.close_top(2);
        self.end_way(&mut fork, &[result], false)?;
        self.begin_way(&fork, fork.general);
        let is_of_numbers = self.profile.may_be_of_numbers(self.instr.start);
        if is_of_numbers {
            self.box_operands(2);
            self.guard_numbers();
        }
        let operands = self.operands(2);
        let helper = if is_of_numbers { Helper::NumberOp } else { Helper::BinaryOp };
        let result = self.helper(helper, &operands, &[i64::from(self.instr.oparg)]);
        self.check_and_close(result, ErrorKind::Null, 2)?;
        self.end_way(&mut fork, &[result], !is_of_numbers)?;
        let results = self.join(fork);
        self.push(results[0], true);
        Ok(true)
    }

    /// Guards that both operands are numbers. What else is the same object learns nothing by it: the other way does not come by here.
    fn guard_numbers(&mut self) {
        for depth in [1, 0] {
            let StackEntry { value, owned } = self.peek(depth);
            if !self.func.ty(value).kinds.is_within(Kinds::NUMBER) {
                let guard = Op::GuardKinds { kinds: Kinds::NUMBER };
                let value = self.emit_guarded(guard, &[value], Type::obj(Kinds::NUMBER));
                self.poke(depth, StackEntry { value, owned });
            }
        }
    }
}

fn is_float_object(ty: Type) -> bool {
    ty.repr == Repr::Obj && ty.kinds == Kinds::FLOAT
}
