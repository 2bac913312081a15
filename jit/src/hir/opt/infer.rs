//! Type inference through block parameters, and what follows from it: parameters that are always the same value
//! disappear, and guards of types that are known become plain copies.

use std::collections::{HashMap, HashSet};

use super::rewrite::Replacements;
use crate::hir::function::Function;
use crate::hir::inst::{Op, Value};
use crate::hir::types::{Kinds, Repr};

pub fn run(function: &mut Function) {
    loop {
        let merged = merge_params(function);
        infer_kinds(function);
        let removed = remove_guards(function);
        if !merged && !removed {
            break;
        }
    }
}

/// Replaces parameters whose incoming values are all the same (or the parameter itself). Says whether it did.
pub(super) fn merge_params(function: &mut Function) -> bool {
    let order = function.reverse_postorder();
    let mut incoming: HashMap<Value, Vec<Value>> = HashMap::new();
    for &block in &order {
        for edge in function.block(block).terminator.edges() {
            let params = &function.block(edge.block).params;
            for (param, arg) in params.iter().zip(&edge.args) {
                incoming.entry(*param).or_default().push(*arg);
            }
        }
    }
    let mut replaced = Replacements::default();
    // What a callee's frame returns that goes on in the interpreter comes on no edge.
    let resumed: HashSet<_> = function.contexts.iter().map(|context| context.resume).collect();
    for &block in order.iter().filter(|block| !resumed.contains(block)) {
        for &param in &function.block(block).params {
            let Some(args) = incoming.get(&param) else { continue };
            let mut others = args.iter().map(|arg| replaced.resolve(*arg)).filter(|arg| *arg != param);
            if let Some(other) = others.next()
                && others.all(|arg| arg == other)
            {
                replaced.insert(param, other);
            }
        }
    }
    if replaced.is_empty() {
        return false;
    }
    let keep: HashMap<_, Vec<bool>> = order
        .iter()
        .map(|block| (*block, function.block(*block).params.iter().map(|p| !replaced.contains(*p)).collect()))
        .collect();
    for &block in &order {
        for edge in function.block_mut(block).terminator.edges_mut() {
            let mut flags = keep[&edge.block].iter();
            edge.args.retain(|_| *flags.next().expect("an argument for each parameter"));
        }
        let mut flags = keep[&block].iter();
        function.block_mut(block).params.retain(|_| *flags.next().expect("a flag for each parameter"));
    }
    replaced.apply(function);
    true
}

/// Narrows the types of object parameters to what really comes in, optimistically around loops.
pub(super) fn infer_kinds(function: &mut Function) {
    let order = function.reverse_postorder();
    let mut kinds: HashMap<Value, Kinds> = HashMap::new();
    for &block in &order {
        for &param in &function.block(block).params {
            if function.ty(param).repr == Repr::Obj {
                kinds.insert(param, Kinds::EMPTY);
            }
        }
    }
    let mut changed = true;
    while changed {
        changed = false;
        for &block in &order {
            for edge in function.block(block).terminator.edges() {
                let params = &function.block(edge.block).params;
                for (param, arg) in params.iter().zip(&edge.args) {
                    let from = kinds.get(arg).copied().unwrap_or(function.ty(*arg).kinds);
                    if let Some(known) = kinds.get_mut(param) {
                        let wider = known.union(from);
                        changed |= wider != *known;
                        *known = wider;
                    }
                }
            }
        }
    }
    for (param, kinds) in kinds {
        if !kinds.is_empty() {
            function.values[param.index()].ty.kinds = kinds;
        }
    }
}

/// Removes type guards on values that are known to pass. Says whether it removed any.
fn remove_guards(function: &mut Function) -> bool {
    let mut replaced = Replacements::default();
    for block in function.reverse_postorder() {
        let insts = std::mem::take(&mut function.block_mut(block).insts);
        let mut kept = Vec::with_capacity(insts.len());
        for value in insts {
            let inst = function.inst(value);
            if let Op::GuardKinds { kinds } = inst.op
                && function.ty(replaced.resolve(inst.args[0])).kinds.is_within(kinds)
            {
                replaced.insert(value, inst.args[0]);
            } else {
                kept.push(value);
            }
        }
        function.block_mut(block).insts = kept;
    }
    replaced.apply(function);
    !replaced.is_empty()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::super::after;
    use super::run;

    #[test]
    fn parameters_that_are_always_the_same_disappear() {
        let text = "
            function f
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                v2: cond = const_cond true
                branch v2 b1(v2, v1, v0) else b2(v1)
            b2(v3: any):
                jump b1(v2, v3, v0)
            b1(v4: cond, v5: any, v6: ref):
                v7: int = guard_type int v5  ; @3 [v6, &v5]
                close_ref v6
                branch v4 b3(v5) else b4
            b4:
                exit Type  ; @4 [v5]
            b3(v8: any):
                return v8
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: ref = load_local 0
            v1: any = ref_to_obj v0
            v2: cond = const_cond true
            branch v2 b1 else b2
        b2:
            jump b1
        b1:
            v7: int = guard_type int v1  ; @3 [v0, &v1]
            close_ref v0
            branch v2 b3 else b4
        b4:
            exit Type  ; @4 [v1]
        b3:
            return v1
        ");
    }

    #[test]
    fn other_parameters_keep_their_places() {
        let text = "
            function f
            b0:
                v0: i64 = const_i64 0
                v1: i64 = const_i64 1
                v2: cond = compare.Lt v0 v1
                branch v2 b1(v0, v1, v1) else b2
            b2:
                jump b1(v1, v1, v0)
            b1(v3: i64, v4: i64, v5: i64):
                v6: i64 = add_addr v3 v4
                v7: i64 = add_addr v6 v5
                v8: int = box_int v7  ; @1 []
                return v8
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: i64 = const_i64 0
            v1: i64 = const_i64 1
            v2: cond = compare.Lt v0 v1
            branch v2 b1(v0, v1) else b2
        b2:
            jump b1(v1, v0)
        b1(v3: i64, v5: i64):
            v6: i64 = add_addr v3 v1
            v7: i64 = add_addr v6 v5
            v8: int = box_int v7  ; @1 []
            return v8
        ");
    }

    /// A local that nested loops only read is a parameter of both headers.
    #[test]
    fn loops_do_not_keep_what_they_do_not_change() {
        let text = "
            function f
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                v2: cond = const_cond true
                jump b1(v1)
            b1(v3: any):
                branch v2 b2(v3) else b3
            b3:
                return v3
            b2(v4: any):
                inc_ref v4
                branch v2 b2(v4) else b4
            b4:
                jump b1(v4)
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: ref = load_local 0
            v1: any = ref_to_obj v0
            v2: cond = const_cond true
            jump b1
        b1:
            branch v2 b2 else b3
        b3:
            return v1
        b2:
            inc_ref v1
            branch v2 b2 else b4
        b4:
            jump b1
        ");
    }

    #[test]
    fn parameters_that_swap_are_not_the_same() {
        let text = "
            function f
            b0:
                v0: i64 = const_i64 0
                v1: i64 = const_i64 1
                jump b1(v0, v1)
            b1(v2: i64, v3: i64):
                v4: cond = compare.Lt v2 v3
                branch v4 b1(v3, v2) else b2
            b2:
                unwind
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: i64 = const_i64 0
            v1: i64 = const_i64 1
            jump b1(v0, v1)
        b1(v2: i64, v3: i64):
            v4: cond = compare.Lt v2 v3
            branch v4 b1(v3, v2) else b2
        b2:
            unwind
        ");
    }

    #[test]
    fn guards_of_known_types_disappear() {
        let text = "
            function f
            b0:
                v0: str = const_obj 0x10
                v1: str = guard_type str v0  ; @1 []
                v3: int = guard_type int v1  ; @2 [v1]
                v4: int = guard_type int v3  ; @3 [v1]
                return v4
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: str = const_obj 0x10
            v3: int = guard_type int v0  ; @2 [v0]
            return v3
        ");
    }

    #[test]
    fn guards_of_unknown_types_stay() {
        let text = "
            function f
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                v2: int = guard_type int v1  ; @1 []
                v3: any? = call get_len v1
                v4: null|str = refine null|str v3
                v5: str = guard_type str v4  ; @2 []
                v6: bool = guard_type bool v2  ; @3 []
                return v5
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: ref = load_local 0
            v1: any = ref_to_obj v0
            v2: int = guard_type int v1  ; @1 []
            v3: any? = call get_len v1
            v4: null|str = refine null|str v3
            v5: str = guard_type str v4  ; @2 []
            v6: bool = guard_type bool v2  ; @3 []
            return v5
        ");
    }

    /// `for ...: total += 1`, where the builder could not know the type of the sum at the loop's header.
    #[test]
    fn kinds_are_narrowed_around_loops() {
        let text = "
            function f
            b0:
                v0: int = const_obj 0x10
                jump b1(v0)
            b1(v1: any):
                v2: int = guard_type int v1  ; @5 []
                v3: i64 = unbox_int v2  ; @5 []
                v4: i64 = const_i64 1
                v5: i64 = int.Add v3 v4  ; @5 []
                v6: int = box_int v5  ; @7 []
                v7: i64 = safepoint periodic=true  ; @5 [v6]
                on_error.Negative v7 b2 else b1(v6)
            b2: cold
                unwind
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: int = const_obj 0x10
            jump b1(v0)
        b1(v1: int):
            v3: i64 = unbox_int v1  ; @5 []
            v4: i64 = const_i64 1
            v5: i64 = int.Add v3 v4  ; @5 []
            v6: int = box_int v5  ; @7 []
            v7: i64 = safepoint periodic=true  ; @5 [v6]
            on_error.Negative v7 b2 else b1(v6)
        b2: cold
            unwind
        ");
    }

    /// The inner header's parameter depends on the outer one's and the other way round.
    #[test]
    fn kinds_are_narrowed_around_nested_loops() {
        let text = "
            function f
            b0:
                v0: int = const_obj 0x10
                v1: cond = const_cond true
                jump b1(v0)
            b1(v2: any):
                branch v1 b2(v2) else b3
            b3:
                v3: int = guard_type int v2  ; @2 []
                return v3
            b2(v4: any):
                v5: int = guard_type int v4  ; @5 []
                v6: i64 = unbox_int v5  ; @5 []
                v7: int = box_int v6  ; @6 []
                branch v1 b2(v7) else b4
            b4:
                jump b1(v7)
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: int = const_obj 0x10
            v1: cond = const_cond true
            jump b1(v0)
        b1(v2: int):
            branch v1 b2(v2) else b3
        b3:
            return v2
        b2(v4: int):
            v6: i64 = unbox_int v4  ; @5 []
            v7: int = box_int v6  ; @6 []
            branch v1 b2(v7) else b4
        b4:
            jump b1(v7)
        ");
    }

    #[test]
    fn kinds_of_all_ways_in_count() {
        let text = "
            function f
            b0:
                v0: int = const_obj 0x10
                jump b1(v0)
            b1(v1: any):
                v2: int = guard_type int v1  ; @5 []
                v3: f64 = const_f64 0.5
                v4: float = box_float v3  ; @7 []
                v5: cond = const_cond true
                branch v5 b1(v4) else b2(v4)
            b2(v6: any):
                v7: float = guard_type float v6  ; @9 []
                return v7
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: int = const_obj 0x10
            jump b1(v0)
        b1(v1: int|float):
            v2: int = guard_type int v1  ; @5 []
            v3: f64 = const_f64 0.5
            v4: float = box_float v3  ; @7 []
            v5: cond = const_cond true
            branch v5 b1(v4) else b2
        b2:
            return v4
        ");
    }

    /// Without the first guard the parameter is always the same, and what that is needs no second guard.
    #[test]
    fn one_finding_leads_to_the_next() {
        let text = "
            function f
            b0:
                v0: int = const_obj 0x10
                v1: cond = const_cond true
                branch v1 b1 else b2
            b2:
                v2: int = guard_type int v0  ; @3 []
                jump b3(v2)
            b1:
                jump b3(v0)
            b3(v3: any):
                v4: int = guard_type int v3  ; @4 []
                return v4
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: int = const_obj 0x10
            v1: cond = const_cond true
            branch v1 b1 else b2
        b2:
            jump b3
        b1:
            jump b3
        b3:
            return v0
        ");
    }
}
