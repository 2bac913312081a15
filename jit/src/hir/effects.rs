//! What instructions may cause besides their results.

use super::function::Function;
use super::inst::{Block, Op, Value};
use super::types::{Kinds, Repr};

/// Whether giving up a reference to the object cannot run Python code, even if it was the last one.
pub fn dies_quietly(function: &Function, object: Value) -> bool {
    let quiet = [Kinds::LONG, Kinds::FLOAT, Kinds::STR, Kinds::BOOL, Kinds::NONE, Kinds::NULL];
    let quiet = quiet.into_iter().fold(Kinds::EMPTY, Kinds::union);
    let ty = function.ty(object);
    ty.repr == Repr::Obj && ty.kinds.is_within(quiet)
}

/// For each block whether nothing can have been noticed since the last safepoint when it begins, whichever way led there. `order`
/// has all blocks that the entry reaches.
pub fn quiet_starts(function: &Function, order: &[Block]) -> Vec<bool> {
    let mut starts = vec![true; function.blocks.len()];
    for context in &function.contexts {
        starts[context.resume.index()] = false;
    }
    loop {
        let mut has_changed = false;
        for &block in order {
            let data = function.block(block);
            let is_quiet_at_end = data.insts.iter().fold(starts[block.index()], |is_quiet_before, value| {
                matches!(function.inst(*value).op, Op::Safepoint { .. })
                    || is_quiet_before && is_quiet(function, *value)
            });
            if is_quiet_at_end {
                continue;
            }
            for edge in data.terminator.edges() {
                has_changed |= std::mem::replace(&mut starts[edge.block.index()], false);
            }
        }
        if !has_changed {
            return starts;
        }
    }
}

/// Whether an instruction cannot run Python code.
pub fn is_quiet(function: &Function, value: Value) -> bool {
    let inst = function.inst(value);
    match &inst.op {
        Op::DecRef | Op::CloseRef => dies_quietly(function, inst.args[0]),
        Op::Helper { helper, .. } => !helper.effects().may_run_python,
        Op::CallDirect { .. }
        | Op::CallNative
        | Op::PopFrame { is_quiet: false, .. }
        | Op::UnwindFrame
        | Op::StoreInt { .. }
        | Op::StoreFloat { .. }
        | Op::Safepoint { .. }
        | Op::Traceback
        | Op::TakeException { .. } => false,
        _ => true,
    }
}
