//! What a wrong guess at an operator says of others. `(a.x + b.x, a.y + b.y, a.z + b.z)` adds floats three times, or now and then ints:
//! where the first guess has failed the others would fail as well, one after the other, each with machine code of its own.

use crate::bytecode::info::CodeInfo;
use crate::bytecode::opcode::{CodeOffset, Opcode};
use crate::bytecode::operators::OPERATORS;

/// Lines between an operator and others that are part of the same statement, most likely.
const NEAR: u32 = 2;

/// The places of the same operator on the same line as the one at `site`, and of those on lines near it for which the interpreter has
/// the same instruction by now. None if there is no operator that has fast paths for numbers.
pub fn beside(info: &CodeInfo, site: CodeOffset) -> Vec<CodeOffset> {
    let Some(failed) = info.instrs.iter().find(|instr| instr.start == site) else { return Vec::new() };
    if failed.opcode != Opcode::BinaryOp || failed.oparg >= 2 * OPERATORS {
        return Vec::new();
    }
    let line = |site| info.lines.lookup(site).line;
    let Some(here) = line(site) else { return Vec::new() };
    let alike = info.instrs.iter().filter(|instr| {
        let is_same = instr.opcode == failed.opcode && instr.oparg == failed.oparg && instr.start != site;
        let distance = line(instr.start).map(|line| line.abs_diff(here));
        is_same && distance.is_some_and(|distance| distance == 0 || distance <= NEAR && instr.raw == failed.raw)
    });
    alike.map(|instr| instr.start).collect()
}
