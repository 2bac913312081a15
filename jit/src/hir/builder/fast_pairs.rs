//! Loops over `enumerate` of a list or tuple whose pairs are taken apart at once: no function is called for the next one.
//!
//! The pair that the `enumerate` object keeps, to give it out again, is kept up to date, with the references that it has: what it
//! holds dies when the interpreter would let it die, and an iteration that goes on elsewhere finds what it would have found.

use super::*;
use crate::cpython::{enumerate, kinds, list, object, tuple};

/// A pair on the way from the loop to the instruction that takes it apart.
#[derive(Copy, Clone)]
pub(super) struct Pair {
    number: Value,
    item: Value,
    /// What the loop's own pair has had instead of the item. It is given up when the item is on the stack.
    old: Value,
    /// The instruction that does so.
    given_up_by: CodeOffset,
}

impl Builder<'_> {
    /// What a call of `enumerate`, if it is the current instruction, is to count the items of.
    pub(super) fn enumerated_by_call(&self) -> Option<Kinds> {
        let nargs = self.instr.oparg as usize;
        let callable = self.peek(nargs + 1).value;
        let is_enumerate = self.expect.get(&callable).copied() == kinds::type_address(Kinds::ENUMERATE);
        if !is_enumerate || nargs == 0 {
            return None;
        }
        let argument = self.peek(nargs - 1).value;
        let known = self.func.ty(argument).kinds;
        let seen = self.sources.get(&argument).filter(|slot| self.profile.has_seen(**slot));
        let kinds = seen.map_or(known, |slot| self.profile.kinds_in(*slot));
        // Mostly it is a list.
        Some(if kinds == Kinds::ANY { Kinds::LIST } else { kinds })
    }

    /// What the loop that the current instruction belongs to counts the items of, if it is guessed to use `enumerate` on a list or tuple
    /// and to take the pairs apart.
    pub(super) fn is_over_pairs(&self) -> Option<Kinds> {
        let next = self.code.instrs.get(self.index + 1)?;
        if next.opcode != Opcode::UnpackSequence || next.oparg != 2 || self.iterable() != Kinds::ENUMERATE {
            return None;
        }
        let place = self.state.stack.len() - 2;
        let seen = || self.profile.enumerated_in(self.code.nlocalsplus + place as u32);
        let kinds = self.enumerated.get(&place).copied().unwrap_or_else(seen);
        [Kinds::LIST, Kinds::TUPLE].contains(&kinds).then_some(kinds)
    }

    /// Ends the block: the next item of a `kinds`, counted, or the end of the loop.
    pub(super) fn for_pairs(&mut self, kinds: Kinds) -> Result<(), Refusal> {
        let (class, (at, of)) = match kinds {
            Kinds::LIST => (kinds::list_iterator(), (list::ITER_INDEX, list::ITER_SEQ)),
            _ => (kinds::tuple_iterator(), (tuple::ITER_INDEX, tuple::ITER_SEQ)),
        };
        let load = |offset, mem| Op::Load { offset, mem };
        let pairs = self.guard_kinds(1, Kinds::ENUMERATE);
        let bits = self.emit(Op::Bits, &[self.peek(0).value], Type::I64);
        self.guard_equal(bits, NULL_REF as i64, Reason::Layout);
        let iterator = self.emit(load(enumerate::ITERATOR, Mem::Obj), &[pairs], Type::OBJ);
        let ty = self.emit(Op::TypeOf, &[iterator], Type::obj(Kinds::OTHER));
        self.guard_equal(ty, class as i64, Reason::Type);
        let number = self.emit(load(enumerate::INDEX, Mem::I64), &[pairs], Type::I64);
        let last = self.const_i64(i64::MAX);
        let is_number = self.emit(Op::Compare(Cond::Ne), &[number, last], Type::BOOL);
        self.emit_guarded(Op::Guard { reason: Reason::Overflow }, &[is_number], Type::NONE);
        let pair = self.emit(load(enumerate::PAIR, Mem::Obj), &[pairs], Type::OBJ);
        let pair = self.emit(Op::Refine { kinds: Kinds::TUPLE }, &[pair], Type::obj(Kinds::TUPLE));
        let pair = self.emit_guarded(Op::GuardPrivate, &[pair], Type::obj(Kinds::TUPLE));
        let old_number = self.emit(load(tuple::OB_ITEM, Mem::Obj), &[pair], Type::OBJ);

        let (there, body, end) = (self.func.new_block(false), self.func.new_block(false), self.func.new_block(true));
        let sequence = self.emit(load(of, Mem::Obj), &[iterator], Type::OBJ_OR_NULL);
        let null = self.null_obj();
        let cond = self.emit(Op::Compare(Cond::Ne), &[sequence, null], Type::BOOL);
        self.terminate(Terminator::Branch { cond, then: Edge::to(there), otherwise: Edge::to(end) });
        self.switch_to(there);
        let sequence = self.emit(Op::Refine { kinds }, &[sequence], Type::obj(kinds));
        let position = self.emit(load(at, Mem::I64), &[iterator], Type::I64);
        let size = self.var_size(sequence);
        let cond = self.emit(Op::Compare(Cond::Below), &[position, size], Type::BOOL);
        self.terminate(Terminator::Branch { cond, then: Edge::to(body), otherwise: Edge::to(end) });
        let saved = (self.state.clone(), self.line, self.before, self.noisy);
        self.switch_to(end);
        self.set_line();
        let status = self.helper(Helper::EndPairs, &[pairs], &[]);
        self.check(status, ErrorKind::Negative)?;
        let target = self.instr.jump_target().expect("a loop has an end");
        self.jump_to(target);
        (self.state, self.line, self.before, self.noisy) = saved;

        self.switch_to(body);
        let item = match kinds {
            Kinds::TUPLE => self.emit(load(tuple::OB_ITEM, Mem::Obj), &[sequence, position], Type::OBJ),
            _ => {
                let items = self.emit(load(list::OB_ITEM, Mem::I64), &[sequence], Type::I64);
                self.emit(load(0, Mem::Obj), &[items, position], Type::OBJ)
            }
        };
        self.set_line();
        self.put_number_into_pair(pair, old_number, number);
        let one = self.const_i64(1);
        for (object, offset, value) in [(pairs, enumerate::INDEX, number), (iterator, at, position)] {
            let next = self.emit(Op::AddAddr, &[value, one], Type::I64);
            self.emit(Op::Store { offset, mem: Mem::I64 }, &[object, next], Type::NONE);
        }
        // What the interpreter does to a pair that it uses again: the last hash is wrong, and the collector may have let go of it.
        let minus_one = self.const_i64(-1);
        self.emit(Op::Store { offset: tuple::OB_HASH, mem: Mem::I64 }, &[pair, minus_one], Type::NONE);
        self.track(pair);
        let place = tuple::OB_ITEM + 8;
        let old = self.emit(load(place, Mem::Obj), &[pair], Type::OBJ);
        self.emit(Op::IncRef, &[item], Type::NONE);
        self.emit(Op::IncRef, &[item], Type::NONE);
        self.emit(Op::Store { offset: place, mem: Mem::Obj }, &[pair, item], Type::NONE);
        let unmade = self.null_obj();
        self.pairs.insert(unmade, Pair { number, item, old, given_up_by: self.instr.offset });
        self.push(unmade, false);
        self.before = None;
        self.jump_to(self.instr.next);
        Ok(())
    }

    /// Puts the number into the pair, where the last one was, or nothing if this is the first.
    fn put_number_into_pair(&mut self, pair: Value, old: Value, number: Value) {
        let (again, first, done) = (self.func.new_block(false), self.func.new_block(true), self.func.new_block(false));
        let ty = self.emit(Op::TypeOf, &[old], Type::obj(Kinds::OTHER));
        let int = self.const_i64(kinds::type_address(Kinds::LONG).expect("a single type") as i64);
        let cond = self.emit(Op::Compare(Cond::Eq), &[ty, int], Type::BOOL);
        self.terminate(Terminator::Branch { cond, then: Edge::to(again), otherwise: Edge::to(first) });
        self.switch_to(first);
        let none = self.profile.none();
        self.guard_equal(old, none as i64, Reason::Layout);
        let boxed = self.emit_guarded(Op::BoxInt, &[number], Type::obj(Kinds::LONG));
        self.emit(Op::Store { offset: tuple::OB_ITEM, mem: Mem::Obj }, &[pair, boxed], Type::NONE);
        self.terminate(Terminator::Jump(Edge::to(done)));
        self.switch_to(again);
        let old = self.emit(Op::Refine { kinds: Kinds::LONG }, &[old], Type::obj(Kinds::LONG));
        self.emit_guarded(Op::ReplaceInt { offset: tuple::OB_ITEM }, &[pair, old, number], Type::NONE);
        self.terminate(Terminator::Jump(Edge::to(done)));
        self.switch_to(done);
    }

    /// Has the collector of garbage know of an object.
    fn track(&mut self, object: Value) {
        let (untracked, done) = (self.func.new_block(true), self.func.new_block(false));
        let next = self.emit(Op::Load { offset: object::GC_NEXT, mem: Mem::I64 }, &[object], Type::I64);
        let zero = self.const_i64(0);
        let cond = self.emit(Op::Compare(Cond::Ne), &[next, zero], Type::BOOL);
        self.terminate(Terminator::Branch { cond, then: Edge::to(done), otherwise: Edge::to(untracked) });
        self.switch_to(untracked);
        self.helper(Helper::Track, &[object], &[]);
        self.terminate(Terminator::Jump(Edge::to(done)));
        self.switch_to(done);
    }

    /// Takes apart the pair that such a loop has left, if the operand is one. Says whether it did.
    pub(super) fn take_pair_apart(&mut self) -> Result<bool, Refusal> {
        let Some(pair) = self.pairs.get(&self.peek(0).value).copied() else { return Ok(false) };
        self.pop();
        self.push(pair.item, true);
        self.push(pair.number, false);
        self.emit(Op::SetLine { offset: pair.given_up_by }, &[], Type::NONE);
        self.line = Some(pair.given_up_by);
        self.emit(Op::DecRef, &[pair.old], Type::NONE);
        self.safepoint(false)?;
        Ok(true)
    }
}
