//! Names of the HIR's instructions, for counting them.

use super::function::Function;
use super::inst::{Cond, FloatOp, IntOp, Mem, Op, Reason, Terminator};
use crate::runtime::ops::table::Helper;

/// Instructions without variants, as they are printed.
const PLAIN: &[&str] = &[
    "const_obj",
    "const_ref",
    "const_i64",
    "const_f64",
    "const_cond",
    "load_local",
    "swap_local",
    "store_int",
    "store_float",
    "replace_int",
    "replace_float",
    "borrow_ref",
    "own_ref",
    "ref_to_obj",
    "ref_to_owned",
    "inc_ref",
    "dec_ref",
    "dup_ref",
    "close_ref",
    "guard_type",
    "refine",
    "unbox_int",
    "unbox_float",
    "unbox_bool",
    "box_int",
    "box_float",
    "box_bool",
    "box_aside",
    "new_unmade",
    "add_unmade",
    "int_neg",
    "float_neg",
    "float_sqrt",
    "float_abs",
    "int_to_float",
    "float_to_int",
    "select",
    "not",
    "type_of",
    "bits",
    "as_ref",
    "add_addr",
    "shift_right",
    "wrap_index",
    "spill_args",
    "scratch_addr",
    "load_scratch",
    "call_direct",
    "returned",
    "can_inline",
    "push_frame",
    "pop_frame",
    "unwind_frame",
    "call_native",
    "set_line",
    "safepoint",
    "is_due",
    "traceback",
    "take_exception",
    "frame_globals",
    "frame_builtins",
    "jump",
    "branch",
    "on_error",
    "return",
    "unwind",
    "throw",
    "leave",
    "exit",
];

/// Reasons for which instructions of their own leave, never a plain guard.
const NEVER_GUARDED: &[Reason] = &[
    Reason::ZeroDivision,
    Reason::Observed,
    Reason::Memory,
    Reason::Raise,
    Reason::CalleeLeft,
    Reason::Death,
    Reason::Unreached,
    Reason::Number,
    Reason::Result,
];

/// Helpers that only instructions of their own call.
const NEVER_CALLED: &[Helper] = &[
    Helper::FloatNew,
    Helper::LongFromI64,
    Helper::LongToI64,
    Helper::StoreInt,
    Helper::StoreFloat,
    Helper::ReplaceInt,
    Helper::ReplaceFloat,
];

/// What is stored; the rest is only read.
const STORED: &[Mem] =
    &[Mem::Obj, Mem::I64, Mem::F64, Mem::F32, Mem::I32, Mem::U32, Mem::I16, Mem::U16, Mem::I8, Mem::U8];

/// Every name there is.
pub fn all() -> Vec<String> {
    let mut names: Vec<String> = PLAIN.iter().map(|name| (*name).to_owned()).collect();
    let called = Helper::ALL.iter().filter(|helper| !NEVER_CALLED.contains(helper));
    names.extend(called.map(|helper| format!("call {}", helper.name())));
    names.extend(IntOp::ALL.iter().map(|op| format!("int.{op:?}")));
    names.extend(FloatOp::ALL.iter().map(|op| format!("float.{op:?}")));
    names.extend(Cond::ALL.iter().map(|cond| format!("compare.{cond:?}")));
    names.extend(Cond::ALL.iter().filter(|cond| **cond != Cond::Below).map(|cond| format!("float_compare.{cond:?}")));
    names.extend(Mem::ALL.iter().map(|mem| format!("load.{mem:?}")));
    names.extend(STORED.iter().map(|mem| format!("store.{mem:?}")));
    let guarded = Reason::ALL.iter().filter(|reason| !NEVER_GUARDED.contains(reason));
    names.extend(guarded.map(|reason| format!("guard {reason:?}")));
    names
}

/// The names of all instructions that are part of a function.
pub fn of(function: &Function) -> Vec<String> {
    let mut names = Vec::new();
    for block in function.reverse_postorder() {
        let data = function.block(block);
        names.extend(data.insts.iter().map(|value| instruction(&function.inst(*value).op)));
        names.push(terminator(&data.terminator).to_owned());
    }
    names
}

fn instruction(op: &Op) -> String {
    match op {
        Op::Helper { helper, .. } => format!("call {}", helper.name()),
        Op::Int(op) => format!("int.{op:?}"),
        Op::Float(op) => format!("float.{op:?}"),
        Op::Compare(cond) => format!("compare.{cond:?}"),
        Op::FloatCompare(cond) => format!("float_compare.{cond:?}"),
        Op::Load { mem, .. } => format!("load.{mem:?}"),
        Op::Store { mem, .. } => format!("store.{mem:?}"),
        Op::Guard { reason } => format!("guard {reason:?}"),
        Op::GuardKinds { .. } => "guard_type".to_owned(),
        Op::ConstBool(_) => "const_cond".to_owned(),
        Op::ToRef { borrowed } => if *borrowed { "borrow_ref" } else { "own_ref" }.to_owned(),
        op => {
            let text = format!("{op:?}");
            let end = text.find([' ', '(']).unwrap_or(text.len());
            // Digits are part of the word before them.
            super::print::snake(&text[..end])
        }
    }
}

fn terminator(terminator: &Terminator) -> &'static str {
    match terminator {
        Terminator::Jump(_) => "jump",
        Terminator::Branch { .. } => "branch",
        Terminator::OnError { .. } => "on_error",
        Terminator::Return { .. } => "return",
        Terminator::ReturnGenerator { .. } => "return_generator",
        Terminator::Unwind => "unwind",
        Terminator::Yield { .. } => "yield",
        Terminator::Throw { .. } => "throw",
        Terminator::Leave { .. } => "leave",
        Terminator::Exit { .. } => "exit",
        Terminator::Open => "open",
    }
}
