//! Iteration. A loop keeps two operands: the iterator, and either NULL or the index into a list or tuple that the
//! interpreter iterates without an iterator object.

use super::*;
use crate::cpython::{bytes, list, range, tuple, typeobject, unicode};
use crate::profile::was_tried_in_vain;

/// The stackref of a list loop's index once the list is exhausted: the integer -1.
const EXHAUSTED: u64 = (-1i64 << 2) as u64 | 3;

impl Builder<'_> {
    pub(super) fn get_iter(&mut self) -> Result<(), Refusal> {
        self.guess_iterable();
        let iterable = self.peek_obj(0);
        self.set_line();
        let at = self.scratch(1);
        let out = self.emit(Op::ScratchAddr { at }, &[], Type::I64);
        let iterator = self.helper(Helper::GetIter, &[iterable, out], &[i64::from(self.instr.oparg)]);
        let index = self.emit(Op::LoadScratch { at, repr: Repr::Ref }, &[], Type::REF);
        self.check_and_close(iterator, ErrorKind::Null, 1)?;
        self.push(iterator, true);
        self.push(index, true);
        self.safepoint(false)
    }

    /// Remembers what the top operand, over which a loop begins, is known or guessed to be.
    fn guess_iterable(&mut self) {
        let value = self.peek(0).value;
        let known = self.func.ty(value).kinds;
        let place = self.state.stack.len() - 1;
        if let Some(enumerated) = self.enumerations.get(&value) {
            self.enumerated.insert(place, *enumerated);
            self.iterables.insert(place, Kinds::ENUMERATE);
            return;
        }
        if let Some(zipped) = self.zips.get(&value) {
            self.zipped.insert(place, zipped.clone());
            self.iterables.insert(place, Kinds::ZIP);
            return;
        }
        let guess = match self.sources.get(&value) {
            Some(slot) if self.profile.has_seen(*slot) => self.profile.kinds_in(*slot),
            _ => known,
        };
        self.iterables.insert(place, guess);
    }

    /// What the iterable of the loop that the current instruction belongs to is guessed to be.
    pub(super) fn iterable(&self) -> Kinds {
        let place = self.state.stack.len() - 2;
        let is_entered = self.kind != Kind::Function && (place as u32) < self.profile.entry_depth;
        match self.iterables.get(&place) {
            Some(kinds) => *kinds,
            None if is_entered => self.profile.kinds_in(self.code.nlocalsplus + place as u32),
            None => Kinds::ANY,
        }
    }

    pub(super) fn for_iter(&mut self) -> Result<(), Refusal> {
        if !self.profile.has_failed(self.instr.start) {
            match self.instr.raw {
                Opcode::ForIterRange => {
                    self.for_range();
                    return Ok(());
                }
                Opcode::ForIterList => {
                    self.for_sequence(Kinds::LIST);
                    return Ok(());
                }
                Opcode::ForIterTuple => {
                    self.for_sequence(Kinds::TUPLE);
                    return Ok(());
                }
                Opcode::ForIterVirtual => {
                    let kinds = self.iterable();
                    if [Kinds::STR, Kinds::BYTES].contains(&kinds) {
                        self.for_sequence(kinds);
                        return Ok(());
                    }
                }
                Opcode::ForIterGen => return self.for_iterator(),
                _ if was_tried_in_vain(&self.instr) => {
                    return match (self.is_over_pairs(), self.is_over_zip()) {
                        (Some(kinds), _) => self.for_pairs(kinds),
                        (_, Some(kinds)) => self.for_zip(&kinds),
                        _ => self.for_iterator(),
                    };
                }
                _ => {}
            }
        }
        let iterator = self.peek_obj(1);
        let index = self.peek(0).value;
        self.set_line();
        let at = self.scratch(1);
        self.emit(Op::SpillArgs { at }, &[index], Type::NONE);
        let slot = self.emit(Op::ScratchAddr { at }, &[], Type::I64);
        let item = self.helper(Helper::ForIter, &[iterator, slot], &[]);
        self.check(item, ErrorKind::One)?;
        let index = self.emit(Op::LoadScratch { at, repr: Repr::Ref }, &[], Type::REF);
        self.poke(0, StackEntry { value: index, owned: true });
        let zero = self.const_i64(0);
        let more = self.emit(Op::Compare(Cond::Ne), &[item, zero], Type::BOOL);
        let body = self.func.new_block(false);
        let done = self.end_of_loop(1);
        self.terminate(Terminator::Branch { cond: more, then: Edge::to(body), otherwise: done });
        self.settle_end();
        self.switch_to(body);
        let item = self.emit(Op::Refine { kinds: Kinds::ANY }, &[item], Type::OBJ);
        self.push(item, true);
        self.safepoint(false)?;
        self.jump_to(self.instr.next);
        Ok(())
    }

    /// Ends the block: calls the function that gives an iterator's next item.
    fn for_iterator(&mut self) -> Result<(), Refusal> {
        let iterator = self.peek_obj(1);
        let index = self.peek(0).value;
        let bits = self.emit(Op::Bits, &[index], Type::I64);
        self.guard_equal(bits, NULL_REF as i64, Reason::Layout);
        self.set_line();
        let ty = self.emit(Op::TypeOf, &[iterator], Type::obj(Kinds::OTHER));
        let next = self.emit(Op::Load { offset: typeobject::TP_ITERNEXT, mem: Mem::I64 }, &[ty], Type::I64);
        let item = self.emit(Op::CallNative, &[next, iterator], Type::OBJ_OR_NULL);
        let zero = self.const_i64(0);
        let is_item = self.emit(Op::Compare(Cond::Ne), &[item, zero], Type::BOOL);
        let (body, end) = (self.func.new_block(false), self.func.new_block(true));
        self.terminate(Terminator::Branch { cond: is_item, then: Edge::to(body), otherwise: Edge::to(end) });
        let saved = (self.state.clone(), self.line, self.noisy);
        self.switch_to(end);
        let status = self.helper(Helper::EndIteration, &[], &[]);
        self.check(status, ErrorKind::Negative)?;
        let target = self.instr.jump_target().expect("a loop has an end");
        self.jump_to(target);
        (self.state, self.line, self.noisy) = saved;
        self.before = None;
        self.switch_to(body);
        let item = self.emit(Op::Refine { kinds: Kinds::ANY }, &[item], Type::OBJ);
        self.push(item, true);
        self.safepoint(false)?;
        self.jump_to(self.instr.next);
        Ok(())
    }

    /// Translates the call of `range`, which is the object, together with the instruction behind it, if that begins a loop over the
    /// range: the iterator is made at once. Says whether it did.
    pub(super) fn iterate_over_range(&mut self, object: usize) -> Result<bool, Refusal> {
        let next = self.index + 1;
        let is_loop =
            next < self.last && self.code.instrs[next].opcode == Opcode::GetIter && self.code.instrs[next].oparg == 0;
        let count = self.instr.oparg as usize;
        let is_int = |depth| match self.func.ty(self.peek(depth).value) {
            Type { repr: Repr::I64, .. } => true,
            Type { repr: Repr::Obj, kinds } => !kinds.intersect(Kinds::LONG).is_empty(),
            _ => false,
        };
        if !is_loop || self.profile.has_failed(self.code.instrs[next].start) || !(0..count).all(is_int) {
            return Ok(false);
        }
        let callable = self.peek(count + 1).value;
        self.guard_equal(callable, object as i64, Reason::Callee);
        let numbers: Vec<Value> = (0..count).rev().map(|depth| self.as_i64(depth)).collect();
        let (zero, one) = (self.const_i64(0), self.const_i64(1));
        let (start, stop, step) = match numbers[..] {
            [stop] => (zero, stop, one),
            [start, stop] => (start, stop, one),
            _ => (numbers[0], numbers[1], numbers[2]),
        };
        if count == 3 {
            let is_step = self.emit(Op::Compare(Cond::Ne), &[step, zero], Type::BOOL);
            self.emit_guarded(Op::Guard { reason: Reason::Domain }, &[is_step], Type::NONE);
        }
        self.set_line();
        let iterator = self.helper(Helper::IterRange, &[start, stop, step], &[]);
        self.check(iterator, ErrorKind::Null)?;
        self.skip(1);
        self.close_top(count + 2);
        let kinds = Kinds::RANGE_ITER.union(Kinds::OTHER);
        let iterator = self.emit(Op::Refine { kinds }, &[iterator], Type::obj(kinds));
        self.push(iterator, true);
        let index = self.null_ref();
        self.push(index, true);
        Ok(true)
    }

    /// The edge for an exhausted iterator.
    fn end_of_loop(&mut self, edge: usize) -> Edge {
        let target = self.instr.jump_target().expect("a loop has an end");
        self.edge_to(target, edge)
    }

    fn settle_end(&mut self) {
        let target = self.instr.jump_target().expect("a loop has an end");
        self.settle(target);
    }

    /// Where on the stack the iterator of a range is, if a loop over one begins at `start` and can count in registers.
    pub(super) fn range_at(&self, start: CodeOffset, incoming: &[Incoming]) -> Option<usize> {
        let info = self.cfg.loops.get(&start)?;
        let first = &self.code.instrs[self.cfg.blocks[&start].first];
        let has_failed = |site| self.profile.has_failed(site);
        if info.irreducible || first.raw != Opcode::ForIterRange || has_failed(start) {
            return None;
        }
        let position = incoming[0].state.stack.len().checked_sub(2)?;
        let is_possible = |way: &Incoming| {
            let entry = way.state.stack[position];
            let ty = self.func.ty(entry.value);
            let may_be = !ty.kinds.intersect(Kinds::RANGE_ITER).is_empty();
            !has_failed(way.site) && entry.owned && may_be && matches!(ty.repr, Repr::Obj | Repr::Ref)
        };
        incoming.iter().all(is_possible).then_some(position)
    }

    /// Goes on where the operand is the iterator of a range that nobody else has a reference to.
    pub(super) fn guard_range(&mut self, position: usize) {
        let StackEntry { mut value, .. } = self.state.stack[position];
        if self.func.ty(value).repr == Repr::Ref {
            let bits = self.emit(Op::Bits, &[value], Type::I64);
            let tag = self.const_i64(3);
            let tag = self.emit(Op::Int(IntOp::And), &[bits, tag], Type::I64);
            self.guard_equal(tag, 0, Reason::Layout);
            value = self.emit(Op::RefToObj, &[value], Type::OBJ);
        }
        for op in [Op::GuardKinds { kinds: Kinds::RANGE_ITER }, Op::GuardPrivate] {
            value = self.emit_guarded(op, &[value], Type::obj(Kinds::RANGE_ITER));
        }
        self.state.stack[position] = StackEntry { value, owned: true };
    }

    /// Ends the block: steps the iterator of a range in place and goes on to the loop's body, or to its end.
    fn for_range(&mut self) {
        let iterator = self.guard_kinds(1, Kinds::RANGE_ITER);
        let len = self.emit(Op::Load { offset: range::ITER_LEN, mem: Mem::I64 }, &[iterator], Type::I64);
        let zero = self.const_i64(0);
        let more = self.emit(Op::Compare(Cond::Gt), &[len, zero], Type::BOOL);
        let body = self.func.new_block(false);
        let done = self.end_of_loop(1);
        self.terminate(Terminator::Branch { cond: more, then: Edge::to(body), otherwise: done });
        self.settle_end();
        self.switch_to(body);
        let start = self.emit(Op::Load { offset: range::ITER_START, mem: Mem::I64 }, &[iterator], Type::I64);
        let step = self.emit(Op::Load { offset: range::ITER_STEP, mem: Mem::I64 }, &[iterator], Type::I64);
        // Like the iterator itself, which wraps around behind its last item.
        let next = self.emit(Op::AddAddr, &[start, step], Type::I64);
        self.emit(Op::Store { offset: range::ITER_START, mem: Mem::I64 }, &[iterator, next], Type::NONE);
        let minus_one = self.const_i64(-1);
        let len = self.emit(Op::AddAddr, &[len, minus_one], Type::I64);
        self.emit(Op::Store { offset: range::ITER_LEN, mem: Mem::I64 }, &[iterator, len], Type::NONE);
        self.push(start, false);
        self.before = None;
        self.jump_to(self.instr.next);
    }

    fn for_sequence(&mut self, kinds: Kinds) {
        let iterable = self.guard_kinds(1, kinds);
        let index = self.peek(0).value;
        let bits = self.emit(Op::Bits, &[index], Type::I64);
        // Only a loop that iterates without an iterator object has an index; its tag is part of the comparison.
        let tag = self.const_i64(3);
        let tag = self.emit(Op::Int(IntOp::And), &[bits, tag], Type::I64);
        self.guard_equal(tag, 3, Reason::Layout);
        let position = self.emit(Op::ShiftRight { by: 2 }, &[bits], Type::I64);
        let size = if kinds == Kinds::STR {
            let state = self.emit(Op::Load { offset: unicode::STATE, mem: Mem::U32 }, &[iterable], Type::I64);
            let bit = self.const_i64(i64::from(unicode::STATE_ASCII));
            let is_ascii = self.emit(Op::Int(IntOp::And), &[state, bit], Type::I64);
            self.guard_equal(is_ascii, i64::from(unicode::STATE_ASCII), Reason::Layout);
            self.emit(Op::Load { offset: unicode::LENGTH, mem: Mem::I64 }, &[iterable], Type::I64)
        } else {
            self.var_size(iterable)
        };
        let more = self.emit(Op::Compare(Cond::Below), &[position, size], Type::BOOL);
        let (body, exhausted) = (self.func.new_block(false), self.func.new_block(false));
        self.terminate(Terminator::Branch { cond: more, then: Edge::to(body), otherwise: Edge::to(exhausted) });
        let state = self.state.clone();
        self.switch_to(exhausted);
        let end = self.emit(Op::ConstRef(EXHAUSTED), &[], Type::REF);
        self.poke(0, StackEntry { value: end, owned: true });
        let target = self.instr.jump_target().expect("a loop has an end");
        self.jump_to(target);
        self.state = state;
        self.switch_to(body);
        let load = |offset, mem| Op::Load { offset, mem };
        let is_object = kinds.is_within(Kinds::LIST.union(Kinds::TUPLE));
        let item = match kinds {
            Kinds::STR => {
                let code = self.emit(load(unicode::ASCII_SIZE, Mem::U8), &[iterable, position], Type::I64);
                self.character(code)
            }
            Kinds::BYTES => self.emit(load(bytes::OB_SVAL, Mem::U8), &[iterable, position], Type::I64),
            Kinds::TUPLE => self.emit(load(tuple::OB_ITEM, Mem::Obj), &[iterable, position], Type::OBJ),
            _ => {
                let items = self.emit(load(list::OB_ITEM, Mem::I64), &[iterable], Type::I64);
                self.emit(load(0, Mem::Obj), &[items, position], Type::OBJ)
            }
        };
        if is_object {
            self.emit(Op::IncRef, &[item], Type::NONE);
        }
        let four = self.const_i64(4);
        let next = self.emit(Op::AddAddr, &[bits, four], Type::I64);
        let next = self.emit(Op::AsRef, &[next], Type::REF);
        self.poke(0, StackEntry { value: next, owned: true });
        self.push(item, is_object);
        self.before = None;
        self.jump_to(self.instr.next);
    }
}
