//! Calls of what has a function written in Python to call: instances with a method `__call__`, and bound methods.

use super::*;
use crate::cpython::{kinds, method};

impl Builder<'_> {
    /// Enters the function of a bound method, which `object` was: the call goes on as one of the function with what the method is bound
    /// to. Says whether it did.
    pub(super) fn call_bound_method(&mut self, object: usize) -> Result<bool, Refusal> {
        let nargs = self.instr.oparg as usize;
        let Some(known) = self.profile.bound_function(object) else { return Ok(false) };
        let Some(binding) = self.profile.binding(known, nargs as u32 + 1, &[]) else { return Ok(false) };
        let callable = self.peek_obj(nargs + 1);
        let ty = self.emit(Op::TypeOf, &[callable], Type::obj(Kinds::OTHER));
        self.guard_equal(ty, kinds::bound_method_type() as i64, Reason::Callee);
        let load = |offset| Op::Load { offset, mem: Mem::Obj };
        let function = self.emit(load(method::IM_FUNC), &[callable], Type::OBJ);
        self.guard_function(function, known, binding.target.code);
        let defaults = self.guard_defaults(function, &binding);
        self.set_line();
        self.box_operands(nargs);
        let this = self.emit(load(method::IM_SELF), &[callable], Type::OBJ);
        let mut parts = Vec::new();
        for object in [function, this] {
            self.emit(Op::IncRef, &[object], Type::NONE);
            parts.push(self.emit(Op::ToRef { borrowed: false }, &[object], Type::REF));
        }
        let mut refs = vec![parts[0]];
        let mut arguments = self.take_refs(nargs);
        arguments.insert(0, parts[1]);
        refs.extend(self.bound(&binding, defaults, |_, index| arguments[index as usize]));
        self.close_top(2);
        self.scratch(refs.len() as u32);
        let call = KnownCall::new(known, binding.target, &refs);
        self.call_for_number(&call, true)?;
        Ok(true)
    }

    /// Enters the method `__call__` of the class whose instances were called here, if it is known. Says whether it did.
    ///
    /// The interpreter enters it from C: the operands stay where they are until the call is over, the arguments are in a tuple
    /// besides, of which only the references are left here, and the method is held that was looked up.
    pub(super) fn call_instance(&mut self) -> Result<bool, Refusal> {
        let (site, nargs) = (self.instr.start, self.instr.oparg as usize);
        let is_alone = matches!(self.func.inst(self.peek(nargs).value).op, Op::ConstRef(NULL_REF));
        if self.profile.has_failed(site) || !is_alone {
            return Ok(false);
        }
        let Some((version, method)) = self.profile.called(site) else { return Ok(false) };
        let Some(binding) = self.profile.binding(method, nargs as u32 + 1, &[]) else { return Ok(false) };
        let callable = self.peek_obj(nargs + 1);
        self.guard_version(callable, version);
        let function = self.known_obj(method);
        self.guard_function(function, method, binding.target.code);
        let defaults = self.guard_defaults(function, &binding);
        self.set_line();
        self.box_operands(nargs);
        let arguments: Vec<Value> = (0..nargs).rev().map(|depth| self.peek_obj(depth)).collect();
        let held: Vec<Value> = arguments.iter().copied().chain([function]).collect();
        for object in &held {
            self.emit(Op::IncRef, &[*object], Type::NONE);
        }
        let own = |builder: &mut Self, object| {
            builder.emit(Op::IncRef, &[object], Type::NONE);
            builder.emit(Op::ToRef { borrowed: false }, &[object], Type::REF)
        };
        let mut refs = vec![own(self, function)];
        refs.extend(self.bound(&binding, defaults, |builder, index| match index {
            0 => own(builder, callable),
            _ => own(builder, arguments[index as usize - 1]),
        }));
        self.scratch(refs.len() as u32);
        let kept: Vec<Value> = arguments.iter().copied().chain([callable]).collect();
        let call = KnownCall { kept: &kept, ..KnownCall::new(method, binding.target, &refs) };
        self.call_known(&call, |builder, result| {
            for object in held.iter().rev() {
                builder.emit(Op::DecRef, &[*object], Type::NONE);
            }
            builder.check_and_close(result, ErrorKind::Null, nargs + 2)?;
            builder.push_call_result(result)
        })?;
        Ok(true)
    }
}
