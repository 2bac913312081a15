//! Calls whose callee is known when compiling: compiled functions are entered directly.

use super::*;
use crate::cpython::{function, tuple};
use crate::profile::Callee;

impl Builder<'_> {
    /// Translates the call if its callee is known; says whether it did.
    pub(super) fn fast_call(&mut self) -> Result<bool, Refusal> {
        if self.profile.has_failed(self.instr.start) {
            return Ok(false);
        }
        let nargs = self.instr.oparg;
        let callable = self.peek(nargs as usize + 1);
        let receiver = self.peek(nargs as usize);
        let has_self = !matches!(self.func.inst(receiver.value).op, Op::ConstRef(NULL_REF));
        if has_self && self.func.ty(receiver.value).repr == Repr::Ref {
            return self.call_one_of(callable.value);
        }
        if !has_self && self.call_function_of_code()? {
            return Ok(true);
        }
        let Some(&object) = self.expect.get(&callable.value) else {
            return if has_self { Ok(false) } else { self.construct(&[]) };
        };
        if let Some(builtin) = self.profile.builtin(object)
            && self.call_builtin(builtin, object, has_self)?
        {
            return Ok(true);
        }
        if !has_self && self.call_bound_method(object)? {
            return Ok(true);
        }
        let count = nargs + u32::from(has_self);
        let Some(binding) = self.profile.binding(object, count, &[]) else {
            return if has_self { Ok(false) } else { self.construct(&[]) };
        };
        self.enter_function(object, &binding, has_self, 0)?;
        Ok(true)
    }

    /// The same for a call with keywords, whose names are the topmost operand.
    pub(super) fn fast_call_kw(&mut self) -> Result<bool, Refusal> {
        if self.profile.has_failed(self.instr.start) {
            return Ok(false);
        }
        let Some(names) = self.names_of_arguments() else { return Ok(false) };
        let nargs = self.instr.oparg;
        let callable = self.peek(nargs as usize + 2);
        let receiver = self.peek(nargs as usize + 1);
        let has_self = !matches!(self.func.inst(receiver.value).op, Op::ConstRef(NULL_REF));
        if has_self && self.func.ty(receiver.value).repr == Repr::Ref {
            return Ok(false);
        }
        let Some(&object) = self.expect.get(&callable.value) else { return Ok(false) };
        let Some(binding) = self.profile.binding(object, nargs + u32::from(has_self), &names) else {
            return if has_self { Ok(false) } else { self.construct(&names) };
        };
        self.enter_function(object, &binding, has_self, 1)?;
        Ok(true)
    }

    /// What the topmost operand names arguments, if it is known.
    pub(super) fn names_of_arguments(&self) -> Option<Vec<usize>> {
        let Op::ConstObj { address, .. } = self.func.inst(self.peek(0).value).op else { return None };
        self.profile.names_in(address)
    }

    /// Calls a known function with the arguments below the topmost `above` operands, which are immortal, and closes all.
    fn enter_function(
        &mut self,
        object: usize,
        binding: &Binding,
        has_self: bool,
        above: usize,
    ) -> Result<(), Refusal> {
        let nargs = self.instr.oparg as usize;
        let callable = self.peek(nargs + 1 + above).value;
        self.guard_function(callable, object, binding.target.code);
        if self.func.ty(callable).kinds == Kinds::ANY {
            let function = self.emit(Op::Refine { kinds: Kinds::FUNCTION }, &[callable], Type::obj(Kinds::FUNCTION));
            self.learn(callable, function);
        }
        self.enter_callee(Callee::Function(object), binding, callable, has_self, above)
    }

    /// Enters a function of the code that was called here so far, which is made anew each time, or one of several. Says whether that is
    /// known.
    fn call_function_of_code(&mut self) -> Result<bool, Refusal> {
        let nargs = self.instr.oparg as usize;
        let Some(callee) = self.profile.called_function(self.instr.start) else { return Ok(false) };
        let Some(binding) = self.profile.binding_of(callee, nargs as u32, &[]) else { return Ok(false) };
        let callable = self.guard_kinds(nargs + 1, Kinds::FUNCTION);
        let load = Op::Load { offset: function::FUNC_CODE, mem: Mem::Obj };
        let code = self.emit(load, &[callable], Type::OBJ);
        self.guard_equal(code, binding.target.code as i64, Reason::Callee);
        self.enter_callee(callee, &binding, callable, false, 0)?;
        Ok(true)
    }

    /// Calls a function that is known to be of this kind.
    fn enter_callee(
        &mut self,
        callee: Callee,
        binding: &Binding,
        callable: Value,
        has_self: bool,
        above: usize,
    ) -> Result<(), Refusal> {
        let nargs = self.instr.oparg as usize;
        let defaults = self.guard_defaults(callable, binding);
        self.set_line();
        self.box_operands(nargs + 2 + above);
        self.close_top(above);
        let mut refs = self.take_refs(nargs + 2);
        let arguments = refs.split_off(if has_self { 1 } else { 2 });
        refs.extend(self.bound(binding, defaults, |_, index| arguments[index as usize]));
        self.scratch(refs.len() as u32);
        let call = KnownCall { callee, has_self, ..KnownCall::new(0, binding.target, &refs) };
        self.call_for_number(&call, true)
    }

    /// The function's defaults, after a guard that there are as many as when the call was bound, if it uses some.
    pub(super) fn guard_defaults(&mut self, function: Value, binding: &Binding) -> Option<Value> {
        let count = binding.defaults?;
        let load = Op::Load { offset: function::FUNC_DEFAULTS, mem: Mem::Obj };
        let defaults = self.emit(load, &[function], Type::OBJ_OR_NULL);
        let defaults = self.guard_not_null(defaults);
        let size = self.var_size(defaults);
        self.guard_equal(size, i64::from(count), Reason::Callee);
        Some(defaults)
    }

    /// What the parameters get, as stackrefs that the callee's frame is to own.
    pub(super) fn bound(
        &mut self,
        binding: &Binding,
        defaults: Option<Value>,
        mut argument: impl FnMut(&mut Self, u32) -> Value,
    ) -> Vec<Value> {
        let mut refs = Vec::new();
        for source in &binding.sources {
            refs.push(match *source {
                Source::Argument(index) => argument(self, index),
                Source::Default(index) => {
                    let offset = tuple::OB_ITEM + 8 * index as i32;
                    let from = defaults.expect("a binding that uses defaults says so");
                    let value = self.emit(Op::Load { offset, mem: Mem::Obj }, &[from], Type::OBJ);
                    self.emit(Op::IncRef, &[value], Type::NONE);
                    self.emit(Op::ToRef { borrowed: false }, &[value], Type::REF)
                }
            });
        }
        refs
    }
}
