//! Removes instructions whose results nobody needs.

use crate::hir::function::Function;
use crate::hir::inst::{StateId, Value};

pub fn run(function: &mut Function) {
    let order = function.reverse_postorder();
    let mut live = Live { needed: vec![false; function.values.len()], work: Vec::new() };
    for &block in &order {
        let data = function.block(block);
        for &value in &data.insts {
            if function.inst(value).op.has_effect() {
                live.want(value);
            }
        }
        if let Some(value) = data.terminator.operand() {
            live.want(value);
        }
        for edge in data.terminator.edges() {
            edge.args.iter().for_each(|arg| live.want(*arg));
        }
        live.want_state(function, data.terminator.state());
    }
    while let Some(value) = live.work.pop() {
        let inst = function.inst(value);
        inst.args.iter().for_each(|arg| live.want(*arg));
        live.want_state(function, inst.state);
    }
    for block in order {
        function.block_mut(block).insts.retain(|value| live.needed[value.index()]);
    }
}

struct Live {
    needed: Vec<bool>,
    work: Vec<Value>,
}

impl Live {
    fn want(&mut self, value: Value) {
        if !std::mem::replace(&mut self.needed[value.index()], true) {
            self.work.push(value);
        }
    }

    fn want_state(&mut self, function: &Function, state: Option<StateId>) {
        if let Some(state) = state {
            for entry in &function.state(state).stack {
                self.want(entry.value);
            }
        }
    }
}
