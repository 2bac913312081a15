//! Value numbering: what was computed or tested before, on every way here, is not computed or tested again.
//!
//! Computations without side effects and guards are looked up by operation and operands; one that is found in a dominating block
//! is used instead. A load is the same as an earlier one only if nothing in between can have changed memory: loads carry the
//! *epoch* in which they are made, and whatever may write, or run Python code, begins a new one. A block with one way in begins in
//! the epoch that its predecessor ends in.
//!
//! Constants are the same for look-ups, but stay where they are: to make one again is cheaper than to keep it in a register.

use std::collections::HashMap;

use super::rewrite::Replacements;
use crate::hir::dominators::Dominators;
use crate::hir::function::Function;
use crate::hir::inst::{Block, Inst, Mem, Op, Value};
use crate::hir::types::{Kinds, Repr, Type};
use crate::runtime::ops::table::Helper;

pub fn run(function: &mut Function) {
    let order = function.reverse_postorder();
    let dominators = Dominators::compute(function, &order);
    let mut predecessors: HashMap<Block, Vec<Block>> = HashMap::new();
    for &block in &order {
        for edge in function.block(block).terminator.edges() {
            predecessors.entry(edge.block).or_default().push(block);
        }
    }
    let mut numbering = Numbering::default();
    for &block in &order {
        let epochs = match predecessors.get(&block).map(Vec::as_slice) {
            Some([only]) => numbering.ends.get(only).copied(),
            _ => None,
        };
        numbering.epochs = epochs.unwrap_or_else(|| numbering.new_epochs());
        let insts = std::mem::take(&mut function.block_mut(block).insts);
        let mut kept = Vec::with_capacity(insts.len());
        for value in insts {
            if !numbering.is_known(function, &dominators, block, value) {
                kept.push(value);
            }
        }
        function.block_mut(block).insts = kept;
        numbering.ends.insert(block, numbering.epochs);
    }
    numbering.replaced.apply(function);
}

/// When memory was last written, as far as loads can see it.
#[derive(Copy, Clone, Default)]
struct Epochs {
    /// The fields of objects, and items that are references.
    objects: u32,
    /// Items that are numbers in memory: what is stored there changes no field of an object.
    items: u32,
}

/// What makes two values the same; the number is that of the epoch, or of the frame.
type Key = (Op, Vec<Value>, Type, u32);

#[derive(Default)]
struct Numbering {
    found: HashMap<Key, Vec<(Block, Value)>>,
    replaced: Replacements,
    /// Of values that stay although they are the same as another one: that one.
    same: HashMap<Value, Value>,
    epochs: Epochs,
    ends: HashMap<Block, Epochs>,
    last_epoch: u32,
}

/// How an instruction is treated.
enum Class {
    /// Its result depends on its operands alone; or it leaves if it would have left before.
    Pure,
    /// Like that, and made again rather than kept.
    Cheap,
    /// Like that, and another one in each frame.
    OfFrame,
    /// It reads memory.
    Load { of_items: bool },
    /// It changes nothing that a load reads.
    Harmless,
    /// It writes a number among items.
    WritesItem,
    /// It may change anything.
    Writes,
}

impl Numbering {
    /// Whether the instruction's result is there already, or what it tests holds already; its value is replaced then.
    fn is_known(&mut self, function: &Function, dominators: &Dominators, block: Block, value: Value) -> bool {
        let inst = function.inst(value);
        let class = classify(function, inst);
        let epoch = match class {
            Class::Pure | Class::Cheap => 0,
            Class::OfFrame => function.block(block).context.0,
            Class::Load { of_items: false } => self.epochs.objects,
            Class::Load { of_items: true } => self.epochs.items,
            Class::Harmless => return false,
            Class::WritesItem => {
                self.epochs.items = self.new_epoch();
                return false;
            }
            Class::Writes => {
                self.epochs = self.new_epochs();
                return false;
            }
        };
        let args = inst.args.iter().map(|arg| self.canonical(*arg)).collect();
        let places = self.found.entry((inst.op.clone(), args, inst.ty, epoch)).or_default();
        let Some((_, before)) = places.iter().find(|(place, _)| dominators.dominates(*place, block)) else {
            places.push((block, value));
            return false;
        };
        if matches!(class, Class::Cheap | Class::OfFrame) {
            self.same.insert(value, *before);
            return false;
        }
        if inst.ty.repr != Repr::None {
            self.replaced.insert(value, *before);
        }
        true
    }

    fn canonical(&self, value: Value) -> Value {
        let value = self.replaced.resolve(value);
        self.same.get(&value).copied().unwrap_or(value)
    }

    fn new_epoch(&mut self) -> u32 {
        self.last_epoch += 1;
        self.last_epoch
    }

    fn new_epochs(&mut self) -> Epochs {
        Epochs { objects: self.new_epoch(), items: self.new_epoch() }
    }
}

fn classify(function: &Function, inst: &Inst) -> Class {
    match &inst.op {
        Op::ConstObj { .. }
        | Op::ConstRef(_)
        | Op::ConstI64(_)
        | Op::ConstF64(_)
        | Op::ConstBool(_)
        | Op::ScratchAddr { .. } => Class::Cheap,
        Op::FrameGlobals | Op::FrameBuiltins => Class::OfFrame,
        Op::RefToObj
        | Op::Refine { .. }
        | Op::UnboxBool
        | Op::BoxBool
        | Op::Int(_)
        | Op::IntNeg
        | Op::Float(_)
        | Op::FloatNeg
        | Op::FloatSqrt
        | Op::FloatAbs
        | Op::IntToFloat
        | Op::FloatToInt
        | Op::Select { .. }
        | Op::Compare(_)
        | Op::FloatCompare(_)
        | Op::Not
        | Op::Bits
        | Op::AsRef
        | Op::AddAddr
        | Op::ShiftRight { .. }
        | Op::WrapIndex
        | Op::Guard { .. }
        | Op::GuardKinds { .. } => Class::Pure,
        // Numbers are overwritten in place.
        Op::Load { .. } if is_number(function, inst.args[0]) => Class::Harmless,
        Op::Load { mem, .. } => Class::Load { of_items: is_item(*mem, inst.args.len() > 1) },
        Op::TypeOf => Class::Load { of_items: false },
        Op::Store { mem, .. } if is_item(*mem, inst.args.len() > 2) => Class::WritesItem,
        // What the stores give up may run Python code only if a safepoint follows in the same bytecode, before any load.
        Op::StoreInt { .. } | Op::StoreFloat { .. } | Op::SwapLocal { .. } => Class::Harmless,
        Op::DecRef if is_number(function, inst.args[0]) => Class::Harmless,
        Op::Helper { helper: Helper::FloatPow | Helper::MathFunction, .. } => Class::Harmless,
        Op::Param
        | Op::LoadLocal { .. }
        | Op::PrivateOf
        | Op::ToRef { .. }
        | Op::RefToOwned
        | Op::IncRef
        | Op::DupRef
        | Op::UnboxInt
        | Op::UnboxNumber
        | Op::GuardPrivate
        | Op::UnboxFloat
        | Op::BoxInt
        | Op::BoxFloat
        | Op::SpillArgs { .. }
        | Op::LoadScratch { .. }
        | Op::SetLine { .. } => Class::Harmless,
        Op::ReplaceInt { .. }
        | Op::ReplaceFloat { .. }
        | Op::DecRef
        | Op::CloseRef
        | Op::Store { .. }
        | Op::Helper { .. }
        | Op::CallDirect { .. }
        | Op::CanInline { .. }
        | Op::PushFrame { .. }
        | Op::PopFrame { .. }
        | Op::UnwindFrame
        | Op::CallNative
        | Op::Safepoint { .. }
        | Op::Traceback
        | Op::TakeException { .. } => Class::Writes,
    }
}

fn is_number(function: &Function, object: Value) -> bool {
    let ty = function.ty(object);
    ty.repr == Repr::Obj && ty.kinds.is_within(Kinds::NUMBER)
}

/// Whether memory accessed so is a number among items. Bytes are fields as well, but those have no index.
fn is_item(mem: Mem, has_index: bool) -> bool {
    match mem {
        Mem::F64 | Mem::I32 => true,
        Mem::U8 => has_index,
        Mem::Obj | Mem::I64 | Mem::U32 => false,
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::super::after;
    use super::run;

    #[test]
    fn guards_and_loads_are_not_repeated() {
        let text = "
            function f
            b0:
                v0: any = frame_globals
                v1: i64 = load.I64 +32 v0
                v2: i64 = load.U32 +12 v1
                v3: i64 = const_i64 5
                v4: cond = compare.Eq v2 v3
                guard KeysVersion v4  ; @1 []
                v5: any = frame_globals
                v6: i64 = load.I64 +32 v5
                v7: i64 = load.U32 +12 v6
                v8: i64 = const_i64 5
                v9: cond = compare.Eq v7 v8
                guard KeysVersion v9  ; @2 []
                v10: any = load.Obj +40 v6
                v11: list = guard_type list v10  ; @3 []
                branch v9 b1 else b2
            b1:
                v12: list = guard_type list v10  ; @4 []
                v13: i64 = load.I64 +16 v12
                v14: any = load.Obj +40 v6
                return v14
            b2:
                return v11
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: any = frame_globals
            v1: i64 = load.I64 +32 v0
            v2: i64 = load.U32 +12 v1
            v3: i64 = const_i64 5
            v4: cond = compare.Eq v2 v3
            guard KeysVersion v4  ; @1 []
            v5: any = frame_globals
            v8: i64 = const_i64 5
            v10: any = load.Obj +40 v1
            v11: list = guard_type list v10  ; @3 []
            branch v4 b1 else b2
        b2:
            return v11
        b1:
            v13: i64 = load.I64 +16 v11
            return v10
        ");
    }

    #[test]
    fn what_may_write_begins_anew() {
        let text = "
            function f
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                v2: i64 = load.I64 +16 v1
                v3: i64 = load.I64 +24 v1
                v4: i64 = const_i64 0
                v5: f64 = load.F64 +0 v3 v4
                store.F64 +0 v3 v5 v2
                v6: i64 = load.I64 +16 v1
                v7: f64 = load.F64 +0 v3 v4
                v8: i64 = safepoint periodic=false  ; @1 []
                v9: i64 = load.I64 +16 v1
                v10: i64 = int.Add v2 v6  ; @2 []
                v11: i64 = int.Add v2 v9  ; @2 []
                v12: i64 = int.Add v2 v2  ; @2 []
                v13: f64 = float.Add v5 v7
                v14: float = box_float v13  ; @3 [v10, v11, v12]
                return v14
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: ref = load_local 0
            v1: any = ref_to_obj v0
            v2: i64 = load.I64 +16 v1
            v3: i64 = load.I64 +24 v1
            v4: i64 = const_i64 0
            v5: f64 = load.F64 +0 v3 v4
            store.F64 +0 v3 v5 v2
            v7: f64 = load.F64 +0 v3 v4
            v8: i64 = safepoint periodic=false  ; @1 []
            v9: i64 = load.I64 +16 v1
            v10: i64 = int.Add v2 v2  ; @2 []
            v11: i64 = int.Add v2 v9  ; @2 []
            v13: f64 = float.Add v5 v7
            v14: float = box_float v13  ; @3 [v10, v11, v10]
            return v14
        ");
    }

    #[test]
    fn one_way_does_not_help_the_other() {
        let text = "
            function f
            b0:
                v0: ref = load_local 0
                v1: any = ref_to_obj v0
                v2: cond = const_cond true
                branch v2 b1 else b2
            b1:
                v3: int = guard_type int v1  ; @1 []
                v4: any = type_of v1
                jump b3
            b2:
                v5: int = guard_type int v1  ; @2 []
                jump b3
            b3:
                v6: int = guard_type int v1  ; @3 []
                v7: any = type_of v1
                jump b4
            b4:
                v8: any = type_of v1
                v9: any = load.Obj +8 v8
                v10: any = load.Obj +8 v7
                branch v2 b3 else b5
            b5:
                return v6
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: ref = load_local 0
            v1: any = ref_to_obj v0
            v2: cond = const_cond true
            branch v2 b1 else b2
        b2:
            v5: int = guard_type int v1  ; @2 []
            jump b3
        b1:
            v3: int = guard_type int v1  ; @1 []
            v4: any = type_of v1
            jump b3
        b3:
            v6: int = guard_type int v1  ; @3 []
            v7: any = type_of v1
            jump b4
        b4:
            v9: any = load.Obj +8 v7
            branch v2 b3 else b5
        b5:
            return v6
        ");
    }
}
