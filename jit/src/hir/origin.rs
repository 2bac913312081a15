//! Names for the parts of a function that machine code is made from, as the numbers that a code generator carries along.

use super::function::Function;
use super::inst::{Block, StateId, Value};

/// A part of a function in HIR.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum Origin {
    /// An instruction.
    Inst(Value),
    /// What ends a block.
    Terminator(Block),
    /// Leaving with a frame state.
    Exit(StateId),
}

impl Origin {
    /// The number of this part of `hir`.
    pub fn number(self, hir: &Function) -> u32 {
        let (values, blocks) = (hir.values.len(), hir.blocks.len());
        (match self {
            Origin::Inst(value) => value.index(),
            Origin::Terminator(block) => values + block.index(),
            Origin::Exit(state) => values + blocks + state.index(),
        }) as u32
    }

    /// The part of `hir` that has this number; None when none has.
    pub fn of(number: u32, hir: &Function) -> Option<Origin> {
        let (values, blocks, states) = (hir.values.len() as u32, hir.blocks.len() as u32, hir.states.len() as u32);
        if number < values {
            Some(Origin::Inst(Value(number)))
        } else if number < values + blocks {
            Some(Origin::Terminator(Block(number - values)))
        } else if number < values + blocks + states {
            Some(Origin::Exit(StateId(number - values - blocks)))
        } else {
            None
        }
    }
}
