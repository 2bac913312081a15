//! Items of objects for which the interpreter has no specialized instruction: arrays, and instances of classes with
//! `__getitem__` or `__setitem__`. What the objects are is guessed from the locals of the frame that is running.

use super::*;
use crate::bytecode::operators::NB_SUBSCR;
use crate::cpython::array;
use crate::profile::{Element, was_tried_in_vain};

impl Builder<'_> {
    /// Loads an item. Says whether it was done.
    pub(super) fn fast_item(&mut self) -> Result<bool, Refusal> {
        if self.instr.opcode != Opcode::BinaryOp || self.instr.oparg != NB_SUBSCR {
            return Ok(false);
        }
        if let Some(element) = self.element(1, 0) {
            let (items, index) = self.array_place(1, 0, element);
            let ty = if element.mem == Mem::F64 { Type::F64 } else { Type::I64 };
            let item = self.emit(Op::Load { offset: 0, mem: element.mem }, &[items, index], ty);
            self.set_line_to_close(2);
            self.finish_unboxed(2, item);
            return Ok(true);
        }
        self.call_getitem()
    }

    /// Stores an item. Says whether it was done.
    pub(super) fn fast_store_item(&mut self) -> Result<bool, Refusal> {
        if let Some(element) = self.element(1, 0) {
            let value = match (self.number(self.peek(2)), element.mem) {
                (Some(number), Mem::F64) => self.as_f64(2, number),
                (Some(Number::Int), _) => self.as_i64(2),
                _ => return Ok(false),
            };
            let (items, index) = self.array_place(1, 0, element);
            if let Some((least, greatest)) = element.range() {
                for (cond, limit) in [(Cond::Ge, least), (Cond::Le, greatest)] {
                    let limit = self.const_i64(limit);
                    let fits = self.emit(Op::Compare(cond), &[value, limit], Type::BOOL);
                    self.emit_guarded(Op::Guard { reason: Reason::Overflow }, &[fits], Type::NONE);
                }
            }
            self.set_line_to_close(3);
            self.emit(Op::Store { offset: 0, mem: element.mem }, &[items, value, index], Type::NONE);
            let (index, container, value) = (self.pop(), self.pop(), self.pop());
            self.close(value);
            self.close(container);
            self.close(index);
            return Ok(true);
        }
        self.call_setitem()
    }

    /// What the items of the container are guessed to be, if it is guessed to be an array and the index an int.
    fn element(&self, container: usize, index: usize) -> Option<Element> {
        let (container, index) = (self.peek(container), self.peek(index));
        if !self.may_be(index, Number::Int) || !self.profile.has_arrays() {
            return None;
        }
        let ty = self.func.ty(container.value);
        let may_be = ty.kinds.intersect(Kinds::ARRAY.union(Kinds::OTHER));
        if may_be.is_empty() || !matches!(ty.repr, Repr::Obj | Repr::Ref) {
            return None;
        }
        match self.sources.get(&container.value) {
            Some(slot) if self.profile.has_seen(*slot) => self.profile.element_in(*slot),
            _ => was_tried_in_vain(&self.instr).then_some(Element::DOUBLE),
        }
    }

    /// The address of an array's items and the index of one, which is there.
    fn array_place(&mut self, container: usize, index: usize, element: Element) -> (Value, Value) {
        let array = self.guard_kinds(container, Kinds::ARRAY);
        let description = self.emit(Op::Load { offset: array::OB_DESCR, mem: Mem::I64 }, &[array], Type::I64);
        let load = Op::Load { offset: array::TYPECODE, mem: Mem::U8 };
        let typecode = self.emit(load, &[description], Type::I64);
        self.guard_equal(typecode, i64::from(element.typecode), Reason::Shape);
        let index = self.as_i64(index);
        let index = self.wrapped_index(array, index);
        let items = self.emit(Op::Load { offset: array::OB_ITEM, mem: Mem::I64 }, &[array], Type::I64);
        (items, index)
    }

    /// Enters `__getitem__`, which takes over the operands as the interpreter's specialized instruction has it.
    fn call_getitem(&mut self) -> Result<bool, Refusal> {
        let Some((object, function, target)) = self.method(c"__getitem__", 1, 2) else { return Ok(false) };
        self.emit(Op::IncRef, &[function], Type::NONE);
        let mut refs = vec![self.to_ref(StackEntry { value: function, owned: true })];
        refs.extend(self.take_refs(2));
        let call = KnownCall { object, target, has_self: true, has_shim: false, refs: &refs };
        self.call_for_number(&call, false)?;
        Ok(true)
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
        let result = self.call_known(&KnownCall { object, target, has_self: true, has_shim: false, refs: &refs });
        self.check_and_close(result, ErrorKind::Null, 3)?;
        self.emit(Op::DecRef, &[result], Type::NONE);
        self.safepoint(false)?;
        Ok(true)
    }

    /// The method that the operator stands for, and what a call of it enters, if the object `depth` below the top is guessed to
    /// have one that takes `nargs` arguments.
    fn method(&mut self, name: &std::ffi::CStr, depth: usize, nargs: u32) -> Option<(usize, Value, CallTarget)> {
        let receiver = self.peek(depth).value;
        if self.func.ty(receiver).repr != Repr::Obj {
            return None;
        }
        let slot = self.sources.get(&receiver)?;
        let method = self.profile.method_in(*slot, name)?;
        let binding = self.profile.binding(method.object, nargs, &[])?;
        let target = binding.defaults.is_none().then_some(binding.target)?;
        self.box_operands(nargs as usize);
        self.guard_version(receiver, method.version);
        let function = self.known_obj(method.object);
        self.guard_function(function, method.object, target.code);
        self.set_line();
        self.scratch(nargs + 1);
        Some((method.object, function, target))
    }
}
