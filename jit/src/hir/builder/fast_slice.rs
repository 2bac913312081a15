//! Slices of lists without slice objects, and without the list in between where one slice is stored in the place of another.

use super::*;
use crate::runtime::ops::slices::{START_IS_NONE, STOP_IS_NONE, TO};

impl Builder<'_> {
    /// `BUILD_SLICE` for a list. Makes no slice where the next instruction takes it to the list. Says whether it did both.
    pub(super) fn slice_of_list(&mut self) -> Result<bool, Refusal> {
        let (next, count) = (self.index + 1, self.instr.oparg as usize);
        let is_for_list = next < self.last && self.code.instrs[next].raw == Opcode::BinaryOpSubscrListSlice;
        if !is_for_list || self.profile.has_failed(self.instr.start) {
            return Ok(false);
        }
        if let Some(store) = self.store_of_slice(next + 1)
            && self.move_items(store)?
        {
            return Ok(true);
        }
        self.box_operands(count + 1);
        let list = self.guard_kinds(count, Kinds::LIST);
        // Ints and None die quietly, so it does not matter in which order the slice would have given them up.
        for depth in 0..count {
            if self.func.ty(self.peek(depth).value).kinds != Kinds::NONE {
                self.guard_kinds(depth, Kinds::LONG);
            }
        }
        let subscript = self.code.instrs[next].clone();
        self.skip(1);
        (self.instr, self.before) = (subscript, None);
        self.func.site = Some(self.instr.start);
        self.set_line();
        let mut args = vec![list];
        args.extend(self.operands(count));
        if count == 2 {
            args.push(self.null_obj());
        }
        let result = self.helper(Helper::ListSlice, &args, &[]);
        self.check_and_close(result, ErrorKind::Null, count + 1)?;
        let result = self.emit(Op::Refine { kinds: Kinds::LIST }, &[result], Type::obj(Kinds::LIST));
        self.push(result, true);
        self.safepoint(false)?;
        Ok(true)
    }

    /// The index of the `STORE_SLICE` that stores what the instruction before `first` makes, if nothing happens in between but that
    /// its operands are loaded and ints are added.
    fn store_of_slice(&self, first: usize) -> Option<usize> {
        let mut operands = 0;
        for index in first..self.last {
            let instr = &self.code.instrs[index];
            match instr.opcode {
                Opcode::LoadFastBorrow | Opcode::LoadConst | Opcode::LoadSmallInt | Opcode::LoadCommonConstant => {
                    operands += 1;
                }
                Opcode::LoadFastBorrowLoadFastBorrow => operands += 2,
                Opcode::BinaryOp => {
                    let is_sum = matches!(instr.raw, Opcode::BinaryOpAddInt | Opcode::BinaryOpSubtractInt);
                    if !is_sum || operands < 2 || self.profile.has_failed(instr.start) {
                        return None;
                    }
                    operands -= 1;
                }
                Opcode::StoreSlice => return (operands == 3).then_some(index),
                _ => return None,
            }
        }
        None
    }

    /// `list[start:stop] = other[start:stop:step]`, all the way to the `STORE_SLICE` with that index, for as many items as are
    /// replaced. Whatever else it turns out to be is left to the interpreter from the beginning: nothing has happened by then.
    /// Says whether it did it.
    fn move_items(&mut self, store: usize) -> Result<bool, Refusal> {
        let (first, count) = (self.index, self.instr.oparg as usize);
        let borrowed = (0..=count).all(|depth| !self.peek(depth).owned);
        if !borrowed || self.profile.has_failed(self.code.instrs[store].start) {
            return Ok(false);
        }
        let saved = (self.state.clone(), self.instr.clone(), self.func.site);
        let list = self.guard_kinds(count, Kinds::LIST);
        let (start, stop, from_nones) = self.bounds(count - 1, count - 2);
        let step = if count == 2 { self.const_i64(1) } else { self.as_i64(0) };
        self.pinned = Some(self.before_state());
        self.state.stack.truncate(self.state.stack.len() - count - 1);
        let unmade = self.null_obj();
        self.push(unmade, false);
        for index in first + 2..store {
            self.instr = self.code.instrs[index].clone();
            self.func.site = Some(self.instr.start);
            let is_done = match self.instr.opcode {
                Opcode::BinaryOp => self.fast_arith(),
                _ => self.translate()?,
            };
            if !is_done {
                (self.state, self.instr, self.func.site) = saved;
                (self.pinned, self.before) = (None, None);
                return Ok(false);
            }
        }
        self.instr = self.code.instrs[store].clone();
        self.func.site = Some(self.instr.start);
        let target = self.guard_kinds(2, Kinds::LIST);
        let (to_start, to_stop, to_nones) = self.bounds(1, 0);
        self.state.stack.truncate(self.state.stack.len() - 4);
        let args = [list, start, stop, step, target, to_start, to_stop];
        let done = self.helper(Helper::MoveItems, &args, &[from_nones | to_nones << TO]);
        // The list may hold something else now.
        self.facts.held.clear();
        let zero = self.const_i64(0);
        let cond = self.emit(Op::Compare(Cond::Ne), &[done, zero], Type::BOOL);
        let state = self.before_state();
        // No guard: those may leave at any time, and by now the items have moved.
        let (moved, left) = (self.func.new_block(false), self.func.new_block(true));
        self.terminate(Terminator::Branch { cond, then: Edge::to(moved), otherwise: Edge::to(left) });
        self.switch_to(left);
        self.terminate(Terminator::Exit { state, reason: Reason::Shape });
        self.switch_to(moved);
        (self.pinned, self.before) = (None, None);
        self.skip(store - first);
        Ok(true)
    }

    /// Two bounds of a slice as numbers, and which of them are None.
    fn bounds(&mut self, start: usize, stop: usize) -> (Value, Value, i64) {
        let mut nones = 0;
        let mut numbers = Vec::new();
        for (depth, none) in [(start, START_IS_NONE), (stop, STOP_IS_NONE)] {
            numbers.push(if self.func.ty(self.peek(depth).value).kinds == Kinds::NONE {
                nones |= none;
                self.const_i64(0)
            } else {
                self.as_i64(depth)
            });
        }
        (numbers[0], numbers[1], nones)
    }
}
