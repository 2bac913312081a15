//! Gives the first round of a loop code of its own.
//!
//! What a loop finds out in its first round holds in all others, as long as nothing runs in between: the classes of objects that
//! stay the same, what is loaded from them, that a home slot has a number in it. With a first round in front, whose blocks dominate
//! those of the others, *number* removes the tests and loads from the other rounds without moving anything: guards stay where the
//! frame states are that they leave with.
//!
//! Something may run at the end of each round, where signals are served. Only on that way the loop is entered anew: the safepoint at the
//! end becomes a test whether it has anything to do ([`Op::IsDue`]), and behind the rare safepoint comes a first round.
//!
//! This is done for loops without other loops inside, in which nothing can run but what would leave.

use std::collections::{HashMap, HashSet};

use super::infer;
use crate::hir::dominators::Dominators;
use crate::hir::function::{BlockData, Function};
use crate::hir::inst::{Block, ContextId, Edge, Inst, OUTERMOST, Op, StateId, Terminator, Value};
use crate::hir::noise::Noise;
use crate::hir::types::Type;

/// The instructions of a loop, side exits' ways not counted, up to which it is worth its code twice.
const MAX_INSTS: usize = 1500;
/// Values of a function up to which anything is copied: the time that compiling takes is limited.
const MAX_VALUES: usize = 12_000;
/// Instructions behind the safepoint at the end of a round.
const MAX_BEHIND: usize = 8;

pub fn run(function: &mut Function) {
    let order = function.reverse_postorder();
    let dominators = Dominators::compute(function, &order);
    let mut has_changed = false;
    for header in innermost_loops(function, &dominators, &order) {
        if function.values.len() <= MAX_VALUES {
            has_changed |= peel(function, header);
        }
    }
    if has_changed {
        infer::run(function);
    }
}

/// The headers of the loops that have no other loop inside.
fn innermost_loops(function: &Function, dominators: &Dominators, order: &[Block]) -> Vec<Block> {
    let mut headers: Vec<Block> = Vec::new();
    for &block in order {
        for edge in function.block(block).terminator.edges() {
            if dominators.dominates(edge.block, block) && !headers.contains(&edge.block) {
                headers.push(edge.block);
            }
        }
    }
    let loops: Vec<_> =
        headers.iter().map(|header| (*header, natural_loop(function, dominators, order, *header))).collect();
    let is_innermost = |(header, blocks): &&(Block, HashSet<Block>)| {
        headers.iter().all(|other| other == header || !blocks.contains(other))
    };
    loops.iter().filter(is_innermost).map(|(header, _)| *header).collect()
}

/// The blocks from which a round's end can be reached without leaving the loop.
pub(super) fn natural_loop(
    function: &Function,
    dominators: &Dominators,
    order: &[Block],
    header: Block,
) -> HashSet<Block> {
    let mut blocks = HashSet::from([header]);
    loop {
        let before = blocks.len();
        for &block in order.iter().rev() {
            let mut ways = function.block(block).terminator.edges().into_iter().map(|edge| edge.block);
            // A way to the header from outside begins the loop.
            if dominators.dominates(header, block) && ways.any(|to| blocks.contains(&to)) {
                blocks.insert(block);
            }
        }
        if blocks.len() == before {
            return blocks;
        }
    }
}

/// The end of a round.
#[derive(Clone, Copy)]
struct End {
    /// Ends in the safepoint that serves signals.
    asks: Block,
    safepoint: Value,
    /// Goes to the header.
    jumps: Block,
}

/// Splits the loop, if it is one for which that is worth it. Says whether it did.
fn peel(function: &mut Function, header: Block) -> bool {
    let order = function.reverse_postorder();
    let dominators = Dominators::compute(function, &order);
    let rounds = natural_loop(function, &dominators, &order, header);
    let Some(ends) = ends(function, &order, &rounds, header) else { return false };
    if !is_calm(function, &order, &rounds, &ends) {
        return false;
    }
    let Some(region) = region(function, &dominators, &order, &rounds, header) else { return false };
    let copies = Copies::make(function, &order, &region);
    for end in &ends {
        let later = copies.blocks[&header];
        let mut terminator = std::mem::replace(&mut function.block_mut(end.jumps).terminator, Terminator::Open);
        terminator.edges_mut().into_iter().for_each(|edge| edge.block = later);
        function.block_mut(end.jumps).terminator = terminator;
    }
    let mut first: HashSet<Block> = region.iter().copied().collect();
    let mut later: HashSet<Block> = copies.blocks.values().copied().collect();
    for end in &ends {
        first.extend(ask_first(function, *end, header));
        let copy = End {
            asks: copies.blocks[&end.asks],
            safepoint: copies.values[&end.safepoint],
            jumps: copies.blocks[&end.jumps],
        };
        later.extend(ask_first(function, copy, header));
    }
    Outside { first, later, copies, params: HashMap::new() }.connect(function, &region);
    true
}

/// The ends of the rounds, if all of them serve signals and do hardly anything after it.
fn ends(function: &Function, order: &[Block], rounds: &HashSet<Block>, header: Block) -> Option<Vec<End>> {
    let ways_to = |to: Block| {
        let all = order.iter().flat_map(move |block| {
            let edges = function.block(*block).terminator.edges();
            edges.into_iter().filter(move |edge| edge.block == to).map(move |_| *block)
        });
        all.collect::<Vec<_>>()
    };
    let jumping = ways_to(header).into_iter().filter(|block| rounds.contains(block));
    jumping
        .map(|jumps| {
            let data = function.block(jumps);
            let [asks] = ways_to(jumps)[..] else { return None };
            let safepoint = *function.block(asks).insts.last()?;
            let Terminator::OnError { value, error, ok, .. } = &function.block(asks).terminator else { return None };
            let is_plain = matches!(function.inst(safepoint).op, Op::Safepoint { periodic: true, boxes: 0, .. })
                && *value == safepoint
                && ok.block == jumps
                && !error.args.contains(value)
                && !ok.args.contains(value)
                && matches!(data.terminator, Terminator::Jump(_))
                && data.insts.len() <= MAX_BEHIND
                && jumps != header;
            is_plain.then_some(End { asks, safepoint, jumps })
        })
        .collect()
}

/// Whether nothing can run in a usual round but what would leave, the ends of rounds aside.
fn is_calm(function: &Function, order: &[Block], rounds: &HashSet<Block>, ends: &[End]) -> bool {
    let noise = Noise::of(function, order);
    let needless = noise.needless_safepoints(function, order);
    let mut count = 0;
    for &block in rounds {
        let data = function.block(block);
        count += data.insts.len();
        let is_calm = |value: &Value| match function.inst(*value).op {
            Op::Safepoint { leaves: true, .. } => true,
            Op::Safepoint { .. } => needless.contains(value) || ends.iter().any(|end| end.safepoint == *value),
            _ => noise.is_quiet(function, *value),
        };
        if !data.insts.iter().all(is_calm) {
            return false;
        }
    }
    count <= MAX_INSTS
}

/// The loop, and what is only reached from it and leads nowhere that a program usually goes: side exits, and the ways that errors take.
/// Callees that are called in the loop are in it as a whole.
fn region(
    function: &Function,
    dominators: &Dominators,
    order: &[Block],
    rounds: &HashSet<Block>,
    header: Block,
) -> Option<Vec<Block>> {
    let unusual = function.unusual_blocks();
    let mut predecessors: HashMap<Block, Vec<Block>> = HashMap::new();
    for &block in order {
        for edge in function.block(block).terminator.edges() {
            predecessors.entry(edge.block).or_default().push(block);
        }
    }
    let mut region: Vec<Block> = Vec::new();
    let mut is_in: HashSet<Block> = rounds.clone();
    for &block in order {
        let is_tail = || {
            unusual[block.index()]
                && dominators.dominates(header, block)
                && predecessors.get(&block).is_some_and(|before| before.iter().all(|block| is_in.contains(block)))
        };
        if rounds.contains(&block) || is_tail() {
            is_in.insert(block);
            region.push(block);
        }
    }
    let pushed: HashSet<Value> = region.iter().flat_map(|block| function.block(*block).insts.iter().copied()).collect();
    let mut copied = HashSet::new();
    for (index, context) in function.contexts.iter().enumerate() {
        if pushed.contains(&context.frame) {
            copied.insert(ContextId(index as u32 + 1));
            if !is_in.contains(&context.resume) {
                return None;
            }
        }
    }
    let is_whole = order.iter().all(|block| is_in.contains(block) || !copied.contains(&function.block(*block).context));
    let is_outermost = function.block(header).context == OUTERMOST;
    (is_whole && is_outermost).then_some(region)
}

/// Has the safepoint at the end of a round be passed by where it has nothing to do, and a first round come after it elsewhere. Returns the
/// blocks that are new.
fn ask_first(function: &mut Function, end: End, header: Block) -> [Block; 2] {
    let End { asks, safepoint, jumps } = end;
    (function.context, function.site) = (function.block(asks).context, function.block(asks).site);
    let (serves, enters) = (function.new_block(true), function.new_block(true));
    let due = function.add_value(Inst { op: Op::IsDue, args: Vec::new(), state: None, ty: Type::BOOL });
    let data = function.block_mut(asks);
    data.insts.pop();
    data.insts.push(due);
    let branch = Terminator::Branch { cond: due, then: Edge::to(serves), otherwise: Edge::to(jumps) };
    let on_error = std::mem::replace(&mut data.terminator, branch);
    let site = data.site;
    let Terminator::OnError { value, kind, error, ok } = on_error else { unreachable!("a round ends in a safepoint") };
    if let Terminator::Branch { otherwise, .. } = &mut function.block_mut(asks).terminator {
        otherwise.args = ok.args.clone();
    }
    let ok = Edge { block: enters, args: ok.args };
    let data = function.block_mut(serves);
    data.insts.push(safepoint);
    (data.terminator, data.site) = (Terminator::OnError { value, kind, error, ok }, site);
    // The end of a round once more.
    let behind = function.block(jumps).clone();
    let mut known: HashMap<Value, Value> = HashMap::new();
    for param in behind.params {
        known.insert(param, function.add_param(enters, function.ty(param)));
    }
    for value in behind.insts {
        let mut inst = function.inst(value).clone();
        inst.args.iter_mut().for_each(|arg| *arg = known.get(arg).copied().unwrap_or(*arg));
        if let Some(state) = inst.state {
            let mut state = function.state(state).clone();
            state.values_mut().for_each(|value| *value = known.get(value).copied().unwrap_or(*value));
            inst.state = Some(function.add_state(state));
        }
        let copy = function.add_value(inst);
        function.sites[copy.index()] = function.sites[value.index()];
        known.insert(value, copy);
        function.block_mut(enters).insts.push(copy);
    }
    let Terminator::Jump(Edge { mut args, .. }) = behind.terminator else { unreachable!("a round ends in a jump") };
    args.iter_mut().for_each(|arg| *arg = known.get(arg).copied().unwrap_or(*arg));
    let data = function.block_mut(enters);
    (data.terminator, data.site) = (Terminator::Jump(Edge { block: header, args }), behind.site);
    (function.context, function.site) = (OUTERMOST, None);
    [serves, enters]
}

/// The later rounds, by what they are copies of.
struct Copies {
    values: HashMap<Value, Value>,
    blocks: HashMap<Block, Block>,
    contexts: HashMap<ContextId, ContextId>,
    states: HashMap<StateId, StateId>,
}

impl Copies {
    fn make(function: &mut Function, order: &[Block], region: &[Block]) -> Copies {
        let mut copies =
            Copies { values: HashMap::new(), blocks: HashMap::new(), contexts: HashMap::new(), states: HashMap::new() };
        debug_assert!(region.iter().all(|block| order.contains(block)), "unreachable blocks are not copied");
        for &block in region {
            copies.blocks.insert(block, Block((function.blocks.len() + copies.blocks.len()) as u32));
            let data = function.block(block);
            for &value in data.params.iter().chain(&data.insts) {
                copies.values.insert(value, Value((function.values.len() + copies.values.len()) as u32));
            }
        }
        for index in 0..function.contexts.len() {
            let Some(frame) = copies.values.get(&function.contexts[index].frame) else { continue };
            let mut context = function.contexts[index].clone();
            let id = ContextId(index as u32 + 1);
            context.frame = *frame;
            context.caller = copies.contexts.get(&context.caller).copied().unwrap_or(context.caller);
            context.resume = copies.blocks[&context.resume];
            context.copy_of = Some(context.copy_of.unwrap_or(id));
            copies.contexts.insert(id, function.add_context(context));
        }
        for &block in region {
            let data = function.block(block).clone();
            for &value in data.params.iter().chain(&data.insts) {
                let mut inst = function.inst(value).clone();
                inst.args.iter_mut().for_each(|arg| *arg = copies.value(*arg));
                inst.state = inst.state.map(|state| copies.state(function, state));
                let site = function.sites[value.index()].map(|(context, site)| (copies.context(context), site));
                debug_assert_eq!(copies.values[&value].index(), function.values.len());
                function.values.push(inst);
                function.sites.push(site);
            }
            let mut terminator = data.terminator;
            if let Some(value) = terminator.operand_mut() {
                *value = copies.value(*value);
            }
            if let Some(state) = terminator.state_mut() {
                *state = copies.state(function, *state);
            }
            for edge in terminator.edges_mut() {
                edge.block = copies.blocks.get(&edge.block).copied().unwrap_or(edge.block);
                edge.args.iter_mut().for_each(|arg| *arg = copies.value(*arg));
            }
            let values = |values: Vec<Value>| values.into_iter().map(|value| copies.value(value)).collect();
            function.blocks.push(BlockData {
                params: values(data.params),
                insts: values(data.insts),
                terminator,
                context: copies.context(data.context),
                ..data
            });
        }
        copies
    }

    fn value(&self, value: Value) -> Value {
        self.values.get(&value).copied().unwrap_or(value)
    }

    fn context(&self, context: ContextId) -> ContextId {
        self.contexts.get(&context).copied().unwrap_or(context)
    }

    fn state(&mut self, function: &mut Function, state: StateId) -> StateId {
        if let Some(copy) = self.states.get(&state) {
            return *copy;
        }
        let mut data = function.state(state).clone();
        data.context = self.context(data.context);
        data.values_mut().for_each(|value| *value = self.value(*value));
        let copy = function.add_state(data);
        self.states.insert(state, copy);
        copy
    }
}

/// Connects what comes after the loop with both of its copies.
struct Outside {
    /// The first round, and all later ones.
    first: HashSet<Block>,
    later: HashSet<Block>,
    copies: Copies,
    /// What a value of the loop is called where several ways join behind it.
    params: HashMap<(Block, Value), Value>,
}

impl Outside {
    fn connect(&mut self, function: &mut Function, region: &[Block]) {
        let order = function.reverse_postorder();
        let mut predecessors: HashMap<Block, Vec<Block>> = HashMap::new();
        for &block in &order {
            for edge in function.block(block).terminator.edges() {
                let before = predecessors.entry(edge.block).or_default();
                if !before.contains(&block) {
                    before.push(block);
                }
            }
        }
        let dominators = Dominators::compute(function, &order);
        let ways = Ways { predecessors, dominators };
        let ours: HashSet<Value> = region
            .iter()
            .flat_map(|block| {
                let data = function.block(*block);
                data.params.iter().chain(&data.insts).copied().collect::<Vec<_>>()
            })
            .collect();
        for &block in &order {
            if self.first.contains(&block) || self.later.contains(&block) {
                continue;
            }
            for value in function.block(block).insts.clone() {
                for index in 0..function.inst(value).args.len() {
                    let arg = function.inst(value).args[index];
                    if ours.contains(&arg) {
                        function.values[value.index()].args[index] = self.at_start(function, &ways, block, arg);
                    }
                }
                if let Some(state) = function.inst(value).state {
                    let state = self.state(function, &ways, &ours, block, state);
                    function.values[value.index()].state = Some(state);
                }
            }
            let mut terminator = std::mem::replace(&mut function.block_mut(block).terminator, Terminator::Open);
            if let Some(value) = terminator.operand_mut().filter(|value| ours.contains(value)) {
                *value = self.at_start(function, &ways, block, *value);
            }
            if let Some(state) = terminator.state_mut() {
                *state = self.state(function, &ways, &ours, block, *state);
            }
            for edge in terminator.edges_mut() {
                for arg in edge.args.iter_mut().filter(|arg| ours.contains(arg)) {
                    *arg = self.at_start(function, &ways, block, *arg);
                }
            }
            function.block_mut(block).terminator = terminator;
        }
        self.pass_on(function, &ways);
    }

    fn state(
        &mut self,
        function: &mut Function,
        ways: &Ways,
        ours: &HashSet<Value>,
        block: Block,
        state: StateId,
    ) -> StateId {
        if !function.state(state).values().any(|value| ours.contains(&value)) {
            return state;
        }
        let mut data = function.state(state).clone();
        for value in data.values_mut().filter(|value| ours.contains(value)) {
            *value = self.at_start(function, ways, block, *value);
        }
        function.add_state(data)
    }

    /// What a value of the loop is called at the start of a block behind it.
    fn at_start(&mut self, function: &mut Function, ways: &Ways, block: Block, value: Value) -> Value {
        if let Some(known) = self.params.get(&(block, value)) {
            return *known;
        }
        let is_resumed = function.contexts.iter().any(|context| context.resume == block);
        match ways.predecessors[&block][..] {
            [only] => self.at_end(function, ways, only, value),
            // Callees end there, which run no loops, and those that the interpreter ends bring nothing but a result.
            _ if is_resumed => self.at_end(function, ways, ways.dominators.parent(block), value),
            _ => {
                let param = function.add_param(block, function.ty(value));
                self.params.insert((block, value), param);
                // Others find out what they pass when all parameters are known.
                param
            }
        }
    }

    fn at_end(&mut self, function: &mut Function, ways: &Ways, block: Block, value: Value) -> Value {
        if self.first.contains(&block) {
            return value;
        }
        if self.later.contains(&block) {
            return self.copies.value(value);
        }
        self.at_start(function, ways, block, value)
    }

    /// Has all ways into blocks with new parameters bring them.
    fn pass_on(&mut self, function: &mut Function, ways: &Ways) {
        let mut done: HashSet<(Block, Value)> = HashSet::new();
        while let Some(&(block, value)) = self.params.keys().find(|key| !done.contains(*key)) {
            done.insert((block, value));
            let param = self.params[&(block, value)];
            let position = function.block(block).params.iter().position(|other| *other == param);
            let position = position.expect("the parameter was added");
            for before in ways.predecessors[&block].clone() {
                let arg = self.at_end(function, ways, before, value);
                let mut terminator = std::mem::replace(&mut function.block_mut(before).terminator, Terminator::Open);
                for edge in terminator.edges_mut().into_iter().filter(|edge| edge.block == block) {
                    // Parameters are passed on in any order.
                    if edge.args.len() <= position {
                        edge.args.resize(position + 1, arg);
                    }
                    edge.args[position] = arg;
                }
                function.block_mut(before).terminator = terminator;
            }
        }
    }
}

/// The ways in the function as they are after the split.
struct Ways {
    predecessors: HashMap<Block, Vec<Block>>,
    dominators: Dominators,
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::super::after;
    use super::run;

    /// What is behind the loop gets the values of the round that was the last one, whichever that was.
    #[test]
    fn the_first_round_has_code_of_its_own() {
        let text = "
            function f
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                v2: i64 = const_i64 0
                jump b1(v2)
            b1(v3: i64):
                v4: list = guard_type list v1  ; @2 [&v1]
                v5: i64 = load.I64 +16 v4
                v6: cond = compare.Below v3 v5
                branch v6 b2 else b5
            b2:
                v7: i64 = const_i64 1
                v8: i64 = add_addr v3 v7
                v9: i64 = safepoint periodic=true  ; @2 from @8 []
                on_error.Negative v9 b4 else b3
            b3:
                jump b1(v8)
            b4: cold
                traceback
                unwind
            b5:
                v10: int = box_int v5  ; @9 []
                return v10
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: ref = load_local 0
            v1: any = ref_to_obj v0
            v2: i64 = const_i64 0
            jump b1(v2)
        b1(v3: i64):
            v4: list = guard_type list v1  ; @2 [&v1]
            v5: i64 = load.I64 +16 v4
            v6: cond = compare.Below v3 v5
            branch v6 b2 else b5(v5)
        b2:
            v7: i64 = const_i64 1
            v8: i64 = add_addr v3 v7
            v20: cond = is_due
            branch v20 b10 else b3
        b3:
            jump b6(v8)
        b6(v12: i64):
            v13: list = guard_type list v1  ; @2 [&v1]
            v14: i64 = load.I64 +16 v13
            v15: cond = compare.Below v12 v14
            branch v15 b7 else b5(v14)
        b5(v22: i64):
            v10: int = box_int v22  ; @9 []
            return v10
        b7:
            v16: i64 = const_i64 1
            v17: i64 = add_addr v12 v16
            v21: cond = is_due
            branch v21 b12 else b8
        b8:
            jump b6(v17)
        b12: cold
            v18: i64 = safepoint periodic=true  ; @2 from @8 []
            on_error.Negative v18 b9 else b13
        b13: cold
            jump b1(v17)
        b9: cold
            traceback
            unwind
        b10: cold
            v9: i64 = safepoint periodic=true  ; @2 from @8 []
            on_error.Negative v9 b4 else b11
        b11: cold
            jump b1(v8)
        b4: cold
            traceback
            unwind
        ");
    }

    /// Each round has the frames of its callees.
    #[test]
    fn callees_are_copied_as_a_whole() {
        let text = "
            function caller
            context c1 v8 b5 from c0 @12 callee
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                v2: cond = const_cond true
                jump b1
            b1:
                branch v2 b2 else b9
            b2:
                v7: cond = can_inline 0x55550000 has_shim=false
                branch v7 b3 else b4
            b3:
                v8: i64 = push_frame Lent 0x55550000 nargs=1 has_self=true has_shim=false v0 v0
                jump b6
            b4: cold
                v9: any = call_direct 0x55550000 nargs=1 has_self=true has_shim=false v0 v0
                jump b5(v9)
            b5(v10: any?): cold
                exit CalleeLeft  ; @13 [v10]
            b6: in c1
                v11: int = guard_type int v1  ; @3 [&v1]
                pop_frame 0x1 is_quiet=true
                jump b7
            b7:
                v12: i64 = safepoint periodic=true  ; @2 from @14 []
                on_error.Negative v12 b10 else b8
            b8:
                jump b1
            b9:
                return v1
            b10: cold
                unwind
        ";
        let text = after(run, text);
        let contexts: Vec<&str> = text.lines().filter(|line| line.trim().starts_with("context")).collect();
        assert_eq!(contexts.len(), 2, "{text}");
        assert!(contexts[1].contains("copy of c1"), "{text}");
        assert_eq!(text.matches("in c2").count(), 1, "{text}");
        assert_eq!(text.matches("exit CalleeLeft").count(), 2, "{text}");
    }

    #[test]
    fn loops_in_which_something_may_run_stay() {
        let text = "
            function f
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                v2: cond = const_cond true
                jump b1
            b1:
                v3: any = call load_attr v1 v1
                v4: i64 = safepoint periodic=true  ; @2 from @8 []
                on_error.Negative v4 b4 else b2
            b2:
                branch v2 b3 else b5
            b3:
                jump b1
            b4: cold
                unwind
            b5:
                return v3
        ";
        assert!(!after(run, text).contains("is_due"));
    }
}
