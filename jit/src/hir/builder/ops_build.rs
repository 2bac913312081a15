//! Building and taking apart containers and strings.

use super::*;
use crate::cpython::{list, object};

impl Builder<'_> {
    /// Moves the top `count` operands to the scratch area as references that the helper consumes.
    pub(super) fn build_stealing(&mut self, helper: Helper, count: u32, kinds: Kinds) -> Result<(), Refusal> {
        self.set_line();
        let at = self.scratch(count.max(1));
        self.box_operands(count as usize);
        let (mut owned, mut items) = (Vec::new(), Vec::new());
        for depth in (0..count as usize).rev() {
            let entry = self.peek(depth);
            items.push(entry.value);
            owned.push(self.to_owned(entry));
        }
        for _ in 0..count {
            self.pop();
        }
        self.emit(Op::SpillArgs { at }, &owned, Type::NONE);
        let address = self.emit(Op::ScratchAddr { at }, &[], Type::I64);
        let result = self.helper(helper, &[address], &[i64::from(count)]);
        self.check(result, ErrorKind::Null)?;
        let result = self.emit(Op::Refine { kinds }, &[result], Type::obj(kinds));
        if kinds == Kinds::TUPLE && items.iter().all(|item| self.func.ty(*item).repr == Repr::Obj) {
            self.tuples.insert(result, items);
        }
        self.push(result, true);
        Ok(())
    }

    /// Shows the top `operands` operands to the helper in the scratch area; they are closed afterwards.
    pub(super) fn build_borrowing(&mut self, helper: Helper, operands: u32, count: u32) -> Result<(), Refusal> {
        let args = self.operands(operands as usize);
        self.set_line();
        let at = self.scratch(operands.max(1));
        self.emit(Op::SpillArgs { at }, &args, Type::NONE);
        let address = self.emit(Op::ScratchAddr { at }, &[], Type::I64);
        let result = self.helper(helper, &[address], &[i64::from(count)]);
        self.check_and_close(result, ErrorKind::Null, operands as usize)?;
        self.push(result, true);
        self.safepoint(false)
    }

    /// Reserves scratch words. They live only until the next call.
    pub(super) fn scratch(&mut self, words: u32) -> u32 {
        self.func.scratch = self.func.scratch.max(words);
        0
    }

    pub(super) fn build_slice(&mut self) -> Result<(), Refusal> {
        if self.slice_of_list()? {
            return Ok(());
        }
        let count = self.instr.oparg as usize;
        let mut args = self.operands(count);
        if count == 2 {
            let null = self.null_obj();
            args.push(null);
        }
        self.set_line();
        let result = self.helper(Helper::BuildSlice, &args, &[]);
        self.check_and_close(result, ErrorKind::Null, count)?;
        self.push(result, true);
        Ok(())
    }

    pub(super) fn null_obj(&mut self) -> Value {
        self.emit(Op::ConstObj { address: 0, kinds: Kinds::NULL }, &[], Type::obj(Kinds::NULL))
    }

    pub(super) fn build_interpolation(&mut self) -> Result<(), Refusal> {
        let oparg = self.instr.oparg;
        let count = 2 + (oparg & 1) as usize;
        let mut args = self.operands(count);
        if count == 2 {
            let null = self.null_obj();
            args.push(null);
        }
        self.set_line();
        let result = self.helper(Helper::BuildInterpolation, &args, &[i64::from(oparg)]);
        self.check_and_close(result, ErrorKind::Null, count)?;
        self.push(result, true);
        self.safepoint(false)
    }

    /// `LIST_APPEND`
    pub(super) fn list_append_item(&mut self) -> Result<(), Refusal> {
        let list = self.peek_obj(self.instr.oparg as usize);
        self.append_to_list(list)
    }

    /// Moves the top operand to the end of a list: in place if there is room.
    pub(super) fn append_to_list(&mut self, list: Value) -> Result<(), Refusal> {
        self.box_operands(1);
        self.set_line();
        let size = self.var_size(list);
        let room = self.emit(Op::Load { offset: list::ALLOCATED, mem: Mem::I64 }, &[list], Type::I64);
        let has_room = self.emit(Op::Compare(Cond::Lt), &[size, room], Type::BOOL);
        let (fits, full) = (self.func.new_block(false), self.func.new_block(true));
        let join = self.func.new_block(false);
        self.terminate(Terminator::Branch { cond: has_room, then: Edge::to(fits), otherwise: Edge::to(full) });
        let saved = (self.state.clone(), self.before);
        self.switch_to(full);
        let entry = self.peek(0);
        let item = self.peek_obj(0);
        let status = self.helper(Helper::ListAppend, &[list, item], &[]);
        self.check(status, ErrorKind::Negative)?;
        // The list has it.
        self.facts.held.extend([item, entry.value]);
        self.close_top(1);
        self.terminate(Terminator::Jump(Edge::to(join)));
        (self.state, self.before) = saved;
        self.switch_to(fits);
        let entry = self.peek(0);
        let item = self.to_owned(entry);
        self.pop();
        let items = self.emit(Op::Load { offset: list::OB_ITEM, mem: Mem::I64 }, &[list], Type::I64);
        self.emit(Op::Store { offset: 0, mem: Mem::Obj }, &[items, item, size], Type::NONE);
        let one = self.const_i64(1);
        let size = self.emit(Op::AddAddr, &[size, one], Type::I64);
        self.emit(Op::Store { offset: object::OB_SIZE, mem: Mem::I64 }, &[list, size], Type::NONE);
        self.terminate(Terminator::Jump(Edge::to(join)));
        self.switch_to(join);
        Ok(())
    }

    /// Adds the top operand to the container that lies `oparg` deeper.
    pub(super) fn add_to(&mut self, helper: Helper) -> Result<(), Refusal> {
        let container = self.peek_obj(self.instr.oparg as usize);
        let item = self.peek_obj(0);
        self.set_line();
        let status = self.helper(helper, &[container, item], &[]);
        self.check_and_close(status, ErrorKind::Negative, 1)?;
        self.safepoint(false)
    }

    pub(super) fn map_add(&mut self) -> Result<(), Refusal> {
        let dict = self.peek_obj(self.instr.oparg as usize + 1);
        let (key, value) = (self.peek_obj(1), self.peek_obj(0));
        self.set_line();
        let status = self.helper(Helper::MapAdd, &[dict, key, value], &[]);
        let (value, key) = (self.pop(), self.pop());
        self.close(key);
        self.close(value);
        self.check(status, ErrorKind::Negative)?;
        self.safepoint(false)
    }

    pub(super) fn dict_merge(&mut self) -> Result<(), Refusal> {
        let depth = self.instr.oparg as usize - 1;
        let callable = self.peek_obj(depth + 4);
        let dict = self.peek_obj(depth + 1);
        let update = self.peek_obj(0);
        self.set_line();
        let status = self.helper(Helper::DictMerge, &[callable, dict, update], &[]);
        self.check_and_close(status, ErrorKind::Negative, 1)?;
        self.safepoint(false)
    }

    pub(super) fn unpack(&mut self, helper: Helper, count: u32) -> Result<(), Refusal> {
        let sequence = self.peek_obj(0);
        self.set_line();
        let at = self.scratch(count.max(1));
        let address = self.emit(Op::ScratchAddr { at }, &[], Type::I64);
        let status = self.helper(helper, &[sequence, address], &[i64::from(self.instr.oparg)]);
        let mut items = Vec::new();
        for i in 0..count {
            items.push(self.emit(Op::LoadScratch { at: at + i, repr: Repr::Obj }, &[], Type::OBJ));
        }
        self.check_and_close(status, ErrorKind::Negative, 1)?;
        for item in items {
            self.push(item, true);
        }
        self.safepoint(false)
    }

    pub(super) fn format_simple(&mut self) -> Result<(), Refusal> {
        let entry = self.peek(0);
        if self.func.ty(entry.value).kinds == Kinds::STR && self.func.ty(entry.value).repr == Repr::Obj {
            return Ok(());
        }
        self.consume(Helper::FormatSimple, 1, &[])
    }
}
