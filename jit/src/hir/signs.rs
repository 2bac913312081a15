//! Ints that cannot be negative.
//!
//! Python divides downwards and counts negative indexes from the end, which takes instructions that counters of loops do not need.
//! Everything is taken to be no less than zero until something that may be less is found among what it is made of, so what goes round in loops is
//! found as well.

use super::function::Function;
use super::inst::{IntOp, Mem, Op, Value};
use super::types::Repr;
use crate::cpython::range;
use crate::runtime::ops::table::Helper;

/// For each value whether it is an int that cannot be negative where it is used.
pub fn non_negative(function: &Function) -> Vec<bool> {
    let is_int = |value: usize| function.ty(Value(value as u32)).repr == Repr::I64;
    let mut found: Vec<bool> = (0..function.values.len()).map(is_int).collect();
    let order = function.reverse_postorder();
    loop {
        let mut has_changed = false;
        let mut may_be_less = |found: &mut Vec<bool>, value: Value| {
            has_changed |= std::mem::replace(&mut found[value.index()], false);
        };
        for &block in &order {
            let data = function.block(block);
            for &value in data.insts.iter().filter(|value| function.ty(**value).repr == Repr::I64) {
                if !is_kept(function, value, &found) {
                    may_be_less(&mut found, value);
                }
            }
            for edge in data.terminator.edges() {
                for (param, arg) in function.block(edge.block).params.iter().zip(&edge.args) {
                    if !found[arg.index()] {
                        may_be_less(&mut found, *param);
                    }
                }
            }
        }
        if !has_changed {
            return found;
        }
    }
}

/// Whether an instruction makes no negative int, if what is `found` so far is right.
fn is_kept(function: &Function, value: Value, found: &[bool]) -> bool {
    let inst = function.inst(value);
    let arg = |index: usize| found[inst.args[index].index()];
    match inst.op {
        Op::ConstI64(constant) => constant >= 0,
        // What would become too large is left, or is the counter of an iterator that has nothing more.
        Op::AddAddr | Op::Int(IntOp::Add | IntOp::Mul | IntOp::FloorDiv | IntOp::Or | IntOp::Xor) => arg(0) && arg(1),
        // The remainder has the divisor's sign.
        Op::Int(IntOp::Mod) => arg(1),
        Op::Int(IntOp::And) => arg(0) || arg(1),
        Op::Int(IntOp::Shr) | Op::ShiftRight { .. } => arg(0),
        Op::Load { mem: Mem::U8 | Mem::U16 | Mem::U32, .. } => true,
        Op::Load { offset, mem: Mem::I64 } => is_of_range(function, inst.args[0], offset, found),
        _ => false,
    }
}

/// Whether the field at `offset` of an object is the next item or the step of a range that was made here and counts upwards from zero or
/// more. Its iterator may have been asked for items since.
fn is_of_range(function: &Function, object: Value, offset: i32, found: &[bool]) -> bool {
    let mut inst = function.inst(object);
    while matches!(inst.op, Op::Refine { .. } | Op::GuardKinds { .. } | Op::GuardPrivate) {
        inst = function.inst(inst.args[0]);
    }
    let Op::Helper { helper: Helper::IterRange, .. } = inst.op else { return false };
    let [start, _, step] = inst.args[..] else { return false };
    matches!(offset, range::ITER_START | range::ITER_STEP) && found[start.index()] && found[step.index()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hir::parse::parse;

    #[test]
    fn counters_go_round_without_a_sign() {
        let function = parse(
            "
            function f
            b0:
                v0: i64 = const_i64 1
                v1: i64 = const_i64 -1
                v2: i64 = const_i64 7
                jump b1(v0, v0)
            b1(v3: i64, v4: i64):
                v5: i64 = add_addr v3 v0
                v6: i64 = add_addr v4 v1
                v7: i64 = int.Mod v4 v2  ; @2 []
                v8: i64 = int.FloorDiv v3 v2  ; @2 []
                v9: i64 = int.FloorDiv v3 v4  ; @2 []
                v10: i64 = int.Sub v3 v3  ; @2 []
                v11: i64 = int.And v10 v3
                v12: cond = compare.Eq v11 v2
                branch v12 b1(v5, v6) else b1(v8, v7)
            ",
        )
        .unwrap();
        let found = non_negative(&function);
        let names: Vec<usize> = (0..found.len()).filter(|value| found[*value]).collect();
        assert_eq!(names, [0, 2, 3, 5, 7, 8, 11]);
    }
}
