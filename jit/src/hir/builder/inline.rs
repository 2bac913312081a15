//! Calls of small functions whose code becomes a part of the caller's.
//!
//! The callee gets its frame, pushed and popped where a call would, so whoever looks at the stack sees what is running. What
//! is saved is the way in and out: its code sees the arguments as the values that they are, and what is known of them.
//! When a guess of the callee's fails the interpreter runs its frame to the end, and the caller goes on here with the
//! result. So the frame states of a callee say nothing of its callers.

use super::super::function::Context;
use super::cfg::LoopInfo;
use super::*;
use crate::hir::noise::is_tame_before;
use crate::hir::opt::light::MAX_SLOTS;
use crate::profile::{Callee, Inlinee};

/// Callees within callees, at most.
const MAX_DEPTH: usize = 5;
/// Callees in one piece of machine code, at most.
const MAX_CALLEES: usize = 32;
/// Instructions of all callees in one piece of machine code, at most.
const MAX_INSTRUCTIONS: usize = 1000;
/// The same for code of which it is not known yet that it is worth while.
const FEW_INSTRUCTIONS: usize = 150;

/// How much of a function there was before a callee was begun.
struct Checkpoint {
    from: Block,
    values: usize,
    blocks: usize,
    states: usize,
    contexts: usize,
    insts: usize,
    facts: Facts,
    noisy: bool,
}

/// A call of a known function, after the guards that it is this one.
pub(super) struct KnownCall<'a> {
    pub(super) callee: Callee,
    pub(super) target: CallTarget,
    pub(super) has_self: bool,
    pub(super) has_shim: bool,
    /// Operands as for [`Op::CallDirect`].
    pub(super) refs: &'a [Value],
    /// A tuple among them that is only made where it must be.
    pub(super) lazy: Option<Unmade<'a>>,
    /// Objects that the caller's operands hold until the call is done.
    pub(super) kept: &'a [Value],
    /// Versions of the classes that the first argument may have, if they are known.
    pub(super) classes: &'a [u32],
}

impl<'a> KnownCall<'a> {
    /// The call of a method, or of what is called like one, with its self.
    pub(super) fn new(object: usize, target: CallTarget, refs: &'a [Value]) -> KnownCall<'a> {
        let callee = Callee::Function(object);
        KnownCall { callee, target, has_self: true, has_shim: false, refs, lazy: None, kept: &[], classes: &[] }
    }
}

/// An argument that is a tuple, but is only made where it must be.
#[derive(Copy, Clone)]
pub(super) struct Unmade<'a> {
    /// Its place among the operands.
    pub(super) place: usize,
    /// Its items, which the call takes over.
    pub(super) items: &'a [Value],
    /// Whether the caller would have it among its own operands until the call is done.
    pub(super) is_operand: bool,
}

/// What is known until something can run Python code.
#[derive(Clone, Default)]
pub(super) struct Facts {
    /// The versions of objects' classes.
    pub(super) shapes: HashMap<Value, u32>,
    /// Instances that keep their attributes in inline values.
    pub(super) inline: HashSet<Value>,
    /// Objects that something else holds as well: giving up a reference to one frees nothing.
    pub(super) held: HashSet<Value>,
    /// Instances that were just made, and the places of the attributes that they have by now.
    pub(super) fresh: HashMap<Value, HashSet<i32>>,
}

impl Facts {
    /// Keeps what is known in both of two places.
    pub(super) fn keep_common(&mut self, other: &Facts) {
        self.shapes.retain(|object, version| other.shapes.get(object) == Some(version));
        self.inline.retain(|object| other.inline.contains(object));
        self.held.retain(|object| other.held.contains(object));
        self.fresh.retain(|object, places| other.fresh.get(object) == Some(places));
    }
}

/// The calls that lead to a place: those that are in place around it, and the last with what it calls.
pub(super) type CallPath = (Vec<CodeOffset>, Callee);

/// What becomes of the interpreter's part in a call in place.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Behind {
    /// The caller is left, too, when the bytecode is done.
    Leave,
    /// What finishes the bytecode ends the block.
    Join,
}

/// What became of a call in place.
struct Returned {
    /// What is returned where the interpreter had a hand in it, an object or NULL: a parameter of the current block.
    result: Value,
    /// Where the callee's own returns go on, with the result as the only parameter.
    block: Block,
    /// What is known there.
    facts: Facts,
    /// How each return of the callee's has its result.
    reprs: Vec<Repr>,
    /// Whether Python code may run on some way to a return.
    is_noisy: bool,
    /// Whether all that can have run is what objects run that have died, and the code would have left, but for those of the last frame.
    is_tame: bool,
}

/// What code does to its locals.
fn writes_in(code: &CodeInfo) -> LoopInfo {
    let mut writes = LoopInfo::default();
    for instr in &code.instrs {
        cfg::local_writes(instr, &mut writes);
    }
    writes
}

impl Builder<'_> {
    /// Calls a known function, in place if it is small, and translates the rest of the bytecode by `finish`, which is given what
    /// a call returns: an object, or NULL with an exception set.
    pub(super) fn call_known(
        &mut self,
        call: &KnownCall<'_>,
        finish: impl FnMut(&mut Self, Value) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        self.call_and_finish(call, Behind::Leave, finish)
    }

    /// The same, where `finish` ends the block.
    pub(super) fn call_known_and_join(
        &mut self,
        call: &KnownCall<'_>,
        finish: impl FnMut(&mut Self, Value) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        self.call_and_finish(call, Behind::Join, finish)
    }

    fn call_and_finish(
        &mut self,
        call: &KnownCall<'_>,
        behind: Behind,
        mut finish: impl FnMut(&mut Self, Value) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        if let Some(inlinee) = self.inlinee(call) {
            let before = self.checkpoint();
            if let Some(returned) = self.build_callee(call, &inlinee, Type::OBJ) {
                return self.go_on_behind(&returned, behind, &mut finish);
            }
            self.take_back(&before);
        }
        let result = self.call_direct(call);
        finish(self, result)
    }

    /// The same, and pushes the result, in a register if it is known to be a number. With `periodic` pending signals are served
    /// afterwards.
    pub(super) fn call_for_number(&mut self, call: &KnownCall<'_>, periodic: bool) -> Result<(), Refusal> {
        let mut finish = |builder: &mut Self, result| builder.finish_known(result, periodic);
        match self.call_in_place(call, &mut finish)? {
            true => Ok(()),
            false => self.call_direct_for_number(call, &mut finish),
        }
    }

    /// The same as [`Builder::call_known`], where `finish` may also be given a number or a truth value that is in a register.
    pub(super) fn call_for_value(
        &mut self,
        call: &KnownCall<'_>,
        mut finish: impl FnMut(&mut Self, Value) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        if self.call_in_place(call, &mut finish)? {
            return Ok(());
        }
        let result = self.call_direct(call);
        finish(self, result)
    }

    /// Calls the function in place, if it is small. Says whether it is.
    fn call_in_place(
        &mut self,
        call: &KnownCall<'_>,
        finish: &mut impl FnMut(&mut Self, Value) -> Result<(), Refusal>,
    ) -> Result<bool, Refusal> {
        let Some(inlinee) = self.inlinee(call) else { return Ok(false) };
        let before = self.checkpoint();
        let path = self.call_path(call);
        let known = self.known_results.borrow().get(&path).copied();
        if known.flatten().is_none() {
            let returned = self.build_callee(call, &inlinee, Type::OBJ);
            let number = returned.as_ref().and_then(|returned| number_of(&returned.reprs));
            self.known_results.borrow_mut().insert(path.clone(), number);
            if let (Some(returned), None) = (&returned, number) {
                self.go_on_behind(returned, Behind::Leave, finish)?;
                return Ok(true);
            }
            self.take_back(&before);
        }
        // Now that it is known to return a number it does so in a register.
        let number = self.known_results.borrow().get(&path).copied().flatten();
        let returned = number.and_then(|number| self.build_callee(call, &inlinee, number));
        let Some(returned) = returned else {
            self.take_back(&before);
            return Ok(false);
        };
        self.go_on_behind(&returned, Behind::Leave, finish)?;
        Ok(true)
    }

    /// The rest of the bytecode whose call was built in place: once for a callee that the interpreter had to run or to finish, where
    /// the caller is left, too; and once for the usual way, on which nothing of what is known is lost.
    fn go_on_behind(
        &mut self,
        returned: &Returned,
        behind: Behind,
        finish: &mut impl FnMut(&mut Self, Value) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let saved = (self.state.clone(), self.line, self.before, self.stored);
        self.forget();
        self.noisy = true;
        finish(self, returned.result)?;
        if behind == Behind::Leave {
            let state = self.state_at(self.instr.next);
            self.terminate(Terminator::Exit { state, reason: Reason::CalleeLeft });
        }
        (self.state, self.line, self.before, self.stored) = saved;
        self.switch_to(returned.block);
        self.facts = returned.facts.clone();
        self.noisy = returned.is_noisy;
        self.start = (returned.block, if returned.is_tame { 0 } else { usize::MAX });
        let result = self.func.block(returned.block).params[0];
        self.returned_by_callee = Some(result);
        finish(self, result)?;
        self.returned_by_callee = None;
        Ok(())
    }

    /// Pushes what a call has returned.
    fn finish_known(&mut self, result: Value, periodic: bool) -> Result<(), Refusal> {
        self.check(result, ErrorKind::Null)?;
        let is_object = self.func.ty(result).repr == Repr::Obj;
        self.push(result, is_object);
        match self.noisy {
            true => {
                let serves = periodic && self.serves_after_call();
                self.safepoint(serves)
            }
            false => Ok(()),
        }
    }

    /// Whether signals are served after a call. What is called in place has served them where it could take long: in calls of its own,
    /// as it has no loops. What follows an operator's special method is not a call to the interpreter.
    pub(super) fn serves_after_call(&self) -> bool {
        self.returned_by_callee.is_none() && !self.is_after_special()
    }

    /// Calls the function; the result is NULL if it raises, or if there is no memory for an argument.
    pub(super) fn call_direct(&mut self, call: &KnownCall<'_>) -> Value {
        let KnownCall { target, has_self, has_shim, .. } = *call;
        let op = Op::CallDirect { target, has_self, has_shim, number: None };
        let Some(Unmade { place, items, is_operand }) = call.lazy else {
            return self.emit(op, call.refs, Type::OBJ);
        };
        let at = self.scratch(items.len() as u32);
        self.emit(Op::SpillArgs { at }, items, Type::NONE);
        let address = self.emit(Op::ScratchAddr { at }, &[], Type::I64);
        let tuple = self.helper(Helper::BuildTuple, &[address], &[items.len() as i64]);
        let null = self.null_obj();
        let cond = self.emit(Op::Compare(Cond::Ne), &[tuple, null], Type::BOOL);
        let is_cold = self.func.block(self.cur).cold;
        let (made, unmade, called) =
            (self.func.new_block(is_cold), self.func.new_block(true), self.func.new_block(is_cold));
        let result = self.func.add_param(called, Type::OBJ_OR_NULL);
        self.terminate(Terminator::Branch { cond, then: Edge::to(made), otherwise: Edge::to(unmade) });
        self.switch_to(unmade);
        for operand in &call.refs[..place] {
            self.emit(Op::CloseRef, &[*operand], Type::NONE);
        }
        let null = self.null_obj();
        self.terminate(Terminator::Jump(Edge { block: called, args: vec![null] }));
        self.switch_to(made);
        let tuple = self.emit(Op::Refine { kinds: Kinds::TUPLE }, &[tuple], Type::obj(Kinds::TUPLE));
        let mut refs = call.refs.to_vec();
        refs[place] = self.emit(Op::ToRef { borrowed: false }, &[tuple], Type::REF);
        if is_operand {
            self.emit(Op::IncRef, &[tuple], Type::NONE);
        }
        let returned = self.emit(op, &refs, Type::OBJ);
        if is_operand {
            self.emit(Op::DecRef, &[tuple], Type::NONE);
        }
        self.terminate(Terminator::Jump(Edge { block: called, args: vec![returned] }));
        self.switch_to(called);
        result
    }

    /// The function that a call enters, if its code is to become a part of this one.
    pub(super) fn inlinee(&mut self, call: &KnownCall<'_>) -> Option<Rc<Inlinee>> {
        let callers = self.callers();
        if callers.len() >= MAX_DEPTH || self.func.contexts.len() >= MAX_CALLEES || call.target.has_keyword_only {
            return None;
        }
        if call.target.code_units == self.root || callers.contains(&call.target.code_units) {
            return None;
        }
        let inlinee = self.profile.inlinee(call.callee)?;
        let inlined: usize = self.func.contexts.iter().map(|context| context.code.instrs.len()).sum();
        let all = inlined + inlinee.code.instrs.len();
        let most = if self.has_room { MAX_INSTRUCTIONS } else { FEW_INSTRUCTIONS };
        if all > most && all <= MAX_INSTRUCTIONS {
            self.func.left_out += 1;
        }
        (all <= most).then_some(inlinee)
    }

    fn call_path(&self, call: &KnownCall<'_>) -> CallPath {
        let mut sites = vec![self.instr.start];
        let mut context = self.func.context;
        while let Some(callee) = self.func.callee(context) {
            sites.push(callee.site);
            context = callee.caller;
        }
        (sites, call.callee)
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

    /// Builds the callee's code, whose own returns have a result of the type `wanted`. Goes on where the interpreter had a hand in it.
    fn build_callee(&mut self, call: &KnownCall<'_>, inlinee: &Inlinee, wanted: Type) -> Option<Returned> {
        let KnownCall { target, has_self, has_shim, refs, .. } = *call;
        let Inlinee { code, profile } = inlinee;
        let entry = code.instrs.first()?.start;
        let (inlined, called, resume) =
            (self.func.new_block(false), self.func.new_block(true), self.func.new_block(true));
        let block = self.func.new_block(false);
        self.func.add_param(block, wanted);
        let cond = self.emit(Op::CanInline { target, has_shim }, &[], Type::BOOL);
        self.terminate(Terminator::Branch { cond, then: Edge::to(inlined), otherwise: Edge::to(called) });
        let facts = self.facts.clone();
        self.switch_to(called);
        let result = self.call_direct(call);
        self.terminate(Terminator::Jump(Edge { block: resume, args: vec![result] }));
        self.switch_to(inlined);
        let first_argument = if has_self { 1 } else { 2 };
        let mut operands = refs.to_vec();
        operands.extend(call.lazy.iter().flat_map(|lazy| lazy.items));
        let unmade = call.lazy.map(|Unmade { place, items, is_operand }| {
            let (slot, len) = ((place - first_argument) as u32, items.len() as u32);
            LazyTuple { slot, len, homes: 0, lent: 0, is_operand }
        });
        let upkeep = Upkeep::Full;
        let push = Op::PushFrame { target, has_self, has_shim, upkeep, lazy: unmade, again: false };
        let frame = self.emit(push, &operands, Type::I64);

        let (caller, site) = (self.func.context, self.instr.start);
        let call_line = self.code.lines.lookup(site).line.unwrap_or(0);
        let (code, address) = (code.clone(), target.code);
        let context = Context { code, address, caller, site, call_line, has_shim, frame, resume, copy_of: None };
        let (cfg, carry) = (Cfg::build(&inlinee.code, entry), Carried::new());
        let mut callee = Builder::new(&inlinee.code, profile, Kind::Function, &cfg, &carry);
        (callee.root, callee.returning) = (self.root, Some(block));
        callee.own_result = self.own_result;
        callee.has_room = self.has_room;
        callee.callable = refs.first().copied();
        callee.is_warm = self.is_warm && has_begun(&inlinee.code, &cfg);
        callee.known_results = self.known_results.clone();
        callee.state.locals = self.locals_of(&inlinee.code, &refs[if has_self { 1 } else { 2 }..]);
        callee.arguments = self.classes_of_arguments(call, &inlinee.code);
        callee.state.numbers = self.state.numbers.clone();
        callee.characters = self.characters.clone();
        callee.facts = facts;
        callee.expect = self.expect.clone();
        callee.tuples = self.tuples.clone();
        callee.kept = self.kept.iter().chain(call.kept).copied().collect();
        callee.unmade = unmade.zip(call.lazy).map(|(tuple, lazy)| (tuple.slot, lazy.items.to_vec()));
        callee.lent = self.lent_to(&inlinee.code, &refs[if has_self { 1 } else { 2 }..]);
        std::mem::swap(&mut callee.func, &mut self.func);
        let site = callee.func.site;
        callee.func.context = callee.func.add_context(context);
        callee.cur = callee.func.new_block(false);
        let first = callee.cur;
        let is_built = callee.translate_from(entry).is_ok();
        std::mem::swap(&mut callee.func, &mut self.func);
        (self.func.context, self.func.site) = (caller, site);
        self.calls_itself |= callee.calls_itself;
        let reprs = callee.returned;
        let is_number = wanted.repr != Repr::Obj;
        if !is_built || is_number && reprs.iter().any(|repr| *repr != wanted.repr) {
            return None;
        }
        let facts = callee.returned_facts.unwrap_or_default();
        self.terminate(Terminator::Jump(Edge::to(first)));
        let result = self.func.add_param(resume, Type::OBJ_OR_NULL);
        self.switch_to(resume);
        self.noisy_blocks.extend(callee.noisy_blocks);
        self.closed_quietly.extend(callee.closed_quietly);
        let between = self.blocks_between(inlined, block);
        let is_noisy = between.iter().any(|block| self.noisy_blocks.contains(block));
        if is_noisy {
            self.noisy_blocks.insert(block);
        }
        // Frames with many slots are popped elsewhere, where nobody notes what dies.
        let is_small = inlinee.code.nlocalsplus <= MAX_SLOTS;
        let quiet = &self.closed_quietly;
        let is_tame = is_small && between.iter().all(|before| is_tame_before(&self.func, *before, block, quiet));
        Some(Returned { result, block, facts, reprs, is_noisy, is_tame })
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

    /// The versions of the classes that a callee's arguments have, where they are known.
    fn classes_of_arguments(&self, call: &KnownCall<'_>, code: &CodeInfo) -> HashMap<u32, Vec<u32>> {
        let arguments = call.refs.iter().skip(if call.has_self { 1 } else { 2 });
        let writes = writes_in(code);
        let known = |(slot, argument): (u32, &Value)| {
            let object = match self.func.inst(*argument) {
                Inst { op: Op::ToRef { .. }, args, .. } => Some(args[0]),
                _ => None,
            };
            let classes = match object.and_then(|object| self.only_classes(object)) {
                None if slot == 0 && !call.classes.is_empty() => call.classes.to_vec(),
                classes => classes?,
            };
            (!writes.written.contains(&slot)).then_some((slot, classes))
        };
        (0..).zip(arguments).filter_map(known).collect()
    }

    /// The versions of the only classes that an object may have, as far as anybody has looked.
    pub(super) fn only_classes(&self, object: Value) -> Option<Vec<u32>> {
        let in_argument = || self.arguments.get(self.sources.get(&object)?).cloned();
        self.facts.shapes.get(&object).map(|version| vec![*version]).or_else(in_argument)
    }

    /// The blocks on the ways from one block to a later one, which is none of them.
    pub(super) fn blocks_between(&self, first: Block, last: Block) -> HashSet<Block> {
        let mut ways_in: HashMap<Block, Vec<Block>> = HashMap::new();
        for block in (first.0..self.func.blocks.len() as u32).map(Block) {
            for edge in self.func.block(block).terminator.edges() {
                ways_in.entry(edge.block).or_default().push(block);
            }
        }
        let (mut work, mut seen) = (vec![last], HashSet::new());
        while let Some(block) = work.pop() {
            let before = ways_in.get(&block).into_iter().flatten().filter(|before| seen.insert(**before));
            work.extend(before);
        }
        seen
    }

    /// The parameters that get arguments without a reference of their own, and that the code leaves as they are.
    fn lent_to(&self, code: &CodeInfo, arguments: &[Value]) -> HashSet<u32> {
        let is_lent = |argument: &Value| matches!(self.func.inst(*argument).op, Op::ToRef { borrowed: true });
        let mut lent: HashSet<u32> =
            (0..).zip(arguments).filter(|(_, argument)| is_lent(argument)).map(|(slot, _)| slot).collect();
        let writes = writes_in(code);
        lent.retain(|slot| !writes.written.contains(slot) && !writes.deleted.contains(slot));
        lent
    }

    /// Ends the current block, which returns the topmost operand: the frame is gone then.
    pub(super) fn terminate_returned(&mut self) {
        let entry = self.peek(0);
        self.returned.push(self.func.ty(entry.value).repr);
        let wanted = self.returning.map(|block| self.func.ty(self.func.block(block).params[0]).repr);
        let value = if wanted.is_none_or(|repr| repr == Repr::Obj) { self.to_owned(entry) } else { entry.value };
        self.pop();
        let Some(block) = self.returning else {
            if self.kind == Kind::Function {
                self.note_return(entry);
            }
            return self.terminate(Terminator::Return { value, as_is: false });
        };
        let is_quiet = self.locals_die_quietly(value);
        let settled = (0..u64::BITS).filter(|slot| self.is_settled(*slot)).fold(0, |bits, slot| bits | 1 << slot);
        self.emit(Op::PopFrame { settled, is_quiet }, &[], Type::NONE);
        if !is_quiet {
            self.noisy_blocks.insert(self.cur);
            self.forget();
        }
        self.note_facts();
        self.terminate(Terminator::Jump(Edge { block, args: vec![value] }));
    }

    /// Remembers what is known at a return, as far as it is at all of them.
    fn note_facts(&mut self) {
        let now = &self.facts;
        match &mut self.returned_facts {
            None => self.returned_facts = Some(now.clone()),
            Some(known) => known.keep_common(now),
        }
    }

    /// Whether popping the frame cannot run Python code. The function and its code are held by who has called, who gets `returned`.
    fn locals_die_quietly(&self, returned: Value) -> bool {
        self.state.locals.iter().zip(0..).all(|(local, slot)| match local {
            _ if self.is_settled(slot) => true,
            // So do its items.
            _ if self.unmade.as_ref().is_some_and(|(unmade, _)| *unmade == slot) => true,
            Local::Value(value) => *value == returned || self.dies_quietly(*value),
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
            facts: self.facts.clone(),
            noisy: self.noisy,
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
        self.facts = before.facts.clone();
        self.noisy = before.noisy;
        self.noisy_blocks.retain(|block| block.index() < before.blocks);
        self.closed_quietly.retain(|value| value.index() < before.values);
    }
}

/// The number that all of these are.
fn number_of(reprs: &[Repr]) -> Option<Type> {
    match reprs.first()? {
        Repr::I64 if reprs.iter().all(|repr| *repr == Repr::I64) => Some(Type::I64),
        Repr::F64 if reprs.iter().all(|repr| *repr == Repr::F64) => Some(Type::F64),
        Repr::Bool if reprs.iter().all(|repr| *repr == Repr::Bool) => Some(Type::BOOL),
        _ => None,
    }
}
