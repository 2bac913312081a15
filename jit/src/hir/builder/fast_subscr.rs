//! Subscripts of the builtin containers.

use super::cfg::LoopInfo;
use super::*;
use crate::cpython::{list, tuple, unicode};

impl Builder<'_> {
    /// Loads through `BINARY_OP []` when the interpreter has seen a builtin container.
    pub(super) fn fast_subscr(&mut self) -> Result<bool, Refusal> {
        if self.profile.has_failed(self.instr.start) {
            return Ok(false);
        }
        match self.instr.raw {
            Opcode::BinaryOpSubscrListInt => {
                let container = self.guard_kinds(1, Kinds::LIST);
                let index = self.as_i64(0);
                let index = self.wrapped_index(container, index);
                let load = Op::Load { offset: list::OB_ITEM, mem: Mem::I64 };
                let items = self.emit(load, &[container], Type::I64);
                let item = self.emit(Op::Load { offset: 0, mem: Mem::Obj }, &[items, index], Type::OBJ);
                self.finish_subscr(item);
            }
            Opcode::BinaryOpSubscrTupleInt => {
                let container = self.guard_kinds(1, Kinds::TUPLE);
                let index = self.as_i64(0);
                let index = self.wrapped_index(container, index);
                let load = Op::Load { offset: tuple::OB_ITEM, mem: Mem::Obj };
                let item = self.emit(load, &[container, index], Type::OBJ);
                self.finish_subscr(item);
            }
            Opcode::BinaryOpSubscrDict => {
                let container = self.guard_kinds(1, Kinds::DICT);
                let key = self.peek_obj(0);
                self.set_line();
                let item = self.helper(Helper::DictGetItem, &[container, key], &[]);
                self.check_and_close(item, ErrorKind::Null, 2)?;
                self.push(item, true);
                self.safepoint(false)?;
            }
            Opcode::BinaryOpSubscrStrInt => {
                let container = self.guard_kinds(1, Kinds::STR);
                let index = self.as_i64(0);
                let state = self.emit(Op::Load { offset: unicode::STATE, mem: Mem::U32 }, &[container], Type::I64);
                let bit = self.const_i64(i64::from(unicode::STATE_ASCII));
                let is_ascii = self.emit(Op::Int(IntOp::And), &[state, bit], Type::I64);
                self.guard_equal(is_ascii, i64::from(unicode::STATE_ASCII), Reason::Layout);
                let size = self.emit(Op::Load { offset: unicode::LENGTH, mem: Mem::I64 }, &[container], Type::I64);
                let index = self.index_within(size, index);
                let load = Op::Load { offset: unicode::ASCII_SIZE, mem: Mem::U8 };
                let code = self.emit(load, &[container, index], Type::I64);
                let item = self.character(code);
                self.set_line_to_close(2);
                self.close_top(2);
                self.push(item, false);
            }
            Opcode::BinaryOpSubscrUstrInt => {
                let container = self.guard_kinds(1, Kinds::STR);
                let index = self.as_i64(0);
                self.set_line();
                let item = self.helper(Helper::UnicodeItem, &[container, index], &[]);
                let item = self.guard_not_null(item);
                let item = self.emit(Op::Refine { kinds: Kinds::STR }, &[item], Type::obj(Kinds::STR));
                self.close_top(2);
                self.push(item, false);
            }
            _ => return self.fast_item(),
        }
        Ok(true)
    }

    /// The index as an offset from the start; exits when it is out of range.
    pub(super) fn wrapped_index(&mut self, container: Value, index: Value) -> Value {
        let size = self.var_size(container);
        self.index_within(size, index)
    }

    /// The same for a container of this size.
    pub(super) fn index_within(&mut self, size: Value, index: Value) -> Value {
        let index = self.emit(Op::WrapIndex, &[index, size], Type::I64);
        let inside = self.emit(Op::Compare(Cond::Below), &[index, size], Type::BOOL);
        self.emit_guarded(Op::Guard { reason: Reason::Bounds }, &[inside], Type::NONE);
        index
    }

    fn finish_subscr(&mut self, item: Value) {
        self.emit(Op::IncRef, &[item], Type::NONE);
        self.set_line_to_close(2);
        self.close_top(2);
        self.push(item, true);
    }

    pub(super) fn store_subscr(&mut self) -> Result<(), Refusal> {
        if !self.profile.has_failed(self.instr.start) {
            match self.instr.raw {
                Opcode::StoreSubscrListInt => {
                    let is_number = self.is_number(2);
                    if !is_number {
                        self.peek_obj(2);
                    }
                    let container = self.guard_kinds(1, Kinds::LIST);
                    let index = self.as_i64(0);
                    let index = self.wrapped_index(container, index);
                    let load = Op::Load { offset: list::OB_ITEM, mem: Mem::I64 };
                    let items = self.emit(load, &[container], Type::I64);
                    if is_number {
                        self.set_line_to_close(3);
                    } else {
                        self.set_line();
                    }
                    let old = self.emit(Op::Load { offset: 0, mem: Mem::Obj }, &[items, index], Type::OBJ);
                    if is_number {
                        self.replace_number(self.peek(2).value, old, (items, 0), Some(index));
                        self.close_top(3);
                        return Ok(());
                    }
                    let entry = self.peek(2);
                    let value = self.to_owned(entry);
                    self.emit(Op::Store { offset: 0, mem: Mem::Obj }, &[items, value, index], Type::NONE);
                    let (index, container) = (self.pop(), self.pop());
                    self.pop();
                    self.emit(Op::DecRef, &[old], Type::NONE);
                    self.close(index);
                    self.close(container);
                    return Ok(());
                }
                Opcode::StoreSubscrDict => {
                    let container = self.guard_kinds(1, Kinds::DICT);
                    let (value, key) = (self.peek_obj(2), self.peek_obj(0));
                    self.set_line();
                    let status = self.helper(Helper::DictSetItem, &[value, container, key], &[]);
                    let (key, container, value) = (self.pop(), self.pop(), self.pop());
                    self.close(key);
                    self.close(value);
                    self.close(container);
                    self.check(status, ErrorKind::Negative)?;
                    return self.safepoint(false);
                }
                _ => {
                    if self.fast_store_item()? {
                        return Ok(());
                    }
                }
            }
        }
        self.execute(Helper::StoreSubscr, 3, &[])
    }

    /// Whether a local is the argument that is not made.
    pub(super) fn is_unmade(&self, slot: u32) -> bool {
        self.unmade.as_ref().is_some_and(|(unmade, _)| *unmade == slot)
    }

    /// Loads and takes apart the argument that is not made, which is all that happens to it.
    pub(super) fn take_apart_unmade(&mut self) -> Result<(), Refusal> {
        let items = self.unmade.as_ref().map_or(Vec::new(), |(_, items)| items.clone());
        if self.index + 1 >= self.last {
            return Err(Refusal {
                reason: "tuple that is loaded in one block and taken apart in another".into(),
                offset: None,
            });
        }
        self.skip(1);
        (self.instr, self.before) = (self.code.instrs[self.index + 1].clone(), None);
        self.func.site = Some(self.instr.start);
        let slots = self.slots_of_items(items.len());
        let is_owned = slots.is_none();
        if is_owned {
            for item in &items {
                self.emit(Op::IncRef, &[*item], Type::NONE);
            }
        }
        if let Some(frame) = self.func.callee(self.func.context).map(|callee| callee.frame)
            && let Op::PushFrame { lazy: Some(lazy), .. } = &mut self.func.values[frame.index()].op
        {
            lazy.homes = slots.into_iter().flatten().fold(0, |homes, slot| homes | 1 << slot);
        }
        self.set_line();
        for item in items.into_iter().rev() {
            self.push(item, is_owned);
        }
        Ok(())
    }

    /// The locals that so many items are stored to, if the code begins with that and writes them nowhere else.
    fn slots_of_items(&self, count: usize) -> Option<Vec<u32>> {
        if self.code.instrs[..self.index].iter().any(|instr| instr.opcode != Opcode::Resume) {
            return None;
        }
        let mut slots = Vec::new();
        let mut following = self.code.instrs[..self.last].iter().skip(self.index + 2);
        while slots.len() < count {
            let stores = cfg::stores(following.next()?);
            if stores.is_empty() {
                return None;
            }
            slots.extend(stores);
        }
        let all: Vec<u32> = self.code.instrs.iter().flat_map(cfg::stores).collect();
        let mut writes = LoopInfo::default();
        self.code.instrs.iter().for_each(|instr| cfg::local_writes(instr, &mut writes));
        let is_stored_once = |slot: &u32| {
            let is_cell = self.code.localsplus[*slot as usize].kind.is_cell_or_free();
            *slot < u64::BITS
                && !is_cell
                && !writes.deleted.contains(slot)
                && all.iter().filter(|other| *other == slot).count() == 1
        };
        (slots.len() == count && slots.iter().all(is_stored_once)).then_some(slots)
    }

    pub(super) fn unpack_sequence(&mut self) -> Result<(), Refusal> {
        if self.take_pair_apart()? {
            return Ok(());
        }
        let count = self.instr.oparg;
        let kinds = match self.instr.raw {
            _ if self.profile.has_failed(self.instr.start) => None,
            Opcode::UnpackSequenceTwoTuple | Opcode::UnpackSequenceTuple => Some(Kinds::TUPLE),
            Opcode::UnpackSequenceList => Some(Kinds::LIST),
            _ => None,
        };
        let Some(kinds) = kinds else {
            return self.unpack(Helper::UnpackSequence, count);
        };
        let container = self.guard_kinds(0, kinds);
        let known = self.tuples.get(&container).filter(|items| items.len() == count as usize).cloned();
        if let Some(items) = known {
            for item in &items {
                self.emit(Op::IncRef, &[*item], Type::NONE);
            }
            self.set_line();
            self.close_top(1);
            for item in items.into_iter().rev() {
                self.push(item, true);
            }
            return Ok(());
        }
        let size = self.var_size(container);
        self.guard_equal(size, i64::from(count), Reason::Bounds);
        let (base, first) = if kinds == Kinds::TUPLE {
            (container, tuple::OB_ITEM)
        } else {
            (self.emit(Op::Load { offset: list::OB_ITEM, mem: Mem::I64 }, &[container], Type::I64), 0)
        };
        let mut items = Vec::new();
        for i in 0..count {
            let load = Op::Load { offset: first + 8 * i as i32, mem: Mem::Obj };
            let item = self.emit(load, &[base], Type::OBJ);
            self.emit(Op::IncRef, &[item], Type::NONE);
            items.push(item);
        }
        self.set_line();
        self.close_top(1);
        for item in items.into_iter().rev() {
            self.push(item, true);
        }
        Ok(())
    }
}
