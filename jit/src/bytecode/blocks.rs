//! Basic blocks: runs of instructions with one entry, one exit and one exception handler.
//!
//! Blocks are also cut where an exception range starts or ends, so that all instructions of a block have the same
//! handler and the HIR builder can ask the block.

use std::collections::{BTreeSet, HashMap};

use super::decode::Instr;
use super::exceptions::{ExceptionEntry, ExceptionTable};
use super::opcode::{CodeOffset, Opcode};

/// Index of a block in [`Blocks`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct BlockId(pub u32);

impl BlockId {
    /// The id as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A basic block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// Where its first instruction starts.
    pub start: CodeOffset,
    /// Its instructions, as indices.
    pub first: usize,
    /// One past its last instruction.
    pub end: usize,
    /// The block that runs next without a jump.
    pub fallthrough: Option<BlockId>,
    /// The block that its last instruction may jump to.
    pub jump: Option<BlockId>,
    /// Where an exception inside goes.
    pub handler: Option<ExceptionEntry>,
    /// The block there.
    pub handler_block: Option<BlockId>,
    /// Whether a backward jump leads here.
    pub loop_header: bool,
    /// Whether it is an exception handler.
    pub is_handler: bool,
    /// Whether it can be reached from the start, by control flow or exceptions.
    pub reachable: bool,
}

impl Block {
    /// The blocks that may run next without an exception: the jump's, then the one behind.
    pub fn successors(&self) -> impl Iterator<Item = BlockId> {
        self.jump.into_iter().chain(self.fallthrough)
    }
}

/// The blocks of a code object, in order of offsets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Blocks {
    blocks: Vec<Block>,
    by_start: HashMap<CodeOffset, BlockId>,
}

impl Blocks {
    /// Finds the blocks of `instrs`.
    ///
    /// # Errors
    /// A jump or a handler that does not lead to an instruction; the offset is where it leads.
    pub fn build(instrs: &[Instr], exceptions: &ExceptionTable) -> Result<Self, CodeOffset> {
        let index_of: HashMap<CodeOffset, usize> =
            instrs.iter().enumerate().map(|(index, instr)| (instr.start, index)).collect();
        let leaders = leaders(instrs, exceptions);
        let mut starts = Vec::with_capacity(leaders.len());
        for leader in leaders {
            match index_of.get(&leader) {
                Some(&index) => starts.push(index),
                None if is_range_end(leader, instrs, exceptions) => {}
                None => return Err(leader),
            }
        }
        let by_start =
            starts.iter().enumerate().map(|(block, &first)| (instrs[first].start, BlockId(block as u32))).collect();
        let mut blocks = Self { blocks: Vec::with_capacity(starts.len()), by_start };
        for (block, &first) in starts.iter().enumerate() {
            let end = starts.get(block + 1).copied().unwrap_or(instrs.len());
            blocks.push(instrs, exceptions, first, end);
        }
        blocks.mark(instrs);
        Ok(blocks)
    }

    /// All blocks.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The block `id`.
    pub fn get(&self, id: BlockId) -> &Block {
        &self.blocks[id.index()]
    }

    /// The block that starts at `offset`.
    pub fn at(&self, offset: CodeOffset) -> Option<BlockId> {
        self.by_start.get(&offset).copied()
    }

    /// The block that instruction `index` is in.
    pub fn containing(&self, index: usize) -> BlockId {
        BlockId(self.blocks.partition_point(|block| block.end <= index) as u32)
    }

    fn push(&mut self, instrs: &[Instr], exceptions: &ExceptionTable, first: usize, end: usize) {
        let last = &instrs[end - 1];
        let handler = exceptions.lookup(instrs[first].offset).copied();
        self.blocks.push(Block {
            start: instrs[first].start,
            first,
            end,
            fallthrough: last.falls_through().then(|| self.at(last.next)).flatten(),
            jump: last.jump_target().and_then(|target| self.at(target)),
            handler,
            handler_block: handler.and_then(|entry| self.at(entry.target)),
            loop_header: false,
            is_handler: false,
            reachable: false,
        });
    }

    fn mark(&mut self, instrs: &[Instr]) {
        for index in 0..self.blocks.len() {
            let block = &self.blocks[index];
            let backward = instrs[block.end - 1].opcode == Opcode::JumpBackward
                || instrs[block.end - 1].opcode == Opcode::JumpBackwardNoInterrupt;
            let (jump, handler) = (block.jump, block.handler_block);
            if let Some(target) = jump.filter(|_| backward) {
                self.blocks[target.index()].loop_header = true;
            }
            if let Some(target) = handler {
                self.blocks[target.index()].is_handler = true;
            }
        }
        let mut pending: Vec<BlockId> = (!self.blocks.is_empty()).then_some(BlockId(0)).into_iter().collect();
        while let Some(id) = pending.pop() {
            let block = &mut self.blocks[id.index()];
            if !std::mem::replace(&mut block.reachable, true) {
                pending.extend(block.successors().chain(block.handler_block));
            }
        }
    }
}

fn leaders(instrs: &[Instr], exceptions: &ExceptionTable) -> BTreeSet<CodeOffset> {
    let end = instrs.last().map_or(CodeOffset(0), |instr| instr.next);
    let mut leaders: BTreeSet<CodeOffset> = instrs.first().map(|instr| instr.start).into_iter().collect();
    for instr in instrs {
        let target = instr.jump_target();
        leaders.extend(target);
        if target.is_some() || !instr.falls_through() {
            leaders.insert(instr.next);
        }
    }
    for entry in exceptions.entries() {
        leaders.extend([entry.start, entry.end, entry.target]);
    }
    leaders.remove(&end);
    leaders
}

/// Ranges may end beyond the last instruction; nothing else may lead anywhere but to an instruction.
fn is_range_end(offset: CodeOffset, instrs: &[Instr], exceptions: &ExceptionTable) -> bool {
    instrs.last().is_none_or(|instr| offset > instr.next)
        && exceptions.entries().iter().any(|entry| entry.end == offset)
}

#[cfg(test)]
mod tests {
    use super::super::decode::decode;
    use super::*;

    fn unit(opcode: Opcode, arg: u8) -> u16 {
        u16::from(opcode.number()) | u16::from(arg) << 8
    }

    fn build(units: &[u16], table: &[u8]) -> Result<Blocks, CodeOffset> {
        let instrs = decode(units, |_| unreachable!()).unwrap();
        Blocks::build(&instrs, &ExceptionTable::parse(table))
    }

    #[test]
    fn loop_with_exit() {
        let blocks = build(
            &[
                unit(Opcode::LoadFast, 0),     // 0
                unit(Opcode::ForIter, 4),      // 1
                0,                             // 2, cache
                unit(Opcode::PopTop, 0),       // 3
                unit(Opcode::JumpBackward, 5), // 4
                0,                             // 5, cache
                unit(Opcode::Nop, 0),          // 6
                unit(Opcode::EndFor, 0),       // 7
                unit(Opcode::PopIter, 0),      // 8
                unit(Opcode::ReturnValue, 0),  // 9
            ],
            &[],
        )
        .unwrap();
        let starts: Vec<u32> = blocks.blocks().iter().map(|block| block.start.0).collect();
        assert_eq!(starts, [0, 1, 3, 6, 8]);
        let header = blocks.get(BlockId(1));
        assert!(header.loop_header);
        assert_eq!(header.successors().collect::<Vec<_>>(), [BlockId(4), BlockId(2)]);
        assert_eq!(blocks.get(BlockId(2)).jump, Some(BlockId(1)));
        assert_eq!(blocks.get(BlockId(2)).fallthrough, None);
        assert!(!blocks.get(BlockId(3)).reachable && blocks.get(BlockId(4)).reachable);
        assert_eq!(blocks.containing(0), BlockId(0));
        assert_eq!(blocks.containing(2), BlockId(2));
        assert_eq!(blocks.containing(3), BlockId(2));
    }

    #[test]
    fn exception_ranges_cut_blocks() {
        let blocks = build(
            &[
                unit(Opcode::Nop, 0),
                unit(Opcode::Nop, 0),
                unit(Opcode::Nop, 0),
                unit(Opcode::ReturnValue, 0),
                unit(Opcode::PushExcInfo, 0),
                unit(Opcode::Reraise, 0),
            ],
            &[0x81, 1, 4, 2 << 1],
        )
        .unwrap();
        let starts: Vec<u32> = blocks.blocks().iter().map(|block| block.start.0).collect();
        assert_eq!(starts, [0, 1, 2, 4]);
        let tried = blocks.get(BlockId(1));
        assert_eq!((tried.handler.unwrap().depth, tried.handler_block), (2, Some(BlockId(3))));
        assert_eq!(blocks.get(BlockId(2)).handler, None);
        assert!(blocks.get(BlockId(3)).is_handler && blocks.get(BlockId(3)).reachable);
    }

    #[test]
    fn jump_into_nowhere() {
        assert_eq!(build(&[unit(Opcode::JumpForward, 9)], &[]), Err(CodeOffset(10)));
    }
}
