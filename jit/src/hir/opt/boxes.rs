//! Private boxes: which stores of numbers find an object in the home slot that the slot alone has.
//!
//! A store of a number leaves such an object in the slot, its *box*: either the one that was there, or a new one. Later stores
//! write into it without looking, as long as nobody can have got hold of it. What can hand it out ends that: whatever takes a
//! reference to the local's object, and what puts something else into the slot. Other code gets at locals through frame objects
//! only, and the next safepoint looks closer where there is one: it leaves if a box has got another reference. Until then no store
//! relies on a box after something that may have run Python code.
//!
//! Where ways join, a parameter has the box, or NULL for none.
//!
//! The frames of callees that are parts of the code have slots of their own. When a callee leaves, its caller goes on with the
//! result as if it had been called.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::infer::{infer_kinds, merge_params};
use super::rewrite::Replacements;
use crate::hir::function::Function;
use crate::hir::inst::{Block, ContextId, Inst, OUTERMOST, Op, Terminator, Value};
use crate::hir::types::{Kinds, Repr, Type};
use crate::runtime::ops::table::Helper;

/// A home slot, whose it is, and the type of number in its box.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Place {
    context: ContextId,
    slot: u32,
    kinds: Kinds,
}

type Places = BTreeSet<Place>;

pub fn run(function: &mut Function) {
    let order = function.reverse_postorder();
    let places: Places = order.iter().flat_map(|block| stores_in(function, *block)).collect();
    if places.is_empty() || places.len() * order.len() > MAX_WORK {
        return;
    }
    let mut boxes = Boxes::new(function, order);
    boxes.find_available();
    boxes.find_wanted();
    if boxes.uses() > MAX_USES {
        return;
    }
    boxes.connect();
    merge_params(function);
    merge_floats(function);
}

/// A store of a float into a box that is there leaves that box: what comes after it is the same from round to round.
fn merge_floats(function: &mut Function) {
    infer_kinds(function);
    let mut replaced = Replacements::default();
    for block in function.reverse_postorder() {
        for &value in &function.block(block).insts {
            if let (Op::StoreFloat { .. }, [_, private]) = (&function.inst(value).op, &function.inst(value).args[..])
                && function.ty(*private).kinds.is_within(Kinds::FLOAT)
            {
                replaced.insert(value, *private);
            }
        }
    }
    if replaced.is_empty() {
        return;
    }
    // Such a store gives nothing up.
    let looks_after =
        |function: &Function, value: Value| match (&function.inst(value).op, &function.inst(value).args[..]) {
            (Op::Safepoint { boxes, .. }, [store, rest @ ..]) => {
                rest.len() == *boxes as usize && replaced.contains(*store)
            }
            _ => false,
        };
    for block in function.reverse_postorder() {
        let mut insts = std::mem::take(&mut function.block_mut(block).insts);
        insts.retain(|value| !looks_after(function, *value));
        function.block_mut(block).insts = insts;
    }
    replaced.apply(function);
    merge_params(function);
}

/// The places that a block stores numbers in.
fn stores_in(function: &Function, block: Block) -> impl Iterator<Item = Place> {
    let data = function.block(block);
    data.insts.iter().filter_map(|inst| stored(function.inst(*inst), data.context))
}

/// Where the instruction stores a number, in a frame.
fn stored(inst: &Inst, context: ContextId) -> Option<Place> {
    match inst.op {
        Op::StoreInt { slot } => Some(Place { context, slot, kinds: Kinds::LONG }),
        Op::StoreFloat { slot } => Some(Place { context, slot, kinds: Kinds::FLOAT }),
        _ => None,
    }
}

/// Blocks times places, and uses of boxes, up to which it is worth the time to find boxes and to compile what they need: code with
/// more of them is not where a program spends its time in a few stores.
const MAX_WORK: usize = 20_000;
const MAX_USES: usize = 800;

/// What is known at some place.
#[derive(Clone, Default, PartialEq)]
struct Known {
    /// Slots that may have a box.
    available: Places,
    /// Whether Python code may have run since the last safepoint.
    is_doubtful: bool,
}

impl Known {
    fn add(&mut self, other: &Known) {
        self.available.extend(&other.available);
        self.is_doubtful |= other.is_doubtful;
    }
}

struct Boxes<'a> {
    function: &'a mut Function,
    order: Vec<Block>,
    predecessors: HashMap<Block, Vec<Block>>,
    /// What comes in as each parameter.
    incoming: HashMap<Value, Vec<Value>>,
    /// What is known at the start of each block.
    known: HashMap<Block, Known>,
    /// Slots that are stored to, in the block or later.
    wanted: HashMap<Block, Places>,
    /// Stores that may run Python code.
    noisy: HashSet<Value>,
    /// The frames of instructions that read and write home slots.
    frames: HashMap<Value, ContextId>,
    /// Where callers of callees go on.
    resumed: HashSet<Block>,
}

impl Boxes<'_> {
    fn new(function: &mut Function, order: Vec<Block>) -> Boxes<'_> {
        let mut predecessors: HashMap<Block, Vec<Block>> = HashMap::new();
        let mut incoming: HashMap<Value, Vec<Value>> = HashMap::new();
        for &block in &order {
            for edge in function.block(block).terminator.edges() {
                predecessors.entry(edge.block).or_default().push(block);
                for (param, arg) in function.block(edge.block).params.iter().zip(&edge.args) {
                    incoming.entry(*param).or_default().push(*arg);
                }
            }
        }
        let noisy = noisy_stores(function, &order);
        let resumed = function.contexts.iter().map(|context| context.resume).collect();
        let mut frames = HashMap::new();
        for &block in &order {
            let data = function.block(block);
            let of_slots = |inst: &&Value| {
                matches!(function.inst(**inst).op, Op::LoadLocal { .. } | Op::StoreInt { .. } | Op::StoreFloat { .. })
            };
            frames.extend(data.insts.iter().filter(of_slots).map(|inst| (*inst, data.context)));
        }
        let (known, wanted) = (HashMap::new(), HashMap::new());
        Boxes { function, order, predecessors, incoming, known, wanted, noisy, frames, resumed }
    }

    /// Goes around until nothing changes: what may be available only grows.
    fn find_available(&mut self) {
        let mut changed = true;
        while changed {
            changed = false;
            for &block in &self.order {
                let mut known = self.known_at(block);
                for &value in &self.function.block(block).insts {
                    self.step(block, value, &mut known);
                }
                for edge in self.function.block(block).terminator.edges() {
                    let at = self.known.entry(edge.block).or_default();
                    let before = at.clone();
                    at.add(&known);
                    changed |= *at != before;
                }
            }
        }
    }

    fn find_wanted(&mut self) {
        let mut changed = true;
        while changed {
            changed = false;
            for &block in self.order.iter().rev() {
                let mut wanted = Places::new();
                for edge in self.function.block(block).terminator.edges() {
                    wanted.extend(self.wanted.get(&edge.block).into_iter().flatten());
                }
                wanted.extend(stores_in(self.function, block));
                if self.wanted.get(&block) != Some(&wanted) {
                    self.wanted.insert(block, wanted);
                    changed = true;
                }
            }
        }
    }

    /// How often safepoints and joining ways would name a box.
    fn uses(&self) -> usize {
        let mut uses = 0;
        for &block in &self.order {
            let (mut known, wanted) = (self.known_at(block), &self.wanted[&block]);
            if self.predecessors.get(&block).is_some_and(|ways| ways.len() > 1) {
                uses += known.available.intersection(wanted).count();
            }
            for &value in &self.function.block(block).insts {
                if matches!(self.function.inst(value).op, Op::Safepoint { .. }) {
                    uses += known.available.intersection(wanted).count();
                }
                self.step(block, value, &mut known);
            }
        }
        uses
    }

    /// What is known at the start of a block.
    fn known_at(&self, block: Block) -> Known {
        let mut known = self.known.get(&block).cloned().unwrap_or_default();
        known.is_doubtful |= self.resumed.contains(&block);
        known
    }

    /// What is known behind an instruction.
    fn step(&self, block: Block, value: Value, known: &mut Known) {
        let inst = self.function.inst(value);
        let frame = self.function.block(block).context;
        match &inst.op {
            Op::StoreInt { slot } | Op::StoreFloat { slot } => {
                known.available.retain(|place| (place.context, place.slot) != (frame, *slot));
                known.available.extend(stored(inst, frame));
                known.is_doubtful |= self.noisy.contains(&value);
            }
            Op::SwapLocal { slot } => known.available.retain(|place| (place.context, place.slot) != (frame, *slot)),
            Op::Safepoint { .. } => known.is_doubtful = false,
            // Tracebacks have frames.
            Op::Traceback | Op::TakeException { .. } => known.available.clear(),
            Op::IncRef | Op::DupRef | Op::RefToOwned | Op::SpillArgs { .. } | Op::ToRef { .. } | Op::Store { .. } => {
                inst.args.iter().for_each(|arg| self.hand_out(*arg, known));
            }
            Op::DecRef | Op::CloseRef => {
                let ty = self.function.ty(inst.args[0]);
                known.is_doubtful |= ty.repr != Repr::Obj || !ty.kinds.is_within(Kinds::NUMBER);
            }
            Op::Helper { helper, imms } => {
                inst.args.iter().for_each(|arg| self.hand_out(*arg, known));
                known.is_doubtful |= helper.effects().may_run_python;
                if *helper == Helper::UnicodeAppend {
                    known.available.retain(|place| (place.context, i64::from(place.slot)) != (frame, imms[0]));
                }
            }
            Op::PopFrame { is_quiet, .. } => {
                known.available.retain(|place| place.context != frame);
                known.is_doubtful |= !is_quiet;
            }
            Op::UnwindFrame => {
                known.available.retain(|place| place.context != frame);
                known.is_doubtful = true;
            }
            Op::PushFrame { .. } => inst.args.iter().for_each(|arg| self.hand_out(*arg, known)),
            Op::CallDirect { .. } => {
                inst.args.iter().for_each(|arg| self.hand_out(*arg, known));
                known.is_doubtful = true;
            }
            _ => {}
        }
    }

    /// A reference to the object is taken, which may be some slot's.
    fn hand_out(&self, value: Value, known: &mut Known) {
        let mut seen = HashSet::new();
        let mut work = vec![value];
        while let Some(value) = work.pop() {
            let inst = self.function.inst(value);
            let may_be_number = match inst.ty.repr {
                Repr::Obj => !inst.ty.kinds.intersect(Kinds::NUMBER).is_empty(),
                repr => repr == Repr::Ref,
            };
            if !may_be_number || !seen.insert(value) {
                continue;
            }
            match inst.op {
                Op::RefToObj
                | Op::RefToOwned
                | Op::ToRef { .. }
                | Op::Refine { .. }
                | Op::GuardKinds { .. }
                | Op::GuardPrivate => work.push(inst.args[0]),
                Op::LoadLocal { slot } | Op::StoreInt { slot } | Op::StoreFloat { slot } => {
                    let frame = self.frames.get(&value).copied();
                    known.available.retain(|place| place.slot != slot || frame != Some(place.context));
                }
                Op::Param => work.extend(self.incoming.get(&value).into_iter().flatten()),
                // Something else has these, or nothing has.
                Op::ConstObj { .. }
                | Op::ConstRef(_)
                | Op::BoxInt
                | Op::BoxFloat
                | Op::BoxBool
                | Op::Load { .. }
                | Op::TypeOf
                | Op::AsRef
                | Op::LoadScratch { .. }
                | Op::SwapLocal { .. }
                | Op::Helper { .. }
                | Op::CallDirect { .. }
                | Op::Returned { .. } => {}
                _ => known.available.clear(),
            }
        }
    }

    /// Names the boxes where they are used, and has parameters bring them where ways join.
    fn connect(&mut self) {
        let mut ends: HashMap<Block, HashMap<Place, Value>> = HashMap::new();
        let mut params: HashMap<Block, Vec<(Place, Value)>> = HashMap::new();
        for block in self.order.clone() {
            let mut known = self.known_at(block);
            let mut boxes: HashMap<Place, Value> = HashMap::new();
            match self.predecessors.get(&block).map(Vec::as_slice) {
                None => {}
                // Callees that leave come here, too, with nothing but a result.
                Some([first, others @ ..]) if self.resumed.contains(&block) => {
                    boxes.extend(ends.get(first).into_iter().flatten().filter(|(place, private)| {
                        others.iter().all(|other| ends.get(other).and_then(|end| end.get(place)) == Some(private))
                    }));
                }
                Some([only]) => boxes.clone_from(&ends[only]),
                Some(_) => {
                    for place in known.available.intersection(&self.wanted[&block]) {
                        let param = self.function.add_param(block, Type::obj(place.kinds.union(Kinds::NULL)));
                        boxes.insert(*place, param);
                        params.entry(block).or_default().push((*place, param));
                    }
                }
            }
            let frame = self.function.block(block).context;
            for value in self.function.block(block).insts.clone() {
                self.use_boxes(block, value, &boxes, &known);
                self.step(block, value, &mut known);
                if let Some(place) = stored(self.function.inst(value), frame) {
                    boxes.insert(place, value);
                }
                boxes.retain(|place, _| known.available.contains(place));
            }
            ends.insert(block, boxes);
        }
        for block in self.order.clone() {
            self.bring(block, &ends[&block], &params);
        }
    }

    /// Gives the instruction the boxes that it works with.
    fn use_boxes(&mut self, block: Block, value: Value, boxes: &HashMap<Place, Value>, known: &Known) {
        let (wanted, frame) = (&self.wanted[&block], self.function.block(block).context);
        let inst = &mut self.function.values[value.index()];
        match &mut inst.op {
            // Where nothing has run nobody has got hold of a box.
            Op::Safepoint { leaves: true, .. } => {}
            Op::Safepoint { boxes: count, .. } => {
                let mut named: Vec<_> =
                    boxes.iter().filter(|(place, _)| place.context == frame && wanted.contains(place)).collect();
                named.sort();
                *count = named.len() as u32;
                inst.args.extend(named.iter().map(|(_, value)| **value));
            }
            _ => {
                if let Some(place) = stored(inst, frame)
                    && !known.is_doubtful
                    && let Some(private) = boxes.get(&place)
                {
                    inst.args.push(*private);
                }
            }
        }
    }

    /// Passes boxes to the parameters of the blocks behind `block`.
    fn bring(&mut self, block: Block, boxes: &HashMap<Place, Value>, params: &HashMap<Block, Vec<(Place, Value)>>) {
        let mut terminator = std::mem::replace(&mut self.function.block_mut(block).terminator, Terminator::Open);
        let mut made: HashMap<Option<Value>, Value> = HashMap::new();
        let data = self.function.block(block);
        (self.function.context, self.function.site) = (data.context, data.site);
        for edge in terminator.edges_mut() {
            for (place, _) in params.get(&edge.block).into_iter().flatten() {
                let private = boxes.get(place).copied();
                let arg = match private {
                    Some(value) if !matches!(self.function.inst(value).op, Op::StoreInt { .. }) => value,
                    _ => *made.entry(private).or_insert_with(|| {
                        let (op, args, kinds) = match private {
                            Some(store) => (Op::PrivateOf, vec![store], Kinds::LONG.union(Kinds::NULL)),
                            None => (Op::ConstObj { address: 0, kinds: Kinds::NULL }, Vec::new(), Kinds::NULL),
                        };
                        let value = self.function.add_value(Inst { op, args, state: None, ty: Type::obj(kinds) });
                        self.function.block_mut(block).insts.push(value);
                        value
                    }),
                };
                edge.args.push(arg);
            }
        }
        self.function.block_mut(block).terminator = terminator;
        self.function.context = OUTERMOST;
    }
}

/// Stores after which the same bytecode has a safepoint: they may give up something else than a number.
fn noisy_stores(function: &Function, order: &[Block]) -> HashSet<Value> {
    let mut noisy = HashSet::new();
    for &block in order {
        let mut site_of_safepoint = None;
        for &value in function.block(block).insts.iter().rev() {
            let site = function.sites[value.index()];
            match &function.inst(value).op {
                Op::Safepoint { .. } => site_of_safepoint = Some(site),
                Op::StoreInt { .. } | Op::StoreFloat { .. } if site.is_some() && site_of_safepoint == Some(site) => {
                    noisy.insert(value);
                }
                _ => {}
            }
        }
    }
    noisy
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::super::after;
    use super::run;

    #[test]
    fn loops_bring_boxes_to_the_next_round() {
        let text = "
            function f
            b0:
                v0: f64 = const_f64 0.5
                v1: i64 = const_i64 7
                v2: cond = const_cond true
                jump b1(v0, v1)
            b1(v3: f64, v4: i64):
                v5: float = store_float 0 v3  ; @1 []
                v6: int = store_int 1 v4  ; @2 []
                v7: float = store_float 0 v0  ; @3 []
                v8: i64 = safepoint periodic=true  ; @4 []
                branch v2 b1(v3, v4) else b2
            b2:
                return v5
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: f64 = const_f64 0.5
            v1: i64 = const_i64 7
            v2: cond = const_cond true
            v11: null = const_obj null
            jump b1(v11, v11)
        b1(v9: null|float, v10: null|int):
            v5: float = store_float 0 v0 v9  ; @1 []
            v6: int = store_int 1 v1 v10  ; @2 []
            v7: float = store_float 0 v0 v5  ; @3 []
            v8: i64 = safepoint periodic=true boxes=2 v5 v6  ; @4 []
            v12: null|int = private_of v6
            branch v2 b1(v5, v12) else b2
        b2:
            return v5
        ");
    }

    /// A reference to the one local is taken, and the other local gets another object.
    #[test]
    fn what_is_handed_out_is_no_box() {
        let text = "
            function f
            b0:
                v0: f64 = const_f64 0.5
                v1: float = store_float 0 v0  ; @1 []
                v2: float = store_float 1 v0  ; @2 []
                v3: float = store_float 2 v0  ; @3 []
                inc_ref v1
                v4: ref = own_ref v1
                v5: ref = swap_local 1 v4
                v6: float = store_float 0 v0  ; @4 []
                v7: float = store_float 1 v0  ; @5 []
                v8: float = store_float 2 v0  ; @6 []
                return v8
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: f64 = const_f64 0.5
            v1: float = store_float 0 v0  ; @1 []
            v2: float = store_float 1 v0  ; @2 []
            v3: float = store_float 2 v0  ; @3 []
            inc_ref v1
            v4: ref = own_ref v1
            v5: ref = swap_local 1 v4
            v6: float = store_float 0 v0  ; @4 []
            v7: float = store_float 1 v0  ; @5 []
            v8: float = store_float 2 v0 v3  ; @6 []
            return v3
        ");
    }

    /// The local may be a parameter's value; what was loaded from memory is no local's.
    #[test]
    fn references_are_traced_back_to_locals() {
        let text = "
            function f
            b0:
                v0: f64 = const_f64 0.5
                v1: cond = const_cond true
                v2: ref = load_local 2
                v3: list = ref_to_obj v2
                v4: float = store_float 0 v0  ; @1 []
                v5: float = store_float 1 v0  ; @1 []
                v6: any = load.Obj +24 v3
                inc_ref v6
                branch v1 b1(v6) else b2
            b2:
                jump b1(v5)
            b1(v7: any):
                v8: float = store_float 0 v0  ; @2 []
                inc_ref v7
                v9: float = store_float 0 v0  ; @3 []
                v10: float = store_float 1 v0  ; @3 []
                return v10
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: f64 = const_f64 0.5
            v1: cond = const_cond true
            v2: ref = load_local 2
            v3: list = ref_to_obj v2
            v4: float = store_float 0 v0  ; @1 []
            v5: float = store_float 1 v0  ; @1 []
            v6: any = load.Obj +24 v3
            inc_ref v6
            branch v1 b1(v6) else b2
        b2:
            jump b1(v5)
        b1(v7: any):
            v8: float = store_float 0 v0 v4  ; @2 []
            inc_ref v7
            v9: float = store_float 0 v0 v4  ; @3 []
            v10: float = store_float 1 v0  ; @3 []
            return v10
        ");
    }

    /// What the call runs may have taken references from the frame, which the safepoint looks for.
    #[test]
    fn boxes_are_doubtful_after_calls_until_a_safepoint() {
        let text = "
            function f
            b0:
                v0: f64 = const_f64 0.5
                v1: float = store_float 0 v0  ; @1 []
                v2: ref = load_local 1
                v3: any = ref_to_obj v2
                v4: any = call get_len v3
                v5: float = store_float 0 v0  ; @2 []
                v6: any = call get_len v3
                v7: i64 = safepoint periodic=false  ; @3 []
                v8: float = store_float 0 v0  ; @4 []
                return v8
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: f64 = const_f64 0.5
            v1: float = store_float 0 v0  ; @1 []
            v2: ref = load_local 1
            v3: any = ref_to_obj v2
            v4: any = call get_len v3
            v5: float = store_float 0 v0  ; @2 []
            v6: any = call get_len v3
            v7: i64 = safepoint periodic=false boxes=1 v5  ; @3 []
            v8: float = store_float 0 v0 v5  ; @4 []
            return v5
        ");
    }

    #[test]
    fn the_type_of_number_matters() {
        let text = "
            function f
            b0:
                v0: f64 = const_f64 0.5
                v1: i64 = const_i64 5
                v2: float = store_float 0 v0  ; @1 []
                v3: int = store_int 0 v1  ; @2 []
                v4: float = store_float 0 v0  ; @3 []
                return v4
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: f64 = const_f64 0.5
            v1: i64 = const_i64 5
            v2: float = store_float 0 v0  ; @1 []
            v3: int = store_int 0 v1  ; @2 []
            v4: float = store_float 0 v0  ; @3 []
            return v4
        ");
    }
}
