//! Numbers that are known besides the objects they are in.
//!
//! A local always has its object in its home slot. What the machine code computes with is the number, and when both are
//! known nobody looks at the object.

use super::*;

impl Builder<'_> {
    /// The number in an object, if it is known in `state`.
    pub(super) fn unboxed(&self, state: &State, object: Value) -> Option<Value> {
        let inst = self.func.inst(object);
        match inst.op {
            Op::BoxInt | Op::BoxFloat | Op::StoreInt { .. } | Op::StoreFloat { .. } => Some(inst.args[0]),
            _ => state.numbers.get(&object).copied(),
        }
    }

    /// The double that an object is or, if it is an int, is nearest to, where that is known and not which of the two it is.
    pub(super) fn double_in(&self, state: &State, object: Value) -> Option<Value> {
        let ty = self.func.ty(object);
        let is_either = ty.repr == Repr::Obj && ty.kinds == Kinds::NUMBER;
        if is_either { self.unboxed(state, object) } else { None }
    }

    /// The kind of number that is known of an object.
    pub(super) fn number_in(&self, state: &State, object: Value) -> Option<Number> {
        if self.double_in(state, object).is_some() {
            return None;
        }
        match self.unboxed(state, object) {
            Some(number) => match self.func.ty(number).repr {
                Repr::I64 => Some(Number::Int),
                Repr::F64 => Some(Number::Float),
                _ => None,
            },
            None => self.constant_number(object),
        }
    }

    /// The kind of number that a constant is.
    fn constant_number(&self, object: Value) -> Option<Number> {
        let Op::ConstObj { address, .. } = self.func.inst(object).op else { return None };
        let kinds = self.func.ty(object).kinds;
        if kinds == Kinds::LONG {
            return self.profile.int_value(address).map(|_| Number::Int);
        }
        self.profile.float_value(address).filter(|_| kinds == Kinds::FLOAT).map(|_| Number::Float)
    }

    /// The number in an object that is known to be one.
    pub(super) fn number_of(&mut self, object: Value, number: Number) -> Value {
        if let Some(known) = self.unboxed(&self.state, object) {
            return known;
        }
        let constant = match self.func.inst(object).op {
            Op::ConstObj { address, .. } => Some(address),
            _ => None,
        };
        let value = match number {
            Number::Int => match constant.and_then(|address| self.profile.int_value(address)) {
                Some(value) => self.const_i64(value),
                None => self.emit_guarded(Op::UnboxInt, &[object], Type::I64),
            },
            Number::Float => match constant.and_then(|address| self.profile.float_value(address)) {
                Some(value) => self.emit(Op::ConstF64(value.to_bits()), &[], Type::F64),
                None => self.emit(Op::UnboxFloat, &[object], Type::F64),
            },
        };
        self.state.numbers.insert(object, value);
        value
    }
}
