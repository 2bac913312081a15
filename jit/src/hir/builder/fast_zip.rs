//! Loops over `zip` of lists and tuples whose tuples are taken apart at once: no function is called for the next one.
//!
//! The tuple that the `zip` object keeps is brought up to date as that of `enumerate` is (see [`super::fast_pairs`]). The interpreter gives up
//! what it held item by item, between one iterator and the next. That makes a difference only if one of these objects dies, so it must not
//! be held by this tuple alone.

use super::fast_pairs::Pair;
use super::ops_call::Given;
use super::*;
use crate::cpython::{kinds, object, tuple, zip};

/// Iterators whose next items are found here, at most.
const MOST: usize = 3;

impl Builder<'_> {
    /// What a call of `zip`, if it is the current instruction, is to iterate over, if that is lists and tuples.
    pub(super) fn zipped_by_call(&self, given: &Given) -> Option<Vec<Kinds>> {
        let callable = self.peek(given.callable).value;
        let is_zip = self.expect.get(&callable).copied() == kinds::type_address(Kinds::ZIP);
        let zipped = || given.positional.clone().rev().map(|depth| self.iterated_argument(depth)).collect();
        is_zip.then(zipped).filter(|zipped: &Vec<Kinds>| are_sequences(zipped))
    }

    /// What the loop that the current instruction belongs to iterates over, if it is guessed to use `zip` on lists and tuples and to take
    /// the tuples apart.
    pub(super) fn is_over_zip(&self) -> Option<Vec<Kinds>> {
        let next = self.code.instrs.get(self.index + 1)?;
        if next.opcode != Opcode::UnpackSequence || self.iterable() != Kinds::ZIP {
            return None;
        }
        let place = self.state.stack.len() - 2;
        let seen = || self.profile.zipped_in(self.code.nlocalsplus + place as u32);
        let zipped = self.zipped.get(&place).cloned().unwrap_or_else(seen);
        (zipped.len() == next.oparg as usize && are_sequences(&zipped)).then_some(zipped)
    }

    /// Ends the block: the next item of each, or the end of the loop.
    pub(super) fn for_zip(&mut self, zipped: &[Kinds]) -> Result<(), Refusal> {
        let load = |offset, mem| Op::Load { offset, mem };
        let object = self.guard_kinds(1, Kinds::ZIP);
        let bits = self.emit(Op::Bits, &[self.peek(0).value], Type::I64);
        self.guard_equal(bits, NULL_REF as i64, Reason::Layout);
        let count = self.emit(load(zip::COUNT, Mem::I64), &[object], Type::I64);
        self.guard_equal(count, zipped.len() as i64, Reason::Shape);
        let all = self.emit(load(zip::ITERATORS, Mem::Obj), &[object], Type::OBJ);
        let mut iterators = Vec::new();
        for (place, kinds) in zipped.iter().enumerate() {
            let offset = tuple::OB_ITEM + 8 * place as i32;
            let iterator = self.emit(load(offset, Mem::Obj), &[all], Type::OBJ);
            self.guard_iterator(iterator, *kinds);
            for other in &iterators {
                let differs = self.emit(Op::Compare(Cond::Ne), &[iterator, *other], Type::BOOL);
                self.emit_guarded(Op::Guard { reason: Reason::Layout }, &[differs], Type::NONE);
            }
            iterators.push(iterator);
        }
        let own = self.emit(load(zip::TUPLE, Mem::Obj), &[object], Type::OBJ);
        let own = self.emit(Op::Refine { kinds: Kinds::TUPLE }, &[own], Type::obj(Kinds::TUPLE));
        let own = self.emit_guarded(Op::GuardPrivate, &[own], Type::obj(Kinds::TUPLE));
        self.guard_held_elsewhere(own, zipped.len());
        let end = self.func.new_block(true);
        let found: Vec<_> = iterators.iter().zip(zipped).map(|(it, kinds)| self.next_item(*it, *kinds, end)).collect();
        self.end_pairs(object, end)?;
        self.set_line();
        let (mut items, mut olds) = (Vec::new(), Vec::new());
        for (iterator, next) in iterators.into_iter().zip(&found) {
            self.advance(iterator, next.at, next.position);
        }
        self.use_again(own);
        for (place, next) in found.iter().enumerate() {
            olds.push(self.put_into_tuple(own, place as i32, next.item));
            items.push(next.item);
        }
        self.leave_pair(Pair { items, olds, given_up_by: self.instr.offset });
        Ok(())
    }

    /// Guards that none of the items of a tuple dies if the tuple gives all of them up.
    fn guard_held_elsewhere(&mut self, own: Value, count: usize) {
        let items: Vec<Value> = (0..count)
            .map(|place| {
                let offset = tuple::OB_ITEM + 8 * place as i32;
                self.emit(Op::Load { offset, mem: Mem::Obj }, &[own], Type::OBJ)
            })
            .collect();
        let (same, checked) = (self.func.new_block(true), self.func.new_block(false));
        for (place, item) in items.iter().enumerate() {
            for other in &items[..place] {
                let differ = self.func.new_block(false);
                let cond = self.emit(Op::Compare(Cond::Ne), &[*item, *other], Type::BOOL);
                self.terminate(Terminator::Branch { cond, then: Edge::to(differ), otherwise: Edge::to(same) });
                self.switch_to(differ);
            }
        }
        for (block, own_references) in [(self.cur, 1), (same, count)] {
            self.switch_to(block);
            for &item in &items {
                let load = Op::Load { offset: object::OB_REFCNT, mem: Mem::I32 };
                let references = self.emit(load, &[item], Type::I64);
                let own_references = self.const_i64(own_references as i64);
                // Of immortal objects the number is negative.
                let has_others = self.emit(Op::Compare(Cond::Below), &[own_references, references], Type::BOOL);
                self.emit_guarded(Op::Guard { reason: Reason::Layout }, &[has_others], Type::NONE);
            }
            self.terminate(Terminator::Jump(Edge::to(checked)));
        }
        self.switch_to(checked);
    }
}

/// Whether there are as many as are zipped here, all of them lists and tuples.
fn are_sequences(zipped: &[Kinds]) -> bool {
    (2..=MOST).contains(&zipped.len()) && zipped.iter().all(|kinds| [Kinds::LIST, Kinds::TUPLE].contains(kinds))
}
