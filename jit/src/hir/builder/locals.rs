//! Local variables: home slots, what is known of them, and cells.

use super::*;
use crate::cpython::generator;
use crate::cpython::{function, tuple};

impl Builder<'_> {
    /// The object in a home slot, which is of type `ty`.
    pub(super) fn home(&mut self, slot: u32, ty: Type) -> Value {
        let raw = self.emit(Op::LoadLocal { slot }, &[], Type::REF);
        self.emit(Op::RefToObj, &[raw], ty)
    }

    pub(super) fn load_local(&mut self, slot: u32) -> Value {
        if let Local::Value(value) = self.state.locals[slot as usize] {
            return value;
        }
        let value = self.home(slot, Type::OBJ);
        self.state.locals[slot as usize] = Local::Value(value);
        value
    }

    /// Puts the operand into the home slot and closes what was there.
    pub(super) fn store_local(&mut self, slot: u32, entry: StackEntry) {
        let entry = self.boxed(entry);
        let was = self.state.locals[slot as usize];
        let raw = self.to_ref(entry);
        let old = self.emit(Op::SwapLocal { slot }, &[raw], Type::REF);
        self.state.locals[slot as usize] = match self.func.ty(entry.value).repr {
            Repr::Obj => Local::Value(entry.value),
            _ => Local::Home,
        };
        let immortal = matches!(was, Local::Value(value) if self.func.ty(value).kinds.is_immortal());
        if was != Local::Null && !immortal {
            let is_quiet = matches!(was, Local::Value(value) if self.dies_quietly(value));
            if let Local::Value(value) = was {
                // What is said of an object holds for references to it.
                self.func.values[old.index()].ty.kinds = self.func.ty(value).kinds.union(Kinds::NULL);
            }
            let before = (self.noisy, self.noisy_blocks.contains(&self.cur));
            self.emit(Op::CloseRef, &[old], Type::NONE);
            if is_quiet {
                self.noisy = before.0;
                if !before.1 {
                    self.noisy_blocks.remove(&self.cur);
                }
            }
        }
    }

    /// Puts an unboxed number into the home slot and gives up what was there. Observers are told when that is no number that is
    /// overwritten.
    pub(super) fn store_number(&mut self, slot: u32, number: Value) {
        let was = self.state.locals[slot as usize];
        let (op, kinds) = match self.func.ty(number).repr {
            Repr::F64 => (Op::StoreFloat { slot }, Kinds::FLOAT),
            _ => (Op::StoreInt { slot }, Kinds::LONG),
        };
        let object = self.emit_guarded(op, &[number], Type::obj(kinds));
        self.state.locals[slot as usize] = Local::Value(object);
        let is_quiet = match was {
            Local::Null => true,
            Local::Value(value) => self.dies_quietly(value),
            Local::Home => false,
        };
        if !is_quiet {
            self.forget();
            self.noisy_blocks.insert(self.cur);
            match self.stored {
                None => self.stored = Some(object),
                Some(_) => self.noisy = true,
            }
        }
    }

    pub(super) fn resume(&mut self) -> Result<(), Refusal> {
        // Nothing has run since the caller's last safepoint.
        if self.func.context != OUTERMOST {
            return Ok(());
        }
        self.set_line();
        // The interpreter repeats the instruction: it tells tools that the function starts or goes on.
        let state = self.state_at(self.instr.start);
        // One that has waited for another generator lets that one serve signals, and what begins a generator expression the code
        // that it is in.
        let periodic = matches!(
            self.instr.oparg & generator::RESUME_LOCATION_MASK,
            generator::RESUME_AT_FUNC_START | generator::RESUME_AFTER_YIELD
        );
        let status =
            self.emit_in(self.cur, Op::Safepoint { periodic, boxes: 0, leaves: false }, &[], Type::I64, Some(state));
        if periodic { self.check(status, ErrorKind::Negative) } else { Ok(()) }
    }

    pub(super) fn load_fast(&mut self, slot: u32, owned: bool) {
        let value = self.load_local(slot);
        self.sources.insert(value, slot);
        if owned && !self.func.ty(value).kinds.is_immortal() {
            self.emit(Op::IncRef, &[value], Type::NONE);
            self.push(value, true);
        } else {
            self.push(value, false);
        }
    }

    pub(super) fn store_fast(&mut self, slot: u32) {
        let entry = self.peek(0);
        match self.func.ty(entry.value).repr {
            Repr::I64 | Repr::F64 => {
                self.store_number(slot, entry.value);
                self.pop();
            }
            _ => {
                // What the store drops may be the last reference to an object whose finalizer looks at this frame.
                self.set_line();
                let entry = self.boxed(entry);
                self.pop();
                self.store_local(slot, entry);
            }
        }
    }

    /// `STORE_FAST_STORE_FAST`. Between the stores there is no bytecode to go on at, should the second one want memory that
    /// is not there. The interpreter can store a number once more, but not an object, which is gone from the stack.
    pub(super) fn store_fast_twice(&mut self, first: u32, second: u32) {
        let entry = self.peek(0);
        let is_number = matches!(self.func.ty(entry.value).repr, Repr::I64 | Repr::F64);
        if !is_number {
            self.box_operand(1);
        }
        self.store_fast(first);
        if is_number {
            self.push(entry.value, false);
            self.before = Some(self.state_at(self.instr.start));
            self.pop();
        }
        self.store_fast(second);
    }

    pub(super) fn check_bound(&mut self, slot: u32) -> Result<(), Refusal> {
        if matches!(self.state.locals[slot as usize], Local::Value(_)) {
            return Ok(());
        }
        let value = self.home(slot, Type::OBJ_OR_NULL);
        let value = self.bound_or_raise(value, Helper::UnboundLocalError, slot)?;
        self.state.locals[slot as usize] = Local::Value(value);
        Ok(())
    }

    /// Goes on with `value` known to be there; otherwise `error` raises about the variable in `slot`.
    pub(super) fn bound_or_raise(&mut self, value: Value, error: Helper, slot: u32) -> Result<Value, Refusal> {
        let zero = self.const_i64(0);
        let bound = self.emit(Op::Compare(Cond::Ne), &[value, zero], Type::BOOL);
        let (fine, unbound) = (self.func.new_block(false), self.func.new_block(true));
        self.terminate(Terminator::Branch { cond: bound, then: Edge::to(fine), otherwise: Edge::to(unbound) });
        let (line, state) = (self.line, self.state.clone());
        self.switch_to(unbound);
        self.set_line();
        self.helper(error, &[], &[i64::from(slot)]);
        self.raise(&state.stack)?;
        self.switch_to(fine);
        self.line = line;
        Ok(self.emit(Op::Refine { kinds: Kinds::ANY }, &[value], Type::OBJ))
    }

    pub(super) fn push_copy(&mut self, entry: StackEntry) {
        let ty = self.func.ty(entry.value);
        match ty.repr {
            Repr::Obj if entry.owned && !ty.kinds.is_immortal() => {
                self.emit(Op::IncRef, &[entry.value], Type::NONE);
                self.push(entry.value, true);
            }
            Repr::Ref if !matches!(self.func.inst(entry.value).op, Op::ConstRef(_)) => {
                self.emit(Op::DupRef, &[entry.value], Type::NONE);
                self.push(entry.value, true);
            }
            _ => self.push(entry.value, entry.owned),
        }
    }

    /// The cells of the function's closure come into the last home slots, which are empty.
    pub(super) fn copy_free_vars(&mut self) {
        let count = self.instr.oparg;
        let Some(callable) = self.callable else {
            self.helper(Helper::CopyFreeVars, &[], &[i64::from(count)]);
            return;
        };
        let function = match self.func.inst(callable) {
            Inst { op: Op::ToRef { .. }, args, .. } => args[0],
            _ => self.emit(Op::RefToObj, &[callable], Type::OBJ),
        };
        let load = |offset| Op::Load { offset, mem: Mem::Obj };
        let closure = self.emit(load(function::FUNC_CLOSURE), &[function], Type::OBJ);
        for index in 0..count {
            let cell = self.emit(load(tuple::OB_ITEM + 8 * index as i32), &[closure], Type::OBJ);
            self.emit(Op::IncRef, &[cell], Type::NONE);
            let raw = self.emit(Op::ToRef { borrowed: false }, &[cell], Type::REF);
            let slot = self.code.nlocalsplus - count + index;
            self.emit(Op::SwapLocal { slot }, &[raw], Type::REF);
            self.state.locals[slot as usize] = Local::Value(cell);
        }
    }

    pub(super) fn load_deref(&mut self) -> Result<(), Refusal> {
        let slot = self.instr.oparg;
        let cell = self.load_local(slot);
        let value =
            self.emit(Op::Load { offset: crate::cpython::cell::OB_REF, mem: Mem::Obj }, &[cell], Type::OBJ_OR_NULL);
        let value = self.bound_or_raise(value, Helper::UnboundDerefError, slot)?;
        self.emit(Op::IncRef, &[value], Type::NONE);
        self.push(value, true);
        Ok(())
    }

    pub(super) fn store_deref(&mut self) {
        self.set_line();
        let entry = self.peek(0);
        let entry = self.boxed(entry);
        self.pop();
        let value = self.to_owned(entry);
        let cell = self.load_local(self.instr.oparg);
        let mem = Op::Load { offset: crate::cpython::cell::OB_REF, mem: Mem::Obj };
        let old = self.emit(mem, &[cell], Type::OBJ_OR_NULL);
        let store = Op::Store { offset: crate::cpython::cell::OB_REF, mem: Mem::Obj };
        self.emit(store, &[cell, value], Type::NONE);
        self.emit(Op::DecRef, &[old], Type::NONE);
    }
}
