//! Leaving machine code: side exits, returns, and what happens at entry.

use std::sync::atomic::AtomicU64;

use super::*;
use crate::cpython::{generator, thread};
use crate::hir::opt::light;
use crate::hir::types::Kinds;
use crate::runtime::{deopt, entry, room, stress};

/// Home slots that a return closes inline; more are left to the runtime.
const INLINE_SLOTS: u32 = light::MAX_SLOTS;

impl Lowering<'_, '_> {
    /// The block that leaves through a side exit. Guards with the same state share it.
    pub(super) fn exit(&mut self, state: StateId, cause: Cause) -> ir::Block {
        if let Some(block) = self.exits.get(&(state, cause)) {
            return *block;
        }
        let block = self.block();
        self.b.set_cold_block(block);
        if cause == Cause::Stress {
            self.b.append_block_param(block, types::I64);
        }
        self.exits.insert((state, cause), block);
        self.pending.push((state, cause, block));
        block
    }

    /// Goes on in a new block when `ok` holds, leaves otherwise.
    pub(super) fn guard(&mut self, ok: ir::Value, state: StateId, reason: Reason) {
        let exit = self.exit(state, Cause::Guard(reason));
        let next = self.block();
        self.b.ins().brif(ok, next, &[], exit, &[]);
        self.b.switch_to_block(next);
    }

    /// Leaves when `bad` holds.
    pub(super) fn guard_not(&mut self, bad: ir::Value, state: StateId, reason: Reason) {
        let exit = self.exit(state, Cause::Guard(reason));
        let next = self.block();
        self.b.ins().brif(bad, exit, &[], next, &[]);
        self.b.switch_to_block(next);
    }

    pub(super) fn emit_exits(&mut self) {
        while let Some((state, cause, block)) = self.pending.pop() {
            self.b.switch_to_block(block);
            self.enter(self.hir.state(state).context);
            self.belongs_to(Origin::Exit(state));
            self.flush_operands(state);
            let index = match cause {
                Cause::Guard(reason) => {
                    let index = self.imm(self.records.len() as i64);
                    let record = self.side_exit(state, reason);
                    self.records.push(record);
                    index
                }
                Cause::Stress => self.b.block_params(block)[0],
            };
            let tail = self.exit_tail(state, cause == Cause::Stress);
            self.b.ins().jump(tail, &[BlockArg::Value(index)]);
        }
        for (state, (context, is_forced), block) in std::mem::take(&mut self.tails) {
            self.b.switch_to_block(block);
            self.enter(context);
            self.belongs_to(Origin::Exit(state));
            self.leave_to_interpreter(is_forced, block);
        }
    }

    /// The end that all side exits of the current context share, but for those that stress has forced. Its parameter is
    /// the exit's index.
    fn exit_tail(&mut self, state: StateId, is_forced: bool) -> ir::Block {
        let key = (self.context, is_forced);
        if let Some((.., block)) = self.tails.iter().find(|(_, other, _)| *other == key) {
            return *block;
        }
        let block = self.block();
        self.b.set_cold_block(block);
        self.b.append_block_param(block, types::I64);
        self.tails.push((state, key, block));
        block
    }

    /// Has the interpreter go on with the frame, whose operands are in their places.
    fn leave_to_interpreter(&mut self, is_forced: bool, block: ir::Block) {
        let index = self.b.block_params(block)[0];
        self.make_unmade();
        self.make_arguments();
        let header = self.imm(std::ptr::from_ref(self.header) as i64);
        let address = match (is_forced, self.is_loop()) {
            (false, false) => deopt::exit_function as *const (),
            (false, true) => deopt::exit_loop as *const (),
            (true, false) => stress::exit_function as *const (),
            (true, true) => stress::exit_loop as *const (),
        };
        let args = [self.tstate, self.frame, header, index];
        let result = self.call_to_leave(address as usize, &args);
        self.leave_shim();
        self.close_made_tuple();
        match self.hir.callee(self.context) {
            // The interpreter has run the callee to its end; its caller goes on here.
            Some(callee) => {
                let resume = self.blocks[callee.resume.index()];
                self.b.ins().jump(resume, &[BlockArg::Value(result)]);
            }
            None => {
                self.return_word(result);
            }
        }
    }

    /// A call on a way out. Callers of the frame that is left may go on in this machine code.
    fn call_to_leave(&mut self, address: usize, args: &[ir::Value]) -> ir::Value {
        let result = match self.hir.callee(self.context) {
            Some(_) => self.call_aside_unsettled(address, args, Some(types::I64)),
            None => self.call_unsettled(address, args, Some(types::I64)),
        };
        result.expect("has a result")
    }

    /// The description of a way out with `state`.
    pub(super) fn side_exit(&self, state: StateId, reason: Reason) -> SideExit {
        let (offset, site) = (self.hir.state(state).offset, self.hir.state(state).site);
        let instr = self.code.instr_at(site).expect("a state's site is an instruction");
        let opcode = self.code.instrs[instr].opcode;
        let line = self.code.lines.lookup(site).line.unwrap_or(0);
        let depth = self.hir.state(state).stack.len() as u32;
        let (context, taken) = (self.hir.state(state).context, AtomicU64::new(0));
        SideExit { reason, state, context, offset, depth, site, line, opcode, taken }
    }

    /// Writes the operand stack of `state` into the frame and points the frame at the state's bytecode.
    pub(super) fn flush(&mut self, state: StateId) {
        self.flush_operands(state);
        let data = self.hir.state(state);
        let (depth, offset) = (data.stack.len() as u32, data.offset);
        let frame = self.frame;
        let top = self.slot_offset(self.code.nlocalsplus + depth);
        let top = self.b.ins().iadd_imm_s(frame, i64::from(top));
        self.store(top, frame, crate::cpython::frame::STACKPOINTER);
        let target = self.imm((self.code.code_units + offset.index() * 2) as i64);
        self.store(target, frame, crate::cpython::frame::INSTR_PTR);
    }

    /// Writes the operand stack of `state` into the frame, and what else the interpreter would have stored by then.
    fn flush_operands(&mut self, state: StateId) {
        let data = self.hir.state(state).clone();
        self.make_operands(data.values());
        let makes_objects = |entry: &inst::StackEntry| matches!(self.hir.ty(entry.value).repr, Repr::I64 | Repr::F64);
        if data.stack.iter().any(makes_objects) {
            self.settle_if_traced();
        }
        for object in &data.late {
            let object = self.value(*object);
            self.incref(object);
        }
        for pending in &data.pending {
            let (object, value) = (self.value(pending.object), self.value(pending.value));
            self.store(value, object, pending.offset);
        }
        let base = self.code.nlocalsplus;
        for (position, entry) in data.stack.iter().enumerate() {
            let bits = self.stack_bits(*entry);
            let offset = self.slot_offset(base + position as u32);
            let frame = self.frame;
            self.store(bits, frame, offset);
        }
    }

    fn stack_bits(&mut self, entry: inst::StackEntry) -> ir::Value {
        let value = self.value(entry.value);
        match self.hir.ty(entry.value).repr {
            Repr::Obj if entry.owned => self.owned_ref(value, self.hir.ty(entry.value).kinds),
            Repr::Obj => self.b.ins().bor_imm_s(value, 1),
            Repr::Ref => value,
            Repr::I64 => self.call_to_leave(deopt::box_int as *const () as usize, &[value]),
            Repr::F64 => self.call_to_leave(deopt::box_float as *const () as usize, &[value]),
            Repr::Bool => {
                let object = self.bool_object(value);
                self.b.ins().bor_imm_s(object, 1)
            }
            Repr::None => unreachable!("instructions without a result are not on the stack"),
        }
    }

    /// At the start of a function: has the machine code entered anew with more room on the data stack, if there is not enough for the
    /// callees that are a part of it. Whoever enters that of a loop has seen to it.
    pub(super) fn ensure_room(&mut self) {
        let extent = self.stack.bytes as u32 / 8;
        if self.hir.kind != Kind::Function || extent == 0 {
            return;
        }
        let (tstate, frame) = (self.tstate, self.frame);
        let top = self.load(types::I64, tstate, thread::DATASTACK_TOP);
        let end = self.b.ins().iadd_imm_s(top, 8 * i64::from(extent));
        let limit = self.load(types::I64, tstate, thread::DATASTACK_LIMIT);
        let is_enough = self.b.ins().icmp(IntCC::UnsignedLessThan, end, limit);
        let (slow, fine) = (self.block(), self.block());
        self.b.set_cold_block(slow);
        self.b.ins().brif(is_enough, fine, &[], slow, &[]);
        self.b.switch_to_block(slow);
        let header = self.imm(std::ptr::from_ref(self.header) as i64);
        let words = self.imm(i64::from(extent));
        let address = room::enter_with_room as *const () as usize;
        let args = [tstate, frame, header, words];
        let result = self.call_unsettled(address, &args, Some(types::I64)).expect("has a result");
        self.return_word(result);
        self.b.switch_to_block(fine);
    }

    pub(super) fn prologue(&mut self) {
        let counters = self.counters();
        let entries = self.load(types::I64, counters, 0);
        let entries = self.b.ins().iadd_imm_s(entries, 1);
        self.store(entries, counters, 0);
        // The interpreter has counted the frame of a loop, and whoever resumes a generator has that one.
        if self.hir.kind != Kind::Function {
            return;
        }
        let (tstate, frame) = (self.tstate, self.frame);
        let remaining = self.load(types::I32, tstate, thread::PY_RECURSION_REMAINING);
        let fewer = self.b.ins().iadd_imm_s(remaining, -1);
        self.store(fewer, tstate, thread::PY_RECURSION_REMAINING);
        let exhausted = self.b.ins().icmp_imm_s(IntCC::SignedLessThanOrEqual, remaining, 0);
        let stack = self.b.ins().get_stack_pointer(types::I64);
        let limit = self.load(types::I64, tstate, thread::C_STACK_SOFT_LIMIT);
        let limit = self.b.ins().iadd_imm_s(limit, thread::STACK_MARGIN as i64);
        let low = self.b.ins().icmp(IntCC::UnsignedLessThan, stack, limit);
        let trouble = self.b.ins().bor(exhausted, low);
        let (slow, fine) = (self.block(), self.block());
        self.b.set_cold_block(slow);
        self.b.ins().brif(trouble, slow, &[], fine, &[]);
        self.b.switch_to_block(slow);
        // Raises, or runs the whole frame in the interpreter.
        let address = entry::out_of_stack as *const () as usize;
        let result = self.call_runtime(address, &[tstate, frame], Some(types::I64)).expect("has a result");
        let go_on = self.b.ins().icmp_imm_s(IntCC::Equal, result, entry::GO_ON as i64);
        let done = self.block();
        self.b.ins().brif(go_on, fine, &[], done, &[]);
        self.b.switch_to_block(done);
        self.return_word(result);
        self.b.switch_to_block(fine);
    }

    /// Suspends the generator whose frame it is, which is complete but for that. `delegates` as in [`Terminator::Yield`].
    pub(super) fn suspend(&mut self, delegates: bool) {
        use crate::cpython::frame as layout;
        /// Where a field of the generator is, from its frame.
        const fn from_frame(offset: i32) -> i32 {
            offset - generator::GI_IFRAME
        }
        let (tstate, frame) = (self.tstate, self.frame);
        let handled = from_frame(generator::GI_EXC_STATE + thread::EXC_PREVIOUS);
        let previous = self.load(types::I64, frame, handled);
        self.store(previous, tstate, thread::EXC_INFO);
        let zero = self.imm(0);
        self.store(zero, frame, handled);
        let remaining = self.load(types::I32, tstate, thread::PY_RECURSION_REMAINING);
        let remaining = self.b.ins().iadd_imm_s(remaining, 1);
        self.store(remaining, tstate, thread::PY_RECURSION_REMAINING);
        let previous = self.load(types::I64, frame, layout::PREVIOUS);
        self.store(previous, tstate, thread::CURRENT_FRAME);
        self.store(zero, frame, layout::PREVIOUS);
        let unmarked = self.b.ins().iconst(types::I16, 0);
        self.store(unmarked, frame, layout::RETURN_OFFSET);
        let state = if delegates { generator::STATE_SUSPENDED_YIELD_FROM } else { generator::STATE_SUSPENDED };
        let state = self.b.ins().iconst(types::I8, i64::from(state));
        self.store(state, frame, from_frame(generator::GI_FRAME_STATE));
    }

    fn counters(&mut self) -> ir::Value {
        self.imm(self.header.counters as i64)
    }

    /// Pops the frame and returns `result`, as [`Lowering::result`] gives it.
    pub(super) fn leave(&mut self, result: [ir::Value; 2]) {
        self.pop_frame(0, false);
        self.b.ins().return_(&result);
    }

    /// Pops the frame, whose locals die: `settled` and `is_quiet` as in [`inst::Op::PopFrame`].
    pub(super) fn pop_frame(&mut self, settled: u64, is_quiet: bool) {
        let (tstate, frame) = (self.tstate, self.frame);
        let is_generator = self.context == OUTERMOST && matches!(self.hir.kind, Kind::Resume(_));
        if self.code.nlocalsplus > INLINE_SLOTS || is_generator {
            self.call_runtime(frames::leave as *const () as usize, &[tstate, frame], None);
            self.leave_shim();
            return self.close_made_tuple();
        }
        if self.is_light() {
            return self.pop_light_frame(settled, is_quiet);
        }
        use crate::cpython::frame as layout;
        let (slow, fast, done) = (self.block(), self.block(), self.block());
        self.b.set_cold_block(slow);
        let object = self.load(types::I64, frame, layout::FRAME_OBJ);
        let profiled = self.load(types::I64, tstate, thread::LAST_PROFILED_FRAME);
        let profiled = self.b.ins().icmp(IntCC::Equal, profiled, frame);
        let observed = self.b.ins().icmp_imm_s(IntCC::NotEqual, object, 0);
        let mut special = self.b.ins().bor(profiled, observed);
        // What follows another frame does not begin a chunk.
        if self.context == OUTERMOST {
            let chunk = self.load(types::I64, tstate, thread::DATASTACK_CHUNK);
            let chunk_start = self.b.ins().iadd_imm_s(chunk, i64::from(thread::CHUNK_DATA));
            let at_start = self.b.ins().icmp(IntCC::Equal, chunk_start, frame);
            special = self.b.ins().bor(special, at_start);
        }
        self.b.ins().brif(special, slow, &[], fast, &[]);
        self.b.switch_to_block(slow);
        self.call_runtime(frames::leave as *const () as usize, &[tstate, frame], None);
        self.note_death();
        self.b.ins().jump(done, &[]);
        self.b.switch_to_block(fast);
        let remaining = self.load(types::I32, tstate, thread::PY_RECURSION_REMAINING);
        let remaining = self.b.ins().iadd_imm_s(remaining, 1);
        self.store(remaining, tstate, thread::PY_RECURSION_REMAINING);
        let previous = match self.hir.callee(self.context) {
            Some(callee) => self.frame_of(callee.caller),
            None => self.load(types::I64, frame, layout::PREVIOUS),
        };
        self.store(previous, tstate, thread::CURRENT_FRAME);
        // The interpreter clears a frame from its end.
        for slot in (0..self.code.nlocalsplus).rev().filter(|slot| settled & 1 << slot == 0) {
            let offset = self.slot_offset(slot);
            let bits = self.load(types::I64, frame, offset);
            self.close_ref(bits);
        }
        let function = self.load(types::I64, frame, layout::F_FUNCOBJ);
        self.close_ref(function);
        let code = self.load(types::I64, frame, layout::F_EXECUTABLE);
        match self.context {
            OUTERMOST => self.close_ref(code),
            // Machine code pushes frames that own their code.
            _ => self.decref(code, Kinds::OTHER),
        }
        self.store(frame, tstate, thread::DATASTACK_TOP);
        self.b.ins().jump(done, &[]);
        self.b.switch_to_block(done);
        self.leave_shim();
        self.close_made_tuple();
    }
}
