//! Items of objects for which the interpreter has no specialized instruction: arrays, bytes, views of memory, and instances of
//! classes with `__getitem__` or `__setitem__`. What the objects are is guessed from the locals of the frame that is running.

use super::cfg::LoopInfo;
use super::inline::Unmade;
use super::*;
use crate::bytecode::operators::NB_SUBSCR;
use crate::cpython::{array, buffers, bytes};
use crate::profile::{Element, Inlinee, Method, was_tried_in_vain};

impl Builder<'_> {
    /// Loads an item. Says whether it was done.
    pub(super) fn fast_item(&mut self) -> Result<bool, Refusal> {
        if self.instr.opcode != Opcode::BinaryOp || self.instr.oparg != NB_SUBSCR {
            return Ok(false);
        }
        if let Some((kinds, element)) = self.element(1, 0) {
            let (items, offset, index) = self.place(1, 0, kinds, element);
            let ty = if element.mem.is_float() { Type::F64 } else { Type::I64 };
            let item = self.emit(Op::Load { offset, mem: element.mem }, &[items, index], ty);
            if element.is_large() {
                self.guard_int_limit(Cond::Ge, item, 0);
            }
            self.set_line_to_close(2);
            self.finish_unboxed(2, item);
            return Ok(true);
        }
        self.call_getitem()
    }

    /// Stores an item. Says whether it was done.
    pub(super) fn fast_store_item(&mut self) -> Result<bool, Refusal> {
        if let Some((kinds, element)) = self.element(1, 0)
            && kinds != Kinds::BYTES
        {
            let value = match (self.number(self.peek(2)), element.mem) {
                (Some(number), mem) if mem.is_float() => self.as_f64(2, number),
                (Some(Number::Int), _) => self.as_i64(2),
                _ => return Ok(false),
            };
            let (items, offset, index) = self.place(1, 0, kinds, element);
            if kinds == Kinds::MEMORYVIEW {
                let view = self.peek(1).value;
                let load = Op::Load { offset: buffers::VIEW_READONLY, mem: Mem::I32 };
                let is_readonly = self.emit(load, &[view], Type::I64);
                self.guard_equal(is_readonly, 0, Reason::Shape);
            }
            if let Some((least, greatest)) = element.range() {
                for (cond, limit) in [(Cond::Ge, least), (Cond::Le, greatest)] {
                    self.guard_int_limit(cond, value, limit);
                }
            }
            self.set_line_to_close(3);
            self.emit(Op::Store { offset, mem: element.mem }, &[items, value, index], Type::NONE);
            let (index, container, value) = (self.pop(), self.pop(), self.pop());
            self.close(value);
            self.close(container);
            self.close(index);
            return Ok(true);
        }
        self.call_setitem()
    }

    /// Leaves an int that is no item here to the interpreter.
    fn guard_int_limit(&mut self, cond: Cond, value: Value, limit: i64) {
        let limit = self.const_i64(limit);
        let fits = self.emit(Op::Compare(cond), &[value, limit], Type::BOOL);
        self.emit_guarded(Op::Guard { reason: Reason::Overflow }, &[fits], Type::NONE);
    }

    /// What the container and its items are guessed to be, if they are guessed to be numbers in memory and the index an int.
    fn element(&self, container: usize, index: usize) -> Option<(Kinds, Element)> {
        let (container, index) = (self.peek(container), self.peek(index));
        if !self.may_be(index, Number::Int) {
            return None;
        }
        let ty = self.func.ty(container.value);
        if !matches!(ty.repr, Repr::Obj | Repr::Ref) {
            return None;
        }
        let noted = self.profile.buffer(self.instr.start);
        let guess = match self.sources.get(&container.value) {
            _ if noted.is_some() => noted,
            Some(slot) if self.profile.has_seen(*slot) => self.profile.buffer_in(*slot),
            _ if [Kinds::BYTES, Kinds::BYTEARRAY].contains(&ty.kinds) => Some((ty.kinds, Element::BYTE)),
            _ if self.profile.has_arrays() => was_tried_in_vain(&self.instr).then_some((Kinds::ARRAY, Element::DOUBLE)),
            _ => None,
        };
        guess.filter(|(kinds, _)| !ty.kinds.intersect(kinds.union(Kinds::OTHER)).is_empty())
    }

    /// The address of a container's items, the first one's place from there, and the index of one that is there.
    fn place(&mut self, container: usize, index: usize, kinds: Kinds, element: Element) -> (Value, i32, Value) {
        let object = self.guard_kinds(container, kinds);
        if kinds == Kinds::MEMORYVIEW {
            return self.place_in_view(object, index, element);
        }
        if kinds == Kinds::ARRAY {
            let description = self.emit(Op::Load { offset: array::OB_DESCR, mem: Mem::I64 }, &[object], Type::I64);
            let load = Op::Load { offset: array::TYPECODE, mem: Mem::U8 };
            let typecode = self.emit(load, &[description], Type::I64);
            self.guard_equal(typecode, i64::from(element.typecode), Reason::Shape);
        }
        let index = self.as_i64(index);
        let index = self.wrapped_index(object, index);
        let start = match kinds {
            Kinds::BYTES => return (object, bytes::OB_SVAL, index),
            Kinds::BYTEARRAY => buffers::OB_START,
            _ => array::OB_ITEM,
        };
        (self.emit(Op::Load { offset: start, mem: Mem::I64 }, &[object], Type::I64), 0, index)
    }

    /// The same for a view of memory, which must be there, and have one dimension with one item behind the other.
    fn place_in_view(&mut self, view: Value, index: usize, element: Element) -> (Value, i32, Value) {
        let word = |builder: &mut Self, base: Value, offset: i32, mem: Mem| {
            builder.emit(Op::Load { offset, mem }, &[base], Type::I64)
        };
        let memory = word(self, view, buffers::MBUF, Mem::I64);
        let of_memory = word(self, memory, buffers::MBUF_FLAGS, Mem::I32);
        let of_view = word(self, view, buffers::VIEW_FLAGS, Mem::I32);
        for (flags, bit) in [(of_memory, buffers::MBUF_RELEASED), (of_view, buffers::VIEW_RELEASED)] {
            let bit = self.const_i64(i64::from(bit));
            let is_released = self.emit(Op::Int(IntOp::And), &[flags, bit], Type::I64);
            self.guard_equal(is_released, 0, Reason::Shape);
        }
        let size = 1 << element.mem.shift();
        for (offset, mem, expected) in [
            (buffers::VIEW_NDIM, Mem::I32, 1),
            (buffers::VIEW_ITEMSIZE, Mem::I64, size),
            (buffers::VIEW_SUBOFFSETS, Mem::I64, 0),
        ] {
            let found = word(self, view, offset, mem);
            self.guard_equal(found, expected, Reason::Shape);
        }
        let strides = word(self, view, buffers::VIEW_STRIDES, Mem::I64);
        let stride = word(self, strides, 0, Mem::I64);
        self.guard_equal(stride, size, Reason::Shape);
        let format = word(self, view, buffers::VIEW_FORMAT, Mem::I64);
        for (place, expected) in [(0, element.typecode), (1, 0)] {
            let letter = word(self, format, place, Mem::U8);
            self.guard_equal(letter, i64::from(expected), Reason::Shape);
        }
        let shape = word(self, view, buffers::VIEW_SHAPE, Mem::I64);
        let count = word(self, shape, 0, Mem::I64);
        let index = self.as_i64(index);
        let index = self.index_within(count, index);
        (word(self, view, buffers::VIEW_BUF, Mem::I64), 0, index)
    }

    /// Enters `__getitem__`, which takes over the operands as the interpreter's specialized instruction has it.
    fn call_getitem(&mut self) -> Result<bool, Refusal> {
        let Some((object, function, target)) = self.method(c"__getitem__", 1, 2) else { return Ok(false) };
        self.emit(Op::IncRef, &[function], Type::NONE);
        let mut refs = vec![self.to_ref(StackEntry { value: function, owned: true })];
        refs.extend(self.take_refs(2));
        let call = KnownCall::new(object, target, &refs);
        self.call_for_number(&call, false)?;
        Ok(true)
    }

    /// `container[a, b]` or `container[a, b] = value`, from the instruction that makes the tuple to the one that it is an index for, if a
    /// special method that becomes a part of the code takes the tuple apart and does nothing else with it. Says whether it did both.
    pub(super) fn item_by_tuple(&mut self) -> Result<bool, Refusal> {
        let (next, count) = (self.index + 1, self.instr.oparg as usize);
        let starts = [self.instr.start, self.code.instrs.get(next).map_or(self.instr.start, |instr| instr.start)];
        if next >= self.last || count == 0 || starts.iter().any(|start| self.profile.has_failed(*start)) {
            return Ok(false);
        }
        let subscript = self.code.instrs[next].clone();
        // How many operands there are besides the index.
        let (name, others) = match subscript.opcode {
            Opcode::BinaryOp if subscript.oparg == NB_SUBSCR => (c"__getitem__", 1),
            Opcode::StoreSubscr => (c"__setitem__", 2),
            _ => return Ok(false),
        };
        // Items that die do so unnoticed.
        let is_quiet = |depth| {
            let value = self.peek(depth).value;
            matches!(self.func.ty(value).repr, Repr::I64 | Repr::F64) || self.dies_quietly(value)
        };
        if self.state.stack.len() < count + others || !(0..count).all(is_quiet) {
            return Ok(false);
        }
        let Some((method, target)) = self.method_of(name, count, others as u32 + 1) else { return Ok(false) };
        let call = KnownCall::new(method.object, target, &[]);
        let takes_apart = |inlinee: &Inlinee| takes_apart(&inlinee.code, 1, count as u32);
        if !self.inlinee(&call).is_some_and(|inlinee| takes_apart(&inlinee)) {
            return Ok(false);
        }
        let function = self.enter_method(&method, target, count, count + others);
        self.scratch(count as u32);
        let items: Vec<Value> = (0..count).rev().map(|depth| self.to_owned(self.peek(depth))).collect();
        self.state.stack.truncate(self.state.stack.len() - count);
        self.skip(1);
        (self.instr, self.before) = (subscript, None);
        self.func.site = Some(self.instr.start);
        self.set_line();
        self.emit(Op::IncRef, &[function], Type::NONE);
        let function = self.to_ref(StackEntry { value: function, owned: true });
        let unmade = self.null_ref();
        let lazy = Unmade { place: 2, items: &items, is_operand: others != 1 };
        if others == 1 {
            let receiver = self.take_refs(1)[0];
            let refs = [function, receiver, unmade];
            let call = KnownCall { refs: &refs, lazy: Some(lazy), ..call };
            self.call_for_number(&call, false)?;
            return Ok(true);
        }
        let kept = [0, 1].map(|depth| self.peek_obj(depth));
        let [receiver, value] = kept.map(|object| {
            self.emit(Op::IncRef, &[object], Type::NONE);
            self.to_ref(StackEntry { value: object, owned: true })
        });
        let refs = [function, receiver, unmade, value];
        let call = KnownCall { refs: &refs, lazy: Some(lazy), kept: &kept, ..call };
        self.finish_setitem(&call)?;
        Ok(true)
    }

    /// Calls `__setitem__` and closes the two or three operands that are there.
    fn finish_setitem(&mut self, call: &KnownCall<'_>) -> Result<(), Refusal> {
        let operands = if call.lazy.is_some() { 2 } else { 3 };
        self.call_known(call, |builder, result| {
            builder.check_and_close(result, ErrorKind::Null, operands)?;
            builder.emit(Op::DecRef, &[result], Type::NONE);
            match builder.noisy {
                true => builder.safepoint(false),
                false => Ok(()),
            }
        })
    }

    /// Enters `__setitem__`. The operands stay where they are meanwhile, as the interpreter calls the method from C.
    fn call_setitem(&mut self) -> Result<bool, Refusal> {
        let Some((object, function, target)) = self.method(c"__setitem__", 1, 3) else { return Ok(false) };
        let mut refs = Vec::new();
        let operands = [1, 0, 2].map(|depth| self.peek_obj(depth));
        for object in [function].into_iter().chain(operands) {
            self.emit(Op::IncRef, &[object], Type::NONE);
            refs.push(self.to_ref(StackEntry { value: object, owned: true }));
        }
        let (refs, kept) = (&refs, &operands);
        let call = KnownCall { kept, ..KnownCall::new(object, target, refs) };
        self.finish_setitem(&call)?;
        Ok(true)
    }

    /// The method that the operator stands for, and what a call of it enters, if the object `depth` below the top is guessed to
    /// have one that takes `nargs` arguments.
    fn method(&mut self, name: &std::ffi::CStr, depth: usize, nargs: u32) -> Option<(usize, Value, CallTarget)> {
        let (method, target) = self.method_of(name, depth, nargs)?;
        let function = self.enter_method(&method, target, depth, nargs as usize);
        self.set_line();
        Some((method.object, function, target))
    }

    /// The same, without the guards that it is that one.
    fn method_of(&self, name: &std::ffi::CStr, depth: usize, nargs: u32) -> Option<(Method, CallTarget)> {
        let receiver = self.peek(depth).value;
        if self.func.ty(receiver).repr != Repr::Obj {
            return None;
        }
        let slot = self.sources.get(&receiver)?;
        let method = self.profile.method_in(*slot, name)?;
        let binding = self.profile.binding(method.object, nargs, &[])?;
        let target = binding.defaults.is_none().then_some(binding.target)?;
        Some((method, target))
    }

    /// Guards that the object `depth` below the top has this method, and boxes the `operands` topmost operands. Returns the function.
    fn enter_method(&mut self, method: &Method, target: CallTarget, depth: usize, operands: usize) -> Value {
        let receiver = self.peek(depth).value;
        self.box_operands(operands);
        self.guard_version(receiver, method.version);
        let function = self.known_obj(method.object);
        self.guard_function(function, method.object, target.code);
        self.scratch(target.nargs + 1);
        function
    }
}

/// Whether the code does nothing with the parameter in `slot` but take it apart as a sequence of `count` items.
fn takes_apart(code: &CodeInfo, slot: u32, count: u32) -> bool {
    let mut writes = LoopInfo::default();
    code.instrs.iter().for_each(|instr| cfg::local_writes(instr, &mut writes));
    let is_own = code.localsplus.get(slot as usize).is_some_and(|local| !local.kind.is_cell_or_free());
    let is_fine = |(index, instr): (usize, &Instr)| match instr.opcode {
        Opcode::LoadFast | Opcode::LoadFastBorrow if instr.oparg == slot => {
            let next = code.instrs.get(index + 1);
            next.is_some_and(|next| next.opcode == Opcode::UnpackSequence && next.oparg == count)
        }
        Opcode::LoadFastLoadFast | Opcode::LoadFastBorrowLoadFastBorrow => {
            ![instr.oparg >> 4, instr.oparg & 15].contains(&slot)
        }
        Opcode::StoreFastLoadFast => instr.oparg & 15 != slot,
        Opcode::LoadFastCheck => instr.oparg != slot,
        _ => true,
    };
    let is_left = !writes.written.contains(&slot) && !writes.deleted.contains(&slot);
    is_own && is_left && code.instrs.iter().enumerate().all(is_fine)
}
