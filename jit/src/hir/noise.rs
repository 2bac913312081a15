//! Where something may have run, and which frames have not been looked at since.
//!
//! A safepoint looks at the frame that it is in. What a callee's code runs may have changed the locals of its callers as well, so each of
//! them has a safepoint of its own behind the call, which is needless only if nothing has run in the callee.

use std::collections::{BTreeSet, HashSet};

use super::effects::{is_blind, is_death, is_quiet};
use super::function::Function;
use super::inst::{Block, ContextId, Op, Terminator, Value};

/// What is known at some place.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Unseen {
    /// The frames that have not been looked at since something may have run.
    frames: BTreeSet<ContextId>,
    /// Whether something has died since the last safepoint, and a safepoint that leaves comes next.
    pub has_died: bool,
}

impl Unseen {
    /// What is known where several ways meet.
    pub fn add(&mut self, other: &Unseen) {
        self.frames.extend(&other.frames);
        self.has_died |= other.has_died;
    }

    /// What is known if both are true.
    pub fn and(&self, other: &Unseen) -> Unseen {
        let frames = self.frames.intersection(&other.frames).copied().collect();
        Unseen { frames, has_died: self.has_died && other.has_died }
    }

    /// Whether nothing can have run that `context` has not looked after.
    pub fn is_quiet(&self, context: ContextId) -> bool {
        !self.frames.contains(&context) && !self.has_died
    }
}

/// What may run something in a function.
pub struct Noise {
    /// What gives up objects, and a safepoint leaves if that has run anything.
    tame: HashSet<Value>,
    /// Stores of numbers that may give up anything else.
    stores: HashSet<Value>,
    /// By block.
    starts: Vec<Unseen>,
}

impl Noise {
    /// Looks at a function, whose blocks are `order`.
    pub fn of(function: &Function, order: &[Block]) -> Noise {
        let mut noise = Noise {
            tame: HashSet::new(),
            stores: HashSet::new(),
            starts: vec![Unseen::default(); function.blocks.len()],
        };
        for &block in order {
            let tame = tame_in(function, block);
            noise.tame.extend(tame.deaths);
            noise.stores.extend(tame.stores);
        }
        for context in &function.contexts {
            let resumed = function.block(context.resume).context;
            let mut frames = BTreeSet::new();
            add_callers(function, resumed, &mut frames);
            noise.starts[context.resume.index()].frames = frames;
        }
        let mut has_changed = true;
        while has_changed {
            has_changed = false;
            for &block in order {
                let mut unseen = noise.starts[block.index()].clone();
                for &value in &function.block(block).insts {
                    noise.step(function, block, value, &mut unseen);
                }
                for edge in function.block(block).terminator.edges() {
                    let start = &mut noise.starts[edge.block.index()];
                    let before = (start.frames.len(), start.has_died);
                    start.add(&unseen);
                    has_changed |= (start.frames.len(), start.has_died) != before;
                }
            }
        }
        noise
    }

    /// Whether an instruction runs nothing; or what it runs makes the code leave.
    pub fn is_quiet(&self, function: &Function, value: Value) -> bool {
        match function.inst(value).op {
            Op::StoreInt { .. } | Op::StoreFloat { .. } => !self.stores.contains(&value) || self.is_tame(value),
            _ => is_quiet(function, value) || self.is_tame(value),
        }
    }

    /// Whether it is what the last says.
    pub fn is_tame(&self, value: Value) -> bool {
        self.tame.contains(&value)
    }

    pub fn at_start(&self, block: Block) -> &Unseen {
        &self.starts[block.index()]
    }

    /// What is known behind an instruction.
    pub fn step(&self, function: &Function, block: Block, value: Value, unseen: &mut Unseen) {
        let context = function.block(block).context;
        if let Op::Safepoint { .. } = function.inst(value).op {
            unseen.frames.remove(&context);
            unseen.has_died = false;
        } else if self.is_tame(value) {
            unseen.has_died = true;
        } else if !self.is_quiet(function, value) {
            add_callers(function, context, &mut unseen.frames);
        }
        if let Op::PopFrame { .. } | Op::UnwindFrame = function.inst(value).op {
            unseen.frames.remove(&context);
        }
    }

    /// The safepoints with nothing to look after, whichever way led there.
    pub fn needless_safepoints(&self, function: &Function, order: &[Block]) -> HashSet<Value> {
        let mut needless = HashSet::new();
        for &block in order {
            let mut unseen = self.at_start(block).clone();
            for &value in &function.block(block).insts {
                if is_needless(function, block, value, &unseen) {
                    needless.insert(value);
                }
                self.step(function, block, value, &mut unseen);
            }
        }
        needless
    }
}

/// What one block does before safepoints that leave.
struct Tame {
    /// What gives up objects, with nothing in between that would see what they run.
    deaths: Vec<Value>,
    /// The stores of numbers that safepoints look after.
    stores: Vec<Value>,
}

fn tame_in(function: &Function, block: Block) -> Tame {
    let mut tame = Tame { deaths: Vec::new(), stores: Vec::new() };
    let mut is_covered = pops_before(function, block).is_some_and(|next| begins_leaving(function, next));
    for &value in function.block(block).insts.iter().rev() {
        let inst = function.inst(value);
        if let Op::Safepoint { leaves, boxes, .. } = inst.op {
            is_covered = leaves;
            tame.stores.extend(inst.args.first().filter(|_| inst.args.len() > boxes as usize));
        } else if is_death(function, value) {
            tame.deaths.extend(is_covered.then_some(value));
        } else {
            is_covered &= is_blind(function, value);
        }
    }
    tame
}

/// Where the caller goes on, if the block pops a callee's frame and jumps there.
fn pops_before(function: &Function, block: Block) -> Option<Block> {
    let Terminator::Jump(edge) = &function.block(block).terminator else { return None };
    let callee = function.callee(function.block(block).context)?;
    (function.block(edge.block).context == callee.caller).then_some(edge.block)
}

/// Whether a block has a safepoint that leaves before anything that would see what has run before.
fn begins_leaving(function: &Function, block: Block) -> bool {
    let mut insts = function.block(block).insts.iter();
    let first = insts.find(|value| !is_death(function, **value) && !is_blind(function, **value));
    first.is_some_and(|value| matches!(function.inst(*value).op, Op::Safepoint { leaves: true, .. }))
}

/// Whether nothing in a block runs anything but what would make the code leave, if a safepoint that leaves comes first in `next`. What
/// gives up references is known to be `quiet`, or may run anything.
pub fn is_tame_before(function: &Function, block: Block, next: Block, quiet: &HashSet<Value>) -> bool {
    let tame = tame_in(function, block);
    let pops = pops_before(function, block) == Some(next);
    let insts = &function.block(block).insts;
    let is_seen = |index: usize| insts[index + 1..].iter().any(|value| !is_blind(function, *value));
    insts.iter().enumerate().all(|(index, value)| match function.inst(*value).op {
        Op::PopFrame { .. } if pops && !is_seen(index) => true,
        Op::StoreInt { .. } | Op::StoreFloat { .. } if !tame.stores.contains(value) => true,
        Op::Safepoint { leaves: true, .. } => true,
        _ => is_quiet(function, *value) || tame.deaths.contains(value) || quiet.contains(value),
    })
}

/// Whether an instruction is a safepoint with nothing to look after.
pub fn is_needless(function: &Function, block: Block, value: Value, unseen: &Unseen) -> bool {
    let inst = function.inst(value);
    let looks = matches!(inst.op, Op::Safepoint { periodic: false, boxes, .. } if boxes as usize == inst.args.len());
    looks && unseen.is_quiet(function.block(block).context)
}

fn add_callers(function: &Function, mut context: ContextId, frames: &mut BTreeSet<ContextId>) {
    frames.insert(context);
    while let Some(callee) = function.callee(context) {
        context = callee.caller;
        frames.insert(context);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hir::parse::parse;

    /// The needless safepoints of a caller and its callee, by where they are, if the callee does this.
    fn needless(callee: &str) -> Vec<String> {
        let text = format!(
            "
            function caller
            context c1 v2 b3 from c0 @12 callee
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                v2: i64 = push_frame Full 0x55550000 nargs=1 has_self=true has_shim=false v0 v0
                jump b1
            b1: in c1
                {callee}
                jump b2
            b2:
                v20: i64 = safepoint periodic=false  ; @13 []
                v21: i64 = safepoint periodic=false  ; @14 []
                return v0
            b3(v4: any?): cold
                return v4
        "
        );
        let function = parse(&text).unwrap();
        let order = function.reverse_postorder();
        let found = Noise::of(&function, &order).needless_safepoints(&function, &order);
        let mut found: Vec<String> = found.iter().map(ToString::to_string).collect();
        found.sort();
        found
    }

    /// A safepoint in the callee does not look at the caller's frame.
    #[test]
    fn callers_look_at_their_own_frames() {
        let calls = "v10: any = call load_attr v1 v1
                v11: i64 = safepoint periodic=false  ; @4 []
                v12: i64 = safepoint periodic=false  ; @5 []
                pop_frame 0x1 is_quiet=true";
        assert_eq!(needless(calls), ["v12", "v21"]);
        assert_eq!(needless("pop_frame 0x1 is_quiet=true"), ["v20", "v21"]);
        assert_eq!(needless("pop_frame 0x0 is_quiet=false"), ["v21"]);
    }

    #[test]
    fn what_leaves_is_no_noise() {
        let dies = "dec_ref v1
                v11: i64 = safepoint periodic=false leaves=true  ; @4 []
                pop_frame 0x1 is_quiet=true";
        assert_eq!(needless(dies), ["v20", "v21"]);
        let reads = dies.replace("v11: i64", "v10: any = type_of v1\n v11: i64");
        assert_eq!(needless(&reads), ["v21"]);
    }

    #[test]
    fn stores_of_numbers_are_noisy_if_they_are_looked_after() {
        let text = "
            function f
            b0:
                v0: i64 = const_i64 3
                v1: int = store_int 0 v0  ; @1 []
                v2: i64 = safepoint periodic=false  ; @2 []
                v3: int = store_int 1 v0  ; @3 []
                v4: i64 = safepoint periodic=false v3  ; @4 []
                v5: i64 = safepoint periodic=false  ; @5 []
                return v1
        ";
        let function = parse(text).unwrap();
        let order = function.reverse_postorder();
        let noise = Noise::of(&function, &order);
        let is_quiet = |number: u32| noise.is_quiet(&function, Value(number));
        assert!(is_quiet(1) && !is_quiet(3));
        assert_eq!(noise.needless_safepoints(&function, &order), HashSet::from([Value(2), Value(5)]));
    }
}
