//! Numbers that functions return in registers.
//!
//! A function all of whose returns have the same kind of number, and that has made some of them itself, returns those as they are.
//! An object that somebody else may have is returned as that very object, unless it is an int that the interpreter has only once.
//! Callers that know of it go on with the number, and are left where an object comes back that is not their own alone.

use super::*;
use crate::cpython::long;

/// What a function returns at one place.
pub(super) struct Return {
    block: Block,
    site: Option<CodeOffset>,
    what: What,
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum What {
    /// A number, of which the block makes an object at its end.
    Made { number: Value, kind: Number },
    /// An int that the interpreter has once.
    Constant(i64),
    /// An object with an int that is known.
    Known { object: Value, number: Value },
    /// The object in a local that was assigned to, with a float.
    Assigned,
    /// What a call of the function itself has returned.
    Own,
    /// Anything else.
    Object,
}

impl What {
    fn kind(self) -> Option<Number> {
        match self {
            What::Made { kind, .. } => Some(kind),
            What::Constant(_) | What::Known { .. } => Some(Number::Int),
            What::Assigned => Some(Number::Float),
            What::Own | What::Object => None,
        }
    }

    /// Whether nobody else can have the object.
    fn is_new(self) -> bool {
        matches!(self, What::Made { .. } | What::Constant(_))
    }
}

impl Builder<'_> {
    /// Notes what the current block returns, as `entry` until it was made an object.
    pub(super) fn note_return(&mut self, entry: StackEntry) {
        let what = self.what(entry);
        self.returns.push(Return { block: self.cur, site: self.func.site, what });
    }

    fn what(&self, entry: StackEntry) -> What {
        let object = entry.value;
        let ty = self.func.ty(object);
        if let Some(kind) = Number::represented(ty.repr) {
            return What::Made { number: object, kind };
        }
        match self.func.inst(object).op {
            Op::CallDirect { target, .. } if target.code_units == self.root => return What::Own,
            Op::ConstObj { address, .. } if ty.kinds == Kinds::LONG => {
                let small = self.profile.int_value(address).filter(|value| long::is_small(*value));
                return small.map_or(What::Object, What::Constant);
            }
            _ => {}
        }
        match (self.number_in(&self.state, object), self.unboxed(&self.state, object)) {
            (Some(Number::Int), Some(number)) => What::Known { object, number },
            (Some(Number::Float), _) if self.is_assigned(object) => What::Assigned,
            _ => What::Object,
        }
    }

    /// Whether an object comes from a local that is no parameter.
    fn is_assigned(&self, object: Value) -> bool {
        let slot = match self.func.inst(object).op {
            Op::StoreFloat { slot } => Some(slot),
            _ => self.sources.get(&object).copied(),
        };
        slot.is_some_and(|slot| slot >= self.code.parameter_slots())
    }

    /// The kind of number that the function can return in a register.
    pub(super) fn common_result(&self) -> Option<Number> {
        let mut all = self.returns.iter().map(|other| other.what).filter(|what| *what != What::Own);
        let kind = self.returns.iter().find(|other| other.what.is_new())?.what.kind();
        all.all(|what| what.kind() == kind).then_some(kind)?
    }

    /// Has the function, which is built, return its numbers in a register if all that it returns are of one kind.
    pub(super) fn return_numbers(&mut self) {
        if self.common_result().is_none() {
            return;
        }
        for Return { block, site, what } in std::mem::take(&mut self.returns) {
            (self.cur, self.func.site) = (block, site);
            match what {
                What::Made { number, .. } => {
                    let last = self.func.block(block).insts.last();
                    if last.is_some_and(|last| matches!(self.func.inst(*last).op, Op::BoxInt | Op::BoxFloat)) {
                        self.func.block_mut(block).insts.pop();
                        let as_is = self.came_back.contains(&number);
                        self.terminate(Terminator::Return { value: number, as_is });
                    }
                }
                What::Constant(value) => {
                    let value = self.const_i64(value);
                    self.terminate(Terminator::Return { value, as_is: true });
                }
                What::Known { object, number } => self.return_if_small(object, number),
                What::Assigned | What::Own | What::Object => {}
            }
        }
    }

    /// Returns the number in an object, which the current block would return, if there can be only one object with it.
    fn return_if_small(&mut self, object: Value, number: Value) {
        let returns = self.func.block(self.cur).terminator.clone();
        let is_taking = |inst: &Inst| inst.op == Op::IncRef && inst.args[0] == object;
        let last = self.func.block(self.cur).insts.last().copied();
        let taking = last.filter(|last| is_taking(self.func.inst(*last)));
        if let Some(taking) = taking {
            self.func.block_mut(self.cur).insts.retain(|value| *value != taking);
        }
        let least = self.const_i64(-long::SMALL_MIN);
        let count = self.const_i64(long::SMALL_MAX - long::SMALL_MIN + 1);
        let index = self.emit(Op::AddAddr, &[number, least], Type::I64);
        let cond = self.emit(Op::Compare(Cond::Below), &[index, count], Type::BOOL);
        let (small, other) = (self.func.new_block(false), self.func.new_block(true));
        self.terminate(Terminator::Branch { cond, then: Edge::to(small), otherwise: Edge::to(other) });
        self.switch_to(small);
        if taking.is_none() {
            self.emit(Op::DecRef, &[object], Type::NONE);
        }
        self.terminate(Terminator::Return { value: number, as_is: true });
        self.switch_to(other);
        if taking.is_some() {
            self.emit(Op::IncRef, &[object], Type::NONE);
        }
        self.terminate(returns);
    }

    /// Calls a function that is no part of this one, and translates the rest of the bytecode by `finish`, which is given an object or
    /// NULL, or a number that is in a register. Where a number is expected and an object comes back, the caller is left behind the
    /// bytecode.
    pub(super) fn call_direct_for_number(
        &mut self,
        call: &KnownCall<'_>,
        finish: &mut impl FnMut(&mut Self, Value) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let Some(number) = self.expected_number(call) else {
            let result = self.call_direct(call);
            return finish(self, result);
        };
        let KnownCall { target, has_self, has_shim, .. } = *call;
        let op = Op::CallDirect { target, has_self, has_shim, number: Some(number) };
        let word = self.emit(op, call.refs, Type::I64);
        let bits = self.emit(Op::Returned { repr: Repr::I64 }, &[word], Type::I64);
        let result = match number {
            Number::Int => bits,
            Number::Float => self.emit(Op::Returned { repr: Repr::F64 }, &[word], Type::F64),
        };
        let is_cold = self.func.block(self.cur).cold;
        let [returned, rare, other] = [is_cold, true, true].map(|is_cold| self.func.new_block(is_cold));
        let param = self.func.add_param(returned, number.ty());
        self.branch_if_returned(number, word, Edge { block: returned, args: vec![result] }, rare);
        let saved = (self.state.clone(), self.line, self.before, self.noisy, self.stored);
        self.switch_to(rare);
        let (taken, number_taken) = self.take_number(number, word, bits);
        self.branch_if_returned(number, taken, Edge { block: returned, args: vec![number_taken] }, other);
        self.switch_to(other);
        let object = self.emit(Op::Returned { repr: Repr::Obj }, &[taken], Type::OBJ);
        finish(self, object)?;
        let state = self.state_at(self.instr.next);
        self.terminate(Terminator::Exit { state, reason: Reason::Result });
        (self.state, self.line, self.before, self.noisy, self.stored) = saved;
        self.switch_to(returned);
        self.came_back.insert(param);
        finish(self, param)
    }

    /// Ends the block by where to go if a direct call has returned a number.
    fn branch_if_returned(&mut self, number: Number, word: Value, then: Edge, otherwise: Block) {
        let tag = self.const_i64(number.tag() as i64);
        let cond = self.emit(Op::Compare(Cond::Eq), &[word, tag], Type::BOOL);
        self.terminate(Terminator::Branch { cond, then, otherwise: Edge::to(otherwise) });
    }

    /// Takes the number out of an object that a direct call has returned, if nobody could tell. Gives the word that says so, and the
    /// number.
    fn take_number(&mut self, number: Number, word: Value, bits: Value) -> (Value, Value) {
        let at = self.scratch(1);
        let out = self.emit(Op::ScratchAddr { at }, &[], Type::I64);
        let (helper, mem) = match number {
            Number::Int => (Helper::TakeInt, Mem::I64),
            Number::Float => (Helper::TakeFloat, Mem::F64),
        };
        let taken = self.helper(helper, &[word, bits, out], &[]);
        (taken, self.emit(Op::Load { offset: 0, mem }, &[out], number.ty()))
    }

    /// The kind of number that the call is guessed to return in a register.
    fn expected_number(&mut self, call: &KnownCall<'_>) -> Option<Number> {
        let is_own = call.target.code_units == self.root;
        self.calls_itself |= is_own;
        let known = self.own_result.filter(|_| is_own).or(call.target.returns);
        let is_plain = call.lazy.is_none() && !call.has_shim;
        known.filter(|_| is_plain && self.profile.may_return_number(self.instr.start))
    }
}
