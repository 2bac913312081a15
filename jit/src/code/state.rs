//! What is kept for each code object, in its `co_extra` slot.

use std::collections::{HashMap, HashSet};

use super::executable::Executable;
use crate::bytecode::opcode::CodeOffset;
use crate::hir::builder::Refusal;

/// The part of a code object's state that machine code reads by address. It stays at its place as long as the code
/// object lives.
#[repr(C)]
#[derive(Debug, Default)]
pub struct CodeCell {
    /// The function executable's [`super::executable::Body`], or 0 while there is none.
    pub body: usize,
}

/// Where the cell of a code object's state is.
pub fn cell_address(state: std::ptr::NonNull<CodeState>) -> usize {
    state.as_ptr() as usize + std::mem::offset_of!(CodeState, cell)
}

/// The address of the state that a cell is part of.
pub fn state_of_cell(cell: usize) -> usize {
    cell - std::mem::offset_of!(CodeState, cell)
}

/// Everything known about a code object. Boxed; its address is the `co_extra` value.
#[derive(Default)]
pub struct CodeState {
    pub cell: CodeCell,
    /// Calls counted so far.
    pub calls: u32,
    /// Backward jumps counted so far, by loop header.
    pub jumps: HashMap<CodeOffset, u32>,
    /// The function's machine code.
    pub function: Option<Box<Executable>>,
    /// The machine code of loops, by header.
    pub loops: HashMap<CodeOffset, Box<Executable>>,
    /// Why the code object is not compiled; final.
    pub refused: Option<Refusal>,
    /// Bytecodes whose guesses failed too often: compiled without a guess the next time.
    pub failed: HashSet<CodeOffset>,
    /// How often the code object was compiled anew after guesses failed.
    pub recompilations: u32,
}
