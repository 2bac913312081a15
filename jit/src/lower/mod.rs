//! HIR to Cranelift IR.
//!
//! Lowering is mechanical: one HIR instruction becomes a few Cranelift instructions, a side exit becomes a cold block.
//! Everything it needs to know about CPython's layout comes from `cpython/`.

mod calls;
mod division;
mod exits;
mod freelists;
mod instances;
mod insts;
mod light;
mod locals;
mod numbers;
mod positions;
mod quiet;
mod refs;
mod results;
mod stack;
mod stress;
mod undisturbed;
mod unmade;
pub mod unwinding;

use std::collections::{HashMap, HashSet};

use cranelift_codegen::ir::{
    self, AbiParam, BlockArg, InstBuilder, MemFlagsData, Signature, SourceLoc, StackSlot, StackSlotData, StackSlotKind,
    condcodes::IntCC, types,
};
use cranelift_codegen::isa::{CallConv, TargetFrontendConfig};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

use crate::bytecode::info::CodeInfo;
use crate::bytecode::opcode::CodeOffset;
use crate::code::executable::{Header, SideExit};
use crate::config::Stress;
use crate::cpython::{constructor, frame, thread};
use crate::hir::function::{Function, Kind};
use crate::hir::inst::{self, ContextId, ErrorKind, OUTERMOST, Reason, StateId, Terminator, Value};
use crate::hir::origin::Origin;
use crate::hir::signs::non_negative;
use crate::hir::types::{Number, Repr};
use crate::runtime::ops::generators;
use crate::runtime::{deaths, frames, preserving};
use positions::Positions;
use quiet::Quiet;
use stack::Stack;
use undisturbed::undisturbed;
use unmade::UnmadeInstances;

/// What lowering learns besides the code itself.
pub struct Lowered {
    /// Side exits, by the index that the machine code passes to the runtime.
    pub exits: Vec<SideExit>,
    /// Under stress, the guards that can be made to fail, by the index that the machine code passes to the runtime.
    pub guards: Vec<SideExit>,
    /// Addresses of the states of code objects that the machine code may enter directly.
    pub callees: Vec<usize>,
    /// The words that have to be left on the data stack when it is entered.
    pub extent: u32,
}

/// What brings the machine code to a side exit.
#[derive(Copy, Clone, PartialEq, Eq, Hash)]
enum Cause {
    /// A guard found what it was there for.
    Guard(Reason),
    /// A guard was made to fail; the exit's parameter is its number.
    Stress,
}

/// Context of one lowering.
struct Lowering<'a, 'b> {
    hir: &'a Function,
    /// The code that is compiled, and its frame.
    outermost: (&'a CodeInfo, ir::Value),
    stack: Stack,
    /// Callees whose frames nobody can have got hold of when they are popped; none under stress.
    undisturbed: HashSet<ContextId>,
    positions: Positions,
    /// Whether values are used.
    used: Vec<bool>,
    /// Whether values are ints that cannot be negative.
    non_negative: Vec<bool>,
    /// Where frames of callees are counted from: the end of the data stack when the machine code was entered.
    base: ir::Value,
    /// The frame that the current block runs in, its code, and where it is.
    context: ContextId,
    code: &'a CodeInfo,
    header: &'a Header,
    stress: Stress,
    b: FunctionBuilder<'b>,
    blocks: Vec<ir::Block>,
    values: HashMap<Value, ir::Value>,
    /// For stores of numbers that a safepoint asks about: whether an object was given up.
    given_up: HashMap<Value, ir::Value>,
    /// For stores of ints: the box in the home slot, or NULL.
    boxes: HashMap<Value, ir::Value>,
    /// For direct calls: the second register of what they returned.
    returned: HashMap<Value, ir::Value>,
    /// Safepoints that need not be where they are.
    quiet: Quiet,
    /// The safepoint that the instruction before it has done.
    done_safepoint: Option<Value>,
    tstate: ir::Value,
    frame: ir::Value,
    scratch: Option<StackSlot>,
    /// Where the thread state and the outermost frame are kept, for calls.
    entered_with: Option<StackSlot>,
    /// Tuples that callers have among their operands and that were made for a callee, or 0.
    made_tuples: HashMap<ContextId, StackSlot>,
    /// Where calls aside put their results.
    result: Option<StackSlot>,
    /// Side exits asked for so far, shared by guards with the same state.
    exits: HashMap<(StateId, Cause), ir::Block>,
    pending: Vec<(StateId, Cause, ir::Block)>,
    /// The shared ends of side exits, by context and whether stress has forced them, each with the state of one of its exits.
    tails: Vec<(StateId, (ContextId, bool), ir::Block)>,
    records: Vec<SideExit>,
    /// See [`Lowered::guards`].
    guards: Vec<SideExit>,
    callees: Vec<usize>,
    /// Whether some of what it returns are numbers.
    returns_numbers: bool,
    /// Where the function returns with a value, if it does.
    epilogue: Option<ir::Block>,
    /// Where it returns with an exception, if it does.
    unwinding: Option<ir::Block>,
    unmade: UnmadeInstances,
    /// Whether there may be instances that are not made.
    may_be_unmade: bool,
    /// Whether code hardly ever comes here.
    is_unusual: bool,
    /// Whether what dies now cannot run Python code, whatever its type.
    dies_quietly: bool,
    /// Whether the current block runs rarely, so that small code counts more than fast code.
    is_cold: bool,
}

/// Lowers `hir` into `func`, whose signature it sets.
pub fn lower(
    hir: &Function,
    code: &CodeInfo,
    header: &Header,
    stress: Stress,
    func: &mut ir::Function,
    context: &mut FunctionBuilderContext,
    target: TargetFrontendConfig,
) -> Lowered {
    func.signature = body_signature(func.signature.call_conv);
    let builder = FunctionBuilder::new(func, context);
    let nothing = ir::Value::from_u32(0);
    let undisturbed = if stress.is_on() { HashSet::new() } else { undisturbed(hir) };
    let mut lowering = Lowering {
        hir,
        outermost: (code, nothing),
        stack: Stack::of(hir),
        positions: Positions::of(hir, &undisturbed),
        undisturbed,
        used: hir.used(),
        non_negative: non_negative(hir),
        base: nothing,
        context: OUTERMOST,
        code,
        header,
        stress,
        b: builder,
        blocks: Vec::new(),
        values: HashMap::new(),
        given_up: HashMap::new(),
        boxes: HashMap::new(),
        returned: HashMap::new(),
        quiet: Quiet::of(hir, stress.is_on()),
        done_safepoint: None,
        tstate: nothing,
        frame: nothing,
        scratch: None,
        entered_with: None,
        made_tuples: HashMap::new(),
        result: None,
        exits: HashMap::new(),
        pending: Vec::new(),
        tails: Vec::new(),
        records: Vec::new(),
        guards: Vec::new(),
        callees: Vec::new(),
        returns_numbers: hir.returned_number().is_some(),
        epilogue: None,
        unwinding: None,
        unmade: UnmadeInstances::of(hir),
        may_be_unmade: false,
        is_unusual: false,
        dies_quietly: false,
        is_cold: false,
    };
    lowering.run();
    let extent = lowering.stack.bytes as u32 / 8;
    let Lowering { b, records, guards, callees, .. } = lowering;
    b.finalize(target);
    Lowered { exits: records, guards, callees, extent }
}

fn body_signature(call_conv: CallConv) -> Signature {
    let mut signature = Signature::new(call_conv);
    signature.params.extend([AbiParam::new(types::I64), AbiParam::new(types::I64)]);
    signature.returns.extend([AbiParam::new(types::I64), AbiParam::new(types::I64)]);
    signature
}

impl Lowering<'_, '_> {
    fn run(&mut self) {
        let order = self.hir.reverse_postorder();
        for _ in 0..self.hir.blocks.len() {
            let block = self.block();
            self.blocks.push(block);
        }
        let entry = self.block();
        self.b.append_block_params_for_function_params(entry);
        self.b.switch_to_block(entry);
        self.tstate = self.b.block_params(entry)[0];
        self.frame = self.b.block_params(entry)[1];
        self.outermost.1 = self.frame;
        let slot = self.b.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, 16, 3));
        self.b.ins().stack_store(types::I64, self.tstate, slot, 0);
        self.b.ins().stack_store(types::I64, self.frame, slot, 8);
        self.entered_with = Some(slot);
        self.ensure_room();
        // Unless room was made for callees it is the end of the frame, but a generator's frame is elsewhere.
        self.base = match self.hir.kind {
            Kind::Function | Kind::Loop(_) if self.hir.contexts.is_empty() => {
                let size = 8 * i64::from(self.outermost.0.framesize);
                self.b.ins().iadd_imm_s(self.frame, size)
            }
            _ => self.load(types::I64, self.tstate, thread::DATASTACK_TOP),
        };
        if self.hir.scratch > 0 {
            let data = StackSlotData::new(StackSlotKind::ExplicitSlot, self.hir.scratch * 8, 3);
            self.scratch = Some(self.b.create_sized_stack_slot(data));
        }
        self.prologue();
        self.have_none_unmade();
        for &block in &order {
            let data = self.hir.block(block);
            for &param in &data.params {
                let ty = clif_type(self.hir.ty(param).repr);
                let value = self.b.append_block_param(self.blocks[block.index()], ty);
                self.values.insert(param, value);
            }
            if data.cold {
                self.b.set_cold_block(self.blocks[block.index()]);
            }
        }
        let first = self.blocks[self.hir.entry.index()];
        self.b.ins().jump(first, &[]);
        for &block in &order {
            self.b.switch_to_block(self.blocks[block.index()]);
            let data = self.hir.block(block);
            self.enter(data.context);
            self.enter_unmade(block);
            self.is_cold = data.cold;
            let (last, is_fused) = match data.insts.last() {
                Some(&last) if self.ends_in_safepoint(last, &data.terminator) => (data.insts.len() - 1, true),
                Some(&last) if self.ends_in_call(last, &data.terminator) => (data.insts.len() - 1, true),
                _ => (data.insts.len(), false),
            };
            for (i, &value) in data.insts[..last].iter().enumerate() {
                self.belongs_to(Origin::Inst(value));
                self.inst(value, &data.insts[i + 1..]);
            }
            if is_fused {
                self.belongs_to(Origin::Inst(data.insts[last]));
                match self.hir.inst(data.insts[last]).op {
                    inst::Op::CallDirect { .. } => self.call_at_end(data.insts[last], &data.terminator),
                    _ => self.safepoint_at_end(data.insts[last], &data.terminator),
                }
                continue;
            }
            self.belongs_to(Origin::Terminator(block));
            self.terminator(&data.terminator, data.site);
        }
        self.b.set_srcloc(SourceLoc::default());
        self.enter(OUTERMOST);
        self.may_be_unmade = false;
        if let Some(epilogue) = self.epilogue {
            self.is_cold = false;
            let word = self.b.append_block_param(epilogue, types::I64);
            let number = self.returns_numbers.then(|| self.b.append_block_param(epilogue, types::I64));
            self.b.switch_to_block(epilogue);
            self.leave([word, number.unwrap_or(word)]);
        }
        if let Some(unwinding) = self.unwinding {
            self.b.set_cold_block(unwinding);
            self.b.switch_to_block(unwinding);
            let (tstate, frame) = (self.tstate, self.frame);
            self.call_runtime(frames::unwind as *const () as usize, &[tstate, frame], None);
            let null = self.imm(0);
            self.return_word(null);
        }
        self.enter_exits();
        self.emit_exits();
        self.b.seal_all_blocks();
    }

    /// What comes now runs in this frame.
    fn enter(&mut self, context: ContextId) {
        self.context = context;
        (self.code, self.frame) = match self.hir.callee(context) {
            Some(callee) => (&*callee.code, self.frame_of(context)),
            None => self.outermost,
        };
    }

    /// The place on the data stack this many bytes behind the base.
    fn frame_at(&mut self, offset: i64) -> ir::Value {
        if offset == 0 {
            return self.base;
        }
        self.b.ins().iadd_imm_s(self.base, offset)
    }

    /// The frame of `context`.
    fn frame_of(&mut self, context: ContextId) -> ir::Value {
        match context {
            OUTERMOST => self.outermost.1,
            _ => self.frame_at(self.stack.start(context)),
        }
    }

    /// Where the frame of `context` ends, in bytes from the base on.
    fn end_of(&self, context: ContextId) -> i64 {
        let Some(callee) = self.hir.callee(context) else { return 0 };
        self.stack.start(context) + 8 * i64::from(callee.code.framesize)
    }

    /// Notes what the machine code that comes now is made from.
    fn belongs_to(&mut self, origin: Origin) {
        self.b.set_srcloc(SourceLoc::new(origin.number(self.hir)));
    }

    fn terminator(&mut self, terminator: &Terminator, site: Option<CodeOffset>) {
        let passed = terminator.edges().into_iter().flat_map(|edge| edge.args.iter().copied());
        self.make_operands(passed.chain(terminator.operand()).collect::<Vec<_>>());
        match terminator {
            Terminator::Jump(edge) => {
                let (block, args) = self.edge(edge);
                self.b.ins().jump(block, &args);
            }
            Terminator::Branch { cond, then, otherwise } => {
                if let inst::Op::CanInline { target, has_shim } = self.hir.inst(*cond).op {
                    let (then, otherwise) = (self.blocks[then.block.index()], self.blocks[otherwise.block.index()]);
                    return self.branch_if_inlinable(target, has_shim, then, otherwise);
                }
                if let inst::Op::ConstBool(holds) = self.hir.inst(*cond).op {
                    let (way, args) = self.edge(if holds { then } else { otherwise });
                    self.b.ins().jump(way, &args);
                    return;
                }
                let cond = self.value(*cond);
                let (then, then_args) = self.edge(then);
                let (otherwise, other_args) = self.edge(otherwise);
                self.b.ins().brif(cond, then, &then_args, otherwise, &other_args);
            }
            Terminator::OnError { value, kind, error, ok } => {
                let value = self.value(*value);
                let failed = match kind {
                    ErrorKind::Null => self.b.ins().icmp_imm_s(IntCC::Equal, value, 0),
                    ErrorKind::Negative => self.b.ins().icmp_imm_s(IntCC::SignedLessThan, value, 0),
                    ErrorKind::One => self.b.ins().icmp_imm_s(IntCC::Equal, value, 1),
                };
                let (error, error_args) = self.edge(error);
                let (ok, ok_args) = self.edge(ok);
                self.b.ins().brif(failed, error, &error_args, ok, &ok_args);
            }
            Terminator::Return { value, as_is } => {
                let epilogue = *self.epilogue.get_or_insert_with(|| self.b.create_block());
                let result = self.result(*value);
                if let (Some(_), false) = (Number::represented(self.hir.ty(*value).repr), *as_is) {
                    self.make_object_if_traced(result, site, epilogue);
                }
                let count = if self.returns_numbers { 2 } else { 1 };
                self.b.ins().jump(epilogue, &result.map(BlockArg::Value)[..count]);
            }
            Terminator::ReturnGenerator { state } => {
                self.flush(*state);
                let (address, args) = (generators::return_generator as *const (), [self.tstate, self.frame]);
                let generator = self.call_runtime(address as usize, &args, Some(types::I64)).expect("has a result");
                self.return_word(generator);
            }
            Terminator::Unwind => {
                self.unwind();
            }
            Terminator::Yield { value, delegates, state } => {
                let value = self.value(*value);
                self.flush(*state);
                self.suspend(*delegates);
                self.return_word(value);
            }
            Terminator::Throw { state } => {
                self.flush(*state);
                let status = self.b.ins().iconst(types::I64, crate::code::executable::OSR_RAISED as i64);
                self.return_word(status);
            }
            Terminator::Leave { state } => {
                self.flush(*state);
                let status = self.b.ins().iconst(types::I64, crate::code::executable::OSR_EXITED as i64);
                self.return_word(status);
            }
            Terminator::Exit { state, reason } => {
                let block = self.exit(*state, Cause::Guard(*reason));
                self.b.ins().jump(block, &[]);
            }
            Terminator::Open => unreachable!("verified HIR has terminators"),
        }
    }

    /// A new block, which is cold where the current one is.
    fn block(&mut self) -> ir::Block {
        let block = self.b.create_block();
        let is_cold = self.b.current_block().is_some_and(|current| self.b.func.layout.is_cold(current));
        if is_cold {
            self.b.set_cold_block(block);
        }
        block
    }

    fn edge(&mut self, edge: &inst::Edge) -> (ir::Block, Vec<BlockArg>) {
        let args = edge.args.iter().map(|arg| BlockArg::Value(self.value(*arg))).collect();
        (self.blocks[edge.block.index()], args)
    }

    fn value(&self, value: Value) -> ir::Value {
        self.values[&value]
    }

    // ---- memory

    fn load(&mut self, ty: ir::Type, base: ir::Value, offset: i32) -> ir::Value {
        self.b.ins().load(ty, MemFlagsData::trusted(), base, offset)
    }

    fn store(&mut self, value: ir::Value, base: ir::Value, offset: i32) {
        self.b.ins().store(MemFlagsData::trusted(), value, base, offset);
    }

    fn imm(&mut self, value: i64) -> ir::Value {
        self.b.ins().iconst(types::I64, value)
    }

    fn slot_offset(&self, slot: u32) -> i32 {
        frame::LOCALSPLUS + 8 * slot as i32
    }

    /// Calls a function of the runtime, which may ask for anything.
    fn call_runtime(&mut self, address: usize, args: &[ir::Value], ret: Option<ir::Type>) -> Option<ir::Value> {
        self.settle();
        self.call_unsettled(address, args, ret)
    }

    /// Calls a function of the runtime that asks for nothing of what is counted late.
    fn call_unsettled(&mut self, address: usize, args: &[ir::Value], ret: Option<ir::Type>) -> Option<ir::Value> {
        let callee = self.imm(address as i64);
        self.call_address(callee, args, ret)
    }

    fn call_address(&mut self, callee: ir::Value, args: &[ir::Value], ret: Option<ir::Type>) -> Option<ir::Value> {
        let mut signature = Signature::new(CallConv::SystemV);
        for arg in args {
            let ty = self.b.func.dfg.value_type(*arg);
            signature.params.push(AbiParam::new(ty));
        }
        signature.returns.extend(ret.map(AbiParam::new));
        let signature = self.b.import_signature(signature);
        let args = self.arguments(args);
        let call = self.b.ins().call_indirect(signature, callee, &args);
        ret.map(|_| self.b.inst_results(call)[0])
    }

    /// Calls a function of the runtime on a way that is hardly ever taken, so that the other ways can keep all registers.
    fn call_aside(&mut self, address: usize, args: &[ir::Value], ret: Option<ir::Type>) -> Option<ir::Value> {
        self.settle();
        self.call_aside_unsettled(address, args, ret)
    }

    /// The same for a function that asks for nothing of what is counted late.
    fn call_aside_unsettled(&mut self, address: usize, args: &[ir::Value], ret: Option<ir::Type>) -> Option<ir::Value> {
        if !preserving::IS_AVAILABLE {
            return self.call_unsettled(address, args, ret);
        }
        let callee = self.imm(address as i64);
        let mut all = vec![callee];
        all.extend(args);
        let is_float = |arg: &ir::Value| self.b.func.dfg.value_type(*arg) == types::F64;
        debug_assert!(args.iter().filter(|arg| is_float(arg)).count() <= 1);
        debug_assert!(args.iter().filter(|arg| !is_float(arg)).count() <= preserving::MAX_ARGS);
        let result = self.call_preserving_for_result(preserving::address(), &all);
        ret.map(|ty| self.b.ins().stack_load(types::I64, ty, result, 0))
    }

    /// Calls a function that keeps all registers and writes its result to where its first argument says: to the slot that is
    /// returned.
    fn call_preserving_for_result(&mut self, address: usize, args: &[ir::Value]) -> StackSlot {
        let result = *self.result.get_or_insert_with(|| {
            self.b.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, 8, 3))
        });
        let mut all = vec![self.b.ins().stack_addr(types::I64, result, 0)];
        all.extend(args);
        self.call_preserving(address, &all);
        result
    }

    /// What a call is given for `arguments`: copies of the thread state and the outermost frame. If these were arguments themselves the
    /// register allocator would bind them to the arguments' registers, and copy them to and fro wherever else they are used.
    fn arguments(&mut self, arguments: &[ir::Value]) -> Vec<ir::Value> {
        let slot = self.entered_with.expect("it was entered");
        let mut copy = |argument: &ir::Value| {
            let place = [self.tstate, self.outermost.1].iter().position(|value| value == argument);
            let Some(place) = place else { return *argument };
            // By another address than that of the store, whose value the optimizer would take.
            let end = self.b.ins().stack_addr(types::I64, slot, 16);
            self.load(types::I64, end, 8 * place as i32 - 16)
        };
        arguments.iter().map(&mut copy).collect()
    }

    /// Calls a function that keeps all registers.
    fn call_preserving(&mut self, address: usize, args: &[ir::Value]) {
        let mut signature = Signature::new(CallConv::PreserveAll);
        for arg in args {
            signature.params.push(AbiParam::new(self.b.func.dfg.value_type(*arg)));
        }
        let signature = self.b.import_signature(signature);
        let callee = self.imm(address as i64);
        let args = self.arguments(args);
        self.b.ins().call_indirect(signature, callee, &args);
    }

    /// Whether the interpreter has the frame that the current block runs in, and goes on with it itself.
    fn is_loop(&self) -> bool {
        self.context == OUTERMOST && matches!(self.hir.kind, Kind::Loop(_))
    }
}

/// The room on the data stack for the interpreter's own frame below that of `__init__`.
fn shim_bytes(has_shim: bool) -> i64 {
    if has_shim { 8 * i64::from(constructor::shim_size()) } else { 0 }
}

fn clif_type(repr: Repr) -> ir::Type {
    match repr {
        Repr::F64 => types::F64,
        Repr::Bool => types::I8,
        _ => types::I64,
    }
}
