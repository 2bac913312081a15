//! What instructions may cause besides their results.

use std::collections::HashSet;

use super::function::Function;
use super::inst::{Op, Value};
use super::types::{Kinds, Repr};

/// Objects that run no Python code when they die.
pub const QUIET: Kinds = Kinds::NUMBER.union(Kinds::STR).union(Kinds::BOOL).union(Kinds::NONE);

/// Whether giving up a reference to the object cannot run Python code, even if it was the last one.
pub fn dies_quietly(function: &Function, object: Value) -> bool {
    let ty = function.ty(object);
    matches!(ty.repr, Repr::Obj | Repr::Ref) && ty.kinds.is_within(QUIET.union(Kinds::NULL))
        || matches!(function.inst(object).op, Op::ConstRef(_))
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

/// Whether all that instructions in a row can run is what objects run that they give up, but for those that are known to be `quiet`,
/// and nothing after the first of these looks at memory.
pub fn only_deaths(function: &Function, insts: &[Value], quiet: &HashSet<Value>) -> bool {
    let mut has_died = false;
    insts.iter().filter(|value| !quiet.contains(value)).all(|&value| {
        let is_fine =
            is_death(function, value) || is_quiet(function, value) && (!has_died || is_blind(function, value));
        has_died |= is_death(function, value);
        is_fine
    })
}

/// Whether an instruction gives up an object that may run something by dying, and does nothing else that could.
pub fn is_death(function: &Function, value: Value) -> bool {
    let gives_up = matches!(
        function.inst(value).op,
        Op::DecRef | Op::CloseRef | Op::StoreInt { .. } | Op::StoreFloat { .. } | Op::PopFrame { .. }
    );
    gives_up && !is_quiet(function, value)
}

/// Whether an instruction neither reads memory that others may write or free, nor can leave or run anything.
pub fn is_blind(function: &Function, value: Value) -> bool {
    let inst = function.inst(value);
    match inst.op {
        Op::DecRef => dies_quietly(function, inst.args[0]),
        Op::ConstObj { .. }
        | Op::ConstRef(_)
        | Op::ConstI64(_)
        | Op::ConstF64(_)
        | Op::ConstBool(_)
        // What is made owned is owned already, and what is in a slot is given up as it is then.
        | Op::ToRef { .. }
        | Op::SwapLocal { .. }
        | Op::RefToObj
        | Op::Refine { .. }
        | Op::BoxBool
        | Op::Compare(_)
        | Op::Not
        | Op::Bits
        | Op::AsRef
        | Op::SetLine { .. } => true,
        _ => false,
    }
}
