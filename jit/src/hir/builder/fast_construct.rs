//! Calls of classes that do no more than `object.__new__` and an `__init__` written in Python: the instance is made in
//! place, and `__init__` is entered like any known function.
//!
//! Where the interpreter specializes such a call it moves the arguments into the frame of `__init__`, below which it has a
//! frame of its own that checks what comes back. With keywords the arguments are lent: the operand stack keeps them until
//! the call is over, and so do the tuple and dict that `type.__call__` gets them in, and the array that comes of the dict; of
//! these only the references are left here.

use super::*;
use crate::cpython::constructor::Constructor;
use crate::cpython::{kinds, object, typeobject};

impl Builder<'_> {
    /// Translates the call of a class, with no self, if the class is known and simple. `names` are the keywords; with them
    /// there is an operand more, which is immortal. Says whether it did.
    pub(super) fn construct(&mut self, names: &[usize]) -> Result<bool, Refusal> {
        let nargs = self.instr.oparg as usize;
        let above = usize::from(!names.is_empty());
        let callable = self.peek(nargs + 1 + above);
        let expected = match self.expect.get(&callable.value) {
            Some(&object) => Some(object),
            None if self.instr.raw == Opcode::CallAllocAndEnterInit => {
                self.profile.class_with_version(self.instr.cache_u32(1))
            }
            None => None,
        };
        let Some((object, class)) = expected.and_then(|class| Some((class, self.profile.constructor(class)?))) else {
            return Ok(false);
        };
        let dies_plainly = self.profile.dies_plainly(object);
        if class.init == 0 {
            if nargs != 0 {
                return Ok(false);
            }
            self.guard_class(class);
            let instance = self.new_instance(dies_plainly)?;
            self.close_top(2);
            self.push(instance, true);
            self.safepoint(false)?;
            return Ok(true);
        }
        let Some(binding) = self.profile.binding(class.init, nargs as u32 + 1, names) else { return Ok(false) };
        self.guard_class(class);
        let init = self.known_obj(class.init);
        self.guard_function(init, class.init, binding.target.code);
        let defaults = self.guard_defaults(init, &binding);
        self.box_operands(nargs + above);
        let instance = self.new_instance(dies_plainly)?;
        if class.is_specialized && names.is_empty() {
            self.init_with_moved(class, instance, init, &binding, defaults)?;
        } else {
            self.init_with_lent(class, instance, init, &binding, defaults, names.len())?;
        }
        Ok(true)
    }

    /// Guards that the callable is the class that was looked at, unchanged.
    fn guard_class(&mut self, class: Constructor) {
        let above = usize::from(self.instr.opcode == Opcode::CallKw);
        let callable = self.peek_obj(self.instr.oparg as usize + 1 + above);
        if let Op::ConstObj { address, .. } = self.func.inst(callable).op
            && let Some(validity) = self.profile.constant_class(address, class.version)
        {
            // Nor can a class whose metaclass is `type`, which is immutable, get another one.
            self.guard_valid(validity);
            return;
        }
        let metaclass = self.emit(Op::Load { offset: object::OB_TYPE, mem: Mem::I64 }, &[callable], Type::I64);
        self.guard_equal(metaclass, kinds::type_type() as i64, Reason::Callee);
        let tag = Op::Load { offset: typeobject::TP_VERSION_TAG, mem: Mem::U32 };
        let tag = self.emit(tag, &[callable], Type::I64);
        self.guard_equal(tag, i64::from(class.version), Reason::Callee);
    }

    /// Makes the instance, while all operands are still on the stack.
    fn new_instance(&mut self, dies_plainly: bool) -> Result<Value, Refusal> {
        let above = usize::from(self.instr.opcode == Opcode::CallKw);
        let class = self.peek_obj(self.instr.oparg as usize + 1 + above);
        self.set_line();
        let instance = self.helper(Helper::NewInstance, &[class], &[i64::from(dies_plainly)]);
        self.check(instance, ErrorKind::Null)?;
        self.facts.fresh.insert(instance, HashSet::new());
        // The instance holds its class.
        self.facts.held.insert(class);
        Ok(instance)
    }

    /// Calls `__init__` as the interpreter's specialized instruction does.
    fn init_with_moved(
        &mut self,
        class: Constructor,
        instance: Value,
        init: Value,
        binding: &Binding,
        defaults: Option<Value>,
    ) -> Result<(), Refusal> {
        let nargs = self.instr.oparg as usize;
        self.emit(Op::IncRef, &[init], Type::NONE);
        self.emit(Op::IncRef, &[instance], Type::NONE);
        let mut arguments = self.take_refs(nargs);
        let mut refs = vec![self.emit(Op::ToRef { borrowed: false }, &[init], Type::REF)];
        arguments.insert(0, self.emit(Op::ToRef { borrowed: false }, &[instance], Type::REF));
        refs.extend(self.bound(binding, defaults, |_, index| arguments[index as usize]));
        self.close_top(2);
        self.scratch(refs.len() as u32);
        self.facts.shapes.insert(instance, class.version);
        let (object, target) = (class.init, binding.target);
        let (refs, kept) = (&refs, &[instance]);
        let call = KnownCall { has_shim: true, kept, ..KnownCall::new(object, target, refs) };
        self.call_known(&call, |builder, result| builder.finish_init(result, instance, 0))
    }

    /// Calls `__init__` as `type.__call__` does.
    fn init_with_lent(
        &mut self,
        class: Constructor,
        instance: Value,
        init: Value,
        binding: &Binding,
        defaults: Option<Value>,
        keywords: usize,
    ) -> Result<(), Refusal> {
        let (nargs, above) = (self.instr.oparg as usize, usize::from(keywords != 0));
        let arguments: Vec<Value> = (0..nargs).rev().map(|depth| self.peek_obj(depth + above)).collect();
        let by_name = &arguments[nargs - keywords..];
        for argument in arguments.iter().chain(by_name) {
            self.emit(Op::IncRef, &[*argument], Type::NONE);
        }
        let mut refs = Vec::new();
        for object in [init, instance] {
            self.emit(Op::IncRef, &[object], Type::NONE);
            refs.push(self.emit(Op::ToRef { borrowed: false }, &[object], Type::REF));
        }
        let this = refs[1];
        refs.truncate(1);
        refs.extend(self.bound(binding, defaults, |builder, index| {
            if index == 0 {
                return this;
            }
            let argument = arguments[index as usize - 1];
            builder.emit(Op::IncRef, &[argument], Type::NONE);
            builder.emit(Op::ToRef { borrowed: false }, &[argument], Type::REF)
        }));
        self.scratch(refs.len() as u32);
        self.facts.shapes.insert(instance, class.version);
        let (object, target) = (class.init, binding.target);
        let kept: Vec<Value> = arguments.iter().copied().chain([instance]).collect();
        let (refs, kept) = (&refs, &kept);
        let call = KnownCall { kept, ..KnownCall::new(object, target, refs) };
        self.call_known(&call, |builder, result| {
            for argument in arguments.iter().chain(by_name) {
                builder.emit(Op::DecRef, &[*argument], Type::NONE);
            }
            builder.finish_init(result, instance, nargs + 2 + above)
        })
    }

    /// Checks what `__init__` returned, closes the top `count` operands, and pushes the instance.
    fn finish_init(&mut self, result: Value, instance: Value, count: usize) -> Result<(), Refusal> {
        let (failed, returned) = (self.func.new_block(true), self.func.new_block(false));
        let (wrong, ok) = (self.func.new_block(true), self.func.new_block(false));
        self.terminate(match self.returned_by_callee {
            Some(value) if value == result => Terminator::Jump(Edge::to(returned)),
            _ => {
                let (kind, error, ok) = (ErrorKind::Null, Edge::to(failed), Edge::to(returned));
                Terminator::OnError { value: result, kind, error, ok }
            }
        });
        self.switch_to(returned);
        let none = self.const_obj(self.profile.none());
        let is_none = self.emit(Op::Compare(Cond::Eq), &[result, none], Type::BOOL);
        self.terminate(Terminator::Branch { cond: is_none, then: Edge::to(ok), otherwise: Edge::to(wrong) });
        let saved = (self.state.clone(), self.line, self.before, self.noisy);
        self.switch_to(wrong);
        self.helper(Helper::InitReturned, &[result], &[]);
        self.emit(Op::DecRef, &[result], Type::NONE);
        self.terminate(Terminator::Jump(Edge::to(failed)));
        self.switch_to(failed);
        self.emit(Op::DecRef, &[instance], Type::NONE);
        self.close_top(count);
        let below = self.state.stack.clone();
        self.raise(&below)?;
        (self.state, self.line, self.before, self.noisy) = saved;
        self.switch_to(ok);
        self.close_top(count);
        self.push(instance, true);
        let serves = self.serves_after_call();
        self.safepoint(serves)
    }
}
