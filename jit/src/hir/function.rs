//! A function in HIR: blocks, instructions and frame states, addressed by small indexes.

use std::sync::Arc;

use super::inst::{
    Block, ContextId, Edge, FrameState, Inst, LazyTuple, OUTERMOST, Op, StateId, Terminator, Upkeep, Value,
};
use super::origin::Origin;
use super::types::{Number, Type};
use crate::bytecode::info::CodeInfo;
use crate::bytecode::opcode::CodeOffset;

/// Where a compilation begins.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// Entered by a call; returns the function's result.
    Function,
    /// Entered by on-stack replacement at the loop header with this offset; takes the frame over until the function
    /// returns, but leaves popping it to the interpreter.
    Loop(CodeOffset),
    /// Entered by whoever wants a generator's next item, where the generator goes on: at this offset. Ends with the next
    /// item, or like a function.
    Resume(CodeOffset),
}

impl Kind {
    /// What reports call it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Function => "function",
            Kind::Loop(_) => "loop",
            Kind::Resume(_) => "generator",
        }
    }

    /// Whether the frame is the machine code's until it ends. That of a loop belongs to the interpreter, which ends it.
    pub fn owns_frame(self) -> bool {
        !matches!(self, Kind::Loop(_))
    }
}

/// Bytes that a vector keeps, used or not.
pub fn allocated<T>(vector: &Vec<T>) -> usize {
    vector.capacity() * size_of::<T>()
}

/// A basic block: parameters, straight-line instructions, one terminator.
#[derive(Clone, Debug)]
pub struct BlockData {
    pub params: Vec<Value>,
    pub insts: Vec<Value>,
    pub terminator: Terminator,
    /// Rarely executed: error handling and slow paths. Placed out of the way.
    pub cold: bool,
    /// The bytecode that the terminator is part of.
    pub site: Option<CodeOffset>,
    /// The frame that it runs in.
    pub context: ContextId,
}

/// A callee whose code is a part of the function.
#[derive(Clone, Debug)]
pub struct Context {
    /// Its bytecode.
    pub code: Arc<CodeInfo>,
    /// Its code object.
    pub address: usize,
    /// The frame that calls it.
    pub caller: ContextId,
    /// The call.
    pub site: CodeOffset,
    /// The call's source line, 0 where there is none.
    pub call_line: u32,
    /// Whether the interpreter would have a frame of its own below its frame.
    pub has_shim: bool,
    /// Its frame: what [`Op::PushFrame`] gives.
    pub frame: Value,
    /// Where its caller goes on, with the result or NULL as the only parameter.
    pub resume: Block,
    /// The callee that this is another copy of, for later rounds of a loop.
    pub copy_of: Option<ContextId>,
}

/// A function in HIR.
#[derive(Clone, Debug)]
pub struct Function {
    pub name: String,
    pub kind: Kind,
    pub values: Vec<Inst>,
    /// The bytecode that each value is part of, as far as is known, and whose it is. Not in the text form.
    pub sites: Vec<Option<(ContextId, CodeOffset)>>,
    /// The bytecode that is being translated.
    pub site: Option<CodeOffset>,
    pub blocks: Vec<BlockData>,
    pub states: Vec<FrameState>,
    /// Callees, from [`ContextId`] 1 on.
    pub contexts: Vec<Context>,
    /// The context of blocks and states that are made.
    pub context: ContextId,
    pub entry: Block,
    /// Words of scratch memory, for arrays that calls read or write.
    pub scratch: u32,
    /// Callees for which there was no room, but would be with more of it. Not in the text form.
    pub left_out: u32,
}

impl Function {
    pub fn new(name: String, kind: Kind) -> Function {
        let mut function = Function {
            name,
            kind,
            values: Vec::new(),
            sites: Vec::new(),
            site: None,
            blocks: Vec::new(),
            states: Vec::new(),
            contexts: Vec::new(),
            context: OUTERMOST,
            entry: Block(0),
            scratch: 0,
            left_out: 0,
        };
        function.entry = function.new_block(false);
        function
    }

    pub fn new_block(&mut self, cold: bool) -> Block {
        let (terminator, context) = (Terminator::Open, self.context);
        self.blocks.push(BlockData { params: Vec::new(), insts: Vec::new(), terminator, cold, site: None, context });
        Block(self.blocks.len() as u32 - 1)
    }

    pub fn add_param(&mut self, block: Block, ty: Type) -> Value {
        let value = self.add_value(Inst { op: Op::Param, args: Vec::new(), state: None, ty });
        self.blocks[block.index()].params.push(value);
        value
    }

    pub fn add_value(&mut self, inst: Inst) -> Value {
        self.values.push(inst);
        self.sites.push(self.site.map(|site| (self.context, site)));
        Value(self.values.len() as u32 - 1)
    }

    pub fn add_state(&mut self, state: FrameState) -> StateId {
        self.states.push(state);
        StateId(self.states.len() as u32 - 1)
    }

    pub fn add_context(&mut self, context: Context) -> ContextId {
        self.contexts.push(context);
        ContextId(self.contexts.len() as u32)
    }

    /// The callee that runs in a frame; None for the outermost.
    pub fn callee(&self, context: ContextId) -> Option<&Context> {
        self.contexts.get(context.index().checked_sub(1)?)
    }

    /// How many frames the interpreter would have above the outermost one where `context` runs.
    pub fn depth(&self, context: ContextId) -> u32 {
        self.callee(context).map_or(0, |callee| 1 + u32::from(callee.has_shim) + self.depth(callee.caller))
    }

    pub fn inst(&self, value: Value) -> &Inst {
        &self.values[value.index()]
    }

    pub fn ty(&self, value: Value) -> Type {
        self.values[value.index()].ty
    }

    pub fn block(&self, block: Block) -> &BlockData {
        &self.blocks[block.index()]
    }

    pub fn block_mut(&mut self, block: Block) -> &mut BlockData {
        &mut self.blocks[block.index()]
    }

    /// The bytecode that a part of the function was made from, and whose it is.
    pub fn place_of(&self, origin: Origin) -> Option<(ContextId, CodeOffset)> {
        match origin {
            Origin::Inst(value) => self.sites[value.index()],
            Origin::Terminator(block) => self.block(block).site.map(|site| (self.block(block).context, site)),
            Origin::Exit(state) => Some((self.state(state).context, self.state(state).site)),
        }
    }

    /// The bytecode of the outermost code that a place belongs to: that itself, or the call that it is a part of.
    pub fn outermost_site(&self, (mut context, mut site): (ContextId, CodeOffset)) -> CodeOffset {
        while let Some(callee) = self.callee(context) {
            (context, site) = (callee.caller, callee.site);
        }
        site
    }

    pub fn state(&self, state: StateId) -> &FrameState {
        &self.states[state.index()]
    }

    /// For each block whether it is cold, or leads only to blocks that are, or out of the machine code.
    pub fn unusual_blocks(&self) -> Vec<bool> {
        let order = self.reverse_postorder();
        let mut unusual: Vec<bool> = self.blocks.iter().map(|block| block.cold).collect();
        loop {
            let mut has_changed = false;
            for &block in order.iter().rev().filter(|block| !self.block(**block).cold) {
                let terminator = &self.block(block).terminator;
                let leads_nowhere = match terminator {
                    Terminator::Exit { .. } | Terminator::Unwind | Terminator::Throw { .. } => true,
                    _ => {
                        let edges = terminator.edges();
                        !edges.is_empty() && edges.iter().all(|edge| unusual[edge.block.index()])
                    }
                };
                has_changed |= leads_nowhere && !std::mem::replace(&mut unusual[block.index()], true);
            }
            if !has_changed {
                return unusual;
            }
        }
    }

    /// The callee whose frame a [`crate::hir::inst::Op::PushFrame`] pushes.
    pub fn callee_in(&self, frame: Value) -> Option<ContextId> {
        let index = self.contexts.iter().position(|context| context.frame == frame)?;
        Some(ContextId(index as u32 + 1))
    }

    /// How much of the frame of `context` is counted when it is pushed.
    pub fn upkeep(&self, context: ContextId) -> Upkeep {
        match self.callee(context).map(|callee| &self.inst(callee.frame).op) {
            Some(Op::PushFrame { upkeep, .. }) => *upkeep,
            _ => Upkeep::Full,
        }
    }

    /// The argument of the frame of `context` that is not made, and its items.
    pub fn lazy_tuple(&self, context: ContextId) -> Option<(LazyTuple, &[Value])> {
        let push = self.inst(self.callee(context)?.frame);
        let Op::PushFrame { lazy, .. } = push.op else { return None };
        Some((lazy?, LazyTuple::split(lazy, &push.args).1))
    }

    /// The instructions that can leave by a side exit.
    pub fn guards(&self) -> impl Iterator<Item = Value> {
        let blocks = self.reverse_postorder();
        let insts = blocks.into_iter().flat_map(|block| &self.block(block).insts);
        insts.copied().filter(|&value| self.inst(value).op.needs_state())
    }

    /// Bytes of memory that all of it takes, `self` included.
    pub fn bytes(&self) -> usize {
        let insts = self.values.iter().map(|inst| {
            let imms = if let Op::Helper { imms, .. } = &inst.op { size_of_val::<[i64]>(imms) } else { 0 };
            allocated(&inst.args) + imms
        });
        let blocks = self.blocks.iter().map(|block| {
            let edges = block.terminator.edges().into_iter().map(|edge| allocated(&edge.args));
            allocated(&block.params) + allocated(&block.insts) + edges.sum::<usize>()
        });
        let states = self
            .states
            .iter()
            .map(|state| allocated(&state.stack) + allocated(&state.late) + allocated(&state.pending));
        let own = allocated(&self.values) + allocated(&self.sites) + allocated(&self.blocks) + allocated(&self.states);
        let own = own + allocated(&self.contexts);
        size_of::<Self>() + self.name.capacity() + own + insts.chain(blocks).chain(states).sum::<usize>()
    }

    /// How many ways lead to each block, of those that `order` has. Those where callees end have one that no edge shows: the interpreter
    /// may have run the callee to its end.
    pub fn ways_in(&self, order: &[Block]) -> Vec<usize> {
        let mut ways = vec![0; self.blocks.len()];
        ways[self.entry.index()] += 1;
        for block in order {
            for edge in self.block(*block).terminator.edges() {
                ways[edge.block.index()] += 1;
            }
        }
        for context in &self.contexts {
            ways[context.resume.index()] += 1;
        }
        ways
    }

    /// Whether something that can be reached uses each value.
    pub fn used(&self) -> Vec<bool> {
        let mut used = vec![false; self.values.len()];
        for block in self.reverse_postorder() {
            let data = self.block(block);
            for value in &data.insts {
                let inst = self.inst(*value);
                let in_state = inst.state.into_iter().flat_map(|state| self.state(state).values());
                inst.args.iter().copied().chain(in_state).for_each(|value| used[value.index()] = true);
            }
            let in_state = data.terminator.state().into_iter().flat_map(|state| self.state(state).values());
            let in_edges = data.terminator.edges().into_iter().flat_map(|edge| edge.args.iter().copied());
            let operands = data.terminator.operand().into_iter().chain(in_edges).chain(in_state);
            operands.for_each(|value| used[value.index()] = true);
        }
        used
    }

    /// The kind of number that the function returns in a register, if it does.
    pub fn returned_number(&self) -> Option<Number> {
        self.blocks.iter().find_map(|block| match block.terminator {
            Terminator::Return { value, .. } => Number::represented(self.ty(value).repr),
            _ => None,
        })
    }

    /// Blocks that the entry reaches, each before the blocks it alone leads to.
    pub fn reverse_postorder(&self) -> Vec<Block> {
        let mut seen = vec![false; self.blocks.len()];
        let mut order = Vec::new();
        // (block, next successor to visit)
        let mut work = vec![(self.entry, 0)];
        seen[self.entry.index()] = true;
        while let Some((block, next)) = work.pop() {
            let successors = self.block(block).terminator.edges();
            if let Some(edge) = successors.get(next) {
                let target = edge.block;
                work.push((block, next + 1));
                if !seen[target.index()] {
                    seen[target.index()] = true;
                    work.push((target, 0));
                }
            } else {
                order.push(block);
            }
        }
        order.reverse();
        order
    }
}

impl Terminator {
    /// The ways out of the block, in a fixed order.
    pub fn edges(&self) -> Vec<&Edge> {
        match self {
            Terminator::Jump(edge) => vec![edge],
            Terminator::Branch { then, otherwise, .. } => vec![then, otherwise],
            Terminator::OnError { error, ok, .. } => vec![error, ok],
            _ => Vec::new(),
        }
    }

    pub fn edges_mut(&mut self) -> Vec<&mut Edge> {
        match self {
            Terminator::Jump(edge) => vec![edge],
            Terminator::Branch { then, otherwise, .. } => vec![then, otherwise],
            Terminator::OnError { error, ok, .. } => vec![error, ok],
            _ => Vec::new(),
        }
    }

    /// The value that decides or leaves, other than edge arguments.
    pub fn operand(&self) -> Option<Value> {
        match self {
            Terminator::Branch { cond, .. } => Some(*cond),
            Terminator::OnError { value, .. } | Terminator::Return { value, .. } | Terminator::Yield { value, .. } => {
                Some(*value)
            }
            _ => None,
        }
    }

    pub fn operand_mut(&mut self) -> Option<&mut Value> {
        match self {
            Terminator::Branch { cond, .. } => Some(cond),
            Terminator::OnError { value, .. } | Terminator::Return { value, .. } | Terminator::Yield { value, .. } => {
                Some(value)
            }
            _ => None,
        }
    }

    pub fn state(&self) -> Option<StateId> {
        match self {
            Terminator::Throw { state }
            | Terminator::Leave { state }
            | Terminator::ReturnGenerator { state }
            | Terminator::Yield { state, .. }
            | Terminator::Exit { state, .. } => Some(*state),
            _ => None,
        }
    }

    pub fn state_mut(&mut self) -> Option<&mut StateId> {
        match self {
            Terminator::Throw { state }
            | Terminator::Leave { state }
            | Terminator::ReturnGenerator { state }
            | Terminator::Yield { state, .. }
            | Terminator::Exit { state, .. } => Some(state),
            _ => None,
        }
    }
}
