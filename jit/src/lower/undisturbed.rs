//! Frames of callees that nobody can have got hold of when they are popped.
//!
//! A light frame is looked at when it is popped: something on an unusual way may have had it counted, or asked for its frame object.
//! Where no way from its push to its pop calls anything there is nothing to look for.

use std::collections::{HashMap, HashSet};

use crate::hir::function::Function;
use crate::hir::inst::{Block, ContextId, Op, Upkeep, Value};
use crate::runtime::ops::table::Helper;

/// The contexts of such frames.
pub(super) fn undisturbed(hir: &Function) -> HashSet<ContextId> {
    let order = hir.reverse_postorder();
    let mut predecessors: HashMap<Block, Vec<Block>> = HashMap::new();
    for &block in &order {
        for edge in hir.block(block).terminator.edges() {
            predecessors.entry(edge.block).or_default().push(block);
        }
    }
    let contexts = (1..=hir.contexts.len() as u32).map(ContextId);
    contexts.filter(|context| is_undisturbed(hir, &order, &predecessors, *context)).collect()
}

fn is_undisturbed(
    hir: &Function,
    order: &[Block],
    predecessors: &HashMap<Block, Vec<Block>>,
    context: ContextId,
) -> bool {
    let Some(callee) = hir.callee(context).filter(|_| hir.upkeep(context) != Upkeep::Full) else { return false };
    let is_own_pop = |block: Block, value: Value| {
        hir.block(block).context == context && matches!(hir.inst(value).op, Op::PopFrame { .. })
    };
    let pops =
        order.iter().copied().filter(|block| hir.block(*block).insts.iter().any(|value| is_own_pop(*block, *value)));
    let mut work: Vec<Block> = pops.collect();
    let mut seen: HashSet<Block> = work.iter().copied().collect();
    while let Some(block) = work.pop() {
        // Callees that the interpreter has run come back there.
        if hir.contexts.iter().any(|context| context.resume == block) {
            return false;
        }
        let insts = &hir.block(block).insts;
        let first = insts.iter().position(|value| *value == callee.frame).map_or(0, |push| push + 1);
        let last = insts.iter().position(|value| is_own_pop(block, *value)).unwrap_or(insts.len());
        if !insts[first..last].iter().all(|value| is_inert(hir, *value)) {
            return false;
        }
        if first == 0 {
            work.extend(predecessors.get(&block).into_iter().flatten().filter(|before| seen.insert(**before)));
        }
    }
    true
}

/// Whether an instruction calls nothing that could get hold of a frame, and gives no memory back, unless it leaves.
fn is_inert(hir: &Function, value: Value) -> bool {
    let inst = hir.inst(value);
    match &inst.op {
        Op::PopFrame { settled, is_quiet: true } => {
            let context = hir.sites[value.index()].map(|(context, _)| context);
            let callee = context.and_then(|context| hir.callee(context));
            callee.is_some_and(|callee| {
                let slots = callee.code.nlocalsplus;
                let is_lent =
                    matches!(hir.inst(callee.frame).op, Op::PushFrame { upkeep: Upkeep::Lent, lazy: None, .. });
                is_lent && slots < u64::BITS && settled & ((1 << slots) - 1) == (1 << slots) - 1
            })
        }
        Op::PushFrame { upkeep, .. } => *upkeep != Upkeep::Full,
        Op::Helper { helper: Helper::FloatPow | Helper::MathFunction, .. } => true,
        Op::DecRef
        | Op::CloseRef
        | Op::SwapLocal { .. }
        | Op::StoreInt { .. }
        | Op::StoreFloat { .. }
        | Op::ReplaceInt { .. }
        | Op::ReplaceFloat { .. }
        | Op::BoxInt
        | Op::BoxFloat
        | Op::Helper { .. }
        | Op::CallDirect { .. }
        | Op::CallNative
        | Op::PopFrame { .. }
        | Op::UnwindFrame
        | Op::Safepoint { .. }
        | Op::Traceback
        | Op::TakeException { .. } => false,
        _ => true,
    }
}
