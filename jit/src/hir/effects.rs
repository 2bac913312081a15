//! What instructions may cause besides their results.

use super::function::Function;
use super::inst::{Op, Value};
use super::types::{Kinds, Repr};

/// Whether giving up a reference to the object cannot run Python code, even if it was the last one.
pub fn dies_quietly(function: &Function, object: Value) -> bool {
    let quiet = [Kinds::LONG, Kinds::FLOAT, Kinds::STR, Kinds::BOOL, Kinds::NONE, Kinds::NULL];
    let quiet = quiet.into_iter().fold(Kinds::EMPTY, Kinds::union);
    let ty = function.ty(object);
    ty.repr == Repr::Obj && ty.kinds.is_within(quiet)
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
