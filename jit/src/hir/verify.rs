//! Checks the HIR's rules: every use is dominated by its definition, edges fit their targets, operands have the right
//! representation, and whatever can leave has a frame state. Run after building and after each pass in debug builds
//! and always before lowering: a mistake here would become a wrong answer later.

use super::function::Function;
use super::inst::{Block, Op, Value};
use super::types::Repr;

/// Checks `function`; the error names the first broken rule.
pub fn verify(function: &Function) -> Result<(), String> {
    let order = function.reverse_postorder();
    let dominators = Dominators::compute(function, &order);
    let mut home = vec![None; function.values.len()];
    for &block in &order {
        let data = function.block(block);
        for (position, value) in data.params.iter().chain(&data.insts).enumerate() {
            if home[value.index()].replace((block, position)).is_some() {
                return Err(format!("{value} is defined twice"));
            }
        }
    }
    for &block in &order {
        let data = function.block(block);
        let end = data.params.len() + data.insts.len();
        let check = |value: Value, position: usize| -> Result<(), String> {
            let Some((def_block, def_position)) = home[value.index()] else {
                return Err(format!("{value}, used in {block}, is not defined in a reachable block"));
            };
            let fine =
                if def_block == block { def_position < position } else { dominators.dominates(def_block, block) };
            if fine { Ok(()) } else { Err(format!("{value} does not dominate its use in {block}")) }
        };
        let check_state = |state, position| -> Result<(), String> {
            function.state(state).stack.iter().try_for_each(|entry| check(entry.value, position))
        };
        for (i, &value) in data.insts.iter().enumerate() {
            let position = data.params.len() + i;
            let inst = function.inst(value);
            for &arg in &inst.args {
                check(arg, position).map_err(|e| format!("{e} by {value}"))?;
            }
            match inst.state {
                Some(state) => check_state(state, position)?,
                None if inst.op.needs_state() => return Err(format!("{value} needs a frame state")),
                None => {}
            }
            check_operands(function, value)?;
        }
        if data.terminator == super::inst::Terminator::Open {
            return Err(format!("{block} has no terminator"));
        }
        if let Some(value) = data.terminator.operand() {
            check(value, end)?;
        }
        if let Some(state) = data.terminator.state() {
            check_state(state, end)?;
        }
        for edge in data.terminator.edges() {
            let params = &function.block(edge.block).params;
            if params.len() != edge.args.len() {
                return Err(format!(
                    "{block} passes {} values to {}, which has {}",
                    edge.args.len(),
                    edge.block,
                    params.len()
                ));
            }
            for (&arg, &param) in edge.args.iter().zip(params) {
                check(arg, end)?;
                let (from, to) = (function.ty(arg).repr, function.ty(param).repr);
                if from != to {
                    return Err(format!("{block} passes {arg} ({from:?}) for {param} ({to:?})"));
                }
            }
        }
    }
    Ok(())
}

fn check_operands(function: &Function, value: Value) -> Result<(), String> {
    let inst = function.inst(value);
    let repr = |i: usize| inst.args.get(i).map(|&arg| function.ty(arg).repr);
    let wanted: &[Repr] = match &inst.op {
        Op::ToRef { .. } | Op::IncRef | Op::DecRef | Op::GuardKinds { .. } | Op::Refine { .. } | Op::TypeOf => {
            &[Repr::Obj]
        }
        Op::UnboxInt | Op::UnboxFloat | Op::UnboxBool => &[Repr::Obj],
        Op::RefToObj | Op::RefToOwned | Op::CloseRef | Op::DupRef | Op::SwapLocal { .. } => &[Repr::Ref],
        Op::Guard { .. } | Op::BoxBool | Op::Not => &[Repr::Bool],
        Op::BoxInt | Op::IntNeg | Op::IntToFloat | Op::AsRef | Op::ShiftRight { .. } => &[Repr::I64],
        Op::BoxFloat | Op::FloatNeg => &[Repr::F64],
        Op::Int(_) => &[Repr::I64, Repr::I64],
        Op::Float(_) | Op::FloatCompare(_) => &[Repr::F64, Repr::F64],
        _ => return Ok(()),
    };
    for (i, want) in wanted.iter().enumerate() {
        if repr(i) != Some(*want) {
            return Err(format!("{value} ({:?}) wants {want:?} as operand {i}, got {:?}", inst.op, repr(i)));
        }
    }
    Ok(())
}

/// Immediate dominators, by the algorithm of Cooper, Harvey and Kennedy ("A Simple, Fast Dominance Algorithm").
pub struct Dominators {
    number: Vec<usize>,
    idom: Vec<usize>,
}

impl Dominators {
    pub fn compute(function: &Function, order: &[Block]) -> Dominators {
        let mut number = vec![usize::MAX; function.blocks.len()];
        for (i, block) in order.iter().enumerate() {
            number[block.index()] = i;
        }
        let mut predecessors = vec![Vec::new(); order.len()];
        for (i, &block) in order.iter().enumerate() {
            for edge in function.block(block).terminator.edges() {
                predecessors[number[edge.block.index()]].push(i);
            }
        }
        let mut idom = vec![usize::MAX; order.len()];
        idom[0] = 0;
        let mut changed = true;
        while changed {
            changed = false;
            for i in 1..order.len() {
                let mut new = usize::MAX;
                for &p in &predecessors[i] {
                    if idom[p] == usize::MAX {
                        continue;
                    }
                    new = if new == usize::MAX { p } else { intersect(&idom, p, new) };
                }
                if idom[i] != new {
                    idom[i] = new;
                    changed = true;
                }
            }
        }
        Dominators { number, idom }
    }

    /// Whether every path to `b` goes through `a`.
    pub fn dominates(&self, a: Block, b: Block) -> bool {
        let a = self.number[a.index()];
        let mut b = self.number[b.index()];
        while b > a {
            b = self.idom[b];
        }
        a == b
    }
}

fn intersect(idom: &[usize], mut a: usize, mut b: usize) -> usize {
    while a != b {
        while a > b {
            a = idom[a];
        }
        while b > a {
            b = idom[b];
        }
    }
    a
}
