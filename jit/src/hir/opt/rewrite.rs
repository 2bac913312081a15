//! Replacing values by others, wherever they are used.

use std::collections::HashMap;

use crate::hir::function::Function;
use crate::hir::inst::Value;

/// What each replaced value became; chains are followed.
#[derive(Default)]
pub struct Replacements(HashMap<Value, Value>);

impl Replacements {
    pub fn insert(&mut self, old: Value, new: Value) {
        self.0.insert(old, new);
    }

    pub fn contains(&self, value: Value) -> bool {
        self.0.contains_key(&value)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn resolve(&self, mut value: Value) -> Value {
        while let Some(next) = self.0.get(&value) {
            value = *next;
        }
        value
    }

    /// Replaces all uses in `function`.
    pub fn apply(&self, function: &mut Function) {
        for inst in &mut function.values {
            for arg in &mut inst.args {
                *arg = self.resolve(*arg);
            }
        }
        for block in &mut function.blocks {
            if let Some(value) = block.terminator.operand_mut() {
                *value = self.resolve(*value);
            }
            for edge in block.terminator.edges_mut() {
                for arg in &mut edge.args {
                    *arg = self.resolve(*arg);
                }
            }
        }
        for context in &mut function.contexts {
            context.frame = self.resolve(context.frame);
        }
        for state in &mut function.states {
            state.values_mut().for_each(|value| *value = self.resolve(*value));
        }
    }
}
