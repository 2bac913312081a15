//! Calls of compiled functions, and what follows every call.

use super::*;
use crate::code::state::{CodeCell, state_of_cell};
use crate::cpython::{frame as layout, function, interp, object, thread};
use crate::hir::inst::{CallTarget, Edge, LazyTuple, Op, Upkeep};
use crate::runtime::ops::table::Helper;

impl Lowering<'_, '_> {
    /// Calls a function. Gives the object that it returns, or, if a number is expected, what is in the first register; leads to
    /// `failed`, if that is given, instead of giving NULL.
    pub(super) fn call_direct(&mut self, call: Value, failed: Option<&Edge>) -> ir::Value {
        let Op::CallDirect { target, has_shim, .. } = self.hir.inst(call).op else {
            unreachable!("it calls a function")
        };
        self.settle();
        if !has_shim {
            return self.enter_or_call(call, failed);
        }
        let (counted, top) = self.begin_shim(target);
        let result = self.enter_or_call(call, None);
        let tstate = self.tstate;
        let remaining = self.load(types::I32, tstate, thread::PY_RECURSION_REMAINING);
        let remaining = self.b.ins().iadd(remaining, counted);
        self.store(remaining, tstate, thread::PY_RECURSION_REMAINING);
        self.store(top, tstate, thread::DATASTACK_TOP);
        result
    }

    /// Counts a frame of the interpreter's own against the recursion limit and leaves it its place on the data stack, if
    /// there is room for both, as the interpreter does. Returns how many were counted, and where the stack ended.
    fn begin_shim(&mut self, target: CallTarget) -> (ir::Value, ir::Value) {
        let tstate = self.tstate;
        let remaining = self.load(types::I32, tstate, thread::PY_RECURSION_REMAINING);
        let possible = self.b.ins().icmp_imm_s(IntCC::SignedGreaterThan, remaining, 1);
        let top = self.load(types::I64, tstate, thread::DATASTACK_TOP);
        let size = shim_bytes(true);
        let end = self.b.ins().iadd_imm_s(top, size + 8 * i64::from(target.framesize));
        let limit = self.load(types::I64, tstate, thread::DATASTACK_LIMIT);
        let room = self.b.ins().icmp(IntCC::UnsignedLessThan, end, limit);
        let possible = self.b.ins().band(possible, room);
        let counted = self.b.ins().uextend(types::I32, possible);
        let fewer = self.b.ins().isub(remaining, counted);
        self.store(fewer, tstate, thread::PY_RECURSION_REMAINING);
        let above = self.b.ins().iadd_imm_s(top, size);
        let start = self.b.ins().select(possible, above, top);
        self.store(start, tstate, thread::DATASTACK_TOP);
        (counted, top)
    }

    fn enter_or_call(&mut self, call: Value, failed: Option<&Edge>) -> ir::Value {
        let inst = self.hir.inst(call);
        let Op::CallDirect { target, has_self, has_shim, number } = inst.op else {
            unreachable!("it calls a function")
        };
        let callee = state_of_cell(target.cell);
        if !self.callees.contains(&callee) {
            self.callees.push(callee);
        }
        let refs: Vec<ir::Value> = inst.args.iter().map(|operand| self.value(*operand)).collect();
        let (fast, slow, done) = (self.block(), self.block(), self.block());
        self.b.set_cold_block(slow);
        let result = self.b.append_block_param(done, types::I64);
        let second = number.map(|_| self.b.append_block_param(done, types::I64));
        let tstate = self.tstate;
        let new_frame = match has_shim {
            true => self.load(types::I64, tstate, thread::DATASTACK_TOP),
            false => self.frame_above(false),
        };
        let cell = self.imm(target.cell as i64);
        let body = self.load(types::I64, cell, 0);
        self.b.ins().brif(body, fast, &[], slow, &[]);

        self.b.switch_to_block(fast);
        self.require_room(target, new_frame, slow);
        self.require_interpreter(slow);
        self.make_current(target, new_frame, &refs, has_self);
        let signature = self.b.import_signature(body_signature(CallConv::SystemV));
        let arguments = self.arguments(&[tstate, new_frame]);
        let entered = self.b.ins().call_indirect(signature, body, &arguments);
        let returned = [0, 1].map(|register| self.b.inst_results(entered)[register]);
        match second {
            Some(_) => _ = self.b.ins().jump(done, &returned.map(BlockArg::Value)),
            None => self.make_object(call, returned, done, failed),
        }

        self.b.switch_to_block(slow);
        let slot = self.scratch.expect("the function has scratch memory");
        for (i, bits) in refs.iter().enumerate() {
            self.b.ins().stack_store(types::I64, *bits, slot, 8 * i as i32);
        }
        let address = self.b.ins().stack_addr(types::I64, slot, 0);
        let count = self.imm(refs.len() as i64 - 2);
        let args = [self.tstate, self.frame, address, count];
        let helper = if target.has_keyword_only { Helper::CallBound } else { Helper::Call };
        let value = self.call_runtime(helper.address(), &args, Some(types::I64)).expect("has a result");
        match second {
            Some(_) => _ = self.b.ins().jump(done, &[BlockArg::Value(value); 2]),
            None => self.go_on_with(call, value, done, failed),
        }

        self.b.switch_to_block(done);
        self.returned.extend(second.map(|second| (call, second)));
        result
    }

    /// Where the next frame goes: behind the current one, which is the last on the data stack.
    fn frame_above(&mut self, has_shim: bool) -> ir::Value {
        self.frame_at(self.end_of(self.context) + shim_bytes(has_shim))
    }

    /// Goes on where there is room for the callee's frame.
    fn require_room(&mut self, target: CallTarget, new_frame: ir::Value, otherwise: ir::Block) {
        let tstate = self.tstate;
        let top = self.b.ins().iadd_imm_s(new_frame, 8 * i64::from(target.framesize));
        let limit = self.load(types::I64, tstate, thread::DATASTACK_LIMIT);
        let room = self.b.ins().icmp(IntCC::UnsignedLessThan, top, limit);
        self.require(room, otherwise);
    }

    /// Goes on where nobody evaluates frames instead of the interpreter.
    fn require_interpreter(&mut self, otherwise: ir::Block) {
        let hook = self.imm(interp::eval_frame_address() as i64);
        let hook = self.load(types::I64, hook, 0);
        let unhooked = self.b.ins().icmp_imm_s(IntCC::Equal, hook, 0);
        self.require(unhooked, otherwise);
    }

    fn require(&mut self, cond: ir::Value, otherwise: ir::Block) {
        let next = self.b.create_block();
        self.b.ins().brif(cond, next, &[], otherwise, &[]);
        self.b.switch_to_block(next);
    }

    /// Ends the block: goes to `then` if the callee's code, which is a part of this, can run in a frame that is pushed here:
    /// nobody watches it, and its call is no recursion that has to be an error.
    pub(super) fn branch_if_inlinable(
        &mut self,
        target: CallTarget,
        has_shim: bool,
        then: ir::Block,
        otherwise: ir::Block,
    ) {
        let callee = state_of_cell(target.cell);
        if !self.callees.contains(&callee) {
            self.callees.push(callee);
        }
        // For others there was room when they were entered.
        if let Kind::Resume(_) = self.hir.kind {
            let new_frame = self.frame_above(has_shim);
            self.require_room(target, new_frame, otherwise);
        }
        self.require_interpreter(otherwise);
        let (tstate, cell) = (self.tstate, self.imm(target.cell as i64));
        let watched = self.load(types::I32, cell, std::mem::offset_of!(CodeCell, is_watched) as i32);
        let unwatched = self.b.ins().icmp_imm_s(IntCC::Equal, watched, 0);
        self.require(unwatched, otherwise);
        let remaining = self.load(types::I32, tstate, thread::PY_RECURSION_REMAINING);
        let uncounted = self.uncounted_calls() + i64::from(has_shim);
        let allowed = self.b.ins().icmp_imm_s(IntCC::SignedGreaterThan, remaining, uncounted);
        self.b.ins().brif(allowed, then, &[], otherwise, &[]);
    }

    /// Pushes the frame of a callee whose code is a part of this.
    pub(super) fn inline_frame(&mut self, push: Value) -> ir::Value {
        let inst = self.hir.inst(push);
        let Op::PushFrame { target, has_self, has_shim, upkeep, lazy, again } = inst.op else {
            unreachable!("it pushes a frame")
        };
        let (operands, items) = LazyTuple::split(lazy, &inst.args);
        let context = self.hir.callee_in(push).expect("the frame is a callee's");
        let mut refs = Vec::new();
        for &operand in operands {
            refs.push(match self.unmade.is_argument(operand) {
                true => self.imm(layout::NULL_BITS as i64),
                false => self.value(operand),
            });
        }
        let tstate = self.tstate;
        let new_frame = self.frame_of(context);
        let first = self.positions.first.get(&context).map_or(0, |offset| 2 * offset.index());
        let target = CallTarget { code_units: target.code_units + first, ..target };
        self.no_tuple_is_made(context);
        if upkeep != Upkeep::Full {
            if !again || !self.stack.is_reused(context) {
                let mark = frames::light_mark(upkeep == Upkeep::Lent, has_shim);
                self.fill_in_head(target, new_frame, (self.frame, refs[0]), mark);
            }
            self.fill_in_call(target, new_frame, &refs, has_self);
            self.store(new_frame, tstate, thread::CURRENT_FRAME);
            return new_frame;
        }
        self.settle();
        if let Some(lazy) = lazy {
            let first_argument = if has_self { 1 } else { 2 };
            let made = self.make_tuple(lazy, items);
            self.note_made_tuple(context, made);
            refs[first_argument + lazy.slot as usize] = made;
        }
        let remaining = self.load(types::I32, tstate, thread::PY_RECURSION_REMAINING);
        let fewer = self.b.ins().iadd_imm_s(remaining, -1 - i64::from(has_shim));
        self.store(fewer, tstate, thread::PY_RECURSION_REMAINING);
        self.make_current(target, new_frame, &refs, has_self);
        new_frame
    }

    /// Makes the head of the current frame, which was popped as an ordinary frame, that of a light frame again.
    pub(super) fn restore_head(&mut self) {
        let callee = self.hir.callee(self.context).expect("the outermost frame is not light");
        let inst = self.hir.inst(callee.frame);
        let Op::PushFrame { target, has_shim, upkeep, .. } = inst.op else { unreachable!("the frame was pushed") };
        if self.stack.is_reused(self.context) {
            let (caller, function) = (self.frame_of(callee.caller), self.value(inst.args[0]));
            let mark = frames::light_mark(upkeep == Upkeep::Lent, has_shim);
            self.fill_in_head(target, self.frame, (caller, function), mark);
        }
    }

    /// Gives back what the interpreter's own frame below that of `__init__` takes, if the frame that was just popped has one.
    pub(super) fn leave_shim(&mut self) {
        let has_shim = self.hir.callee(self.context).is_some_and(|callee| callee.has_shim);
        if !has_shim {
            return;
        }
        let tstate = self.tstate;
        let remaining = self.load(types::I32, tstate, thread::PY_RECURSION_REMAINING);
        let remaining = self.b.ins().iadd_imm_s(remaining, 1);
        self.store(remaining, tstate, thread::PY_RECURSION_REMAINING);
        let caller = self.hir.callee(self.context).map_or(OUTERMOST, |callee| callee.caller);
        let top = self.frame_at(self.end_of(caller));
        self.store(top, tstate, thread::DATASTACK_TOP);
    }

    /// Pushes a frame for the callee, which becomes the current one.
    fn make_current(&mut self, target: CallTarget, new_frame: ir::Value, refs: &[ir::Value], has_self: bool) {
        let tstate = self.tstate;
        let top = self.b.ins().iadd_imm_s(new_frame, 8 * i64::from(target.framesize));
        self.push_frame(target, new_frame, refs, has_self, frames::RUNNING);
        self.store(top, tstate, thread::DATASTACK_TOP);
        self.store(new_frame, tstate, thread::CURRENT_FRAME);
    }

    /// Fills in a frame for the callee: valid for any observer from its first instruction on.
    fn push_frame(&mut self, target: CallTarget, new: ir::Value, refs: &[ir::Value], has_self: bool, mark: u16) {
        self.fill_in_head(target, new, (self.frame, refs[0]), mark);
        self.fill_in_call(target, new, refs, has_self);
    }

    /// The part of it that is the same for all calls of the function from this place.
    fn fill_in_head(
        &mut self,
        target: CallTarget,
        new: ir::Value,
        (caller, function): (ir::Value, ir::Value),
        mark: u16,
    ) {
        let code = self.imm(target.code as i64);
        if mark == frames::RUNNING {
            self.incref(code);
        }
        self.store(code, new, layout::F_EXECUTABLE);
        self.store(caller, new, layout::PREVIOUS);
        self.store(function, new, layout::F_FUNCOBJ);
        let callee = self.untag(function);
        let globals = self.load(types::I64, callee, function::FUNC_GLOBALS);
        self.store(globals, new, layout::F_GLOBALS);
        let builtins = self.load(types::I64, callee, function::FUNC_BUILTINS);
        self.store(builtins, new, layout::F_BUILTINS);
        let zero = self.imm(0);
        self.store(zero, new, layout::F_LOCALS);
        self.store(zero, new, layout::FRAME_OBJ);
        let stack = i64::from(layout::LOCALSPLUS + 8 * target.nlocalsplus as i32);
        let stack = self.b.ins().iadd_imm_s(new, stack);
        self.store(stack, new, layout::STACKPOINTER);
        // return_offset, owner and visited in one store.
        let marks = self.b.ins().iconst(types::I32, i64::from(mark));
        self.store(marks, new, layout::RETURN_OFFSET);
    }

    /// The part that every call writes: where it is, and its locals.
    fn fill_in_call(&mut self, target: CallTarget, new: ir::Value, refs: &[ir::Value], has_self: bool) {
        let start = self.imm(target.code_units as i64);
        self.store(start, new, layout::INSTR_PTR);
        let args = if has_self { &refs[1..] } else { &refs[2..] };
        for (i, bits) in args.iter().enumerate() {
            let offset = self.slot_offset(i as u32);
            self.store(*bits, new, offset);
        }
        let null = self.imm(layout::NULL_BITS as i64);
        for slot in args.len() as u32..target.nlocalsplus {
            let offset = self.slot_offset(slot);
            self.store(null, new, offset);
        }
    }

    /// A safepoint that is only needed if the store of a number has given up an object.
    pub(super) fn safepoint_after(
        &mut self,
        store: Value,
        (periodic, leaves): (bool, bool),
        boxes: &[Value],
        state: StateId,
    ) -> ir::Value {
        let given_up = self.given_up[&store];
        let (needed, done) = (self.block(), self.block());
        self.b.set_cold_block(needed);
        let result = self.b.append_block_param(done, types::I64);
        let zero = self.imm(0);
        self.b.ins().brif(given_up, needed, &[], done, &[BlockArg::Value(zero)]);
        self.b.switch_to_block(needed);
        let status = if leaves { self.leaving_safepoint(state) } else { self.safepoint(periodic, boxes, state) };
        self.b.ins().jump(done, &[BlockArg::Value(status)]);
        self.b.switch_to_block(done);
        result
    }

    /// Forgets what has died before.
    pub(super) fn forget_deaths(&mut self) {
        let (word, zero) = (self.imm(deaths::noticed() as i64), self.imm(0));
        self.store(zero, word, 0);
    }

    /// Has it that something has died which may have run code, where nobody looks at what dies.
    pub(super) fn note_death(&mut self) {
        let (word, one) = (self.imm(deaths::noticed() as i64), self.imm(1));
        self.store(one, word, 0);
    }

    /// Leaves if something has died since deaths were forgotten that may have run code.
    pub(super) fn leave_after_death(&mut self, state: StateId) {
        let word = self.imm(deaths::noticed() as i64);
        let noticed = self.load(types::I64, word, 0);
        self.guard_not(noticed, state, Reason::Death);
    }

    /// A safepoint that leaves where something has died, at some distance from what may have given it up.
    pub(super) fn leaving_safepoint(&mut self, state: StateId) -> ir::Value {
        if self.stress.is_on() {
            self.stressed_safepoint(false, state);
        }
        let word = self.imm(deaths::noticed() as i64);
        let noticed = self.load(types::I64, word, 0);
        // Something else may die noisily before the next one.
        self.forget_deaths();
        self.guard_not(noticed, state, Reason::Death);
        self.imm(0)
    }

    /// 0 when nothing happened, negative when an exception is set; leaves when this frame was observed, or one of the boxes
    /// is not the frame's alone any more.
    pub(super) fn safepoint(&mut self, periodic: bool, boxes: &[Value], state: StateId) -> ir::Value {
        if self.stress.is_on() {
            let status = self.stressed_safepoint(periodic, state);
            self.leave_unless_private(boxes, state);
            return status;
        }
        let (slow, done) = (self.block(), self.block());
        let result = self.b.append_block_param(done, types::I64);
        let zero = self.imm(0);
        self.pass_unless_needed(slow, done, &[BlockArg::Value(zero)]);
        let status = self.look_closer(periodic, boxes, state);
        self.b.ins().jump(done, &[BlockArg::Value(status)]);
        self.b.switch_to_block(done);
        result
    }

    /// Whether a block ends in a safepoint and in nothing else than what becomes of its status.
    pub(super) fn ends_in_safepoint(&self, last: Value, terminator: &Terminator) -> bool {
        let inst = self.hir.inst(last);
        let is_plain = matches!(inst.op, Op::Safepoint { boxes, .. } if boxes as usize == inst.args.len());
        let decides = matches!(
            terminator,
            Terminator::OnError { value, kind: ErrorKind::Negative, ok, .. } if *value == last && !ok.args.contains(&last)
        );
        is_plain && decides && !self.stress.is_on()
    }

    /// Ends the block with a safepoint, which goes on without a status where there is nothing to do.
    pub(super) fn safepoint_at_end(&mut self, safepoint: Value, terminator: &Terminator) {
        let inst = self.hir.inst(safepoint);
        let (Op::Safepoint { periodic, .. }, Terminator::OnError { error, ok, .. }) = (&inst.op, terminator) else {
            unreachable!("a block that ends in a safepoint");
        };
        let state = inst.state.expect("verified: a safepoint has a state");
        let slow = self.block();
        let (done, args) = self.edge(ok);
        self.pass_unless_needed(slow, done, &args);
        let status = self.look_closer(*periodic, &inst.args, state);
        self.values.insert(safepoint, status);
        let failed = self.b.ins().icmp_imm_s(IntCC::SignedLessThan, status, 0);
        let (error, error_args) = self.edge(error);
        let (done, args) = self.edge(ok);
        self.b.ins().brif(failed, error, &error_args, done, &args);
    }

    /// Ends the block: goes to `done` where there is nothing to do for a safepoint. Goes on in `slow` elsewhere.
    fn pass_unless_needed(&mut self, slow: ir::Block, done: ir::Block, args: &[BlockArg]) {
        let (tstate, frame) = (self.tstate, self.frame);
        self.b.set_cold_block(slow);
        let object = self.load(types::I64, frame, layout::FRAME_OBJ);
        let unobserved = self.block();
        self.b.ins().brif(object, slow, &[], unobserved, &[]);
        self.b.switch_to_block(unobserved);
        let header = self.imm(std::ptr::from_ref(self.header) as i64);
        let breaker = self.load(types::I64, tstate, thread::EVAL_BREAKER);
        let expected = self.load(types::I64, header, 0);
        let differs = self.b.ins().icmp(IntCC::NotEqual, breaker, expected);
        self.b.ins().brif(differs, slow, &[], done, args);
        self.b.switch_to_block(slow);
    }

    /// Whether a safepoint would have something to do. Under stress every other one has.
    pub(super) fn is_due(&mut self) -> ir::Value {
        if self.stress.is_on() {
            return self.is_due_under_stress();
        }
        let header = self.imm(std::ptr::from_ref(self.header) as i64);
        let breaker = self.load(types::I64, self.tstate, thread::EVAL_BREAKER);
        let expected = self.load(types::I64, header, 0);
        let differs = self.b.ins().bxor(breaker, expected);
        let object = self.load(types::I64, self.frame, layout::FRAME_OBJ);
        self.b.ins().bor(differs, object)
    }

    /// What a safepoint does where there may be something to do.
    fn look_closer(&mut self, periodic: bool, boxes: &[Value], state: StateId) -> ir::Value {
        let (tstate, frame) = (self.tstate, self.frame);
        let header = self.imm(std::ptr::from_ref(self.header) as i64);
        let flag = self.imm(i64::from(periodic));
        let status = self
            .call_aside(frames::safepoint as *const () as usize, &[tstate, frame, header, flag], Some(types::I64))
            .expect("has a result");
        let leave = self.b.ins().icmp_imm_s(IntCC::Equal, status, frames::OBSERVED_STATUS);
        self.guard_not(leave, state, Reason::Observed);
        self.leave_unless_private(boxes, state);
        status
    }

    /// Leaves when somebody has got a reference to one of the boxes.
    fn leave_unless_private(&mut self, boxes: &[Value], state: StateId) {
        for private in boxes {
            let object = self.private_box(*private);
            let (some, next) = (self.block(), self.block());
            self.b.ins().brif(object, some, &[], next, &[]);
            self.b.switch_to_block(some);
            let count = self.load(types::I32, object, object::OB_REFCNT);
            let is_private = self.b.ins().icmp_imm_s(IntCC::Equal, count, 1);
            let exit = self.exit(state, Cause::Guard(Reason::Observed));
            self.b.ins().brif(is_private, next, &[], exit, &[]);
            self.b.switch_to_block(next);
        }
    }
}
