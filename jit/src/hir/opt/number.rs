//! Value numbering: what was computed or tested before, on every way here, is not computed or tested again.
//!
//! Computations without side effects and guards are looked up by operation and operands; one that is found in a dominating block
//! is used instead. A load is the same as an earlier one only if nothing in between can have changed memory: loads carry the
//! *epoch* in which they are made, and whatever may write, or run Python code, begins a new one. A block begins in
//! the epoch that all of its predecessors end in, if it is the same; a loop, if a round writes nothing.
//!
//! Constants are the same for look-ups, but stay where they are: to make one again is cheaper than to keep it in a register.

use std::collections::{HashMap, HashSet};

use super::fresh::{Content, Fresh, Time};
use super::peel::natural_loop;
use super::rewrite::Replacements;
use crate::hir::dominators::Dominators;
use crate::hir::effects::dies_quietly;
use crate::hir::function::{Function, Kind};
use crate::hir::inst::{Block, Cond, ContextId, Inst, Mem, Op, Terminator, Value};
use crate::hir::noise::{Noise, Unseen, is_needless};
use crate::hir::types::{Kinds, Repr, Type};
use crate::runtime::ops::table::Helper;

pub fn run(function: &mut Function) {
    let mut reached = HashSet::from([function.entry]);
    reached.extend(function.contexts.iter().map(|context| context.resume));
    let order = function.reverse_postorder();
    let dominators = Dominators::compute(function, &order);
    let mut predecessors: HashMap<Block, Vec<Block>> = HashMap::new();
    for &block in &order {
        for edge in function.block(block).terminator.edges() {
            predecessors.entry(edge.block).or_default().push(block);
        }
    }
    let noise = Noise::of(function, &order);
    let needless = noise.needless_safepoints(function, &order);
    let mut numbering = Numbering::new(noise, function.values.len());
    for (position, &block) in order.iter().enumerate() {
        if !reached.contains(&block) {
            continue;
        }
        // What was passed over because no way leads there any more is no predecessor.
        let is_left = |before: &&Block| reached.contains(before) || !order[..position].contains(before);
        let before: Vec<Block> = predecessors.get(&block).into_iter().flatten().filter(is_left).copied().collect();
        let ends: Vec<&End> = before.iter().filter_map(|before| numbering.ends.get(before)).collect();
        let is_resumed = function.contexts.iter().any(|context| context.resume == block);
        let (is_loop, is_known) = (ends.len() < before.len(), !ends.is_empty() && !is_resumed);
        let mut unseen = Unseen::default();
        ends.iter().for_each(|end| unseen.add(&end.unseen));
        let epochs: Vec<Epochs> = ends.iter().map(|end| end.epochs).collect();
        numbering.epochs = if is_known { numbering.meet(&epochs) } else { numbering.new_epochs() };
        let known = numbering.noise.at_start(block);
        numbering.unseen = if is_known && !is_loop { known.and(&unseen) } else { known.clone() };
        if is_loop {
            let rounds = natural_loop(function, &dominators, &order, block);
            numbering.begin_loop(function, &rounds, &needless);
        }
        let insts = std::mem::take(&mut function.block_mut(block).insts);
        let mut kept = Vec::with_capacity(insts.len());
        for value in function.block(block).params.iter().chain(&insts) {
            numbering.last_position += 1;
            numbering.positions[value.index()] = numbering.last_position;
        }
        for value in insts {
            numbering.narrow(function, &dominators, block, value);
            if numbering.fold(function, value) || numbering.is_known(function, &dominators, block, value) {
                continue;
            }
            kept.push(value);
            if !numbering.gives_up_class(function, value) {
                numbering.noise.step(function, block, value, &mut numbering.unseen);
            }
            numbering.note_instances(function, value);
        }
        function.block_mut(block).insts = kept;
        numbering.fold_branch(function, &dominators, block);
        numbering.note_branch(function, &predecessors, block);
        reached.extend(function.block(block).terminator.edges().iter().map(|edge| edge.block));
        let end = End { epochs: numbering.epochs, unseen: numbering.unseen.clone() };
        numbering.ends.insert(block, end);
    }
    numbering.replaced.apply(function);
}

/// When memory was last written, as far as loads can see it.
#[derive(Copy, Clone, Default)]
struct Epochs {
    /// What only Python code changes: what classes and namespaces look like, and functions.
    shapes: u64,
    /// The fields of objects, and items that are references.
    objects: u64,
    /// Items that are numbers in memory: what is stored there changes no field of an object.
    items: u64,
}

impl Epochs {
    fn time(self) -> Time {
        Time { shapes: self.shapes, objects: self.objects }
    }
}

fn become_constant(function: &mut Function, value: Value, op: Op, ty: Type) {
    let inst = &mut function.values[value.index()];
    (inst.op, inst.ty) = (op, ty);
    inst.args.clear();
}

/// What makes two values the same; the number is that of the epoch and the depth, or of the frame.
type Key = (Op, Vec<Value>, Type, u64);

/// What is known at the end of a block.
struct End {
    epochs: Epochs,
    unseen: Unseen,
}

struct Numbering {
    found: HashMap<Key, Vec<(Block, Value)>>,
    replaced: Replacements,
    /// Of values that stay although they are the same as another one: that one.
    same: HashMap<Value, Value>,
    /// Objects that were tested for their type, and what they are known as from there on.
    tested: HashMap<Value, Vec<(Block, Value)>>,
    /// Conditions that hold because something leaves, or goes another way, where they do not.
    guarded: HashMap<Value, Vec<Block>>,
    fresh: Fresh,
    noise: Noise,
    unseen: Unseen,
    epochs: Epochs,
    /// Those before the last instruction that wrote to an object.
    before_write: Epochs,
    ends: HashMap<Block, End>,
    last_epoch: u64,
    /// By value, how many were computed before it.
    positions: Vec<u32>,
    last_position: u32,
    /// What was found about objects since they were last written to.
    recent: Vec<Key>,
}

/// How an instruction is treated.
enum Class {
    /// Its result depends on its operands alone; or it leaves if it would have left before.
    Pure,
    /// Like that, and made again rather than kept.
    Cheap,
    /// Like that, and another one in the frame of each function.
    OfFrame,
    /// It reads memory.
    Load(Memory),
    /// It reads what only Python code changes, for a call at this depth.
    OfDepth,
    /// It changes nothing that a load reads.
    Harmless,
    /// It writes a number among items.
    WritesItem,
    /// It writes to an object.
    WritesObject,
    /// It may run Python code, and so change anything.
    Writes,
}

/// A part of memory, see [`Epochs`].
#[derive(Copy, Clone)]
enum Memory {
    Shapes,
    Objects,
    Items,
}

impl Numbering {
    fn new(noise: Noise, values: usize) -> Numbering {
        Numbering {
            found: HashMap::new(),
            replaced: Replacements::default(),
            same: HashMap::new(),
            tested: HashMap::new(),
            guarded: HashMap::new(),
            fresh: Fresh::default(),
            noise,
            unseen: Unseen::default(),
            epochs: Epochs::default(),
            before_write: Epochs::default(),
            ends: HashMap::new(),
            last_epoch: 0,
            positions: vec![0; values],
            last_position: 0,
            recent: Vec::new(),
        }
    }

    /// Whether the instruction's result is there already, or what it tests holds already; its value is replaced then.
    fn is_known(&mut self, function: &Function, dominators: &Dominators, block: Block, value: Value) -> bool {
        let inst = function.inst(value);
        if let Op::Safepoint { leaves, .. } = inst.op {
            let is_needless = is_needless(function, block, value, &self.unseen);
            if !is_needless && !leaves {
                self.epochs = self.new_epochs();
            }
            return is_needless;
        }
        if let Op::Guard { .. } = inst.op
            && self.holds(dominators, block, inst.args[0])
        {
            return true;
        }
        let is_known_harmless = self.gives_up_class(function, value) || self.noise.is_tame(value);
        let class = if is_known_harmless { Class::Harmless } else { classify(function, inst) };
        let epoch = match class {
            Class::Pure | Class::Cheap => 0,
            Class::OfFrame => self.namespaces_of(function, function.block(block).context),
            Class::OfDepth => self.epochs.shapes | u64::from(function.depth(function.block(block).context)) << 32,
            Class::Load(Memory::Shapes) => self.epochs.shapes,
            Class::Load(Memory::Objects) => self.epochs.objects,
            Class::Load(Memory::Items) => self.epochs.items,
            Class::Harmless => return false,
            Class::WritesItem => {
                self.epochs.items = self.new_epoch();
                return false;
            }
            Class::WritesObject => {
                self.before_write = self.epochs;
                self.epochs.objects = self.new_epoch();
                match self.made_owner(function, inst) {
                    Some(instance) => self.keep_older_than(function, instance),
                    None => self.epochs.items = self.new_epoch(),
                }
                return false;
            }
            Class::Writes => {
                self.epochs = self.new_epochs();
                return false;
            }
        };
        let args = inst.args.iter().map(|arg| self.canonical(*arg)).collect();
        let key = (inst.op.clone(), args, inst.ty, epoch);
        if let Class::Load(Memory::Objects) = class {
            self.note_recent(&key);
        }
        let places = self.found.entry(key).or_default();
        let Some((_, before)) = places.iter().find(|(place, _)| dominators.dominates(*place, block)) else {
            places.push((block, value));
            match inst.op {
                Op::GuardKinds { .. } => {
                    let object = self.object(function, inst.args[0]);
                    self.tested.entry(object).or_default().push((block, value));
                }
                Op::Guard { .. } => self.guarded.entry(self.canonical(inst.args[0])).or_default().push(block),
                _ => {}
            }
            return false;
        };
        if matches!(class, Class::Cheap | Class::OfFrame) {
            self.same.insert(value, *before);
            return false;
        }
        if inst.ty.repr != Repr::None {
            self.replaced.insert(value, *before);
        }
        true
    }

    /// The instance to which an instruction adds an attribute, if this code has made it.
    fn made_owner(&self, function: &Function, inst: &Inst) -> Option<Value> {
        let adds = matches!(inst.op, Op::Helper { helper: Helper::AddInlineValue | Helper::InitSlot, .. });
        let owner = self.canonical(*inst.args.first().filter(|_| adds)?);
        matches!(function.inst(owner).op, Op::Helper { helper: Helper::NewInstance, .. }).then_some(owner)
    }

    fn note_recent(&mut self, key: &Key) {
        if self.recent.first().is_some_and(|first| first.3 != key.3) {
            self.recent.clear();
        }
        self.recent.push(key.clone());
    }

    /// What was found about objects that were there before `instance` holds after something was written to that one.
    fn keep_older_than(&mut self, function: &Function, instance: Value) {
        let position = |value: Value| self.positions.get(value.index()).copied().unwrap_or(u32::MAX);
        let (made, before, now) = (position(instance), self.before_write.objects, self.epochs.objects);
        let is_kept = |key: &Key| {
            let reads_number = matches!(key.0, Op::UnboxInt | Op::UnboxFloat);
            key.3 == before && (reads_number || key.1.iter().all(|base| position(self.object(function, *base)) < made))
        };
        let kept: Vec<Key> = self.recent.iter().filter(|key| is_kept(key)).cloned().collect();
        self.recent.clear();
        for key in kept {
            let places = self.found.get(&key).cloned().unwrap_or_default();
            let key = (key.0, key.1, key.2, now);
            self.recent.push(key.clone());
            self.found.entry(key).or_default().extend(places);
        }
    }

    /// What frames with the same namespaces have in common: the function that is called, if that is known, or else nothing.
    fn namespaces_of(&self, function: &Function, context: ContextId) -> u64 {
        let called = function.callee(context).map(|callee| {
            let reference = self.canonical(function.inst(callee.frame).args[0]);
            let object = function.inst(reference).args.first().map(|object| self.canonical(*object));
            object.map(|object| &function.inst(object).op)
        });
        match called {
            // Addresses of objects are greater than all numbers of contexts.
            Some(Some(Op::ConstObj { address, .. })) => *address as u64,
            _ => u64::from(context.0),
        }
    }

    /// Replaces an instruction by what it is bound to find, as far as that is known. Says whether it has become needless.
    fn fold(&mut self, function: &mut Function, value: Value) -> bool {
        let inst = function.inst(value);
        let args: Vec<Value> = inst.args.iter().map(|arg| self.canonical(*arg)).collect();
        let number = |index: usize| match function.inst(*args.get(index)?).op {
            Op::ConstI64(number) => Some(number),
            Op::ConstObj { address, .. } => Some(address as i64),
            _ => None,
        };
        match inst.op {
            Op::Compare(cond @ (Cond::Eq | Cond::Ne)) => {
                let is_equal = match (number(0), number(1)) {
                    (Some(left), Some(right)) => left == right,
                    // What is made is nothing that was there before.
                    (None, Some(1..)) if is_made(function, args[0]) => false,
                    (None, Some(0)) if is_object(function, args[0]) => false,
                    _ => return false,
                };
                become_constant(function, value, Op::ConstBool(is_equal == (cond == Cond::Eq)), Type::BOOL);
                false
            }
            Op::Guard { .. } => function.inst(args[0]).op == Op::ConstBool(true),
            Op::Refine { kinds } | Op::GuardKinds { kinds } if is_known_within(function, args[0], kinds) => {
                self.replaced.insert(value, args[0]);
                true
            }
            // Who has a reference to a number finds it unchanged.
            Op::UnboxFloat if function.inst(args[0]).op == Op::BoxFloat => {
                let number = self.canonical(function.inst(args[0]).args[0]);
                self.replaced.insert(value, number);
                true
            }
            Op::UnboxInt if function.inst(args[0]).op == Op::BoxInt => {
                let number = self.canonical(function.inst(args[0]).args[0]);
                self.replaced.insert(value, number);
                true
            }
            Op::DecRef => number(0) == Some(0),
            Op::CloseRef => matches!(function.inst(args[0]).op, Op::ConstRef(_)),
            _ => {
                let Some(content) = self.fresh.read(function, inst, &args, self.epochs.time()) else { return false };
                match content {
                    Content::Value(known) => {
                        self.replaced.insert(value, known);
                        return true;
                    }
                    Content::Number(number) => become_constant(function, value, Op::ConstI64(number), Type::I64),
                    Content::Null => {
                        let null = Op::ConstObj { address: 0, kinds: Kinds::NULL };
                        become_constant(function, value, null, Type::obj(Kinds::NULL));
                    }
                }
                false
            }
        }
    }

    /// Whether the reference that is given up is to a class that an instance holds as well.
    fn gives_up_class(&self, function: &Function, value: Value) -> bool {
        let inst = function.inst(value);
        inst.op == Op::DecRef && self.fresh.is_class(self.canonical(inst.args[0]), self.epochs.time())
    }

    /// Remembers instances that are made, and what is stored in them.
    fn note_instances(&mut self, function: &Function, value: Value) {
        let inst = function.inst(value);
        let stored = match inst.op {
            Op::Helper { helper: Helper::NewInstance, .. } => {
                let class = self.canonical(inst.args[0]);
                return self.fresh.made(value, class, self.epochs.time());
            }
            Op::Helper { helper: Helper::AddInlineValue | Helper::InitSlot, ref imms } => Some((imms[0] as i32, inst)),
            Op::Store { offset, mem: Mem::Obj } if inst.args.len() == 2 => Some((offset, inst)),
            _ => None,
        };
        if let Some((offset, inst)) = stored {
            let (object, stored) = (self.canonical(inst.args[0]), self.canonical(inst.args[1]));
            let (before, now) = (self.before_write.time(), self.epochs.time());
            self.fresh.stored((object, offset, stored), before, now);
        }
    }

    /// Has what gives an object up know of the type that the object was tested for.
    fn narrow(&self, function: &mut Function, dominators: &Dominators, block: Block, value: Value) {
        if function.inst(value).op != Op::DecRef {
            return;
        }
        let object = function.inst(value).args[0];
        let tests = self.tested.get(&self.object(function, object)).into_iter().flatten();
        let mut tests = tests.filter(|(place, _)| dominators.dominates(*place, block));
        let kinds = function.ty(object).kinds;
        if let Some((_, tested)) = tests.find(|(_, tested)| function.ty(*tested).kinds.is_within(kinds)) {
            function.values[value.index()].args[0] = *tested;
        }
    }

    /// Removes the way out of a block that its condition never takes.
    fn fold_branch(&self, function: &mut Function, dominators: &Dominators, block: Block) {
        let Terminator::Branch { cond, then, otherwise } = &function.block(block).terminator else { return };
        let cond = self.canonical(*cond);
        if let Op::ConstBool(holds) = function.inst(cond).op {
            if pushes_frame(function, then.block) {
                return;
            }
            let way = if holds { then.clone() } else { otherwise.clone() };
            function.block_mut(block).terminator = Terminator::Jump(way);
            return;
        }
        if !self.holds(dominators, block, cond) {
            return;
        }
        if let Op::CanInline { .. } = function.inst(cond).op {
            let inst = Inst { op: Op::ConstBool(true), args: Vec::new(), state: None, ty: Type::BOOL };
            let yes = function.add_value(inst);
            function.block_mut(block).insts.push(yes);
            if let Some(cond) = function.block_mut(block).terminator.operand_mut() {
                *cond = yes;
            }
            return;
        }
        let then = then.clone();
        function.block_mut(block).terminator = Terminator::Jump(then);
    }

    /// Remembers that a condition holds where nothing leads but its branch.
    fn note_branch(&mut self, function: &Function, predecessors: &HashMap<Block, Vec<Block>>, block: Block) {
        let Terminator::Branch { cond, then, .. } = &function.block(block).terminator else { return };
        let is_resumed = function.contexts.iter().any(|context| context.resume == then.block);
        if predecessors[&then.block].len() == 1 && !is_resumed {
            self.guarded.entry(self.canonical(*cond)).or_default().push(then.block);
        }
    }

    /// Whether something leaves, on every way to the block, where the condition does not hold.
    fn holds(&self, dominators: &Dominators, block: Block, cond: Value) -> bool {
        let mut places = self.guarded.get(&self.canonical(cond)).into_iter().flatten();
        places.any(|place| dominators.dominates(*place, block))
    }

    /// What a value is another name of: refinements are the same object.
    fn object(&self, function: &Function, mut value: Value) -> Value {
        loop {
            value = self.canonical(value);
            match function.inst(value).op {
                Op::Refine { .. } | Op::GuardKinds { .. } => value = function.inst(value).args[0],
                _ => return value,
            }
        }
    }

    fn canonical(&self, value: Value) -> Value {
        let value = self.replaced.resolve(value);
        self.same.get(&value).copied().unwrap_or(value)
    }

    /// The epochs in which a block begins that several lead to: what is the same at the ends of all of them goes on.
    fn meet(&mut self, ends: &[Epochs]) -> Epochs {
        let first = ends[0];
        let mut met = first;
        if ends.iter().any(|end| end.shapes != first.shapes) {
            met.shapes = self.new_epoch();
        }
        if ends.iter().any(|end| end.objects != first.objects) {
            met.objects = self.new_epoch();
        }
        if ends.iter().any(|end| end.items != first.items) {
            met.items = self.new_epoch();
        }
        met
    }

    /// Forgets, at the start of each round of a loop, what a round changes.
    fn begin_loop(&mut self, function: &Function, rounds: &HashSet<Block>, needless: &HashSet<Value>) {
        let (mut writes, mut writes_object, mut writes_item) = (false, false, false);
        for value in rounds.iter().flat_map(|block| &function.block(*block).insts) {
            let inst = function.inst(*value);
            match inst.op {
                Op::Safepoint { leaves, .. } => writes |= !leaves && !needless.contains(value),
                _ if self.noise.is_tame(*value) => {}
                _ => match classify(function, inst) {
                    Class::Writes => writes = true,
                    Class::WritesObject => writes_object = true,
                    Class::WritesItem => writes_item = true,
                    _ => {}
                },
            }
        }
        if writes {
            self.epochs.shapes = self.new_epoch();
        }
        if writes || writes_object {
            self.epochs.objects = self.new_epoch();
        }
        if writes || writes_object || writes_item {
            self.epochs.items = self.new_epoch();
        }
    }

    fn new_epoch(&mut self) -> u64 {
        self.last_epoch += 1;
        self.last_epoch
    }

    fn new_epochs(&mut self) -> Epochs {
        Epochs { shapes: self.new_epoch(), objects: self.new_epoch(), items: self.new_epoch() }
    }
}

fn classify(function: &Function, inst: &Inst) -> Class {
    match &inst.op {
        Op::ConstObj { .. }
        | Op::ConstRef(_)
        | Op::ConstI64(_)
        | Op::ConstF64(_)
        | Op::ConstBool(_)
        | Op::ScratchAddr { .. } => Class::Cheap,
        Op::FrameGlobals | Op::FrameBuiltins => Class::OfFrame,
        Op::RefToObj
        | Op::Refine { .. }
        | Op::UnboxBool
        | Op::BoxBool
        | Op::Int(_)
        | Op::IntNeg
        | Op::Float(_)
        | Op::FloatNeg
        | Op::FloatSqrt
        | Op::FloatAbs
        | Op::IntToFloat
        | Op::FloatToInt
        | Op::Select { .. }
        | Op::Compare(_)
        | Op::FloatCompare(_)
        | Op::Not
        | Op::Bits
        | Op::AsRef
        | Op::AddAddr
        | Op::ShiftRight { .. }
        | Op::WrapIndex
        | Op::Guard { .. }
        | Op::GuardKinds { .. } => Class::Pure,
        // Numbers are overwritten in place.
        Op::Load { .. } if is_number(function, inst.args[0]) => Class::Harmless,
        Op::Load { mem, .. } => Class::Load(match mem {
            _ if is_item(*mem, inst.args.len() > 1) => Memory::Items,
            _ if is_of_shape(function, inst, *mem) => Memory::Shapes,
            _ => Memory::Objects,
        }),
        // What is in memory is not overwritten in place but by what writes there.
        Op::UnboxInt | Op::UnboxFloat if is_loaded(function, inst.args[0]) => Class::Load(Memory::Objects),
        // In a generator it asks for room as well, which depends on the frames below.
        Op::CanInline { .. } if !matches!(function.kind, Kind::Resume(_)) => Class::OfDepth,
        // Only Python code assigns to `__class__`.
        Op::TypeOf => Class::Load(Memory::Shapes),
        Op::Store { mem, .. } if is_item(*mem, inst.args.len() > 2) => Class::WritesItem,
        // What the stores give up may run Python code only if a safepoint follows in the same bytecode, before any load.
        Op::StoreInt { .. } | Op::StoreFloat { .. } | Op::SwapLocal { .. } => Class::Harmless,
        Op::DecRef | Op::CloseRef if dies_quietly(function, inst.args[0]) => Class::Harmless,
        Op::Helper { helper: Helper::FloatPow | Helper::MathFunction, .. } => Class::Harmless,
        Op::Param
        | Op::LoadLocal { .. }
        | Op::PrivateOf
        | Op::ToRef { .. }
        | Op::RefToOwned
        | Op::IncRef
        | Op::DupRef
        | Op::UnboxInt
        | Op::UnboxNumber { .. }
        | Op::GuardPrivate
        | Op::UnboxFloat
        | Op::BoxInt
        | Op::BoxFloat
        | Op::BoxAside
        | Op::NewUnmade
        | Op::AddUnmade { .. }
        | Op::SpillArgs { .. }
        | Op::LoadScratch { .. }
        | Op::Returned { .. }
        | Op::CanInline { .. }
        | Op::IsDue
        | Op::PushFrame { .. }
        | Op::PopFrame { is_quiet: true, .. }
        // These are dealt with before.
        | Op::Safepoint { .. }
        | Op::SetLine { .. } => Class::Harmless,
        Op::ReplaceInt { .. } | Op::ReplaceFloat { .. } | Op::Store { .. } => Class::WritesObject,
        // They write to what they make.
        Op::Helper { helper: Helper::BuildTuple | Helper::IterRange | Helper::NewInstance | Helper::NumberOp, .. } => Class::Harmless,
        Op::Helper { helper, .. } if !helper.effects().may_run_python => Class::WritesObject,
        Op::DecRef
        | Op::CloseRef
        | Op::Helper { .. }
        | Op::CallDirect { .. }
        | Op::PopFrame { is_quiet: false, .. }
        | Op::UnwindFrame
        | Op::CallNative
        | Op::Traceback
        | Op::TakeException { .. } => Class::Writes,
    }
}

/// Whether an object was loaded from another one, which holds it as long as nobody writes there.
fn is_loaded(function: &Function, mut object: Value) -> bool {
    loop {
        let inst = function.inst(object);
        match inst.op {
            Op::Refine { .. } | Op::GuardKinds { .. } => object = inst.args[0],
            Op::Load { mem: Mem::Obj, .. } => return true,
            _ => return false,
        }
    }
}

fn is_number(function: &Function, object: Value) -> bool {
    let ty = function.ty(object);
    ty.repr == Repr::Obj && ty.kinds.is_within(Kinds::NUMBER)
}

/// Whether what is read tells what a class, a namespace or a function looks like, or where an object keeps its attributes: versions,
/// flags, and the tables that they are in.
fn is_of_shape(function: &Function, load: &Inst, mem: Mem) -> bool {
    let base = function.inst(load.args[0]);
    match mem {
        Mem::U32 | Mem::U8 => true,
        Mem::I64 => matches!(base.op, Op::TypeOf | Op::FrameGlobals | Op::FrameBuiltins),
        Mem::Obj => base.ty.repr == Repr::Obj && base.ty.kinds.is_within(Kinds::FUNCTION),
        Mem::F64 | Mem::F32 | Mem::I32 | Mem::I16 | Mem::U16 | Mem::I8 => false,
    }
}

/// Whether a block begins with a callee's frame. The way around it is what shows where the callee's side exits come back to.
fn pushes_frame(function: &Function, block: Block) -> bool {
    let first = function.block(block).insts.first();
    first.is_some_and(|first| matches!(function.inst(*first).op, Op::PushFrame { .. }))
}

/// Whether the value is an object for sure, and not NULL.
fn is_object(function: &Function, value: Value) -> bool {
    let ty = function.ty(value);
    ty.repr == Repr::Obj && ty.kinds.intersect(Kinds::NULL).is_empty()
}

/// Whether an object's type is known as closely as that.
fn is_known_within(function: &Function, object: Value, kinds: Kinds) -> bool {
    let ty = function.ty(object);
    ty.repr == Repr::Obj && ty.kinds.is_within(kinds)
}

/// Whether the object is a new one each time.
fn is_made(function: &Function, object: Value) -> bool {
    matches!(function.inst(object).op, Op::BoxFloat | Op::Helper { helper: Helper::NewInstance, .. })
}

/// Whether memory accessed so is a number among items. Bytes and half words are fields as well, but those have no index.
fn is_item(mem: Mem, has_index: bool) -> bool {
    match mem {
        Mem::F64 | Mem::F32 | Mem::I32 | Mem::I16 | Mem::U16 | Mem::I8 => true,
        Mem::U8 | Mem::U32 => has_index,
        Mem::Obj | Mem::I64 => false,
    }
}

#[cfg(test)]
mod tests;
