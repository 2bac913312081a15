//! Calls of every form. The runtime's call helpers consume the callable and all arguments, like the interpreter's
//! own instructions: an argument that only the call keeps alive dies when the callee lets go of it.

use super::*;
use std::ops::Range;

/// How deep below the top of the stack the operands of a call are.
pub(super) struct Given {
    pub callable: usize,
    /// The last argument without a name comes first.
    pub positional: Range<usize>,
}

impl Builder<'_> {
    pub(super) fn call(&mut self) -> Result<(), Refusal> {
        let nargs = self.instr.oparg as usize;
        self.call_class_of_iterators(Given { callable: nargs + 1, positional: 0..nargs }, Self::call_anything)
    }

    fn call_anything(&mut self) -> Result<(), Refusal> {
        if self.fast_call()? || self.call_native()? || self.call_instance()? {
            return Ok(());
        }
        let nargs = self.instr.oparg;
        self.call_stealing(Helper::Call, nargs + 2, i64::from(nargs))
    }

    pub(super) fn call_kw(&mut self) -> Result<(), Refusal> {
        let nargs = self.instr.oparg as usize;
        let named = self.names_of_arguments().map_or(nargs, |names| names.len());
        self.call_class_of_iterators(
            Given { callable: nargs + 2, positional: named + 1..nargs + 1 },
            Self::call_anything_kw,
        )
    }

    /// Does what `call` does, and keeps in mind what the result iterates over if the callable is `enumerate` or `zip`.
    fn call_class_of_iterators(
        &mut self,
        given: Given,
        call: impl FnOnce(&mut Self) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let (enumerated, zipped) = (self.enumerated_by_call(&given), self.zipped_by_call(&given));
        call(self)?;
        if let Some(kinds) = zipped {
            self.zips.insert(self.peek(0).value, kinds);
        }
        if let Some(kinds) = enumerated {
            self.enumerations.insert(self.peek(0).value, kinds);
        }
        Ok(())
    }

    fn call_anything_kw(&mut self) -> Result<(), Refusal> {
        if self.fast_call_kw()? {
            return Ok(());
        }
        let nargs = self.instr.oparg;
        self.call_stealing(Helper::CallKw, nargs + 3, i64::from(nargs))
    }

    pub(super) fn call_function_ex(&mut self) -> Result<(), Refusal> {
        self.call_stealing(Helper::CallFunctionEx, 4, 0)
    }

    /// Moves the top `operands` operands to the scratch area as stackrefs and lets `helper` consume them.
    fn call_stealing(&mut self, helper: Helper, operands: u32, nargs: i64) -> Result<(), Refusal> {
        self.set_line();
        let refs = self.take_refs(operands as usize);
        let at = self.scratch(operands);
        self.emit(Op::SpillArgs { at }, &refs, Type::NONE);
        let address = self.emit(Op::ScratchAddr { at }, &[], Type::I64);
        let result = self.helper(helper, &[address], &[nargs]);
        self.finish_call(result)
    }

    /// Pops the top `count` operands as stackrefs, deepest first, with their claims.
    pub(super) fn take_refs(&mut self, count: usize) -> Vec<Value> {
        self.box_operands(count);
        let mut refs = Vec::new();
        for depth in (0..count).rev() {
            let entry = self.peek(depth);
            refs.push(self.to_ref(entry));
        }
        for _ in 0..count {
            self.pop();
        }
        refs
    }

    /// Pushes the result of a call whose operands are consumed.
    pub(super) fn finish_call(&mut self, result: Value) -> Result<(), Refusal> {
        self.check(result, ErrorKind::Null)?;
        self.push_call_result(result)
    }

    /// Pushes the result of a call that has not failed.
    pub(super) fn push_call_result(&mut self, result: Value) -> Result<(), Refusal> {
        self.push(result, true);
        self.safepoint(!self.is_after_special())
    }

    /// Whether the call is one that a with statement makes on entering: it must not be interrupted before it is ready to exit.
    pub(super) fn is_after_special(&self) -> bool {
        self.index > 0 && self.code.instrs[self.index - 1].opcode == Opcode::LoadSpecial
    }

    pub(super) fn load_super_attr(&mut self) -> Result<(), Refusal> {
        if self.super_method() {
            return Ok(());
        }
        let oparg = self.instr.oparg;
        let mut args = self.operands(3);
        args.push(self.const_name(oparg >> 2));
        self.set_line();
        let at = self.scratch(1);
        args.push(self.emit(Op::ScratchAddr { at }, &[], Type::I64));
        let is_owned = i64::from(self.is_counted(self.peek(0)));
        let result = self.helper(Helper::LoadSuperAttr, &args, &[i64::from(oparg), is_owned]);
        if oparg & 1 != 0 {
            return self.finish_method(result, at, 3);
        }
        self.check_and_close(result, ErrorKind::Null, 3)?;
        self.push(result, true);
        self.safepoint(false)
    }

    /// Whether the operand has a reference of its own, as far as is known, which its copies then have too.
    pub(super) fn is_counted(&self, entry: StackEntry) -> bool {
        entry.owned || self.func.ty(entry.value).repr == Repr::Ref
    }

    /// Replaces the top `count` operands by what a method look-up found: the callable that it returned, and the stackref
    /// to the self, or NULL, that it left in word `at` of the scratch area.
    pub(super) fn finish_method(&mut self, callable: Value, at: u32, count: usize) -> Result<(), Refusal> {
        let receiver = self.emit(Op::LoadScratch { at, repr: Repr::Ref }, &[], Type::REF);
        self.check_and_close(callable, ErrorKind::Null, count)?;
        self.push(callable, true);
        self.push(receiver, true);
        self.safepoint(false)
    }

    pub(super) fn load_special(&mut self) -> Result<(), Refusal> {
        let owner = self.peek_obj(0);
        self.set_line();
        let at = self.scratch(1);
        let address = self.emit(Op::ScratchAddr { at }, &[], Type::I64);
        let is_owned = i64::from(self.is_counted(self.peek(0)));
        let result = self.helper(Helper::LoadSpecial, &[owner, address], &[i64::from(self.instr.oparg), is_owned]);
        self.finish_method(result, at, 1)
    }
}
