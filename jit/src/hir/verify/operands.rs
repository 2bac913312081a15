//! What each operation takes and gives: the number and representations of its operands, and that of its result.

use crate::hir::function::{Function, Kind};
use crate::hir::inst::{CallTarget, ErrorKind, Mem, Op, Terminator, Value};
use crate::hir::types::{Kinds, Repr};
use crate::runtime::ops::table::{Helper, Param, Ret};

/// The representations that an operand may have.
type Want = &'static [Repr];

const OBJ: Want = &[Repr::Obj];
const REF: Want = &[Repr::Ref];
const I64: Want = &[Repr::I64];
const F64: Want = &[Repr::F64];
const COND: Want = &[Repr::Bool];
/// Whatever fills a general register.
const WORD: Want = &[Repr::Obj, Repr::Ref, Repr::I64];
const NUMBER: Want = &[Repr::I64, Repr::F64];
const ATTRIBUTE: Want = &[Repr::Obj, Repr::I64, Repr::F64];
const BITS: Want = &[Repr::Ref, Repr::I64];
const ADDRESS: Want = &[Repr::Obj, Repr::I64];

/// Checks an instruction's operands and result, and what it is told besides.
pub fn check_inst(function: &Function, value: Value) -> Result<(), String> {
    let inst = function.inst(value);
    let wanted = operands(&inst.op, inst.args.len());
    for (i, want) in wanted.iter().enumerate() {
        let found = inst.args.get(i).map(|&arg| function.ty(arg).repr);
        if !found.is_some_and(|repr| want.contains(&repr)) {
            let want: Vec<String> = want.iter().map(|repr| format!("{repr:?}")).collect();
            let want = want.join(" or ");
            return Err(format!("{value} ({:?}) wants {want} as operand {i}, got {found:?}", inst.op));
        }
    }
    if inst.args.len() > wanted.len() {
        return Err(format!("{value} ({:?}) takes {} operands, got {}", inst.op, wanted.len(), inst.args.len()));
    }
    let result = result(&inst.op);
    if inst.ty.repr != result {
        return Err(format!("{value} ({:?}) gives {result:?}, not {:?}", inst.op, inst.ty.repr));
    }
    match &inst.op {
        Op::GuardKinds { kinds } if !is_single(*kinds) && *kinds != Kinds::NUMBER => {
            Err(format!("{value} guards {kinds}, which is neither a single type nor a number"))
        }
        Op::Returned { repr } if *repr != Repr::Obj => {
            let call = &function.inst(inst.args[0]).op;
            let has_bits = *repr == Repr::I64;
            let comes_back =
                matches!(call, Op::CallDirect { number: Some(number), .. } if has_bits || number.ty().repr == *repr);
            if comes_back { Ok(()) } else { Err(format!("{value} is not what a call returns in a register")) }
        }
        Op::Helper { helper, imms } => {
            let wanted = helper.params().iter().filter(|param| **param == Param::Imm).count();
            if wanted == imms.len() {
                return Ok(());
            }
            Err(format!("{value} calls {} with {} immediates, which takes {wanted}", helper.name(), imms.len()))
        }
        _ => Ok(()),
    }
}

/// Checks the value that decides or leaves.
pub fn check_terminator(function: &Function, terminator: &Terminator) -> Result<(), String> {
    let want = match terminator {
        Terminator::Branch { .. } => Repr::Bool,
        Terminator::OnError { kind: ErrorKind::Negative, .. } => Repr::I64,
        // A function's callers ask which it is.
        Terminator::Return { value, .. } if function.kind == Kind::Function => match function.ty(*value).repr {
            Repr::I64 | Repr::F64 => return Ok(()),
            _ => Repr::Obj,
        },
        Terminator::OnError { .. } | Terminator::Return { .. } | Terminator::Yield { .. } => Repr::Obj,
        _ => return Ok(()),
    };
    let Some(value) = terminator.operand() else { return Ok(()) };
    let found = function.ty(value).repr;
    if found == want { Ok(()) } else { Err(format!("wants {want:?}, got {value} ({found:?})")) }
}

/// Whether a guard can test for `kinds` with one comparison: they are one type, and not NULL or one of many others.
fn is_single(kinds: Kinds) -> bool {
    let no_type = [Kinds::NULL, Kinds::CELL, Kinds::OTHER];
    Kinds::NAMES.iter().any(|(kind, _)| *kind == kinds && !no_type.contains(kind))
}

/// What an operation that has `count` operands ought to have.
fn operands(op: &Op, count: usize) -> Vec<Want> {
    match op {
        Op::Param
        | Op::ConstObj { .. }
        | Op::ConstRef(_)
        | Op::ConstI64(_)
        | Op::ConstF64(_)
        | Op::ConstBool(_)
        | Op::LoadLocal { .. }
        | Op::ScratchAddr { .. }
        | Op::LoadScratch { .. }
        | Op::SetLine { .. }
        | Op::IsDue
        | Op::Traceback
        | Op::TakeException { .. }
        | Op::FrameGlobals
        | Op::FrameBuiltins
        | Op::CanInline { .. }
        | Op::PopFrame { .. }
        | Op::UnwindFrame => Vec::new(),
        Op::ToRef { .. }
        | Op::IncRef
        | Op::DecRef
        | Op::GuardKinds { .. }
        | Op::GuardPrivate
        | Op::Refine { .. }
        | Op::UnboxInt
        | Op::UnboxFloat
        | Op::UnboxNumber { .. }
        | Op::UnboxBool
        | Op::PrivateOf
        | Op::TypeOf => vec![OBJ],
        // A store of a number may be named.
        Op::Safepoint { boxes, .. } => vec![OBJ; count.min(*boxes as usize + 1)],
        Op::SwapLocal { .. } | Op::RefToObj | Op::RefToOwned | Op::DupRef | Op::CloseRef => vec![REF],
        Op::Guard { .. } | Op::BoxBool | Op::Not => vec![COND],
        Op::StoreInt { .. } if count > 1 => vec![I64, OBJ],
        Op::StoreFloat { .. } if count > 1 => vec![F64, OBJ],
        Op::StoreInt { .. } | Op::BoxInt | Op::IntNeg | Op::IntToFloat | Op::AsRef | Op::ShiftRight { .. } => vec![I64],
        Op::StoreFloat { .. } | Op::BoxFloat | Op::FloatNeg | Op::FloatSqrt | Op::FloatAbs | Op::FloatToInt => {
            vec![F64]
        }
        Op::BoxAside => vec![NUMBER],
        Op::NewUnmade => vec![OBJ],
        Op::AddUnmade { .. } => vec![OBJ, ATTRIBUTE],
        Op::Select { repr: Repr::Obj } => vec![COND, OBJ, OBJ],
        Op::Select { repr: Repr::F64 } => vec![COND, F64, F64],
        Op::Select { .. } => vec![COND, I64, I64],
        Op::Int(_) | Op::WrapIndex => vec![I64, I64],
        Op::Float(_) | Op::FloatCompare(_) => vec![F64, F64],
        Op::Compare(_) => vec![WORD, WORD],
        Op::Bits => vec![BITS],
        Op::AddAddr => vec![ADDRESS, I64],
        Op::Load { .. } if count > 1 => vec![ADDRESS, I64],
        Op::Load { .. } => vec![ADDRESS],
        Op::Store { mem, .. } => {
            let stored = match mem {
                Mem::Obj => OBJ,
                Mem::F64 | Mem::F32 => F64,
                _ => I64,
            };
            if count > 2 { vec![ADDRESS, stored, I64] } else { vec![ADDRESS, stored] }
        }
        Op::ReplaceInt { .. } if count > 3 => vec![ADDRESS, OBJ, I64, I64],
        Op::ReplaceInt { .. } => vec![ADDRESS, OBJ, I64],
        Op::ReplaceFloat { .. } if count > 3 => vec![ADDRESS, OBJ, F64, I64],
        Op::ReplaceFloat { .. } => vec![ADDRESS, OBJ, F64],
        Op::Helper { helper, .. } => helper_operands(*helper),
        Op::SpillArgs { .. } => vec![WORD; count],
        Op::CallNative => vec![WORD; count.max(1)],
        Op::CallDirect { target, has_self, .. } => vec![REF; operands_of(target, *has_self)],
        Op::Returned { .. } => vec![I64],
        Op::PushFrame { target, has_self, lazy, .. } => {
            let mut wanted = vec![REF; operands_of(target, *has_self)];
            wanted.extend(lazy.iter().flat_map(|lazy| vec![OBJ; lazy.len as usize]));
            wanted
        }
    }
}

/// The callable, the receiver or its place, and the arguments.
fn operands_of(target: &CallTarget, has_self: bool) -> usize {
    target.nargs as usize + 2 - usize::from(has_self)
}

fn helper_operands(helper: Helper) -> Vec<Want> {
    let wanted = helper.params().iter().filter_map(|param| match param {
        Param::TState | Param::Frame | Param::Imm => None,
        Param::Obj | Param::NullableObj => Some(OBJ),
        Param::Word | Param::Ptr => Some(I64),
        Param::F64 => Some(F64),
    });
    wanted.collect()
}

fn result(op: &Op) -> Repr {
    match op {
        // A parameter has the representation that its block says.
        Op::Param => unreachable!("parameters are not among the instructions"),
        Op::ConstObj { .. }
        | Op::RefToObj
        | Op::RefToOwned
        | Op::GuardKinds { .. }
        | Op::GuardPrivate
        | Op::Refine { .. }
        | Op::StoreInt { .. }
        | Op::StoreFloat { .. }
        | Op::PrivateOf
        | Op::BoxInt
        | Op::BoxFloat
        | Op::BoxBool
        | Op::BoxAside
        | Op::NewUnmade
        | Op::TypeOf
        | Op::CallDirect { number: None, .. }
        | Op::CallNative
        | Op::TakeException { .. }
        | Op::FrameGlobals
        | Op::FrameBuiltins => Repr::Obj,
        Op::ConstRef(_) | Op::LoadLocal { .. } | Op::SwapLocal { .. } | Op::ToRef { .. } | Op::AsRef => Repr::Ref,
        Op::ConstI64(_)
        | Op::FloatToInt
        | Op::UnboxInt
        | Op::Int(_)
        | Op::IntNeg
        | Op::Bits
        | Op::AddAddr
        | Op::ShiftRight { .. }
        | Op::WrapIndex
        | Op::ScratchAddr { .. }
        | Op::CallDirect { number: Some(_), .. }
        | Op::PushFrame { .. }
        | Op::Safepoint { .. } => Repr::I64,
        Op::ConstF64(_)
        | Op::UnboxFloat
        | Op::UnboxNumber { .. }
        | Op::Float(_)
        | Op::FloatNeg
        | Op::FloatSqrt
        | Op::FloatAbs
        | Op::IntToFloat => Repr::F64,
        Op::ConstBool(_)
        | Op::UnboxBool
        | Op::Compare(_)
        | Op::FloatCompare(_)
        | Op::Not
        | Op::IsDue
        | Op::CanInline { .. } => Repr::Bool,
        Op::AddUnmade { .. }
        | Op::IncRef
        | Op::DecRef
        | Op::DupRef
        | Op::CloseRef
        | Op::Guard { .. }
        | Op::Store { .. }
        | Op::ReplaceInt { .. }
        | Op::ReplaceFloat { .. }
        | Op::SpillArgs { .. }
        | Op::SetLine { .. }
        | Op::PopFrame { .. }
        | Op::UnwindFrame
        | Op::Traceback => Repr::None,
        Op::Load { mem, .. } => match mem {
            Mem::Obj => Repr::Obj,
            Mem::F64 | Mem::F32 => Repr::F64,
            _ => Repr::I64,
        },
        Op::LoadScratch { repr, .. } | Op::Select { repr } | Op::Returned { repr } => *repr,
        Op::Helper { helper, .. } => match helper.ret() {
            Ret::NewRef | Ret::Borrowed | Ret::Found | Ret::Iter => Repr::Obj,
            Ret::Status | Ret::Bool | Ret::Word => Repr::I64,
            Ret::F64 => Repr::F64,
            Ret::Void => Repr::None,
        },
    }
}
