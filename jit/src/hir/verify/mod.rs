//! Checks the HIR's rules: every use is dominated by its definition, edges fit their targets, operands and results have
//! the right representation, and whatever can leave has a frame state of values that are there. Run after building and
//! after each pass: a mistake here would become a wrong answer later.

mod operands;
#[cfg(test)]
mod tests;

use super::dominators::Dominators;
use super::function::Function;
use super::inst::{FrameState, OUTERMOST, Op, StateId, Terminator, Value};
use super::types::Repr;

/// Checks `function`; the error names the first broken rule.
pub fn verify(function: &Function) -> Result<(), String> {
    let order = function.reverse_postorder();
    let dominators = Dominators::compute(function, &order);
    let entry = function.entry;
    if !function.block(entry).params.is_empty() {
        return Err(format!("{entry} is the entry and has parameters"));
    }
    let mut home = vec![None; function.values.len()];
    for &block in &order {
        let data = function.block(block);
        for (position, value) in data.params.iter().chain(&data.insts).enumerate() {
            if home[value.index()].replace((block, position)).is_some() {
                return Err(format!("{value} is defined twice"));
            }
        }
    }
    for context in &function.contexts {
        let resume = function.block(context.resume);
        // The call may have turned out not to be reached.
        let is_called = matches!(function.inst(context.frame).op, Op::PushFrame { .. });
        if is_called && order.contains(&context.resume) && resume.params.len() != 1 {
            return Err(format!("{} takes a result and has {} parameters", context.resume, resume.params.len()));
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
        let check_state = |state: StateId, position| -> Result<(), String> {
            for value in function.state(state).values() {
                check(value, position)?;
                if function.ty(value).repr == Repr::None {
                    return Err(format!("{value}, in a frame state of {block}, has no result"));
                }
            }
            for late in &function.state(state).late {
                let FrameState { context, stack, .. } = function.state(state);
                // What is late at a callee's exit may be its caller's.
                let is_owned = stack.iter().any(|entry| entry.owned && entry.value == *late);
                if !is_owned && *context == OUTERMOST {
                    return Err(format!("{late}, late in a frame state of {block}, is not owned by it"));
                }
            }
            Ok(())
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
            operands::check_inst(function, value)?;
        }
        if data.terminator == Terminator::Open {
            return Err(format!("{block} has no terminator"));
        }
        if let Some(value) = data.terminator.operand() {
            check(value, end)?;
            operands::check_terminator(function, &data.terminator).map_err(|e| format!("the end of {block} {e}"))?;
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
