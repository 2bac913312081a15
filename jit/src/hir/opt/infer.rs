//! Type inference through block parameters, and what follows from it: parameters that are always the same value
//! disappear, and guards of types that are known become plain copies.

use std::collections::HashMap;

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
fn merge_params(function: &mut Function) -> bool {
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
    for &block in &order {
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
fn infer_kinds(function: &mut Function) {
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
