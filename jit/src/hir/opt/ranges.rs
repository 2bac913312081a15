//! Loops over ranges count in registers.
//!
//! The iterator is an operand of the loop, and where nobody else has a reference to it nobody can see how far it is but who finds
//! the operand: the interpreter, when machine code leaves. So the fields that a round would write become parameters of the
//! loop's header, and are written when a side exit is taken.

use std::collections::HashMap;

use super::infer::merge_params;
use super::rewrite::Replacements;
use crate::cpython::range::{ITER_LEN, ITER_START};
use crate::hir::dominators::Dominators;
use crate::hir::function::Function;
use crate::hir::inst::{Block, Edge, Inst, Mem, OUTERMOST, Op, Pending, StateId, Terminator, Value};
use crate::hir::types::{Kinds, Type};

pub fn run(function: &mut Function) {
    let order = function.reverse_postorder();
    if forget_guarding_again(function, &order) {
        merge_params(function);
    }
    let loops: Vec<Loop> = order.iter().filter_map(|block| find_loop(function, &order, *block)).collect();
    if loops.is_empty() {
        return;
    }
    let dominators = Dominators::compute(function, &order);
    for it in loops {
        if it.is_closed(function, &dominators, &order) {
            it.count_in_registers(function, &dominators, &order);
        }
    }
}

/// Removes guards at the ends of rounds that what the loop's header has been given is still nobody else's. Says whether there were
/// any. They test what loops that count in registers make sure of in another way, and mean nothing to others.
fn forget_guarding_again(function: &mut Function, order: &[Block]) -> bool {
    let mut replaced = Replacements::default();
    for &block in order {
        let Terminator::Jump(edge) = &function.block(block).terminator else { continue };
        for (param, arg) in function.block(edge.block).params.iter().zip(&edge.args) {
            let inst = function.inst(*arg);
            if inst.op == Op::GuardPrivate && inst.args[0] == *param {
                replaced.insert(*arg, *param);
            }
        }
    }
    if replaced.is_empty() {
        return false;
    }
    for &block in order {
        function.block_mut(block).insts.retain(|value| !replaced.contains(*value));
    }
    replaced.apply(function);
    true
}

/// A loop over a range, by what reads and writes the iterator's fields.
struct Loop {
    header: Block,
    /// A parameter of the header, or what was guarded on the only way into the loop.
    iterator: Value,
    /// The first block of a round.
    body: Block,
    start: Value,
    len: Value,
    store_start: Value,
    store_len: Value,
}

/// The loop with this header, if it is one over a range whose iterator has no other use.
fn find_loop(function: &Function, order: &[Block], header: Block) -> Option<Loop> {
    if header == function.entry {
        // Nothing comes back: no loop.
        return None;
    }
    let Terminator::Branch { then, .. } = &function.block(header).terminator else { return None };
    let body = then.block;
    let only = |block: Block, is_wanted: &dyn Fn(&Inst) -> bool| {
        let insts = &function.block(block).insts;
        let mut found = insts.iter().copied().filter(|value| is_wanted(function.inst(*value)));
        found.next().filter(|_| found.next().is_none())
    };
    let is_load = |inst: &Inst, offset: i32| {
        inst.op == Op::Load { offset, mem: Mem::I64 } && function.ty(inst.args[0]) == Type::obj(Kinds::RANGE_ITER)
    };
    let is_store = |inst: &Inst, offset: i32| inst.op == Op::Store { offset, mem: Mem::I64 };
    let len = only(header, &|inst| is_load(inst, ITER_LEN))?;
    let iterator = function.inst(len).args[0];
    let it = Loop {
        header,
        iterator,
        body,
        start: only(body, &|inst| is_load(inst, ITER_START) && inst.args[0] == iterator)?,
        len,
        store_start: only(body, &|inst| is_store(inst, ITER_START) && inst.args[0] == iterator)?,
        store_len: only(body, &|inst| is_store(inst, ITER_LEN) && inst.args[0] == iterator)?,
    };
    it.has_only_known_uses(function, order).then_some(it)
}

impl Loop {
    /// The iterator's number among the header's parameters, if it is one of them.
    fn position(&self, function: &Function) -> Option<usize> {
        function.block(self.header).params.iter().position(|param| *param == self.iterator)
    }

    /// The iterator that comes in on an edge to the header.
    fn incoming(&self, function: &Function, edge: &Edge) -> Value {
        self.position(function).map_or(self.iterator, |position| edge.args[position])
    }

    fn has_only_known_uses(&self, function: &Function, order: &[Block]) -> bool {
        let is_ours = |value: &Value| {
            let inst = function.inst(*value);
            let is_used = inst.args.contains(&self.iterator);
            let is_known = match inst.op {
                Op::DecRef => true,
                // What a range counts by does not change.
                Op::Load { offset, .. } => offset != ITER_START && offset != ITER_LEN,
                _ => false,
            };
            !is_used || is_known || [self.start, self.len, self.store_start, self.store_len].contains(value)
        };
        let is_fine = |block: Block| {
            let data = function.block(block);
            let edges = data.terminator.edges();
            let position = self.position(function);
            let stays = edges.iter().all(|edge| {
                let mut passed = edge.args.iter().enumerate().filter(|(_, arg)| **arg == self.iterator);
                passed.all(|(i, _)| edge.block == self.header && Some(i) == position)
            });
            data.insts.iter().all(is_ours) && data.terminator.operand() != Some(self.iterator) && stays
        };
        order.iter().all(|block| is_fine(*block))
    }

    /// Whether each way to the header either comes from a round or has just guarded that nobody else has the iterator.
    fn is_closed(&self, function: &Function, dominators: &Dominators, order: &[Block]) -> bool {
        let is_fine = |block: Block, edge: &Edge| {
            let data = function.block(block);
            let iterator = self.incoming(function, edge);
            let is_round = dominators.dominates(self.body, block) && iterator == self.iterator;
            let is_private = data.insts.contains(&iterator) && function.inst(iterator).op == Op::GuardPrivate;
            is_round || is_private && matches!(data.terminator, Terminator::Jump(_))
        };
        let ways = order.iter().flat_map(|block| {
            let edges = function.block(*block).terminator.edges().into_iter();
            edges.filter(|edge| edge.block == self.header).map(|edge| (*block, edge))
        });
        ways.into_iter().all(|(block, edge)| is_fine(block, edge))
            && self.body_is_entered_from_header(function, order)
            && self.is_first_in_body(function)
    }

    fn body_is_entered_from_header(&self, function: &Function, order: &[Block]) -> bool {
        let edges = order.iter().flat_map(|block| {
            function.block(*block).terminator.edges().into_iter().map(move |edge| (*block, edge.block))
        });
        let mut into = edges.filter(|(_, to)| *to == self.body);
        into.next().is_some_and(|(from, _)| from == self.header) && into.next().is_none()
    }

    /// Whether the fields are written before anything in a round can leave.
    fn is_first_in_body(&self, function: &Function) -> bool {
        let insts = &function.block(self.body).insts;
        let place = |wanted: Value| insts.iter().position(|value| *value == wanted);
        let last = place(self.store_start).max(place(self.store_len)).expect("the stores are in the body");
        insts[..last].iter().all(|value| function.inst(*value).state.is_none())
    }

    fn is_in(&self, function: &Function, state: StateId) -> bool {
        function.state(state).stack.iter().any(|entry| entry.value == self.iterator)
    }

    fn count_in_registers(&self, function: &mut Function, dominators: &Dominators, order: &[Block]) {
        let (next, left) = (function.inst(self.store_start).args[1], function.inst(self.store_len).args[1]);
        for block in order {
            let mut terminator = std::mem::replace(&mut function.block_mut(*block).terminator, Terminator::Open);
            for edge in terminator.edges_mut() {
                if edge.block != self.header {
                    continue;
                }
                let iterator = self.incoming(function, edge);
                // A loop around this one may enter it again from its body, with another iterator.
                if dominators.dominates(self.body, *block) && iterator == self.iterator {
                    edge.args.extend([next, left]);
                    continue;
                }
                (function.context, function.site) = (function.block(*block).context, function.block(*block).site);
                for offset in [ITER_START, ITER_LEN] {
                    let op = Op::Load { offset, mem: Mem::I64 };
                    let value = function.add_value(Inst { op, args: vec![iterator], state: None, ty: Type::I64 });
                    function.block_mut(*block).insts.push(value);
                    edge.args.push(value);
                }
            }
            function.block_mut(*block).terminator = terminator;
        }
        function.context = OUTERMOST;
        let params = [Type::I64; 2].map(|ty| function.add_param(self.header, ty));
        let mut new_states = HashMap::new();
        for &block in order.iter().filter(|block| dominators.dominates(self.header, **block)) {
            let is_in_round = dominators.dominates(self.body, block);
            let [start, len] = if is_in_round { [next, left] } else { params };
            let insts = function.block(block).insts.clone();
            for value in insts {
                if let Some(state) = function.inst(value).state {
                    let state = self.state_with(function, &mut new_states, state, is_in_round, [start, len]);
                    function.values[value.index()].state = Some(state);
                }
            }
            if let Some(state) = function.block(block).terminator.state() {
                let state = self.state_with(function, &mut new_states, state, is_in_round, [start, len]);
                *function.block_mut(block).terminator.state_mut().expect("it has one") = state;
            }
        }
        let mut replaced = Replacements::default();
        replaced.insert(self.start, params[0]);
        replaced.insert(self.len, params[1]);
        replaced.apply(function);
        let is_gone = |value: &Value| [self.start, self.len, self.store_start, self.store_len].contains(value);
        for block in [self.header, self.body] {
            function.block_mut(block).insts.retain(|value| !is_gone(value));
        }
    }

    /// The state with what has to be written, if the iterator is an operand.
    fn state_with(
        &self,
        function: &mut Function,
        new_states: &mut HashMap<(StateId, bool), StateId>,
        state: StateId,
        is_in_round: bool,
        [start, len]: [Value; 2],
    ) -> StateId {
        if !self.is_in(function, state) {
            return state;
        }
        *new_states.entry((state, is_in_round)).or_insert_with(|| {
            let mut new = function.state(state).clone();
            new.pending.push(Pending { object: self.iterator, offset: ITER_START, value: start });
            new.pending.push(Pending { object: self.iterator, offset: ITER_LEN, value: len });
            function.add_state(new)
        })
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::super::after;
    use super::run;

    #[test]
    fn fields_are_written_on_the_way_out() {
        let text = "
            function f
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                v2: range_iterator = guard_type range_iterator v1  ; @1 [v1]
                v3: range_iterator = guard_private v2  ; @1 [v1]
                v4: i64 = const_i64 0
                jump b1
            b1:
                v5: i64 = load.I64 +32 v3
                v6: cond = compare.Gt v5 v4
                branch v6 b2 else b3
            b2:
                v7: i64 = load.I64 +16 v3
                v8: i64 = load.I64 +24 v3
                v9: i64 = add_addr v7 v8
                store.I64 +16 v3 v9
                v10: i64 = const_i64 -1
                v11: i64 = add_addr v5 v10
                store.I64 +32 v3 v11
                v12: int = store_int 1 v7  ; @3 [v3]
                v13: i64 = safepoint periodic=true  ; @2 [v3]
                on_error.Negative v13 b4 else b5
            b5:
                jump b1
            b3:
                v14: i64 = safepoint periodic=false  ; @5 [v3]
                dec_ref v3
                unwind
            b4: cold
                dec_ref v3
                unwind
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: ref = load_local 0
            v1: any = ref_to_obj v0
            v2: range_iterator = guard_type range_iterator v1  ; @1 [v1]
            v3: range_iterator = guard_private v2  ; @1 [v1]
            v4: i64 = const_i64 0
            v19: i64 = load.I64 +16 v3
            v20: i64 = load.I64 +32 v3
            jump b1(v19, v20)
        b1(v21: i64, v22: i64):
            v6: cond = compare.Gt v22 v4
            branch v6 b2 else b3
        b3:
            v14: i64 = safepoint periodic=false  ; @5 [v3] {v3 +16 = v21, v3 +32 = v22}
            dec_ref v3
            unwind
        b2:
            v8: i64 = load.I64 +24 v3
            v9: i64 = add_addr v21 v8
            v10: i64 = const_i64 -1
            v11: i64 = add_addr v22 v10
            v12: int = store_int 1 v21  ; @3 [v3] {v3 +16 = v9, v3 +32 = v11}
            v13: i64 = safepoint periodic=true  ; @2 [v3] {v3 +16 = v9, v3 +32 = v11}
            on_error.Negative v13 b4 else b5
        b5:
            jump b1(v9, v11)
        b4: cold
            dec_ref v3
            unwind
        ");
    }

    /// Others may have the iterator as well.
    #[test]
    fn iterators_that_are_not_guarded_stay_in_memory() {
        let text = "
            function f
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                v2: range_iterator = guard_type range_iterator v1  ; @1 [v1]
                v3: range_iterator = refine range_iterator v2
                v4: i64 = const_i64 0
                jump b1
            b1:
                v5: i64 = load.I64 +32 v3
                v6: cond = compare.Gt v5 v4
                branch v6 b2 else b3
            b2:
                v7: i64 = load.I64 +16 v3
                v8: i64 = load.I64 +24 v3
                v9: i64 = add_addr v7 v8
                store.I64 +16 v3 v9
                v10: i64 = const_i64 -1
                v11: i64 = add_addr v5 v10
                store.I64 +32 v3 v11
                v12: int = store_int 1 v7  ; @3 [v3]
                v13: i64 = safepoint periodic=true  ; @2 [v3]
                on_error.Negative v13 b4 else b5
            b5:
                jump b1
            b3:
                v14: i64 = safepoint periodic=false  ; @5 [v3]
                dec_ref v3
                unwind
            b4: cold
                dec_ref v3
                unwind
        ";
        assert!(after(run, text).contains("store.I64 +16"));
    }

    /// Somebody gets the iterator.
    /// What was one is entered in the middle, and never comes back.
    #[test]
    fn one_round_is_no_loop() {
        let text = "
            function f
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                v2: range_iterator = guard_type range_iterator v1  ; @1 [v1]
                v3: range_iterator = guard_private v2  ; @1 [v1]
                v4: i64 = const_i64 0
                v5: i64 = load.I64 +32 v3
                v6: cond = compare.Gt v5 v4
                branch v6 b1 else b2
            b1:
                v7: i64 = load.I64 +16 v3
                v8: i64 = load.I64 +24 v3
                v9: i64 = add_addr v7 v8
                store.I64 +16 v3 v9
                v10: i64 = const_i64 -1
                v11: i64 = add_addr v5 v10
                store.I64 +32 v3 v11
                exit Unreached  ; @3 [v3]
            b2:
                dec_ref v3
                return v1
        ";
        assert_eq!(after(run, text), after(|_| (), text));
    }

    #[test]
    fn iterators_that_are_handed_out_stay_in_memory() {
        let text = "
            function f
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                v2: range_iterator = guard_type range_iterator v1  ; @1 [v1]
                v3: range_iterator = guard_private v2  ; @1 [v1]
                v4: i64 = const_i64 0
                jump b1
            b1:
                v5: i64 = load.I64 +32 v3
                v6: cond = compare.Gt v5 v4
                branch v6 b2 else b3
            b2:
                v7: i64 = load.I64 +16 v3
                v8: i64 = load.I64 +24 v3
                v9: i64 = add_addr v7 v8
                store.I64 +16 v3 v9
                v10: i64 = const_i64 -1
                v11: i64 = add_addr v5 v10
                store.I64 +32 v3 v11
                v12: int = store_int 1 v7  ; @3 [v3]
                inc_ref v3
                v13: i64 = safepoint periodic=true  ; @2 [v3]
                on_error.Negative v13 b4 else b5
            b5:
                jump b1
            b3:
                v14: i64 = safepoint periodic=false  ; @5 [v3]
                dec_ref v3
                unwind
            b4: cold
                dec_ref v3
                unwind
        ";
        assert!(after(run, text).contains("store.I64 +16"));
    }

    /// A loop around this one, which is always left from its body, enters it again with another iterator.
    #[test]
    fn another_iterator_counts_anew() {
        let text = "
            function f
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                v2: range_iterator = guard_type range_iterator v1  ; @1 [v1]
                v3: range_iterator = guard_private v2  ; @1 [v1]
                v4: i64 = const_i64 0
                jump b1(v3)
            b1(v5: range_iterator):
                v6: i64 = load.I64 +32 v5
                v7: cond = compare.Gt v6 v4
                branch v7 b2 else b3
            b2:
                v8: i64 = load.I64 +16 v5
                v9: i64 = add_addr v8 v6
                store.I64 +16 v5 v9
                store.I64 +32 v5 v4
                branch v7 b4 else b5
            b4:
                jump b1(v5)
            b5:
                dec_ref v5
                v10: any = call get_len v1
                v11: range_iterator = guard_type range_iterator v10  ; @5 [v10]
                v12: range_iterator = guard_private v11  ; @5 [v10]
                jump b1(v12)
            b3:
                exit Unreached  ; @7 [v5]
        ";
        let text = after(run, text);
        assert_eq!(text.matches("load.I64 +16").count(), 2, "{text}");
        assert!(text.contains("load.I64 +16 v12") && text.contains("load.I64 +32 v12"), "{text}");
    }
}
