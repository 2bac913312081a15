//! Bytecode to HIR.
//!
//! The builder runs the bytecode on an abstract operand stack, block by block in reverse postorder. Two properties of
//! CPython make the result simple and exact. The interpreter's compiler has already decided which operands are
//! borrowed (`LOAD_FAST_BORROW`), so reference counts follow the interpreter's without an ownership analysis of our
//! own. And locals are written through to their home slots in the frame, so an observer always finds them and a side
//! exit only has to flush the operand stack.
//!
//! What is known of a local is cached as an SSA value. Blocks entered by an exception, and the entry itself, start
//! from the home slots.

mod carry;
pub mod cfg;
mod fast_arith;
mod fast_attr;
mod fast_bound;
mod fast_builtin;
mod fast_call;
mod fast_construct;
mod fast_instance;
mod fast_item;
mod fast_iter;
mod fast_mixed;
mod fast_native;
mod fast_operator;
mod fast_pairs;
mod fast_poly;
mod fast_slice;
mod fast_special;
mod fast_subscr;
mod fast_super;
mod fast_zip;
mod generators;
mod inline;
mod liveness;
mod locals;
mod merge;
mod numbers;
mod ops;
mod ops_build;
mod ops_call;
mod ops_except;
mod results;
mod safepoints;
mod untried;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use super::effects;
use super::function::{Function, Kind};
use super::inst::*;
use super::types::{Kinds, Number, Repr, Type};
use crate::bytecode::decode::Instr;
use crate::bytecode::info::CodeInfo;
use crate::bytecode::opcode::CodeOffset;
use crate::bytecode::opcode::Opcode;
use crate::profile::Profile;
use crate::runtime::ops::specials::Special;
use crate::runtime::ops::table::{Helper, Param, Ret};
use carry::{Carried, Found, Known};
use cfg::Cfg;
use inline::{CallPath, Facts, KnownCall};
use results::Return;
use untried::has_begun;

/// Why a code object cannot be compiled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// For people: what prevents it.
    pub reason: String,
    /// Where, when one bytecode is to blame.
    pub offset: Option<CodeOffset>,
}

impl Refusal {
    pub fn new(reason: impl Into<String>) -> Refusal {
        Refusal { reason: reason.into(), offset: None }
    }
}

/// What is known of a local.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Local {
    /// Only the home slot knows.
    Home,
    /// Bound to this object.
    Value(Value),
    /// Unbound.
    Null,
}

#[derive(Clone, Debug)]
pub(super) struct State {
    stack: Vec<StackEntry>,
    locals: Vec<Local>,
    /// Numbers known to be in objects, see [`numbers`].
    numbers: HashMap<Value, Value>,
}

impl State {
    fn new(locals: usize) -> State {
        State { stack: Vec::new(), locals: vec![Local::Home; locals], numbers: HashMap::new() }
    }
}

/// An edge into a bytecode block, remembered until the block's parameters are known.
pub(super) struct Incoming {
    /// Where the edge leaves, and which of the terminator's edges it is.
    from: Block,
    edge: usize,
    /// The bytecode that the edge belongs to.
    site: CodeOffset,
    state: State,
    facts: Facts,
}

/// How a block expects one operand.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct Slot {
    repr: Repr,
    owned: bool,
}

pub(super) struct Target {
    block: Block,
    incoming: Vec<Incoming>,
    /// Set once the block has been entered: what later edges have to deliver.
    expected: Option<Expected>,
}

/// The shape of a block's parameters.
#[derive(Clone)]
pub(super) struct Expected {
    /// Operand stack, deepest first; those with `true` are parameters.
    stack: Vec<(Slot, bool)>,
    /// Locals that are parameters.
    locals: Vec<u32>,
    /// Locals of which something is known in the block. Behind the others there is a parameter for the number or object.
    carried: Vec<(u32, Known)>,
    /// For loops over ranges: where on the stack the iterator is, and its parameter, which nobody else has a reference to.
    range: Option<(usize, Value)>,
}

/// Builds the HIR of one code object from one entry.
pub struct Builder<'a> {
    code: &'a CodeInfo,
    profile: &'a Profile,
    kind: Kind,
    func: Function,
    /// In a callee that is a part of the function: how each return has its result.
    returned: Vec<Repr>,
    /// Otherwise: what the function returns.
    returns: Vec<Return>,
    /// Numbers that have come back from direct calls.
    came_back: HashSet<Value>,
    /// Whether the function calls itself, and the kind of number that it is known to return then, in a register.
    calls_itself: bool,
    own_result: Option<Number>,
    /// Blocks in which something may run Python code.
    noisy_blocks: HashSet<Block>,
    /// What gives up references and is known to run nothing by it.
    closed_quietly: HashSet<Value>,
    /// The same: parameters whose home slots do not own their objects, and are never written to.
    lent: HashSet<u32>,
    /// The function whose code it is, a stackref, where the code is a part of its caller's.
    callable: Option<Value>,
    /// The numbers that calls in place are known to return, by [`Builder::call_path`]; what is built again need not find out again.
    known_results: Rc<RefCell<HashMap<CallPath, Option<Type>>>>,
    /// The same: where its returns go on, with the result as the only parameter.
    returning: Option<Block>,
    /// What a callee that was built in place has returned, which is no error.
    returned_by_callee: Option<Value>,
    /// In a callee: what is known at all of its returns.
    returned_facts: Option<Facts>,
    /// Where the bytecode starts that the whole function is made from.
    root: usize,
    cfg: &'a Cfg,
    targets: HashMap<CodeOffset, Target>,
    cur: Block,
    state: State,
    instr: Instr,
    /// Its index in the code's instructions.
    index: usize,
    /// The index behind the last instruction of its block.
    last: usize,
    /// How many of the next instructions have been done together with an earlier one.
    skips: usize,
    /// Where its own instructions begin.
    start: (Block, usize),
    /// Whether places that the interpreter has not come to are left to it, see [`Builder::is_unreached`].
    is_warm: bool,
    /// Whether many callees may become a part of the code.
    has_room: bool,
    /// Operands at its start.
    depth: usize,
    /// The frame state at the start of the current instruction.
    before: Option<StateId>,
    /// That of an earlier one, while instructions are done together with it of which only the last has an effect.
    pinned: Option<StateId>,
    /// The bytecode that observers currently see, when it is known.
    line: Option<CodeOffset>,
    /// Blocks already built.
    done: HashSet<CodeOffset>,
    /// Objects that values are expected to be, by what the profile saw.
    expect: HashMap<Value, usize>,
    /// What the iterables of loops are guessed to be, by their places on the stack.
    iterables: HashMap<usize, Kinds>,
    /// What `enumerate` objects are guessed to count the items of, and those of loops, by their places on the stack.
    enumerations: HashMap<Value, Kinds>,
    enumerated: HashMap<usize, Kinds>,
    /// The same for `zip` objects, with one kind for each iterator.
    zips: HashMap<Value, Vec<Kinds>>,
    zipped: HashMap<usize, Vec<Kinds>>,
    /// The pairs of loops over `enumerate` and `zip` that are taken apart next, by what stands for them on the stack.
    pairs: HashMap<Value, fast_pairs::Pair>,
    /// The codes of strings that are known to be one character below U+0100.
    characters: HashMap<Value, Value>,
    /// Objects whose class was guessed wrongly at some bytecode, so that it is not guessed again at others.
    distrusted: HashSet<Value>,
    /// Versions of the classes that such objects were seen to have.
    classes: HashMap<Value, Vec<u32>>,
    /// The functions that a method is expected to be, where objects of several classes come by.
    methods: HashMap<Value, Vec<(usize, Vec<u32>)>>,
    /// Versions of the only classes that arguments of this call may have, by slot.
    arguments: HashMap<u32, Vec<u32>>,
    /// The blocks that leave the function with an exception, by the operands that they close.
    unwinding: HashMap<Vec<StackEntry>, Block>,
    /// Whether the current instruction may have run Python code since the last safepoint.
    noisy: bool,
    /// A store of a number in the current instruction that may have given up an object and so run Python code.
    stored: Option<Value>,
    /// What is known of locals at loop headers.
    carry: &'a Carried,
    /// What could be.
    found: HashMap<(CodeOffset, u32), Found>,
    /// The locals that values were loaded from.
    sources: HashMap<Value, u32>,
    facts: Facts,
    /// The items of tuples that were built here.
    tuples: HashMap<Value, Vec<Value>>,
    /// The home slot of an argument that is not made, see [`LazyTuple`], and its items.
    unmade: Option<(u32, Vec<Value>)>,
    /// Objects that a caller's operands hold until the code is done.
    kept: HashSet<Value>,
}

/// Compiles `code` to HIR, entered as `kind` says.
pub fn build(code: &CodeInfo, profile: &Profile, kind: Kind) -> Result<Function, Refusal> {
    let entry = match kind {
        Kind::Function => code.instrs.first().map(|i| i.start).ok_or_else(|| Refusal::new("empty code object"))?,
        Kind::Loop(offset) | Kind::Resume(offset) => offset,
    };
    let cfg = Cfg::build(code, entry);
    let mut carry = Carried::new();
    let (mut round, mut own_result) = (1, None);
    let mut is_warm = profile.untried.is_some() && has_begun(code, &cfg);
    loop {
        let mut builder = Builder::new(code, profile, kind, &cfg, &carry);
        (builder.is_warm, builder.own_result) = (is_warm, own_result);
        match builder.run(entry) {
            Ok(()) => {}
            // What is left to the interpreter may be the only way into a loop.
            Err(_) if is_warm => {
                is_warm = false;
                continue;
            }
            Err(refusal) => return Err(refusal),
        }
        let more = builder.could_carry();
        // A function that calls itself gets what its other callers get.
        let result = builder.common_result().filter(|_| builder.calls_itself && own_result.is_none());
        let is_last = round >= carry::MAX_ROUNDS || more.keys().all(|place| carry.contains_key(place));
        if is_last && result.is_none() {
            builder.return_numbers();
            return Ok(builder.func);
        }
        carry.extend(more);
        own_result = own_result.or(result);
        round += 1;
    }
}

impl<'a> Builder<'a> {
    fn new(code: &'a CodeInfo, profile: &'a Profile, kind: Kind, cfg: &'a Cfg, carry: &'a Carried) -> Builder<'a> {
        Builder {
            code,
            profile,
            kind,
            func: Function::new(code.qualname.clone(), kind),
            root: code.code_units,
            returned: Vec::new(),
            returns: Vec::new(),
            came_back: HashSet::new(),
            calls_itself: false,
            own_result: None,
            noisy_blocks: HashSet::new(),
            closed_quietly: HashSet::new(),
            lent: HashSet::new(),
            callable: None,
            known_results: Rc::default(),
            returning: None,
            returned_facts: None,
            returned_by_callee: None,
            cfg,
            targets: HashMap::new(),
            cur: Block(0),
            state: State::new(code.nlocalsplus as usize),
            instr: code.instrs[0].clone(),
            index: 0,
            last: 0,
            skips: 0,
            pinned: None,
            start: (Block(0), 0),
            is_warm: false,
            has_room: profile.has_room,
            depth: 0,
            before: None,
            line: None,
            done: HashSet::new(),
            expect: HashMap::new(),
            iterables: HashMap::new(),
            characters: HashMap::new(),
            distrusted: HashSet::new(),
            classes: HashMap::new(),
            methods: HashMap::new(),
            arguments: HashMap::new(),
            unwinding: HashMap::new(),
            noisy: false,
            stored: None,
            carry,
            found: HashMap::new(),
            sources: HashMap::new(),
            facts: Facts::default(),
            tuples: HashMap::new(),
            enumerations: HashMap::new(),
            enumerated: HashMap::new(),
            zips: HashMap::new(),
            zipped: HashMap::new(),
            pairs: HashMap::new(),
            unmade: None,
            kept: HashSet::new(),
        }
    }

    fn run(&mut self, entry: CodeOffset) -> Result<(), Refusal> {
        let depth = match self.kind {
            Kind::Function => 0,
            Kind::Loop(_) | Kind::Resume(_) => self.profile.entry_depth,
        };
        self.cur = self.func.entry;
        if let Some(index) = self.code.instrs.iter().position(|instr| instr.start == entry) {
            self.instr = self.code.instrs[index].clone();
            self.depth = depth as usize;
        }
        if self.kind == Kind::Function {
            // Nothing has run yet that could have bound a local.
            // The kinds of copies that `code.replace()` makes do not tell which are parameters.
            let parameters = self.code.parameter_slots() as usize;
            for (local, var) in self.state.locals.iter_mut().zip(&self.code.localsplus).skip(parameters) {
                if !var.kind.is_cell_or_free() {
                    *local = Local::Null;
                }
            }
        }
        for position in 0..depth {
            let slot = self.code.nlocalsplus + position;
            let value = self.emit(Op::LoadLocal { slot }, &[], Type::REF);
            self.push(value, true);
        }
        if matches!(self.kind, Kind::Resume(_)) && self.instr.opcode != Opcode::EndSend {
            // What the generator is sent by those who only ask for its next item. What another one has returned that it has
            // delegated to is an operand.
            let none = self.const_obj(self.profile.none());
            self.push(none, false);
            self.depth += 1;
        }
        self.translate_from(entry)
    }

    /// Translates all bytecode that `entry`, where the current block leads, can reach.
    fn translate_from(&mut self, entry: CodeOffset) -> Result<(), Refusal> {
        self.jump_to(entry);
        let order = self.cfg.order.clone();
        for start in order {
            // Some edges of the bytecode lead nowhere in compiled code: a handler of operations that cannot raise here.
            if !self.has_way_in(start) {
                continue;
            }
            self.enter(start)?;
            self.done.insert(start);
            let block = self.cfg.blocks[&start].clone();
            let mut open = true;
            self.last = block.last;
            for index in block.first..block.last {
                if self.skips > 0 {
                    self.skips -= 1;
                    continue;
                }
                self.index = index;
                self.instr = self.code.instrs[index].clone();
                self.func.site = Some(self.instr.start);
                self.depth = self.state.stack.len();
                self.before = None;
                (self.noisy, self.stored) = (false, None);
                self.start = (self.cur, self.func.block(self.cur).insts.len());
                open = self.translate().map_err(|mut refusal| {
                    refusal.offset.get_or_insert(self.instr.offset);
                    refusal
                })?;
                if !open {
                    break;
                }
                if self.noisy {
                    self.safepoint(false)?;
                } else if let Some(store) = self.stored {
                    self.safepoint_after(store);
                }
            }
            if open {
                self.jump_to(block.successors[0]);
            }
        }
        // Blocks were built in an order in which every way in but those of loops comes first.
        let late =
            self.targets.iter().find(|(start, target)| !self.done.contains(start) && !target.incoming.is_empty());
        if let Some((start, _)) = late {
            return Err(Refusal { reason: "loop that is only entered from its end".into(), offset: Some(*start) });
        }
        Ok(())
    }

    // ---- emitting

    fn emit_in(&mut self, block: Block, op: Op, args: &[Value], ty: Type, state: Option<StateId>) -> Value {
        let is_noisy = match &op {
            Op::CallDirect { .. } | Op::CallNative => true,
            Op::Helper { helper, .. } => helper.effects().may_run_python,
            Op::DecRef | Op::CloseRef => !self.dies_quietly(args[0]),
            _ => false,
        };
        if is_noisy {
            self.forget();
            self.noisy = true;
            self.noisy_blocks.insert(block);
        }
        // Signals and whatever else is due may run anything.
        if let Op::Safepoint { periodic: true, .. } = op {
            self.forget();
        }
        let frees_nothing = matches!(op, Op::DecRef | Op::CloseRef) && !is_noisy;
        let value = self.func.add_value(Inst { op, args: args.to_vec(), state, ty });
        self.func.block_mut(block).insts.push(value);
        if frees_nothing {
            self.closed_quietly.insert(value);
        }
        value
    }

    /// Whether dropping the value cannot run Python code.
    fn dies_quietly(&self, value: Value) -> bool {
        let ty = self.func.ty(value);
        let is_held = self.facts.held.contains(&value) || self.kept.contains(&value);
        let is_quiet = is_held || ty.repr != Repr::None && ty.kinds.is_within(effects::QUIET.union(Kinds::NULL));
        let items = self.tuples.get(&value);
        is_quiet || items.is_some_and(|items| items.iter().all(|item| self.dies_quietly(*item)))
    }

    /// Forgets what Python code that may have run can have changed.
    fn forget(&mut self) {
        self.facts = Facts::default();
    }

    fn emit(&mut self, op: Op, args: &[Value], ty: Type) -> Value {
        self.emit_in(self.cur, op, args, ty, None)
    }

    /// Emits an instruction that exits to the start of the current bytecode when its guess fails.
    fn emit_guarded(&mut self, op: Op, args: &[Value], ty: Type) -> Value {
        let state = self.before_state();
        self.emit_in(self.cur, op, args, ty, Some(state))
    }

    fn before_state(&mut self) -> StateId {
        match self.pinned.or(self.before) {
            Some(state) => state,
            None => {
                let state = self.state_at(self.instr.start);
                self.before = Some(state);
                state
            }
        }
    }

    fn state_at(&mut self, offset: CodeOffset) -> StateId {
        self.state_from(self.instr.start, offset)
    }

    /// The frame state at `offset`, for which the bytecode at `site` is to blame.
    ///
    /// # Panics
    /// When operands that the bytecode wants are gone: the compiler made a mistake, and the code is better refused.
    fn state_from(&mut self, site: CodeOffset, offset: CodeOffset) -> StateId {
        let depth = self.state.stack.len();
        assert!(offset != self.instr.start || depth == self.depth, "{depth} operands instead of {}", self.depth);
        let context = self.func.context;
        let stack = self.state.stack.clone();
        self.func.add_state(FrameState { context, offset, site, stack, late: Vec::new(), pending: Vec::new() })
    }

    fn terminate(&mut self, terminator: Terminator) {
        let site = self.func.site;
        let block = self.func.block_mut(self.cur);
        (block.terminator, block.site) = (terminator, site);
    }

    /// Starts a new block that only the current one leads to.
    fn switch_to(&mut self, block: Block) {
        self.cur = block;
    }

    /// Whether the next instruction takes the result of the current one apart, into `count` items.
    fn is_unpacked_next(&self, count: u32) -> bool {
        let next = self.index + 1;
        next < self.last
            && self.code.instrs[next].opcode == Opcode::UnpackSequence
            && self.code.instrs[next].oparg == count
    }

    /// Makes the next instruction a part of the current one.
    fn skip(&mut self, count: usize) {
        self.skips = count;
        self.instr.next = self.code.instrs[self.index + count].next;
    }

    // ---- constants

    fn const_obj(&mut self, address: usize) -> Value {
        let kinds = self.profile.kinds_of(address);
        self.emit(Op::ConstObj { address, kinds }, &[], Type::obj(kinds))
    }

    fn const_i64(&mut self, value: i64) -> Value {
        self.emit(Op::ConstI64(value), &[], Type::I64)
    }

    fn null_ref(&mut self) -> Value {
        self.emit(Op::ConstRef(NULL_REF), &[], Type::REF)
    }

    // ---- operand stack

    fn push(&mut self, value: Value, owned: bool) {
        self.state.stack.push(StackEntry { value, owned });
    }

    fn pop(&mut self) -> StackEntry {
        self.state.stack.pop().expect("the bytecode's operand stack does not underflow")
    }

    /// The operand `depth` below the top; 0 is the top.
    fn peek(&self, depth: usize) -> StackEntry {
        self.state.stack[self.state.stack.len() - 1 - depth]
    }

    fn poke(&mut self, depth: usize, entry: StackEntry) {
        let top = self.state.stack.len() - 1;
        self.state.stack[top - depth] = entry;
    }

    /// The operand as an object without a claim on it; boxes it in place on the abstract stack when it is unboxed.
    fn peek_obj(&mut self, depth: usize) -> Value {
        let boxed = self.box_operand(depth);
        if self.func.ty(boxed.value).repr == Repr::Ref {
            return self.emit(Op::RefToObj, &[boxed.value], Type::OBJ_OR_NULL);
        }
        boxed.value
    }

    /// Boxes the operand in place on the abstract stack when it is unboxed.
    fn box_operand(&mut self, depth: usize) -> StackEntry {
        let entry = self.peek(depth);
        let boxed = self.boxed(entry);
        if boxed != entry {
            self.poke(depth, boxed);
            self.before = None;
        }
        boxed
    }

    /// Boxes the top `count` operands that are unboxed. Whoever takes references to them does it afterwards: when a box
    /// cannot be made the interpreter goes on and would not know of them.
    fn box_operands(&mut self, count: usize) {
        for depth in (0..count).rev() {
            self.box_operand(depth);
        }
    }

    /// An operand in object or stackref representation.
    fn boxed(&mut self, entry: StackEntry) -> StackEntry {
        match self.func.ty(entry.value).repr {
            Repr::I64 => {
                let value = self.emit_guarded(Op::BoxInt, &[entry.value], Type::obj(Kinds::LONG));
                StackEntry { value, owned: true }
            }
            Repr::F64 => {
                let value = self.emit_guarded(Op::BoxFloat, &[entry.value], Type::obj(Kinds::FLOAT));
                StackEntry { value, owned: true }
            }
            Repr::Bool => {
                let value = self.emit(Op::BoxBool, &[entry.value], Type::obj(Kinds::BOOL));
                StackEntry { value, owned: false }
            }
            _ => entry,
        }
    }

    /// Gives up a claim.
    fn close(&mut self, entry: StackEntry) {
        self.close_in(self.cur, entry);
    }

    fn close_in(&mut self, block: Block, entry: StackEntry) {
        let ty = self.func.ty(entry.value);
        match ty.repr {
            Repr::Ref if !matches!(self.func.inst(entry.value).op, Op::ConstRef(_)) => {
                self.emit_in(block, Op::CloseRef, &[entry.value], Type::NONE, None);
            }
            Repr::Obj if entry.owned && !ty.kinds.is_immortal() => {
                self.emit_in(block, Op::DecRef, &[entry.value], Type::NONE, None);
            }
            _ => {}
        }
    }

    /// Pops `count` operands and closes them, the topmost first.
    fn close_top(&mut self, count: usize) {
        for _ in 0..count {
            let entry = self.pop();
            self.close(entry);
        }
    }

    /// The operand as a stackref that whoever gets it owns.
    #[expect(clippy::wrong_self_convention, reason = "it converts the operand, not the builder")]
    fn to_ref(&mut self, entry: StackEntry) -> Value {
        let entry = self.boxed(entry);
        if self.func.ty(entry.value).repr == Repr::Ref {
            return entry.value;
        }
        self.emit(Op::ToRef { borrowed: !entry.owned }, &[entry.value], Type::REF)
    }

    /// The operand as an object reference that whoever gets it owns.
    #[expect(clippy::wrong_self_convention, reason = "it converts the operand, not the builder")]
    fn to_owned(&mut self, entry: StackEntry) -> Value {
        let entry = self.boxed(entry);
        if self.func.ty(entry.value).repr == Repr::Ref {
            return self.emit(Op::RefToOwned, &[entry.value], Type::OBJ_OR_NULL);
        }
        if !entry.owned {
            self.emit(Op::IncRef, &[entry.value], Type::NONE);
        }
        entry.value
    }

    // ---- observers

    /// Lets observers see the current bytecode; needed before whatever can call, raise or release the GIL.
    fn set_line(&mut self) {
        if self.line != Some(self.instr.offset) {
            self.emit(Op::SetLine { offset: self.instr.offset }, &[], Type::NONE);
            self.line = Some(self.instr.offset);
        }
    }

    /// The same where nothing happens but that the top `count` operands are closed: only if one of them could die noisily.
    fn set_line_to_close(&mut self, count: usize) {
        let could_be_noticed = |depth: usize| {
            let entry = self.peek(depth);
            match self.func.ty(entry.value).repr {
                Repr::Obj => entry.owned && !self.dies_quietly(entry.value),
                Repr::Ref => true,
                _ => false,
            }
        };
        if (0..count).any(could_be_noticed) {
            self.set_line();
        }
    }

    /// Calls a helper with `args` for its value parameters and `imms` for its immediates.
    fn helper(&mut self, helper: Helper, args: &[Value], imms: &[i64]) -> Value {
        self.helper_in(self.cur, helper, args, imms)
    }

    fn helper_in(&mut self, block: Block, helper: Helper, args: &[Value], imms: &[i64]) -> Value {
        debug_assert_eq!(
            helper.params().iter().filter(|p| **p == Param::Imm).count(),
            imms.len(),
            "immediates of {}",
            helper.name()
        );
        let ty = match helper.ret() {
            Ret::NewRef | Ret::Borrowed => Type::OBJ,
            Ret::Iter | Ret::Found => Type::OBJ_OR_NULL,
            Ret::Bool | Ret::Status | Ret::Word => Type::I64,
            Ret::F64 => Type::F64,
            Ret::Void => Type::NONE,
        };
        self.emit_in(block, Op::Helper { helper, imms: imms.into() }, args, ty, None)
    }
}
