//! Calls of small functions whose code becomes a part of the caller's.
//!
//! The callee gets its frame, pushed and popped where a call would, so whoever looks at the stack sees what is running. What
//! is saved is the way in and out: its code sees the arguments as the values that they are, and what is known of them.
//! When a guess of the callee's fails the interpreter runs its frame to the end, and the caller goes on here with the
//! result. So the frame states of a callee say nothing of its callers.

use super::super::function::Context;
use super::cfg::LoopInfo;
use super::*;
use crate::profile::Inlinee;

/// Callees within callees, at most.
const MAX_DEPTH: usize = 3;
/// Callees in one piece of machine code, at most.
const MAX_CALLEES: usize = 24;
/// Instructions of all callees in one piece of machine code, at most.
const MAX_INSTRUCTIONS: usize = 1000;

/// How much of a function there was before a callee was begun.
struct Checkpoint {
    from: Block,
    values: usize,
    blocks: usize,
    states: usize,
    contexts: usize,
    insts: usize,
    /// [`Builder::shapes`], `inline`, `held` and `noisy`.
    facts: (HashMap<Value, u32>, HashSet<Value>, HashSet<Value>, bool),
}

/// A call of a known function, after the guards that it is this one.
pub(super) struct KnownCall<'a> {
    /// The function.
    pub(super) object: usize,
    pub(super) target: CallTarget,
    pub(super) has_self: bool,
    pub(super) has_shim: bool,
    /// Operands as for [`Op::CallDirect`].
    pub(super) refs: &'a [Value],
}

/// The calls that lead to a place: those that are in place around it, and the last with the function that it calls.
pub(super) type CallPath = (Vec<CodeOffset>, usize);

/// What became of a call in place.
struct Returned {
    /// What a call returns.
    result: Value,
    /// How each return of the callee's has its result.
    reprs: Vec<Repr>,
    /// Whether a return may be followed by what can run Python code.
    is_noisy: bool,
}

impl Builder<'_> {
    /// Calls a known function, in place if it is small. Returns what a call does: an object, or NULL with an exception set.
    pub(super) fn call_known(&mut self, call: &KnownCall<'_>) -> Value {
        let Some(inlinee) = self.inlinee(call) else { return self.call_direct(call) };
        let before = self.checkpoint();
        match self.build_callee(call, &inlinee, None) {
            Some(returned) => returned.result,
            None => {
                self.take_back(&before);
                self.call_direct(call)
            }
        }
    }

    /// The same, and pushes the result, in a register if it is known to be a number. With `periodic` pending signals are served
    /// afterwards.
    pub(super) fn call_for_number(&mut self, call: &KnownCall<'_>, periodic: bool) -> Result<(), Refusal> {
        let Some(inlinee) = self.inlinee(call) else {
            let result = self.call_direct(call);
            return self.finish_known(result, periodic);
        };
        let before = self.checkpoint();
        let path = self.call_path(call);
        let known = self.known_results.borrow().get(&path).copied();
        let number = match known {
            Some(number) => number,
            None => {
                let returned = self.build_callee(call, &inlinee, None);
                let number = returned.as_ref().and_then(|returned| number_of(&returned.reprs));
                self.known_results.borrow_mut().insert(path, number);
                if let (Some(returned), None) = (&returned, number) {
                    return self.finish_known(returned.result, periodic);
                }
                self.take_back(&before);
                if returned.is_none() {
                    let result = self.call_direct(call);
                    return self.finish_known(result, periodic);
                }
                number
            }
        };
        // Now that it is known to return a number it does so in a register.
        let unboxed = number.map(|number| {
            let block = self.func.new_block(false);
            (block, self.func.add_param(block, number), number)
        });
        let Some(returned) = self.build_callee(call, &inlinee, unboxed.map(|(block, ..)| block)) else {
            self.take_back(&before);
            let result = self.call_direct(call);
            return self.finish_known(result, periodic);
        };
        let Some((block, param, number)) = unboxed else { return self.finish_known(returned.result, periodic) };
        self.finish_known(returned.result, periodic)?;
        self.unbox_result(block, number);
        self.switch_to(block);
        self.push(param, false);
        self.noisy = returned.is_noisy;
        if returned.is_noisy {
            self.safepoint(periodic)?;
        }
        Ok(())
    }

    fn finish_known(&mut self, result: Value, periodic: bool) -> Result<(), Refusal> {
        if periodic {
            return self.finish_call(result);
        }
        self.check(result, ErrorKind::Null)?;
        self.push(result, true);
        self.safepoint(false)
    }

    /// Goes on at `block` with the object on top of the stack, which should be a number: the callee has returned it through the
    /// interpreter.
    fn unbox_result(&mut self, block: Block, number: Type) {
        let state = self.state_at(self.instr.next);
        let (kinds, unbox) = match number.repr {
            Repr::I64 => (Kinds::LONG, Op::UnboxInt),
            _ => (Kinds::FLOAT, Op::UnboxFloat),
        };
        let result = self.peek(0).value;
        let object = self.emit_in(self.cur, Op::GuardKinds { kinds }, &[result], Type::obj(kinds), Some(state));
        let state = unbox.needs_state().then_some(state);
        let value = self.emit_in(self.cur, unbox, &[object], number, state);
        self.pop();
        self.close(StackEntry { value: object, owned: true });
        self.terminate(Terminator::Jump(Edge { block, args: vec![value] }));
    }

    fn call_direct(&mut self, call: &KnownCall<'_>) -> Value {
        let KnownCall { target, has_self, has_shim, .. } = *call;
        self.emit(Op::CallDirect { target, has_self, has_shim }, call.refs, Type::OBJ)
    }

    /// The function that a call enters, if its code is to become a part of this one.
    fn inlinee(&self, call: &KnownCall<'_>) -> Option<Rc<Inlinee>> {
        let callers = self.callers();
        if callers.len() >= MAX_DEPTH || self.func.contexts.len() >= MAX_CALLEES || call.target.has_keyword_only {
            return None;
        }
        if call.target.code_units == self.root || callers.contains(&call.target.code_units) {
            return None;
        }
        let inlinee = self.profile.inlinee(call.object)?;
        let inlined: usize = self.func.contexts.iter().map(|context| context.code.instrs.len()).sum();
        (inlined + inlinee.code.instrs.len() <= MAX_INSTRUCTIONS).then_some(inlinee)
    }

    fn call_path(&self, call: &KnownCall<'_>) -> CallPath {
        let mut sites = vec![self.instr.start];
        let mut context = self.func.context;
        while let Some(callee) = self.func.callee(context) {
            sites.push(callee.site);
            context = callee.caller;
        }
        (sites, call.object)
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

    /// Builds the callee's code, and goes on where it has returned an object or NULL, or was called after all. Its returns go on
    /// at `unboxed` if that is given.
    fn build_callee(&mut self, call: &KnownCall<'_>, inlinee: &Inlinee, unboxed: Option<Block>) -> Option<Returned> {
        let KnownCall { target, has_self, has_shim, refs, .. } = *call;
        let Inlinee { code, profile } = inlinee;
        let entry = code.instrs.first()?.start;
        let (inlined, called, resume) =
            (self.func.new_block(false), self.func.new_block(true), self.func.new_block(false));
        let cond = self.emit(Op::CanInline { target, has_shim }, &[], Type::BOOL);
        self.terminate(Terminator::Branch { cond, then: Edge::to(inlined), otherwise: Edge::to(called) });
        let (shapes, inline, held) = (self.shapes.clone(), self.inline.clone(), self.held.clone());
        self.switch_to(called);
        let result = self.call_direct(call);
        self.terminate(Terminator::Jump(Edge { block: resume, args: vec![result] }));
        self.switch_to(inlined);
        let frame = self.emit(Op::PushFrame { target, has_self, has_shim }, refs, Type::I64);

        let (caller, site) = (self.func.context, self.instr.start);
        let call_line = self.code.lines.lookup(site).line.unwrap_or(0);
        let (code, address) = (code.clone(), target.code);
        let context = Context { code, address, caller, site, call_line, has_shim, frame, resume };
        let (cfg, carry) = (Cfg::build(&inlinee.code, entry), Carried::new());
        let mut callee = Builder::new(&inlinee.code, profile, Kind::Function, &cfg, &carry);
        (callee.root, callee.unboxed) = (self.root, unboxed);
        callee.known_results = self.known_results.clone();
        callee.state.locals = self.locals_of(&inlinee.code, &refs[if has_self { 1 } else { 2 }..]);
        callee.state.numbers = self.state.numbers.clone();
        callee.characters = self.characters.clone();
        (callee.shapes, callee.inline, callee.held) = (shapes, inline, held);
        callee.tuples = self.tuples.clone();
        callee.lent = self.lent_to(&inlinee.code, &refs[if has_self { 1 } else { 2 }..]);
        std::mem::swap(&mut callee.func, &mut self.func);
        let site = callee.func.site;
        callee.func.context = callee.func.add_context(context);
        callee.cur = callee.func.new_block(false);
        let first = callee.cur;
        let is_built = callee.translate_from(entry).is_ok();
        std::mem::swap(&mut callee.func, &mut self.func);
        (self.func.context, self.func.site) = (caller, site);
        let (reprs, is_noisy) = (callee.returned, callee.returns_noisily);
        let wanted = unboxed.map(|block| self.func.ty(self.func.block(block).params[0]).repr);
        if !is_built || wanted.is_some_and(|wanted| reprs.iter().any(|repr| *repr != wanted)) {
            return None;
        }
        self.terminate(Terminator::Jump(Edge::to(first)));
        let result = self.func.add_param(resume, Type::OBJ_OR_NULL);
        self.switch_to(resume);
        self.forget();
        self.noisy = true;
        Some(Returned { result, reprs, is_noisy })
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

    /// The parameters that get arguments without a reference of their own, and that the code leaves as they are.
    fn lent_to(&self, code: &CodeInfo, arguments: &[Value]) -> HashSet<u32> {
        let is_lent = |argument: &Value| matches!(self.func.inst(*argument).op, Op::ToRef { borrowed: true });
        let mut lent: HashSet<u32> =
            (0..).zip(arguments).filter(|(_, argument)| is_lent(argument)).map(|(slot, _)| slot).collect();
        let mut writes = LoopInfo::default();
        for instr in &code.instrs {
            cfg::local_writes(instr, &mut writes);
        }
        lent.retain(|slot| !writes.written.contains(slot) && !writes.deleted.contains(slot));
        lent
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
        self.returns_noisily |= self.noisy || !self.locals_die_quietly();
        let settled = (0..u64::BITS).filter(|slot| self.is_settled(*slot)).fold(0, |bits, slot| bits | 1 << slot);
        self.emit(Op::PopFrame { settled }, &[], Type::NONE);
        self.terminate(Terminator::Jump(Edge { block: resume, args: vec![value] }));
    }

    /// Whether popping the frame cannot run Python code. The function and its code are held by who has called.
    fn locals_die_quietly(&self) -> bool {
        self.state.locals.iter().zip(0..).all(|(local, slot)| match local {
            _ if self.is_settled(slot) => true,
            Local::Value(value) => self.dies_quietly(*value),
            _ => false,
        })
    }

    /// Whether a home slot has nothing to close.
    fn is_settled(&self, slot: u32) -> bool {
        self.lent.contains(&slot) || self.state.locals.get(slot as usize) == Some(&Local::Null)
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
            facts: (self.shapes.clone(), self.inline.clone(), self.held.clone(), self.noisy),
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
        (self.shapes, self.inline, self.held, self.noisy) = before.facts.clone();
    }
}

/// The number that all of these are.
fn number_of(reprs: &[Repr]) -> Option<Type> {
    match reprs.first()? {
        Repr::I64 if reprs.iter().all(|repr| *repr == Repr::I64) => Some(Type::I64),
        Repr::F64 if reprs.iter().all(|repr| *repr == Repr::F64) => Some(Type::F64),
        _ => None,
    }
}
