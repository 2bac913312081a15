//! The bytecode dispatch, and the operations that need no file of their own.

use super::*;

/// In the oparg of `COMPARE_OP`: the result is wanted as a bool.
pub(super) const COMPARE_TO_BOOL: u32 = 16;

/// What has no fast path without a profile.
const NEEDS_PROFILE: [Opcode; 6] = [
    Opcode::LoadAttr,
    Opcode::StoreAttr,
    Opcode::LoadGlobal,
    Opcode::ForIter,
    Opcode::UnpackSequence,
    Opcode::StoreSubscr,
];

impl Builder<'_> {
    /// Translates the current instruction. Returns whether control goes on behind it.
    pub(super) fn translate(&mut self) -> Result<bool, Refusal> {
        let oparg = self.instr.oparg;
        if self.is_unreached() {
            let state = self.before_state();
            self.terminate(Terminator::Exit { state, reason: Reason::Unreached });
            return Ok(false);
        }
        if NEEDS_PROFILE.contains(&self.instr.opcode) {
            self.count_untried();
        }
        match self.instr.opcode {
            Opcode::Nop | Opcode::NotTaken | Opcode::Cache | Opcode::ExtendedArg => {}
            Opcode::Resume => self.resume()?,

            Opcode::LoadFast | Opcode::LoadFastBorrow if self.is_unmade(oparg) => self.take_apart_unmade()?,
            Opcode::LoadFast => self.load_fast(oparg, true),
            Opcode::LoadFastBorrow => self.load_fast(oparg, false),
            Opcode::LoadFastLoadFast => {
                self.load_fast(oparg >> 4, true);
                self.load_fast(oparg & 15, true);
            }
            Opcode::LoadFastBorrowLoadFastBorrow => {
                self.load_fast(oparg >> 4, false);
                self.load_fast(oparg & 15, false);
            }
            Opcode::LoadFastCheck => {
                self.check_bound(oparg)?;
                self.load_fast(oparg, true);
            }
            Opcode::LoadFastAndClear => {
                let null = self.null_ref();
                let old = self.emit(Op::SwapLocal { slot: oparg }, &[null], Type::REF);
                self.state.locals[oparg as usize] = Local::Null;
                self.push(old, true);
            }
            Opcode::StoreFast => self.store_fast(oparg),
            Opcode::StoreFastStoreFast => self.store_fast_twice(oparg >> 4, oparg & 15),
            Opcode::StoreFastLoadFast => {
                self.store_fast(oparg >> 4);
                self.before = None;
                self.load_fast(oparg & 15, true);
            }
            Opcode::DeleteFast => {
                self.check_bound(oparg)?;
                self.set_line();
                let null = self.null_ref();
                let old = self.emit(Op::SwapLocal { slot: oparg }, &[null], Type::REF);
                self.state.locals[oparg as usize] = Local::Null;
                self.emit(Op::CloseRef, &[old], Type::NONE);
            }

            Opcode::LoadConst => {
                let value = self.const_obj(self.code.consts[oparg as usize]);
                self.push(value, false);
            }
            Opcode::LoadSmallInt => {
                let value = self.const_obj(self.profile.small_int(oparg));
                self.push(value, false);
            }
            Opcode::LoadCommonConstant => {
                let value = self.const_obj(self.profile.common_constant(oparg));
                self.push(value, false);
            }
            Opcode::PushNull => {
                let null = self.null_ref();
                self.push(null, true);
            }
            Opcode::PopTop => {
                self.set_line();
                self.close_top(1);
            }
            Opcode::Copy => {
                let depth = oparg as usize - 1;
                if matches!(self.func.ty(self.peek(depth).value).repr, Repr::I64 | Repr::F64) {
                    // Boxed here, the copies stay one object.
                    self.peek_obj(depth);
                }
                let entry = self.peek(depth);
                self.push_copy(entry);
            }
            Opcode::Swap => {
                let top = self.state.stack.len() - 1;
                self.state.stack.swap(top, top + 1 - oparg as usize);
            }

            Opcode::BinaryOp => return self.binary_op(),
            Opcode::UnaryNegative => return self.unary_negative(),
            Opcode::UnaryInvert => {
                if !self.call_unary(Special::Invert)? {
                    self.unary(Helper::UnaryInvert)?;
                }
            }
            Opcode::UnaryNot => {
                let entry = self.pop();
                let cond = self.truth_of_bool(entry);
                let not = self.emit(Op::Not, &[cond], Type::BOOL);
                self.push(not, false);
            }
            Opcode::ToBool => self.to_bool()?,
            Opcode::CompareOp => return self.compare_op(),
            Opcode::IsOp => {
                let (left, right) = (self.peek_obj(1), self.peek_obj(0));
                let cond = if oparg == 0 { Cond::Eq } else { Cond::Ne };
                let result = self.emit(Op::Compare(cond), &[left, right], Type::BOOL);
                self.set_line();
                self.close_top(2);
                self.push(result, false);
            }
            Opcode::ContainsOp => self.contains_op()?,

            Opcode::PopJumpIfFalse | Opcode::PopJumpIfTrue => {
                let entry = self.pop();
                let cond = self.truth_of_bool(entry);
                self.branch(cond, self.instr.opcode == Opcode::PopJumpIfTrue);
                return Ok(false);
            }
            Opcode::PopJumpIfNone | Opcode::PopJumpIfNotNone => {
                let value = self.peek_obj(0);
                let none = self.const_obj(self.profile.none());
                let cond = self.emit(Op::Compare(Cond::Eq), &[value, none], Type::BOOL);
                self.set_line();
                self.close_top(1);
                self.branch(cond, self.instr.opcode == Opcode::PopJumpIfNone);
                return Ok(false);
            }
            Opcode::JumpForward | Opcode::JumpBackwardNoInterrupt => {
                let target = self.instr.jump_target().expect("a jump has a target");
                self.jump_to(target);
                return Ok(false);
            }
            Opcode::JumpBackward => {
                let target = self.instr.jump_target().expect("a jump has a target");
                self.set_line();
                // The interpreter serves signals before it jumps: they are raised at the jump.
                let state = self.state_at(target);
                let status = self.emit_in(
                    self.cur,
                    Op::Safepoint { periodic: true, boxes: 0, leaves: false },
                    &[],
                    Type::I64,
                    Some(state),
                );
                self.check(status, ErrorKind::Negative)?;
                self.jump_to(target);
                return Ok(false);
            }
            Opcode::ReturnValue => {
                self.set_line();
                if !self.kind.owns_frame() {
                    let state = self.before_state();
                    self.terminate(Terminator::Leave { state });
                    return Ok(false);
                }
                self.terminate_returned();
                return Ok(false);
            }

            Opcode::ReturnGenerator => {
                let state = self.before_state();
                self.terminate(Terminator::ReturnGenerator { state });
                return Ok(false);
            }
            Opcode::YieldValue => {
                self.yield_value();
                return Ok(false);
            }
            Opcode::Send => {
                self.send()?;
                return Ok(false);
            }
            Opcode::EndSend => self.end_send(),
            // Only what is thrown into a generator comes here, and the interpreter does that.
            Opcode::CleanupThrow => {
                self.exit_here(Reason::Raise);
                return Ok(false);
            }

            Opcode::GetIter => self.get_iter()?,
            Opcode::ForIter => {
                self.for_iter()?;
                return Ok(false);
            }
            Opcode::EndFor => {
                self.set_line();
                self.close_top(1);
            }
            Opcode::PopIter => {
                self.set_line();
                self.close_top(2);
            }

            Opcode::LoadAttr => self.load_attr()?,
            Opcode::StoreAttr => self.store_attr()?,
            Opcode::DeleteAttr => self.delete_attr()?,
            Opcode::LoadSuperAttr => self.load_super_attr()?,
            Opcode::LoadSpecial => self.load_special()?,

            Opcode::LoadGlobal => self.load_global()?,
            Opcode::LoadName => self.load_name()?,
            Opcode::StoreName => self.store_name()?,
            Opcode::StoreGlobal => self.store_global()?,
            Opcode::DeleteName => self.delete_name()?,
            Opcode::DeleteGlobal => self.delete_global()?,
            Opcode::LoadLocals => self.produce(Helper::LoadLocals, &[], &[])?,
            Opcode::LoadBuildClass => self.produce(Helper::LoadBuildClass, &[], &[])?,
            Opcode::SetupAnnotations => {
                self.set_line();
                let status = self.helper(Helper::SetupAnnotations, &[], &[]);
                self.check(status, ErrorKind::Negative)?;
                self.safepoint(false)?;
            }
            Opcode::LoadFromDictOrGlobals => {
                let name = self.const_name(oparg);
                self.consume_with(Helper::LoadFromDictOrGlobals, 1, &[name], &[])?;
            }
            Opcode::LoadFromDictOrDeref => {
                let cell = self.load_local(oparg);
                self.consume_with(Helper::LoadFromDictOrDeref, 1, &[cell], &[i64::from(oparg)])?;
            }

            Opcode::MakeCell => {
                let initial = self.home(oparg, Type::OBJ_OR_NULL);
                let cell = self.helper(Helper::MakeCell, &[initial], &[]);
                self.check(cell, ErrorKind::Null)?;
                let cell = self.emit(Op::Refine { kinds: Kinds::CELL }, &[cell], Type::obj(Kinds::CELL));
                self.store_local(oparg, StackEntry { value: cell, owned: true });
            }
            Opcode::CopyFreeVars => self.copy_free_vars(),
            Opcode::LoadDeref => self.load_deref()?,
            Opcode::StoreDeref => self.store_deref(),
            Opcode::DeleteDeref => {
                self.set_line();
                let cell = self.load_local(oparg);
                let status = self.helper(Helper::DeleteDeref, &[cell], &[i64::from(oparg)]);
                self.check(status, ErrorKind::Negative)?;
            }

            Opcode::StoreSubscr => self.store_subscr()?,
            Opcode::DeleteSubscr => self.execute(Helper::DeleteSubscr, 2, &[])?,
            Opcode::BinarySlice => self.consume(Helper::BinarySlice, 3, &[])?,
            Opcode::StoreSlice => self.execute(Helper::StoreSlice, 4, &[])?,
            Opcode::BuildSlice => self.build_slice()?,

            Opcode::BuildTuple => {
                if !self.is_instance_of_several()? && !self.item_by_tuple()? {
                    self.build_stealing(Helper::BuildTuple, oparg, Kinds::TUPLE)?;
                }
            }
            Opcode::BuildList => self.build_stealing(Helper::BuildList, oparg, Kinds::LIST)?,
            Opcode::BuildSet => self.build_borrowing(Helper::BuildSet, oparg, oparg)?,
            Opcode::BuildMap => self.build_borrowing(Helper::BuildMap, oparg * 2, oparg)?,
            Opcode::BuildString => self.build_borrowing(Helper::BuildString, oparg, oparg)?,
            Opcode::BuildInterpolation => self.build_interpolation()?,
            Opcode::BuildTemplate => self.consume(Helper::BuildTemplate, 2, &[])?,
            Opcode::ListAppend => self.list_append_item()?,
            Opcode::ListExtend => self.add_to(Helper::ListExtend)?,
            Opcode::SetAdd => self.add_to(Helper::SetAdd)?,
            Opcode::SetUpdate => self.add_to(Helper::SetUpdate)?,
            Opcode::DictUpdate => self.add_to(Helper::DictUpdate)?,
            Opcode::MapAdd => self.map_add()?,
            Opcode::DictMerge => self.dict_merge()?,
            Opcode::UnpackSequence => self.unpack_sequence()?,
            Opcode::UnpackEx => {
                let count = (oparg & 0xff) + (oparg >> 8) + 1;
                self.unpack(Helper::UnpackEx, count)?;
            }

            Opcode::FormatSimple => self.format_simple()?,
            Opcode::FormatWithSpec => self.consume(Helper::FormatWithSpec, 2, &[])?,
            Opcode::ConvertValue => self.consume(Helper::ConvertValue, 1, &[i64::from(oparg)])?,

            Opcode::Call => self.call()?,
            Opcode::CallKw => self.call_kw()?,
            Opcode::CallFunctionEx => self.call_function_ex()?,
            Opcode::CallIntrinsic1 => self.consume(Helper::CallIntrinsic1, 1, &[i64::from(oparg)])?,
            Opcode::CallIntrinsic2 => self.call_intrinsic_2()?,
            Opcode::MakeFunction => {
                let globals = self.emit(Op::FrameGlobals, &[], Type::OBJ);
                self.consume_with(Helper::MakeFunction, 1, &[globals], &[])?;
            }
            Opcode::SetFunctionAttribute => self.set_function_attribute(),

            Opcode::ImportName => {
                let name = self.const_name(oparg >> 2);
                self.consume_with(Helper::ImportName, 2, &[name], &[i64::from(oparg)])?;
            }
            Opcode::ImportFrom => {
                let name = self.const_name(oparg);
                let from = self.peek_obj(0);
                self.produce(Helper::ImportFrom, &[from, name], &[])?;
            }

            Opcode::GetLen => {
                let value = self.peek_obj(0);
                self.produce(Helper::GetLen, &[value], &[])?;
            }
            Opcode::MatchMapping => self.match_flag(Helper::MatchMapping),
            Opcode::MatchSequence => self.match_flag(Helper::MatchSequence),
            Opcode::MatchKeys => {
                let (subject, keys) = (self.peek_obj(1), self.peek_obj(0));
                self.produce(Helper::MatchKeys, &[subject, keys], &[])?;
            }
            Opcode::MatchClass => self.match_class()?,

            Opcode::PushExcInfo => self.push_exc_info(),
            Opcode::PopExcept => self.pop_except(),
            Opcode::CheckExcMatch => self.check_exc_match()?,
            Opcode::CheckEgMatch => self.check_eg_match()?,
            Opcode::WithExceptStart => self.with_except_start()?,
            Opcode::RaiseVarargs => {
                self.raise_varargs()?;
                return Ok(false);
            }
            Opcode::Reraise => {
                self.reraise()?;
                return Ok(false);
            }

            other => return Err(Refusal::new(format!("{other:?} is not compiled yet"))),
        }
        Ok(true)
    }

    // ---- building blocks for operations without fast paths

    /// The top `count` operands as objects, deepest first.
    pub(super) fn operands(&mut self, count: usize) -> Vec<Value> {
        (0..count).rev().map(|depth| self.peek_obj(depth)).collect()
    }

    /// Pops `count` operands, pushes the helper's new object.
    pub(super) fn consume(&mut self, helper: Helper, count: usize, imms: &[i64]) -> Result<(), Refusal> {
        self.consume_with(helper, count, &[], imms)
    }

    /// Like [`Builder::consume`], with further arguments behind the operands.
    fn consume_with(&mut self, helper: Helper, count: usize, more: &[Value], imms: &[i64]) -> Result<(), Refusal> {
        let mut args = self.operands(count);
        args.extend(more);
        self.set_line();
        let result = self.helper(helper, &args, imms);
        self.check_and_close(result, ErrorKind::Null, count)?;
        self.push(result, true);
        self.safepoint(false)
    }

    /// Pushes the helper's new object.
    pub(super) fn produce(&mut self, helper: Helper, args: &[Value], imms: &[i64]) -> Result<(), Refusal> {
        self.set_line();
        let result = self.helper(helper, args, imms);
        self.check(result, ErrorKind::Null)?;
        self.push(result, true);
        self.safepoint(false)
    }

    /// Pops `count` operands for a helper that only has a status.
    pub(super) fn execute(&mut self, helper: Helper, count: usize, imms: &[i64]) -> Result<(), Refusal> {
        let args = self.operands(count);
        self.set_line();
        let status = self.helper(helper, &args, imms);
        self.check_and_close(status, ErrorKind::Negative, count)?;
        self.safepoint(false)
    }

    pub(super) fn unary(&mut self, helper: Helper) -> Result<(), Refusal> {
        self.consume(helper, 1, &[])
    }

    /// Runs a helper that only has a status, then closes the top `count` operands.
    fn execute_with(&mut self, helper: Helper, args: &[Value], count: usize) -> Result<(), Refusal> {
        self.set_line();
        let status = self.helper(helper, args, &[]);
        self.check_and_close(status, ErrorKind::Negative, count)?;
        self.safepoint(false)
    }

    fn store_name(&mut self) -> Result<(), Refusal> {
        let value = self.peek_obj(0);
        let name = self.const_name(self.instr.oparg);
        self.execute_with(Helper::StoreName, &[value, name], 1)
    }

    fn store_global(&mut self) -> Result<(), Refusal> {
        let value = self.peek_obj(0);
        let name = self.const_name(self.instr.oparg);
        let globals = self.emit(Op::FrameGlobals, &[], Type::OBJ);
        self.execute_with(Helper::StoreGlobal, &[globals, value, name], 1)
    }

    fn delete_name(&mut self) -> Result<(), Refusal> {
        let name = self.const_name(self.instr.oparg);
        self.execute_with(Helper::DeleteName, &[name], 0)
    }

    fn delete_global(&mut self) -> Result<(), Refusal> {
        let name = self.const_name(self.instr.oparg);
        let globals = self.emit(Op::FrameGlobals, &[], Type::OBJ);
        self.execute_with(Helper::DeleteGlobal, &[globals, name], 0)
    }

    fn delete_attr(&mut self) -> Result<(), Refusal> {
        let owner = self.peek_obj(0);
        let name = self.const_name(self.instr.oparg);
        self.execute_with(Helper::DeleteAttr, &[owner, name], 1)
    }

    // ---- truth and branches

    /// The truth of an operand that is known to be a bool, which the operation consumes.
    fn truth_of_bool(&mut self, entry: StackEntry) -> Value {
        match self.func.ty(entry.value).repr {
            Repr::Bool => entry.value,
            Repr::Ref => {
                let object = self.emit(Op::RefToObj, &[entry.value], Type::obj(Kinds::BOOL));
                self.emit(Op::UnboxBool, &[object], Type::BOOL)
            }
            _ => self.emit(Op::UnboxBool, &[entry.value], Type::BOOL),
        }
    }

    fn branch(&mut self, cond: Value, jump_if: bool) {
        let target = self.instr.jump_target().expect("a branch has a target");
        let next = self.instr.next;
        let (on_true, on_false) = if jump_if { (target, next) } else { (next, target) };
        if let (Op::ConstBool(holds), false) = (&self.func.inst(cond).op, self.noisy) {
            return self.jump_to(if *holds { on_true } else { on_false });
        }
        if self.noisy {
            return self.branch_noisily(cond, on_true, on_false);
        }
        let then = self.edge_to(on_true, 0);
        let otherwise = self.edge_to(on_false, 1);
        self.terminate(Terminator::Branch { cond, then, otherwise });
        self.settle(on_true);
        self.settle(on_false);
    }

    /// Branches after a finalizer may have run: each way out is a safepoint of its own.
    pub(super) fn branch_noisily(&mut self, cond: Value, on_true: CodeOffset, on_false: CodeOffset) {
        let (then, otherwise) = (self.func.new_block(false), self.func.new_block(false));
        self.terminate(Terminator::Branch { cond, then: Edge::to(then), otherwise: Edge::to(otherwise) });
        for (block, target) in [(then, on_true), (otherwise, on_false)] {
            self.switch_to(block);
            let state = self.state_at(target);
            self.emit_in(
                self.cur,
                Op::Safepoint { periodic: false, boxes: 0, leaves: false },
                &[],
                Type::I64,
                Some(state),
            );
            self.jump_to(target);
        }
    }

    #[expect(clippy::wrong_self_convention, reason = "it translates TO_BOOL and converts nothing")]
    fn to_bool(&mut self) -> Result<(), Refusal> {
        if let Some(cond) = self.fast_to_bool() {
            self.push(cond, false);
            return Ok(());
        }
        if self.call_truth()? {
            return Ok(());
        }
        self.count_untried();
        let value = self.peek_obj(0);
        self.set_line();
        let status = self.helper(Helper::Truth, &[value], &[]);
        self.check_and_close(status, ErrorKind::Negative, 1)?;
        let zero = self.const_i64(0);
        let cond = self.emit(Op::Compare(Cond::Ne), &[status, zero], Type::BOOL);
        self.push(cond, false);
        self.safepoint(false)
    }

    fn contains_op(&mut self) -> Result<(), Refusal> {
        if self.call_contains()? {
            return Ok(());
        }
        let (left, right) = (self.peek_obj(1), self.peek_obj(0));
        self.set_line();
        let status = self.helper(Helper::ContainsOp, &[left, right], &[]);
        self.check_and_close(status, ErrorKind::Negative, 2)?;
        let zero = self.const_i64(0);
        let cond = if self.instr.oparg == 0 { Cond::Ne } else { Cond::Eq };
        let result = self.emit(Op::Compare(cond), &[status, zero], Type::BOOL);
        self.push(result, false);
        self.safepoint(false)
    }

    pub(super) fn generic_compare(&mut self) -> Result<(), Refusal> {
        if self.call_comparison()? {
            return Ok(());
        }
        self.count_untried();
        let oparg = self.instr.oparg;
        let args = self.operands(2);
        self.set_line();
        let operator = i64::from(oparg >> 5);
        if oparg & COMPARE_TO_BOOL == 0 {
            return self.consume(Helper::CompareOp, 2, &[operator]);
        }
        let status = self.helper(Helper::CompareBool, &args, &[operator]);
        self.check_and_close(status, ErrorKind::Negative, 2)?;
        let zero = self.const_i64(0);
        let cond = self.emit(Op::Compare(Cond::Ne), &[status, zero], Type::BOOL);
        self.push(cond, false);
        self.safepoint(false)
    }

    // ---- matching and functions

    fn match_flag(&mut self, helper: Helper) {
        let subject = self.peek_obj(0);
        let status = self.helper(helper, &[subject], &[]);
        let zero = self.const_i64(0);
        let cond = self.emit(Op::Compare(Cond::Ne), &[status, zero], Type::BOOL);
        self.push(cond, false);
    }

    fn match_class(&mut self) -> Result<(), Refusal> {
        let args = self.operands(3);
        self.set_line();
        let result = self.helper(Helper::MatchClass, &args, &[i64::from(self.instr.oparg)]);
        self.check_and_close(result, ErrorKind::Null, 3)?;
        self.push(result, true);
        self.safepoint(false)
    }

    fn set_function_attribute(&mut self) {
        let function = self.pop();
        let function_object = match self.func.ty(function.value).repr {
            Repr::Ref => self.emit(Op::RefToObj, &[function.value], Type::OBJ),
            _ => function.value,
        };
        let attribute = self.peek_obj(0);
        self.helper(Helper::SetFunctionAttribute, &[attribute, function_object], &[i64::from(self.instr.oparg)]);
        self.close_top(1);
        self.push(function.value, function.owned);
    }

    fn call_intrinsic_2(&mut self) -> Result<(), Refusal> {
        let args = self.operands(2);
        self.set_line();
        let result = self.helper(Helper::CallIntrinsic2, &args, &[i64::from(self.instr.oparg)]);
        self.check(result, ErrorKind::Null)?;
        // Unlike other operations, the interpreter closes the deeper operand first.
        let top = self.pop();
        let deep = self.pop();
        self.close(deep);
        self.close(top);
        self.push(result, true);
        self.safepoint(false)
    }

    fn load_name(&mut self) -> Result<(), Refusal> {
        let name = self.const_name(self.instr.oparg);
        self.produce(Helper::LoadName, &[name], &[])
    }
}
