//! Calls of small functions whose code becomes a part of the caller's.
//!
//! The callee gets its frame, pushed and popped where a call would, so whoever looks at the stack sees what is running. What
//! is saved is the way in and out: its code sees the arguments as the values that they are, and what is known of them.
//! When a guess of the callee's fails the interpreter runs its frame to the end, and the caller goes on here with the
//! result. So the frame states of a callee say nothing of its callers.

use std::sync::Arc;

use super::super::function::Context;
use super::*;

/// Callees within callees, at most.
const MAX_DEPTH: usize = 3;
/// Callees in one piece of machine code, at most.
const MAX_CALLEES: usize = 24;

/// How much of a function there was before a callee was begun.
struct Checkpoint {
    from: Block,
    values: usize,
    blocks: usize,
    states: usize,
    contexts: usize,
    insts: usize,
}

/// A call that may be done in place.
struct InlinedCall<'a> {
    code: Arc<CodeInfo>,
    profile: &'a Profile,
    target: CallTarget,
    has_self: bool,
    refs: &'a [Value],
}

impl Builder<'_> {
    /// Calls the known function `object` in place, with `refs` as for a direct call, and pushes the result. Says whether it
    /// did: not when it is better called.
    pub(super) fn inline_call(
        &mut self,
        object: usize,
        target: CallTarget,
        has_self: bool,
        refs: &[Value],
    ) -> Result<bool, Refusal> {
        if self.callers().len() >= MAX_DEPTH || self.func.contexts.len() >= MAX_CALLEES {
            return Ok(false);
        }
        let is_recursive = target.code_units == self.root || self.callers().contains(&target.code_units);
        if is_recursive || target.has_keyword_only {
            return Ok(false);
        }
        let Some(inlinee) = self.profile.inlinee(object) else { return Ok(false) };
        let before = self.checkpoint();
        let call = InlinedCall { code: inlinee.code, profile: &inlinee.profile, target, has_self, refs };
        let number = match self.build_callee(&call, None) {
            Some((result, returned)) => match returned.first() {
                Some(Repr::I64) if returned.iter().all(|repr| *repr == Repr::I64) => Type::I64,
                Some(Repr::F64) if returned.iter().all(|repr| *repr == Repr::F64) => Type::F64,
                _ => {
                    self.finish_call(result)?;
                    return Ok(true);
                }
            },
            None => {
                self.take_back(&before);
                return Ok(false);
            }
        };
        // Now that it is known to return a number it does so in a register.
        self.take_back(&before);
        let unboxed = self.func.new_block(false);
        let before_unboxed = self.func.add_param(unboxed, number);
        let Some((result, _)) = self.build_callee(&call, Some(unboxed)) else {
            self.take_back(&before);
            return Ok(false);
        };
        self.check(result, ErrorKind::Null)?;
        self.push(result, true);
        let state = self.state_at(self.instr.next);
        let (kinds, unbox) = match number.repr {
            Repr::I64 => (Kinds::LONG, Op::UnboxInt),
            _ => (Kinds::FLOAT, Op::UnboxFloat),
        };
        let object = self.emit_in(self.cur, Op::GuardKinds { kinds }, &[result], Type::obj(kinds), Some(state));
        let state = unbox.needs_state().then_some(state);
        let value = self.emit_in(self.cur, unbox, &[object], number, state);
        self.pop();
        self.close(StackEntry { value: object, owned: true });
        self.terminate(Terminator::Jump(Edge { block: unboxed, args: vec![value] }));
        self.switch_to(unboxed);
        self.push(before_unboxed, false);
        self.safepoint(true)?;
        Ok(true)
    }

    /// Where the bytecode of each function starts whose code the current one is a part of, itself included.
    fn callers(&self) -> Vec<usize> {
        let mut callers = Vec::new();
        let mut context = self.func.context;
        while let Some(callee) = self.func.callee(context) {
            callers.push(callee.code.code_units);
            context = callee.caller;
        }
        callers
    }

    /// Builds the callee's code, and goes on where it has returned an object or NULL, or was called after all. Returns that,
    /// and how each return of the callee's has its result; they go on at `unboxed` if that is given.
    fn build_callee(&mut self, call: &InlinedCall<'_>, unboxed: Option<Block>) -> Option<(Value, Vec<Repr>)> {
        let InlinedCall { code, profile, target, has_self, refs } = call;
        let (target, has_self) = (*target, *has_self);
        let entry = code.instrs.first()?.start;
        let (inlined, called, resume) =
            (self.func.new_block(false), self.func.new_block(true), self.func.new_block(false));
        let cond = self.emit(Op::CanInline { target }, &[], Type::BOOL);
        self.terminate(Terminator::Branch { cond, then: Edge::to(inlined), otherwise: Edge::to(called) });
        self.switch_to(called);
        let result = self.emit(Op::CallDirect { target, has_self, has_shim: false }, refs, Type::OBJ);
        self.terminate(Terminator::Jump(Edge { block: resume, args: vec![result] }));
        self.switch_to(inlined);
        let frame = self.emit(Op::PushFrame { target, has_self }, refs, Type::I64);

        let (caller, site) = (self.func.context, self.instr.start);
        let call_line = self.code.lines.lookup(site).line.unwrap_or(0);
        let context = Context { code: code.clone(), address: target.code, caller, site, call_line, frame, resume };
        let (cfg, carry) = (Cfg::build(code, entry), Carried::new());
        let mut callee = Builder::new(code, profile, Kind::Function, &cfg, &carry);
        (callee.root, callee.unboxed) = (self.root, unboxed);
        callee.state.locals = self.locals_of(code, &refs[if has_self { 1 } else { 2 }..]);
        callee.state.numbers = self.state.numbers.clone();
        callee.shapes = self.shapes.clone();
        callee.inline = self.inline.clone();
        std::mem::swap(&mut callee.func, &mut self.func);
        let site = callee.func.site;
        callee.func.context = callee.func.add_context(context);
        callee.cur = callee.func.new_block(false);
        let first = callee.cur;
        let is_built = callee.translate_from(entry).is_ok();
        std::mem::swap(&mut callee.func, &mut self.func);
        let returned = callee.returned;
        (self.func.context, self.func.site) = (caller, site);
        if !is_built {
            return None;
        }
        self.terminate(Terminator::Jump(Edge::to(first)));
        let result = self.func.add_param(resume, Type::OBJ_OR_NULL);
        self.switch_to(resume);
        self.forget();
        self.noisy = true;
        Some((result, returned))
    }

    /// What is known of a callee's locals when it starts: its parameters get `arguments`, stackrefs.
    fn locals_of(&self, code: &CodeInfo, arguments: &[Value]) -> Vec<Local> {
        let kinds = code.localsplus.iter().map(|local| local.kind);
        kinds
            .enumerate()
            .map(|(slot, kind)| match arguments.get(slot) {
                _ if kind.is_cell_or_free() => Local::Home,
                Some(argument) => match self.func.inst(*argument) {
                    Inst { op: Op::ToRef { .. }, args, .. } => Local::Value(args[0]),
                    _ => Local::Home,
                },
                None => Local::Null,
            })
            .collect()
    }

    /// Ends the current block, which returns the topmost operand: the frame is gone then.
    pub(super) fn terminate_returned(&mut self) {
        let entry = self.peek(0);
        self.returned.push(self.func.ty(entry.value).repr);
        let (value, resume) = match (self.unboxed, self.func.callee(self.func.context)) {
            (Some(unboxed), _) => (entry.value, Some(unboxed)),
            (None, callee) => {
                let resume = callee.map(|callee| callee.resume);
                (self.to_owned(entry), resume)
            }
        };
        self.pop();
        let Some(resume) = resume else {
            return self.terminate(Terminator::Return { value });
        };
        self.emit(Op::PopFrame, &[], Type::NONE);
        self.terminate(Terminator::Jump(Edge { block: resume, args: vec![value] }));
    }

    /// Ends the current block, which leaves the function with an exception.
    pub(super) fn terminate_raised(&mut self) {
        let Some(resume) = self.func.callee(self.func.context).map(|callee| callee.resume) else {
            return self.terminate(Terminator::Unwind);
        };
        self.emit(Op::UnwindFrame, &[], Type::NONE);
        let null = self.null_obj();
        self.terminate(Terminator::Jump(Edge { block: resume, args: vec![null] }));
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            from: self.cur,
            values: self.func.values.len(),
            blocks: self.func.blocks.len(),
            states: self.func.states.len(),
            contexts: self.func.contexts.len(),
            insts: self.func.block(self.cur).insts.len(),
        }
    }

    /// Removes all that was made since, in blocks of its own and at the end of the block that was the current one.
    fn take_back(&mut self, before: &Checkpoint) {
        self.func.values.truncate(before.values);
        self.func.sites.truncate(before.values);
        self.func.blocks.truncate(before.blocks);
        self.func.states.truncate(before.states);
        self.func.contexts.truncate(before.contexts);
        let block = self.func.block_mut(before.from);
        block.insts.truncate(before.insts);
        block.terminator = Terminator::Open;
        self.cur = before.from;
    }
}
