//! Computes what only one way out of a block needs on that way.
//!
//! The header of a loop often prepares what is needed behind the loop: a local that is returned is loaded before it is known whether
//! there is another round.

use std::collections::{HashMap, HashSet};

use crate::hir::function::Function;
use crate::hir::inst::{Block, Edge, Op, StateId, Terminator, Value};

pub fn run(function: &mut Function) {
    let order = function.reverse_postorder();
    let ways_in = function.ways_in(&order);
    let mut users = Users::of(function, &order);
    for &block in order.iter().rev() {
        if function.block(block).terminator.edges().len() < 2 {
            continue;
        }
        // What is needed for what has been moved may follow it.
        for value in function.block(block).insts.clone().into_iter().rev() {
            if can_move(function, block, value)
                && let Some(way) = only_way(function, &users, &ways_in, block, value)
            {
                let to = beginning(function, &mut users, &ways_in, block, way);
                function.block_mut(block).insts.retain(|other| *other != value);
                function.block_mut(to).insts.insert(0, value);
                function.inst(value).args.iter().for_each(|arg| users.renew(*arg, block, to));
            }
        }
    }
}

/// Whether an instruction gives the same result at the end of its block, and is needed for nothing but that.
fn can_move(function: &Function, block: Block, value: Value) -> bool {
    let slot = match function.inst(value).op {
        Op::LoadLocal { slot } => slot,
        Op::RefToObj | Op::Refine { .. } | Op::Bits | Op::AsRef | Op::AddAddr | Op::Compare(_) => return true,
        _ => return false,
    };
    let mut behind = function.block(block).insts.iter().skip_while(|other| **other != value);
    behind.all(|other| match function.inst(*other).op {
        Op::SwapLocal { slot: written } | Op::StoreInt { slot: written } | Op::StoreFloat { slot: written } => {
            written != slot
        }
        Op::Helper { .. }
        | Op::CallDirect { .. }
        | Op::CallNative
        | Op::DecRef
        | Op::CloseRef
        | Op::Safepoint { .. } => false,
        _ => true,
    })
}

/// The way out of a block that everything takes which needs the value.
fn only_way(function: &Function, users: &Users, ways_in: &[usize], block: Block, value: Value) -> Option<usize> {
    let edges = function.block(block).terminator.edges();
    let blocks = users.blocks.get(&value)?;
    let is_passed = |edge: &Edge| edge.args.contains(&value);
    let way = match edges.iter().position(|edge| is_passed(edge)) {
        Some(way) => way,
        None => edges.iter().position(|edge| blocks.contains_key(&edge.block))?,
    };
    let is_only = edges.iter().enumerate().all(|(other, edge)| other == way || !is_passed(edge));
    let to = edges[way].block;
    let is_followed = leads_nowhere_else(ways_in, to);
    let is_here = function.block(to).context == function.block(block).context;
    let passed = edges[way].args.iter().filter(|arg| **arg == value).count();
    let fits = blocks.iter().all(|(user, count)| *user == to && is_followed || *user == block && *count == passed);
    (is_only && fits && is_here && to != block).then_some(way)
}

/// The block where only this way out of another one leads.
fn beginning(function: &mut Function, users: &mut Users, ways_in: &[usize], block: Block, way: usize) -> Block {
    let edge = function.block(block).terminator.edges()[way].clone();
    if edge.args.is_empty() && leads_nowhere_else(ways_in, edge.block) {
        return edge.block;
    }
    let (context, site) = (function.block(block).context, function.block(block).site);
    let is_cold = function.block(edge.block).cold;
    let outer = std::mem::replace(&mut function.context, context);
    let between = function.new_block(is_cold);
    function.context = outer;
    edge.args.iter().for_each(|arg| users.renew(*arg, block, between));
    let data = function.block_mut(between);
    (data.terminator, data.site) = (Terminator::Jump(edge), site);
    *function.block_mut(block).terminator.edges_mut()[way] = Edge::to(between);
    between
}

/// Whether one way leads to a block. Those that are new have no other.
fn leads_nowhere_else(ways_in: &[usize], block: Block) -> bool {
    ways_in.get(block.index()).is_none_or(|ways| *ways == 1)
}

/// How often each value is named in which block.
struct Users {
    blocks: HashMap<Value, HashMap<Block, usize>>,
}

impl Users {
    fn of(function: &Function, order: &[Block]) -> Users {
        let mut users = Users { blocks: HashMap::new() };
        for &block in order {
            let data = function.block(block);
            let mut states: HashSet<StateId> = data.terminator.state().into_iter().collect();
            for &value in &data.insts {
                function.inst(value).args.iter().for_each(|arg| users.add(*arg, block));
                states.extend(function.inst(value).state);
            }
            data.terminator.operand().into_iter().for_each(|value| users.add(value, block));
            for edge in data.terminator.edges() {
                edge.args.iter().for_each(|arg| users.add(*arg, block));
            }
            for state in states {
                function.state(state).values().for_each(|value| users.add(value, block));
            }
        }
        for context in &function.contexts {
            users.add(context.frame, context.resume);
        }
        users
    }

    fn add(&mut self, value: Value, block: Block) {
        *self.blocks.entry(value).or_default().entry(block).or_default() += 1;
    }

    /// A value is named in another block, once.
    fn renew(&mut self, value: Value, from: Block, to: Block) {
        let blocks = self.blocks.entry(value).or_default();
        if let Some(count) = blocks.get_mut(&from) {
            *count -= 1;
        }
        blocks.retain(|_, count| *count > 0);
        *blocks.entry(to).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::super::after;
    use super::run;

    #[test]
    fn what_is_needed_behind_a_loop_is_computed_there() {
        let text = "
            function f
            b0:
                v0: i64 = const_i64 3
                v1: f64 = const_f64 0.5
                v12: i64 = const_i64 0
                jump b1(v0)
            b1(v2: i64):
                v3: ref = load_local 0
                v4: any = ref_to_obj v3
                v5: ref = load_local 1
                v6: any = ref_to_obj v5
                v7: cond = compare.Gt v2 v0
                branch v7 b2 else b3(v4, v6)
            b2:
                v8: float = store_float 1 v1  ; @4 [&v6]
                v9: cond = compare.Gt v12 v2
                branch v9 b3(v8, v8) else b4
            b4:
                jump b1(v12)
            b3(v10: any, v11: any):
                inc_ref v11
                return v10
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: i64 = const_i64 3
            v1: f64 = const_f64 0.5
            v12: i64 = const_i64 0
            jump b1(v0)
        b1(v2: i64):
            v5: ref = load_local 1
            v6: any = ref_to_obj v5
            v7: cond = compare.Gt v2 v0
            branch v7 b2 else b5
        b5:
            v3: ref = load_local 0
            v4: any = ref_to_obj v3
            jump b3(v4, v6)
        b2:
            v8: float = store_float 1 v1  ; @4 [&v6]
            v9: cond = compare.Gt v12 v2
            branch v9 b3(v8, v8) else b4
        b4:
            jump b1(v12)
        b3(v10: any, v11: any):
            inc_ref v11
            return v10
        ");
    }

    #[test]
    fn what_may_be_overwritten_stays() {
        let text = "
            function f
            b0:
                v0: f64 = const_f64 0.5
                v1: ref = load_local 0
                v2: ref = load_local 1
                v3: float = store_float 0 v0  ; @2 []
                v4: cond = const_cond true
                branch v4 b1 else b2
            b1:
                v5: any = ref_to_obj v1
                return v5
            b2:
                v6: any = ref_to_obj v2
                return v6
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: f64 = const_f64 0.5
            v1: ref = load_local 0
            v3: float = store_float 0 v0  ; @2 []
            v4: cond = const_cond true
            branch v4 b1 else b2
        b2:
            v2: ref = load_local 1
            v6: any = ref_to_obj v2
            return v6
        b1:
            v5: any = ref_to_obj v1
            return v5
        ");
    }
}
