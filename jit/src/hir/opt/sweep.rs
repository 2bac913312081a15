//! Removes instructions whose results nobody needs, and positions that are told before anybody can ask for them.

use std::collections::HashSet;

use crate::hir::effects::is_quiet;
use crate::hir::function::Function;
use crate::hir::inst::{Block, Op, StateId, Value};

pub fn run(function: &mut Function) {
    let order = function.reverse_postorder();
    let mut live = Live { needed: vec![false; function.values.len()], work: Vec::new() };
    for &block in &order {
        let data = function.block(block);
        for &value in &data.insts {
            if function.inst(value).op.has_effect() {
                live.want(value);
            }
        }
        if let Some(value) = data.terminator.operand() {
            live.want(value);
        }
        for edge in data.terminator.edges() {
            edge.args.iter().for_each(|arg| live.want(*arg));
        }
        live.want_state(function, data.terminator.state());
    }
    while let Some(value) = live.work.pop() {
        let inst = function.inst(value);
        inst.args.iter().for_each(|arg| live.want(*arg));
        live.want_state(function, inst.state);
    }
    for block in order {
        let untold = positions_without_effect(function, block);
        let is_needed = |value: &Value| live.needed[value.index()] && !untold.contains(value);
        function.block_mut(block).insts.retain(is_needed);
    }
}

/// The positions that are followed by another one before anything can look at them. Side exits tell their own.
fn positions_without_effect(function: &Function, block: Block) -> HashSet<Value> {
    let mut is_overwritten = false;
    let mut found = HashSet::new();
    for &value in function.block(block).insts.iter().rev() {
        match function.inst(value).op {
            Op::SetLine { .. } if std::mem::replace(&mut is_overwritten, true) => {
                found.insert(value);
            }
            Op::SetLine { .. } => {}
            Op::Helper { .. } | Op::DecRef | Op::CloseRef | Op::PushFrame { .. } | Op::PopFrame { .. } => {
                is_overwritten = false;
            }
            _ => is_overwritten &= is_quiet(function, value),
        }
    }
    found
}

struct Live {
    needed: Vec<bool>,
    work: Vec<Value>,
}

impl Live {
    fn want(&mut self, value: Value) {
        if !std::mem::replace(&mut self.needed[value.index()], true) {
            self.work.push(value);
        }
    }

    fn want_state(&mut self, function: &Function, state: Option<StateId>) {
        if let Some(state) = state {
            function.state(state).values().for_each(|value| self.want(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::super::after;
    use super::run;

    #[test]
    fn dead_code_goes() {
        let text = "
            function f
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                v2: any = type_of v1
                v3: i64 = load.I64 +16 v2
                v4: i64 = const_i64 7
                v5: i64 = int.And v3 v4
                v6: cond = compare.Eq v5 v4
                v7: f64 = int_to_float v5
                v8: f64 = float.Add v7 v7
                v9: any = ref_to_obj v0
                return v9
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: ref = load_local 0
            v9: any = ref_to_obj v0
            return v9
        ");
    }

    #[test]
    fn positions_that_nobody_can_ask_for_are_not_told() {
        let text = "
            function f
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                set_line @1
                v2: int = guard_type int v1  ; @2 [v1]
                set_line @3
                v3: i64 = unbox_int v2  ; @4 [v2]
                set_line @5
                dec_ref v1
                set_line @6
                return v1
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: ref = load_local 0
            v1: any = ref_to_obj v0
            v2: int = guard_type int v1  ; @2 [v1]
            v3: i64 = unbox_int v2  ; @4 [v2]
            set_line @5
            dec_ref v1
            set_line @6
            return v1
        ");
    }

    #[test]
    fn effects_stay_with_their_operands() {
        let text = "
            function f
            b0:
                v0: ref = const_ref null
                v1: ref = swap_local 0 v0
                v2: ref = load_local 1
                v3: any = ref_to_obj v2
                inc_ref v3
                v4: any = call get_len v3
                v5: i64 = const_i64 1
                store.I64 +8 v3 v5
                set_line @4
                spill_args @0 v5
                traceback
                unwind
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: ref = const_ref null
            v1: ref = swap_local 0 v0
            v2: ref = load_local 1
            v3: any = ref_to_obj v2
            inc_ref v3
            v4: any = call get_len v3
            v5: i64 = const_i64 1
            store.I64 +8 v3 v5
            set_line @4
            spill_args @0 v5
            traceback
            unwind
        ");
    }

    /// What cannot be computed is for the interpreter to say, so these stay although nobody reads the results.
    #[test]
    fn what_may_exit_stays() {
        let text = "
            function f
            b0:
                v0: i64 = const_i64 1
                v1: i64 = int.Xor v0 v0
                v2: i64 = int.Add v0 v0  ; @1 []
                v3: f64 = const_f64 0.0
                v4: f64 = float.Mul v3 v3
                v5: f64 = float.Div v3 v3  ; @2 []
                v6: int = const_obj 0x10
                v7: int = guard_type int v6  ; @3 []
                v8: i64 = unbox_int v6  ; @4 []
                v9: i64 = safepoint periodic=false  ; @5 []
                unwind
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: i64 = const_i64 1
            v2: i64 = int.Add v0 v0  ; @1 []
            v3: f64 = const_f64 0.0
            v5: f64 = float.Div v3 v3  ; @2 []
            v6: int = const_obj 0x10
            v7: int = guard_type int v6  ; @3 []
            v8: i64 = unbox_int v6  ; @4 []
            v9: i64 = safepoint periodic=false  ; @5 []
            unwind
        ");
    }

    #[test]
    fn frame_states_keep_their_operands() {
        let text = "
            function f
            b0:
                v0: i64 = const_i64 3
                v1: i64 = const_i64 4
                v2: i64 = const_i64 5
                v3: i64 = add_addr v0 v1
                v4: cond = const_cond true
                guard Bounds v4  ; @2 [v3]
                v5: str = const_obj 0x10
                v6: str = const_obj 0x20
                exit Shape  ; @3 [&v5]
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: i64 = const_i64 3
            v1: i64 = const_i64 4
            v3: i64 = add_addr v0 v1
            v4: cond = const_cond true
            guard Bounds v4  ; @2 [v3]
            v5: str = const_obj 0x10
            exit Shape  ; @3 [&v5]
        ");
    }

    #[test]
    fn ends_of_blocks_keep_their_operands() {
        let text = "
            function f
            b0:
                v0: cond = const_cond true
                v1: i64 = const_i64 1
                branch v0 b1 else b2(v1)
            b2(v2: i64):
                v3: i64 = add_addr v2 v2
                on_error.Negative v3 b3 else b1
            b3: cold
                unwind
            b1:
                v4: none = const_obj 0x10
                return v4
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: cond = const_cond true
            v1: i64 = const_i64 1
            branch v0 b1 else b2(v1)
        b2(v2: i64):
            v3: i64 = add_addr v2 v2
            on_error.Negative v3 b3 else b1
        b3: cold
            unwind
        b1:
            v4: none = const_obj 0x10
            return v4
        ");
    }

    #[test]
    fn values_around_loops_stay() {
        let text = "
            function f
            b0:
                v0: i64 = const_i64 1
                jump b1(v0)
            b1(v1: i64):
                v2: i64 = add_addr v1 v0
                v3: i64 = shift_right 1 v2
                v4: cond = const_cond true
                branch v4 b1(v2) else b2
            b2:
                unwind
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: i64 = const_i64 1
            jump b1(v0)
        b1(v1: i64):
            v2: i64 = add_addr v1 v0
            v4: cond = const_cond true
            branch v4 b1(v2) else b2
        b2:
            unwind
        ");
    }
}
