//! Calls whose callee is known when compiling: compiled functions are entered directly, and a few builtins are done
//! in place.

use super::*;
use crate::cpython::{dict, function, tuple, unicode};
use crate::profile::Builtin;

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
        let Some(&object) = self.expect.get(&callable.value) else {
            return if has_self { Ok(false) } else { self.construct(&[]) };
        };
        if let Some(builtin) = self.profile.builtin(object) {
            return self.call_builtin(builtin, object, has_self);
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
        let Op::ConstObj { address, .. } = self.func.inst(self.peek(0).value).op else { return Ok(false) };
        let Some(names) = self.profile.names_in(address) else { return Ok(false) };
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
        let defaults = self.guard_defaults(callable, binding);
        self.set_line();
        self.box_operands(nargs + 2 + above);
        self.close_top(above);
        let mut refs = self.take_refs(nargs + 2);
        let arguments = refs.split_off(if has_self { 1 } else { 2 });
        refs.extend(self.bound(binding, defaults, |_, index| arguments[index as usize]));
        self.scratch(refs.len() as u32);
        let call = KnownCall { object, target: binding.target, has_self, has_shim: false, refs: &refs };
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

    fn call_builtin(&mut self, builtin: Builtin, object: usize, has_self: bool) -> Result<bool, Refusal> {
        let nargs = self.instr.oparg;
        match builtin {
            Builtin::Len if nargs == 1 && !has_self => {
                let arg = self.peek_obj(0);
                let kinds = self.func.ty(arg).kinds;
                let callable = self.peek(2).value;
                self.guard_equal(callable, object as i64, Reason::Callee);
                let offset = if kinds.is_within(Kinds::LIST.union(Kinds::TUPLE)) {
                    crate::cpython::object::OB_SIZE
                } else if kinds == Kinds::STR {
                    unicode::LENGTH
                } else if kinds == Kinds::DICT {
                    dict::MA_USED
                } else {
                    self.set_line();
                    let size = self.helper(Helper::Size, &[arg], &[]);
                    self.check(size, ErrorKind::Negative)?;
                    self.finish_builtin(size);
                    self.safepoint(true)?;
                    return Ok(true);
                };
                let size = self.emit(Op::Load { offset, mem: Mem::I64 }, &[arg], Type::I64);
                self.set_line();
                self.finish_builtin(size);
                Ok(true)
            }
            Builtin::ListAppend if nargs == 1 && has_self => {
                let callable = self.peek(2).value;
                if !matches!(self.func.inst(callable).op, Op::ConstObj { .. }) {
                    self.guard_equal(callable, object as i64, Reason::Callee);
                }
                let list = self.guard_kinds(1, Kinds::LIST);
                let item = self.peek_obj(0);
                self.set_line();
                let status = self.helper(Helper::ListAppend, &[list, item], &[]);
                self.check_and_close(status, ErrorKind::Negative, 3)?;
                let none = self.const_obj(self.profile.none());
                self.push(none, false);
                Ok(true)
            }
            Builtin::Sqrt | Builtin::Fabs | Builtin::Abs if nargs == 1 && !has_self => {
                Ok(self.float_function(builtin, object))
            }
            Builtin::Float if nargs == 1 && !has_self => Ok(self.convert_to_float(object)),
            _ => Ok(false),
        }
    }

    /// `float(number)`. Says whether it was done: not when the argument is not known to be a number. What is a float already is
    /// the result itself.
    fn convert_to_float(&mut self, object: usize) -> bool {
        let Some(number) = self.number(self.peek(0)) else { return false };
        self.guard_equal(self.peek(2).value, object as i64, Reason::Callee);
        let result = match number {
            Number::Int => StackEntry { value: self.as_f64(0, number), owned: false },
            Number::Float => {
                let StackEntry { value, .. } = self.peek(0);
                let owned = self.func.ty(value).repr == Repr::Obj;
                if owned {
                    self.emit(Op::IncRef, &[value], Type::NONE);
                }
                StackEntry { value, owned }
            }
        };
        self.set_line();
        self.close_top(3);
        self.state.stack.push(result);
        true
    }

    /// A function of one float. Says whether it was done: not when the argument is not known to be one.
    fn float_function(&mut self, builtin: Builtin, object: usize) -> bool {
        let number = match (self.number(self.peek(0)), builtin) {
            // The absolute of an int is an int.
            (None, _) | (Some(Number::Int), Builtin::Abs) => return false,
            (Some(number), _) => number,
        };
        self.guard_equal(self.peek(2).value, object as i64, Reason::Callee);
        let arg = self.as_f64(0, number);
        let op = match builtin {
            Builtin::Sqrt => {
                let zero = self.emit(Op::ConstF64(0), &[], Type::F64);
                let is_defined = self.emit(Op::FloatCompare(Cond::Ge), &[arg, zero], Type::BOOL);
                self.emit_guarded(Op::Guard { reason: Reason::Domain }, &[is_defined], Type::NONE);
                Op::FloatSqrt
            }
            _ => Op::FloatAbs,
        };
        let result = self.emit(op, &[arg], Type::F64);
        self.set_line();
        self.finish_builtin(result);
        true
    }

    /// Drops callable, NULL and argument; pushes the unboxed result.
    fn finish_builtin(&mut self, result: Value) {
        self.close_top(3);
        self.push(result, false);
    }
}
