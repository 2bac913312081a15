//! Exceptions: the way from an operation that fails to its handler or out of the function, and the bytecodes that
//! handlers are made of.

use super::*;

impl Builder<'_> {
    /// Ends the current block: when `value` tells of an error, everything on the abstract stack is unwound; otherwise
    /// control goes on in a new block.
    pub(super) fn check(&mut self, value: Value, kind: ErrorKind) -> Result<(), Refusal> {
        let unwind = self.state.stack.clone();
        self.check_error(value, kind, &unwind)
    }

    /// Like [`Builder::check`], for an instruction that is done with its top `count` operands: they are closed whether it
    /// failed or not. In which order a failing one closes them and tells tracers of its exception is for each opcode as
    /// in the interpreter.
    pub(super) fn check_and_close(&mut self, value: Value, kind: ErrorKind, count: usize) -> Result<(), Refusal> {
        if self.instr.opcode.keeps_operands_on_error() {
            self.check(value, kind)?;
            self.close_top(count);
            return Ok(());
        }
        self.close_top(count);
        self.check(value, kind)
    }

    /// Like [`Builder::check`], with the operands that exist at the time of the error.
    pub(super) fn check_error(&mut self, value: Value, kind: ErrorKind, unwind: &[StackEntry]) -> Result<(), Refusal> {
        let is_number = kind == ErrorKind::Null && self.func.ty(value).repr != Repr::Obj;
        if is_number || self.returned_by_callee == Some(value) {
            return Ok(());
        }
        let ok = self.func.new_block(false);
        let saved = (self.state.clone(), self.line, self.before, self.noisy);
        if self.leaves_function() {
            let error = self.unwinding_block(unwind);
            self.terminate(Terminator::OnError { value, kind, error: Edge::to(error), ok: Edge::to(ok) });
        } else {
            let error = self.func.new_block(true);
            self.terminate(Terminator::OnError { value, kind, error: Edge::to(error), ok: Edge::to(ok) });
            self.switch_to(error);
            self.raise(unwind)?;
        }
        (self.state, self.line, self.before, self.noisy) = saved;
        self.switch_to(ok);
        Ok(())
    }

    /// Whether an exception that the current instruction raises ends the function, and nothing of ours goes on after it.
    fn leaves_function(&self) -> bool {
        self.kind.owns_frame() && self.code.exceptions.lookup(self.instr.offset).is_none()
    }

    /// The block that adds the traceback entry, closes the operands and leaves the function. Operations with the same
    /// operands below them share it: which of them failed is what observers see in the frame.
    fn unwinding_block(&mut self, unwind: &[StackEntry]) -> Block {
        if let Some(block) = self.unwinding.get(unwind) {
            return *block;
        }
        let block = self.func.new_block(true);
        self.unwinding.insert(unwind.to_vec(), block);
        let (from, facts) = (self.cur, std::mem::take(&mut self.facts));
        self.switch_to(block);
        self.emit(Op::Traceback, &[], Type::NONE);
        for entry in unwind.iter().rev() {
            self.close(*entry);
        }
        self.terminate_raised();
        self.switch_to(from);
        self.facts = facts;
        block
    }

    /// Ends the current block, with an exception set by the current instruction: adds the traceback entry and goes to
    /// the handler or leaves. `unwind` is the operand stack at that point.
    pub(super) fn raise(&mut self, unwind: &[StackEntry]) -> Result<(), Refusal> {
        let handled = self.code.exceptions.lookup(self.instr.offset).is_some();
        if !handled && !self.kind.owns_frame() {
            // The interpreter raises again at this very instruction and does the rest.
            let state = self.func.add_state(FrameState {
                context: self.func.context,
                offset: self.instr.start,
                site: self.instr.start,
                stack: unwind.to_vec(),
                late: Vec::new(),
                pending: Vec::new(),
            });
            self.terminate(Terminator::Throw { state });
            return Ok(());
        }
        if self.leaves_function() {
            let block = self.unwinding_block(unwind);
            self.terminate(Terminator::Jump(Edge::to(block)));
            return Ok(());
        }
        self.emit(Op::Traceback, &[], Type::NONE);
        self.unwind(unwind, None)
    }

    /// Ends the current block, with an exception set and its traceback complete. `lasti` overrides where handlers are
    /// told that the exception came from.
    fn unwind(&mut self, unwind: &[StackEntry], lasti: Option<Value>) -> Result<(), Refusal> {
        // Tools may have been told of the exception.
        let facts = std::mem::take(&mut self.facts);
        self.unwind_to_handler(unwind, lasti)?;
        self.facts = facts;
        Ok(())
    }

    fn unwind_to_handler(&mut self, unwind: &[StackEntry], lasti: Option<Value>) -> Result<(), Refusal> {
        let handler = self.code.exceptions.lookup(self.instr.offset).cloned();
        let depth = handler.as_ref().map_or(0, |h| h.depth as usize);
        if depth > unwind.len() {
            return Err(Refusal::new("exception table and operand stack disagree"));
        }
        for entry in unwind[depth..].iter().rev() {
            self.close(*entry);
        }
        let Some(handler) = handler else {
            self.terminate_raised();
            return Ok(());
        };
        let saved = (self.state.clone(), self.before);
        self.state.stack = unwind[..depth].to_vec();
        if handler.lasti {
            let value = match lasti {
                Some(value) => value,
                None => {
                    let bits = (u64::from(self.instr.offset.0) << 2) | 3;
                    self.emit(Op::ConstRef(bits), &[], Type::REF)
                }
            };
            self.push(value, true);
        }
        let exception = self.emit(Op::TakeException { handler: handler.target }, &[], Type::obj(Kinds::OTHER));
        let exception = self.emit(Op::ToRef { borrowed: false }, &[exception], Type::REF);
        self.push(exception, true);
        // No box before this point: one that cannot be made leaves to the handler, with the exception as its operand.
        for position in 0..depth {
            let entry = self.state.stack[position];
            self.before = Some(self.state_at(handler.target));
            self.state.stack[position] = self.boxed(entry);
        }
        for position in 0..depth {
            let value = self.to_ref(self.state.stack[position]);
            self.state.stack[position] = StackEntry { value, owned: true };
        }
        // What raised may have switched on events, which the handler must not miss.
        let state = self.state_at(handler.target);
        self.emit_in(self.cur, Op::Safepoint { periodic: false, boxes: 0, leaves: false }, &[], Type::I64, Some(state));
        self.state.locals = vec![Local::Home; self.code.nlocalsplus as usize];
        let edge = self.edge_to(handler.target, 0);
        self.terminate(Terminator::Jump(edge));
        self.settle(handler.target);
        (self.state, self.before) = saved;
        Ok(())
    }

    /// Leaves the instruction to the interpreter.
    pub(super) fn exit_here(&mut self, reason: Reason) {
        let state = self.before_state();
        self.terminate(Terminator::Exit { state, reason });
    }

    pub(super) fn raise_varargs(&mut self) -> Result<(), Refusal> {
        let count = self.instr.oparg as usize;
        let handled = self.code.exceptions.lookup(self.instr.offset).is_some();
        if !handled && !self.kind.owns_frame() {
            self.set_line();
            self.exit_here(Reason::Raise);
            return Ok(());
        }
        let mut args = self.operands(count);
        while args.len() < 2 {
            args.push(self.null_obj());
        }
        self.set_line();
        let status = self.helper(Helper::RaiseVarargs, &args, &[]);
        self.close_top(count);
        let minus_one = self.const_i64(-1);
        let fresh = self.emit(Op::Compare(Cond::Eq), &[status, minus_one], Type::BOOL);
        let (raise, reraise) = (self.func.new_block(true), self.func.new_block(true));
        self.terminate(Terminator::Branch { cond: fresh, then: Edge::to(raise), otherwise: Edge::to(reraise) });
        let unwind = self.state.stack.clone();
        let saved = (self.state.clone(), self.line, self.before, self.noisy);
        self.switch_to(raise);
        self.raise(&unwind)?;
        (self.state, self.line, self.before, self.noisy) = saved;
        self.switch_to(reraise);
        self.unwind(&unwind, None)
    }

    pub(super) fn reraise(&mut self) -> Result<(), Refusal> {
        let oparg = self.instr.oparg as usize;
        let handled = self.code.exceptions.lookup(self.instr.offset).is_some();
        if !handled && !self.kind.owns_frame() {
            self.set_line();
            self.exit_here(Reason::Raise);
            return Ok(());
        }
        self.set_line();
        let lasti = (oparg > 0).then(|| self.peek(oparg).value);
        let exception = self.peek_obj(0);
        let from = match lasti {
            Some(lasti) => {
                let bits = self.emit(Op::Bits, &[lasti], Type::I64);
                self.emit(Op::ShiftRight { by: 2 }, &[bits], Type::I64)
            }
            None => self.const_i64(-1),
        };
        self.helper(Helper::Reraise, &[exception, from], &[]);
        self.line = None;
        self.close_top(1);
        let unwind = self.state.stack.clone();
        self.unwind(&unwind, lasti)
    }

    pub(super) fn push_exc_info(&mut self) {
        let exception = self.pop();
        let object = self.entry_obj(exception);
        let previous = self.helper(Helper::PushExcInfo, &[object], &[]);
        self.push(previous, true);
        self.push(exception.value, exception.owned);
    }

    pub(super) fn pop_except(&mut self) {
        self.set_line();
        let previous = self.peek_obj(0);
        self.helper(Helper::PopExcept, &[previous], &[]);
        self.close_top(1);
    }

    /// An operand as an object without a claim on it; it must be boxed already.
    pub(super) fn entry_obj(&mut self, entry: StackEntry) -> Value {
        match self.func.ty(entry.value).repr {
            Repr::Ref => self.emit(Op::RefToObj, &[entry.value], Type::OBJ),
            _ => entry.value,
        }
    }

    pub(super) fn check_exc_match(&mut self) -> Result<(), Refusal> {
        let args = self.operands(2);
        self.set_line();
        let status = self.helper(Helper::CheckExcMatch, &args, &[]);
        self.check_and_close(status, ErrorKind::Negative, 1)?;
        let zero = self.const_i64(0);
        let cond = self.emit(Op::Compare(Cond::Ne), &[status, zero], Type::BOOL);
        self.push(cond, false);
        Ok(())
    }

    pub(super) fn check_eg_match(&mut self) -> Result<(), Refusal> {
        let mut args = self.operands(2);
        self.set_line();
        let at = self.scratch(1);
        args.push(self.emit(Op::ScratchAddr { at }, &[], Type::I64));
        // The helper returns the match and writes the rest.
        let matched = self.helper(Helper::CheckEgMatch, &args, &[]);
        let rest = self.emit(Op::LoadScratch { at, repr: Repr::Obj }, &[], Type::OBJ);
        self.check_and_close(matched, ErrorKind::Null, 2)?;
        self.push(rest, true);
        self.push(matched, true);
        self.safepoint(false)
    }

    pub(super) fn with_except_start(&mut self) -> Result<(), Refusal> {
        let exception = self.peek_obj(0);
        let exit_self = self.peek_obj(3);
        let exit_func = self.peek_obj(4);
        self.produce(Helper::WithExceptStart, &[exit_func, exit_self, exception], &[])
    }
}
