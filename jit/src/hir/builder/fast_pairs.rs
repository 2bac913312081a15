//! Loops over `enumerate` of a list or tuple whose pairs are taken apart at once: no function is called for the next one.
//!
//! The pair that the `enumerate` object keeps, to give it out again, is kept up to date, with the references that it has: what it
//! holds dies when the interpreter would let it die, and an iteration that goes on elsewhere finds what it would have found.

use super::ops_call::Given;
use super::*;
use crate::cpython::{enumerate, kinds, list, object, tuple};

/// A pair, or a longer tuple, on the way from the loop to the instruction that takes it apart.
#[derive(Clone)]
pub(super) struct Pair {
    /// Numbers, or objects with a reference for the stack.
    pub items: Vec<Value>,
    /// What the loop's own tuple has had instead of the items. It is given up when the items are on the stack.
    pub olds: Vec<Value>,
    /// The instruction that does so.
    pub given_up_by: CodeOffset,
}

/// An item that an iterator has not given out yet.
pub(super) struct NextItem {
    pub item: Value,
    /// Where the iterator has its position.
    pub at: i32,
    pub position: Value,
}

impl Builder<'_> {
    /// What a call of `enumerate`, if it is the current instruction, is to count the items of.
    pub(super) fn enumerated_by_call(&self, given: &Given) -> Option<Kinds> {
        let callable = self.peek(given.callable).value;
        let is_enumerate = self.expect.get(&callable).copied() == kinds::type_address(Kinds::ENUMERATE);
        let first = given.positional.clone().next_back().filter(|_| is_enumerate)?;
        Some(self.iterated_argument(first))
    }

    /// What the argument of a call that is so far below the top is guessed to be, if that is iterated over.
    pub(super) fn iterated_argument(&self, depth: usize) -> Kinds {
        let argument = self.peek(depth).value;
        let known = self.func.ty(argument).kinds;
        let seen = self.sources.get(&argument).filter(|slot| self.profile.has_seen(**slot));
        let kinds = seen.map_or(known, |slot| self.profile.kinds_in(*slot));
        // Mostly it is a list.
        if kinds == Kinds::ANY { Kinds::LIST } else { kinds }
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
        let load = |offset, mem| Op::Load { offset, mem };
        let pairs = self.guard_kinds(1, Kinds::ENUMERATE);
        let bits = self.emit(Op::Bits, &[self.peek(0).value], Type::I64);
        self.guard_equal(bits, NULL_REF as i64, Reason::Layout);
        let iterator = self.emit(load(enumerate::ITERATOR, Mem::Obj), &[pairs], Type::OBJ);
        self.guard_iterator(iterator, kinds);
        let number = self.emit(load(enumerate::INDEX, Mem::I64), &[pairs], Type::I64);
        let last = self.const_i64(i64::MAX);
        let is_number = self.emit(Op::Compare(Cond::Ne), &[number, last], Type::BOOL);
        self.emit_guarded(Op::Guard { reason: Reason::Overflow }, &[is_number], Type::NONE);
        let pair = self.emit(load(enumerate::PAIR, Mem::Obj), &[pairs], Type::OBJ);
        let pair = self.emit(Op::Refine { kinds: Kinds::TUPLE }, &[pair], Type::obj(Kinds::TUPLE));
        let pair = self.emit_guarded(Op::GuardPrivate, &[pair], Type::obj(Kinds::TUPLE));
        let old_number = self.emit(load(tuple::OB_ITEM, Mem::Obj), &[pair], Type::OBJ);

        let end = self.func.new_block(true);
        let next = self.next_item(iterator, kinds, end);
        self.end_pairs(pairs, end)?;
        self.set_line();
        self.put_number_into_pair(pair, old_number, number);
        self.advance(pairs, enumerate::INDEX, number);
        self.advance(iterator, next.at, next.position);
        self.use_again(pair);
        let old = self.put_into_tuple(pair, 1, next.item);
        self.leave_pair(Pair { items: vec![number, next.item], olds: vec![old], given_up_by: self.instr.offset });
        Ok(())
    }

    /// Guards that an iterator is that of a list or a tuple.
    pub(super) fn guard_iterator(&mut self, iterator: Value, kinds: Kinds) {
        let class = if kinds == Kinds::LIST { kinds::list_iterator() } else { kinds::tuple_iterator() };
        let ty = self.emit(Op::TypeOf, &[iterator], Type::obj(Kinds::OTHER));
        self.guard_equal(ty, class as i64, Reason::Type);
    }

    /// The next item of a list's or a tuple's iterator, which stays where it is. Goes to `end` if there is none.
    pub(super) fn next_item(&mut self, iterator: Value, kinds: Kinds, end: Block) -> NextItem {
        let (at, of) = match kinds {
            Kinds::LIST => (list::ITER_INDEX, list::ITER_SEQ),
            _ => (tuple::ITER_INDEX, tuple::ITER_SEQ),
        };
        let load = |offset, mem| Op::Load { offset, mem };
        let (there, body) = (self.func.new_block(false), self.func.new_block(false));
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
        self.switch_to(body);
        let item = match kinds {
            Kinds::TUPLE => self.emit(load(tuple::OB_ITEM, Mem::Obj), &[sequence, position], Type::OBJ),
            _ => {
                let items = self.emit(load(list::OB_ITEM, Mem::I64), &[sequence], Type::I64);
                self.emit(load(0, Mem::Obj), &[items, position], Type::OBJ)
            }
        };
        NextItem { item, at, position }
    }

    /// What `end` does: has the iterator find out that there is no next item, and leaves the loop.
    pub(super) fn end_pairs(&mut self, pairs: Value, end: Block) -> Result<(), Refusal> {
        let body = self.cur;
        let saved = (self.state.clone(), self.line, self.before, self.noisy);
        self.switch_to(end);
        self.set_line();
        let status = self.helper(Helper::EndPairs, &[pairs], &[]);
        self.check(status, ErrorKind::Negative)?;
        let target = self.instr.jump_target().expect("a loop has an end");
        self.jump_to(target);
        (self.state, self.line, self.before, self.noisy) = saved;
        self.switch_to(body);
        Ok(())
    }

    /// Writes the number after `value` into an iterator.
    pub(super) fn advance(&mut self, iterator: Value, offset: i32, value: Value) {
        let one = self.const_i64(1);
        let next = self.emit(Op::AddAddr, &[value, one], Type::I64);
        self.emit(Op::Store { offset, mem: Mem::I64 }, &[iterator, next], Type::NONE);
    }

    /// What the interpreter does to a tuple that it uses again: the last hash is wrong, and the collector may have let go of it.
    pub(super) fn use_again(&mut self, tuple: Value) {
        let minus_one = self.const_i64(-1);
        self.emit(Op::Store { offset: tuple::OB_HASH, mem: Mem::I64 }, &[tuple, minus_one], Type::NONE);
        self.track(tuple);
    }

    /// Puts an item into the loop's own tuple, and takes one more reference for the stack. What was there is the result, owned.
    pub(super) fn put_into_tuple(&mut self, tuple: Value, index: i32, item: Value) -> Value {
        let offset = tuple::OB_ITEM + 8 * index;
        let old = self.emit(Op::Load { offset, mem: Mem::Obj }, &[tuple], Type::OBJ);
        self.emit(Op::IncRef, &[item], Type::NONE);
        self.emit(Op::IncRef, &[item], Type::NONE);
        self.emit(Op::Store { offset, mem: Mem::Obj }, &[tuple, item], Type::NONE);
        old
    }

    /// Ends the block: the tuple that is not made is taken apart next.
    pub(super) fn leave_pair(&mut self, pair: Pair) {
        let unmade = self.null_obj();
        self.pairs.insert(unmade, pair);
        self.push(unmade, false);
        self.before = None;
        self.jump_to(self.instr.next);
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

    /// Whether the operand is a pair that such a loop has left: the interpreter cannot go on with it, as there is none.
    pub(super) fn has_left_pair(&self) -> bool {
        self.state.stack.last().is_some_and(|entry| self.pairs.contains_key(&entry.value))
    }

    /// Takes apart the pair that such a loop has left, if the operand is one. Says whether it did.
    pub(super) fn take_pair_apart(&mut self) -> Result<bool, Refusal> {
        let Some(pair) = self.pairs.get(&self.peek(0).value).cloned() else { return Ok(false) };
        self.pop();
        for item in pair.items.into_iter().rev() {
            let is_object = self.func.ty(item).repr == Repr::Obj;
            self.push(item, is_object);
        }
        self.emit(Op::SetLine { offset: pair.given_up_by }, &[], Type::NONE);
        self.line = Some(pair.given_up_by);
        for old in pair.olds {
            self.emit(Op::DecRef, &[old], Type::NONE);
        }
        self.safepoint(false)?;
        Ok(true)
    }
}
