//! Drops what the other passes have left unused, and numbers the rest anew: the HIR is kept as long as the machine code.

use crate::hir::function::Function;
use crate::hir::inst::{Block, FrameState, Inst, StateId, Value};

/// Old numbers to new ones, for what is kept.
struct Renumbered {
    values: Vec<Option<Value>>,
    blocks: Vec<Option<Block>>,
    states: Vec<Option<StateId>>,
}

impl Renumbered {
    fn value(&self, old: Value) -> Value {
        self.values[old.index()].expect("what is used is defined in a reachable block")
    }

    fn state(&self, old: StateId) -> StateId {
        self.states[old.index()].expect("what has a state is reachable")
    }
}

pub fn run(function: &mut Function) {
    let order = function.reverse_postorder();
    let new = renumber(function, &order);
    let mut old: Vec<_> = std::mem::take(&mut function.blocks).into_iter().map(Some).collect();
    function.blocks = order.iter().filter_map(|block| old[block.index()].take()).collect();
    for block in &mut function.blocks {
        for value in block.params.iter_mut().chain(&mut block.insts).chain(block.terminator.operand_mut()) {
            *value = new.value(*value);
        }
        if let Some(state) = block.terminator.state_mut() {
            *state = new.state(*state);
        }
        for edge in block.terminator.edges_mut() {
            edge.block = new.blocks[edge.block.index()].expect("an edge of a reachable block");
            edge.args.iter_mut().for_each(|arg| *arg = new.value(*arg));
            edge.args.shrink_to_fit();
        }
        block.params.shrink_to_fit();
        block.insts.shrink_to_fit();
    }
    function.entry = new.blocks[function.entry.index()].expect("the entry is reachable");
    // A call that turned out not to be reached leaves a context without a frame, of which no block is left either.
    for context in &mut function.contexts {
        context.frame = new.values[context.frame.index()].unwrap_or(Value(0));
        context.resume = new.blocks[context.resume.index()].unwrap_or(function.entry);
    }
    let mut values: Vec<(Value, Inst, _)> = Vec::new();
    let old = std::mem::take(&mut function.values).into_iter().zip(std::mem::take(&mut function.sites));
    for ((mut inst, site), place) in old.zip(&new.values) {
        let Some(place) = place else { continue };
        inst.args.iter_mut().for_each(|arg| *arg = new.value(*arg));
        inst.args.shrink_to_fit();
        inst.state = inst.state.map(|state| new.state(state));
        values.push((*place, inst, site));
    }
    values.sort_by_key(|(place, ..)| place.index());
    (function.values, function.sites) = values.into_iter().map(|(_, inst, site)| (inst, site)).unzip();
    function.values.shrink_to_fit();
    function.sites.shrink_to_fit();
    let mut states: Vec<(StateId, FrameState)> = Vec::new();
    for (mut state, place) in std::mem::take(&mut function.states).into_iter().zip(&new.states) {
        let Some(place) = place else { continue };
        state.values_mut().for_each(|value| *value = new.value(*value));
        state.stack.shrink_to_fit();
        state.late.shrink_to_fit();
        state.pending.shrink_to_fit();
        states.push((*place, state));
    }
    states.sort_by_key(|(place, _)| place.index());
    function.states = states.into_iter().map(|(_, state)| state).collect();
}

/// Blocks, values and states get the order in which the text form has them.
fn renumber(function: &Function, order: &[Block]) -> Renumbered {
    let mut new = Renumbered {
        values: vec![None; function.values.len()],
        blocks: vec![None; function.blocks.len()],
        states: vec![None; function.states.len()],
    };
    let (mut blocks, mut values, mut states) = (0, 0, 0);
    let mut want_state = |state: Option<StateId>| {
        if let Some(state) = state {
            new.states[state.index()].get_or_insert_with(|| next(&mut states, StateId));
        }
    };
    for &block in order {
        new.blocks[block.index()] = Some(next(&mut blocks, Block));
        let data = function.block(block);
        for &value in data.params.iter().chain(&data.insts) {
            new.values[value.index()] = Some(next(&mut values, Value));
            want_state(function.inst(value).state);
        }
        want_state(data.terminator.state());
    }
    new
}

fn next<T>(count: &mut u32, id: fn(u32) -> T) -> T {
    *count += 1;
    id(*count - 1)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::super::after;
    use super::run;

    #[test]
    fn numbers_are_without_gaps() {
        let text = "
            function f
            b0:
                v3: ref = load_local 0
                v5: any = ref_to_obj v3
                v7: int = guard_type int v5  ; @2 [v3]
                v9: cond = const_cond true
                branch v9 b2(v7) else b4
            b1:
                v20: int = guard_type int v5  ; @4 [v3, v5]
                jump b4
            b2(v11: any):
                return v11
            b4:
                return v5
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: ref = load_local 0
            v1: any = ref_to_obj v0
            v2: int = guard_type int v1  ; @2 [v0]
            v3: cond = const_cond true
            branch v3 b2(v2) else b1
        b1:
            return v1
        b2(v4: any):
            return v4
        ");
    }

    #[test]
    fn what_is_not_needed_takes_no_memory() {
        let text = "
            function f
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                return v1
            b1:
                v2: int = guard_type int v1  ; @4 [v0, v1]
                jump b1
        ";
        let mut function = crate::hir::parse::parse(text).unwrap();
        run(&mut function);
        assert_eq!((function.blocks.len(), function.values.len(), function.states.len()), (1, 2, 0));
        assert_eq!(function.values.capacity(), 2);
    }
}
