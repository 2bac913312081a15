//! One HIR instruction to Cranelift.

use super::numbers::{float_cc, int_cc};
use super::*;
use crate::bytecode::opcode::CodeOffset;
use crate::cpython::{frame as layout, kinds, object};
use crate::hir::inst::{Cond, FloatOp, Mem, Op};
use crate::runtime::ops::exceptions;
use crate::runtime::ops::table::{Helper, Param, Ret};

impl Lowering<'_, '_> {
    pub(super) fn inst(&mut self, value: Value, rest: &[Value]) {
        let inst = self.hir.inst(value);
        let arg = |this: &Self, i: usize| this.value(inst.args[i]);
        let state = inst.state;
        let wanted = || state.expect("verified: the instruction has a state");
        if inst.op.needs_state() && !matches!(inst.op, Op::Safepoint { .. }) {
            self.force(wanted(), inst.op.exit_reason());
        }
        if self.quiet.first_deaths.contains(&value) {
            self.forget_deaths();
        }
        match inst.op {
            Op::DecRef if self.unmade.is_one(inst.args[0]) => return self.give_up_unmade(inst.args[0]),
            Op::IncRef if self.unmade.is_one(inst.args[0]) => return self.inc_ref_unmade(inst.args[0]),
            Op::SwapLocal { .. } if self.store_unmade(value) => return,
            Op::LoadLocal { .. } | Op::SwapLocal { .. } | Op::StoreInt { .. } | Op::StoreFloat { .. }
                if self.is_unusual =>
            {
                self.fill_unmade_slots(self.context);
                self.make_operands(inst.args.iter().copied());
            }
            Op::ToRef { .. } if self.unmade.is_argument(value) => return,
            Op::AddUnmade { offset, is_slot } => return self.add_unmade(value, offset, is_slot),
            Op::NewUnmade => return self.new_unmade(value, inst.args[0]),
            _ => self.make_operands(inst.args.iter().copied()),
        }
        let result = match &inst.op {
            Op::Param => return,
            Op::ConstObj { address, .. } => self.imm(*address as i64),
            Op::ConstRef(bits) => self.imm(*bits as i64),
            Op::ConstI64(v) => self.imm(*v),
            Op::ConstF64(bits) => self.b.ins().f64const(f64::from_bits(*bits)),
            Op::ConstBool(v) => self.b.ins().iconst(types::I8, i64::from(*v)),

            Op::LoadLocal { slot } => {
                let (frame, offset) = (self.frame, self.slot_offset(*slot));
                self.load(types::I64, frame, offset)
            }
            Op::SwapLocal { slot } => {
                let (frame, offset) = (self.frame, self.slot_offset(*slot));
                let old = self.used[value.index()].then(|| self.load(types::I64, frame, offset));
                let new = arg(self, 0);
                let new = if self.is_lent_item(*slot) { self.own(new) } else { new };
                self.store(new, frame, offset);
                let Some(old) = old else { return };
                old
            }

            Op::StoreInt { slot } => self.store_int(*slot, value, self.safepoint_of(value, rest)),
            Op::StoreFloat { slot } => self.store_float(*slot, value, self.safepoint_of(value, rest)),
            Op::PrivateOf => self.private_box(inst.args[0]),

            Op::ReplaceInt { offset } => {
                let base = self.indexed(inst.args[0], inst.args.get(3).copied(), Mem::Obj);
                let (old, int) = (arg(self, 1), arg(self, 2));
                return self.replace_int((base, *offset), old, int, wanted());
            }
            Op::ReplaceFloat { offset } => {
                let base = self.indexed(inst.args[0], inst.args.get(3).copied(), Mem::Obj);
                let (old, float) = (arg(self, 1), arg(self, 2));
                return self.replace_float((base, *offset), old, float, wanted());
            }

            Op::ToRef { borrowed: true } => {
                let object = arg(self, 0);
                self.b.ins().bor_imm_s(object, 1)
            }
            Op::ToRef { borrowed: false } => {
                let object = arg(self, 0);
                self.owned_ref(object, self.hir.ty(inst.args[0]).kinds)
            }
            Op::Refine { .. } | Op::Bits | Op::AsRef => arg(self, 0),
            Op::RefToObj => {
                let bits = arg(self, 0);
                self.untag(bits)
            }
            Op::RefToOwned => {
                let bits = arg(self, 0);
                self.own(bits)
            }
            Op::IncRef => {
                let object = arg(self, 0);
                return self.incref(object);
            }
            Op::DecRef => {
                let object = arg(self, 0);
                let safepoint = self.safepoint_at_death(value);
                return self.decref_then(object, self.hir.ty(inst.args[0]).kinds, safepoint);
            }
            Op::DupRef => {
                let bits = arg(self, 0);
                return self.dup_ref(bits);
            }
            Op::CloseRef => {
                let bits = arg(self, 0);
                let safepoint = self.safepoint_at_death(value);
                return self.close_ref_then(bits, safepoint);
            }

            Op::GuardKinds { kinds } => {
                let object = arg(self, 0);
                self.guard_kinds(object, *kinds, wanted());
                object
            }
            Op::GuardPrivate => {
                let object = arg(self, 0);
                let count = self.load(types::I32, object, object::OB_REFCNT);
                let is_private = self.b.ins().icmp_imm_s(IntCC::Equal, count, 1);
                self.guard(is_private, wanted(), Reason::Shape);
                object
            }
            Op::Guard { reason } => {
                let cond = arg(self, 0);
                return self.guard(cond, wanted(), *reason);
            }

            Op::UnboxInt => {
                let object = arg(self, 0);
                self.unbox_int(object, wanted(), Reason::Overflow)
            }
            Op::UnboxFloat => {
                let object = arg(self, 0);
                self.unbox_float(object)
            }
            Op::UnboxNumber { exact } => {
                let object = arg(self, 0);
                self.unbox_number(object, *exact, wanted())
            }
            Op::UnboxBool => {
                let object = arg(self, 0);
                let yes = self.imm(kinds::true_object() as i64);
                self.b.ins().icmp(IntCC::Equal, object, yes)
            }
            Op::BoxInt => {
                let int = arg(self, 0);
                self.box_int(int, wanted())
            }
            Op::BoxFloat => {
                let float = arg(self, 0);
                self.new_float(float, wanted())
            }
            Op::BoxAside => self.box_aside(inst.args[0]),
            Op::NewUnmade | Op::AddUnmade { .. } => unreachable!("done already"),
            Op::BoxBool => {
                let cond = arg(self, 0);
                self.bool_object(cond)
            }

            Op::Int(op) => self.int_op(*op, inst.args[0], inst.args[1], state),
            Op::IntNeg => {
                let int = arg(self, 0);
                self.int_neg(int, wanted())
            }
            Op::Float(op) => {
                // A constant that is the second operand needs no register. Of two NaNs the first would be the result.
                let is_constant =
                    matches!(self.hir.inst(inst.args[0]).op, Op::ConstF64(bits) if !f64::from_bits(bits).is_nan());
                let (l, r) = match op {
                    FloatOp::Add | FloatOp::Mul if is_constant => (arg(self, 1), arg(self, 0)),
                    _ => (arg(self, 0), arg(self, 1)),
                };
                self.float_op(*op, l, r, state)
            }
            Op::FloatNeg => {
                let float = arg(self, 0);
                self.b.ins().fneg(float)
            }
            Op::FloatSqrt => {
                let float = arg(self, 0);
                self.b.ins().sqrt(float)
            }
            Op::FloatAbs => {
                let float = arg(self, 0);
                self.b.ins().fabs(float)
            }
            Op::IntToFloat => {
                let int = arg(self, 0);
                self.b.ins().fcvt_from_sint(types::F64, int)
            }
            Op::FloatToInt => {
                let float = arg(self, 0);
                self.b.ins().fcvt_to_sint_sat(types::I64, float)
            }
            Op::Select { .. } => {
                let (cond, then, otherwise) = (arg(self, 0), arg(self, 1), arg(self, 2));
                self.b.ins().select(cond, then, otherwise)
            }
            Op::Compare(cond) => {
                let is_zero = matches!(cond, Cond::Eq | Cond::Ne) && self.hir.inst(inst.args[1]).op == Op::ConstI64(0);
                match is_zero.then(|| self.is_divisible(inst.args[0])).flatten() {
                    Some(divisible) if *cond == Cond::Eq => divisible,
                    Some(divisible) => self.b.ins().bxor_imm_s(divisible, 1),
                    None => {
                        let (l, r) = (arg(self, 0), arg(self, 1));
                        self.b.ins().icmp(int_cc(*cond), l, r)
                    }
                }
            }
            Op::FloatCompare(cond) => {
                let (l, r) = (arg(self, 0), arg(self, 1));
                self.b.ins().fcmp(float_cc(*cond), l, r)
            }
            Op::Not => {
                let cond = arg(self, 0);
                self.b.ins().bxor_imm_s(cond, 1)
            }

            Op::Load { offset, mem } => {
                let base = self.indexed(inst.args[0], inst.args.get(1).copied(), *mem);
                let value = self.load(type_in_memory(*mem), base, *offset);
                match mem {
                    Mem::Obj | Mem::I64 | Mem::F64 => value,
                    Mem::F32 => self.b.ins().fpromote(types::F64, value),
                    Mem::I32 | Mem::I16 | Mem::I8 => self.b.ins().sextend(types::I64, value),
                    Mem::U32 | Mem::U16 | Mem::U8 => self.b.ins().uextend(types::I64, value),
                }
            }
            Op::Store { offset, mem } => {
                let base = self.indexed(inst.args[0], inst.args.get(2).copied(), *mem);
                let value = arg(self, 1);
                let value = match mem {
                    Mem::Obj | Mem::I64 | Mem::F64 => value,
                    Mem::F32 => self.b.ins().fdemote(types::F32, value),
                    _ => self.b.ins().ireduce(type_in_memory(*mem), value),
                };
                return self.store(value, base, *offset);
            }
            Op::TypeOf => {
                let object = arg(self, 0);
                self.load(types::I64, object, object::OB_TYPE)
            }
            Op::AddAddr => {
                let (l, r) = (arg(self, 0), arg(self, 1));
                self.b.ins().iadd(l, r)
            }
            Op::ShiftRight { by } => {
                let bits = arg(self, 0);
                self.b.ins().sshr_imm_s(bits, i64::from(*by))
            }
            Op::WrapIndex if self.non_negative[inst.args[0].index()] => arg(self, 0),
            Op::WrapIndex => {
                let (index, size) = (arg(self, 0), arg(self, 1));
                let wrapped = self.b.ins().iadd(index, size);
                let negative = self.b.ins().icmp_imm_s(IntCC::SignedLessThan, index, 0);
                self.b.ins().select(negative, wrapped, index)
            }

            Op::Helper { helper: Helper::AddInlineValue, imms } => {
                let (owner, value) = (arg(self, 0), arg(self, 1));
                return self.add_inline_value(owner, value, imms[0], imms[1]);
            }
            Op::Helper { helper: Helper::InitSlot, imms } => {
                let (owner, value) = (arg(self, 0), arg(self, 1));
                return self.store(value, owner, imms[0] as i32);
            }
            Op::Helper { helper, imms } => match self.helper(*helper, imms, &inst.args) {
                Some(result) => result,
                None => return,
            },
            Op::SpillArgs { at } => {
                let slot = self.scratch.expect("the function has scratch memory");
                for (i, &operand) in inst.args.iter().enumerate() {
                    let operand = self.value(operand);
                    self.b.ins().stack_store(types::I64, operand, slot, 8 * (*at as i32 + i as i32));
                }
                return;
            }
            Op::ScratchAddr { at } => {
                let slot = self.scratch.expect("the function has scratch memory");
                self.b.ins().stack_addr(types::I64, slot, 8 * *at as i32)
            }
            Op::LoadScratch { at, .. } => {
                let slot = self.scratch.expect("the function has scratch memory");
                self.b.ins().stack_load(types::I64, types::I64, slot, 8 * *at as i32)
            }
            Op::CallDirect { .. } => self.call_direct(value, None),
            Op::Returned { repr } => self.returned(inst.args[0], *repr),

            // The branch that it is for tests it.
            Op::CanInline { .. } => return,
            Op::PushFrame { .. } => self.inline_frame(value),
            Op::PopFrame { settled, is_quiet } => return self.pop_frame(*settled, *is_quiet),
            Op::UnwindFrame => {
                let args = [self.tstate, self.frame];
                self.call_runtime(frames::unwind as *const () as usize, &args, None);
                self.leave_shim();
                return self.close_made_tuple();
            }
            Op::CallNative => {
                let words: Vec<ir::Value> = inst.args.iter().map(|word| self.value(*word)).collect();
                self.settle();
                self.call_address(words[0], &words[1..], Some(types::I64)).expect("has a result")
            }

            Op::SetLine { .. } if self.positions.needless.contains(&value) => return,
            Op::SetLine { offset } => {
                return self.set_line(*offset);
            }
            Op::Safepoint { .. } if self.done_safepoint == Some(value) || self.quiet.needless.contains(&value) => {
                self.imm(0)
            }
            Op::Safepoint { periodic, boxes, leaves } => {
                let (store, boxes) = inst.args.split_at(inst.args.len() - *boxes as usize);
                match store.first() {
                    Some(store) => self.safepoint_after(*store, (*periodic, *leaves), boxes, wanted()),
                    None if *leaves => self.leaving_safepoint(wanted()),
                    None => self.safepoint(*periodic, boxes, wanted()),
                }
            }
            Op::IsDue => self.is_due(),
            Op::Traceback => {
                let args = [self.tstate, self.frame];
                self.call_runtime(frames::add_traceback as *const () as usize, &args, None);
                return;
            }
            Op::TakeException { handler } => {
                let target = self.imm((self.code.code_units + handler.index() * 2) as i64);
                let args = [self.tstate, self.frame, target];
                self.call_runtime(exceptions::take_exception as *const () as usize, &args, Some(types::I64))
                    .expect("has a result")
            }
            Op::FrameGlobals => {
                let frame = self.frame;
                self.load(types::I64, frame, layout::F_GLOBALS)
            }
            Op::FrameBuiltins => {
                let frame = self.frame;
                self.load(types::I64, frame, layout::F_BUILTINS)
            }
        };
        self.values.insert(value, result);
    }

    pub(super) fn set_line(&mut self, offset: CodeOffset) {
        let target = self.imm((self.code.code_units + offset.index() * 2) as i64);
        let frame = self.frame;
        self.store(target, frame, layout::INSTR_PTR);
    }

    fn indexed(&mut self, base: Value, index: Option<Value>, mem: Mem) -> ir::Value {
        let base = self.value(base);
        match index {
            None => base,
            Some(index) => {
                let index = self.value(index);
                let scaled = self.b.ins().ishl_imm_s(index, i64::from(mem.shift()));
                self.b.ins().iadd(base, scaled)
            }
        }
    }

    fn helper(&mut self, helper: Helper, imms: &[i64], operands: &[Value]) -> Option<ir::Value> {
        let mut imms = imms.iter();
        let mut operands = operands.iter();
        let mut args = Vec::new();
        for param in helper.params() {
            args.push(match param {
                Param::TState => self.tstate,
                Param::Frame => self.frame,
                Param::Imm => self.imm(*imms.next().expect("an immediate for each such parameter")),
                _ => self.value(*operands.next().expect("an operand for each such parameter")),
            });
        }
        let address = helper.address();
        if helper.effects().may_run_python {
            self.settle();
        } else {
            self.settle_if_traced();
        }
        match helper.ret() {
            Ret::Void => {
                self.call_unsettled(address, &args, None);
                None
            }
            Ret::Status | Ret::Bool => {
                let status = self.call_unsettled(address, &args, Some(types::I32)).expect("has a result");
                Some(self.b.ins().sextend(types::I64, status))
            }
            Ret::F64 => self.call_unsettled(address, &args, Some(types::F64)),
            _ => self.call_unsettled(address, &args, Some(types::I64)),
        }
    }
}

fn type_in_memory(mem: Mem) -> types::Type {
    match mem {
        Mem::Obj | Mem::I64 => types::I64,
        Mem::F64 => types::F64,
        Mem::F32 => types::F32,
        Mem::I32 | Mem::U32 => types::I32,
        Mem::I16 | Mem::U16 => types::I16,
        Mem::I8 | Mem::U8 => types::I8,
    }
}
