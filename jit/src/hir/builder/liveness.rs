//! Which locals are read before they are written. The bytecode's compiler lets an instruction read a local without a test
//! only where it is bound for certain, so such a local is bound wherever the way to that instruction begins.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::cfg::BytecodeBlock;
use crate::bytecode::decode::Instr;
use crate::bytecode::info::CodeInfo;
use crate::bytecode::opcode::{CodeOffset, Opcode};

/// For each block the locals that are read without a test on some way from its start, exceptions aside, before anything
/// writes or deletes them.
pub fn read_first(code: &CodeInfo, blocks: &BTreeMap<CodeOffset, BytecodeBlock>) -> HashMap<CodeOffset, HashSet<u32>> {
    let mut read: HashMap<CodeOffset, HashSet<u32>> = blocks.keys().map(|start| (*start, HashSet::new())).collect();
    let mut changed = true;
    while changed {
        changed = false;
        for block in blocks.values().rev() {
            let mut live: HashSet<u32> = block.successors.iter().flat_map(|next| &read[next]).copied().collect();
            for instr in code.instrs[block.first..block.last].iter().rev() {
                step_back(instr, &mut live);
            }
            if live.len() != read[&block.start].len() {
                read.insert(block.start, live);
                changed = true;
            }
        }
    }
    read
}

/// From what is read behind an instruction to what is read from its start.
fn step_back(instr: &Instr, live: &mut HashSet<u32>) {
    let (high, low) = (instr.oparg >> 4, instr.oparg & 15);
    match instr.opcode {
        Opcode::LoadFast | Opcode::LoadFastBorrow => {
            live.insert(instr.oparg);
        }
        Opcode::LoadFastLoadFast | Opcode::LoadFastBorrowLoadFastBorrow => live.extend([high, low]),
        Opcode::StoreFast
        | Opcode::DeleteFast
        | Opcode::LoadFastCheck
        | Opcode::LoadFastAndClear
        | Opcode::MakeCell => {
            live.remove(&instr.oparg);
        }
        Opcode::StoreFastStoreFast => {
            live.remove(&high);
            live.remove(&low);
        }
        Opcode::StoreFastLoadFast => {
            live.insert(low);
            live.remove(&high);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use insta::assert_snapshot;

    use super::super::cfg::Cfg;
    use super::*;
    use crate::bytecode::assemble::assemble;

    fn reads(text: &str) -> String {
        let assembled = assemble(text);
        let cfg = Cfg::build(&assembled.code, assembled.at("start"));
        let read = read_first(&assembled.code, &cfg.blocks);
        let line = |start: &CodeOffset| {
            let slots: BTreeSet<u32> = read[start].iter().copied().collect();
            format!("{} {slots:?}\n", assembled.label(*start))
        };
        cfg.order.iter().map(line).collect()
    }

    #[test]
    fn around_a_loop() {
        let text = "
            start:  STORE_FAST 0
            head:   FOR_ITER end
            body:   STORE_FAST 1
                    LOAD_FAST_BORROW_LOAD_FAST_BORROW 18
                    STORE_FAST_LOAD_FAST 53
                    STORE_FAST_STORE_FAST 103
                    JUMP_BACKWARD head
                    END_FOR
            end:    POP_ITER
                    LOAD_FAST 8
                    RETURN_VALUE
        ";
        assert_snapshot!(reads(text), @r"
        start {2, 5, 8}
        head {2, 5, 8}
        end {8}
        body {2, 5, 8}
        ");
    }

    #[test]
    fn tests_and_deletions_promise_nothing() {
        let text = "
            start:  LOAD_FAST 0
                    POP_JUMP_IF_FALSE else
            then:   LOAD_FAST_CHECK 1
                    LOAD_FAST 1
                    DELETE_FAST 2
                    LOAD_FAST 2
                    RETURN_VALUE
            else:   LOAD_FAST_AND_CLEAR 3
                    LOAD_FAST 3
                    LOAD_FAST 4
                    RETURN_VALUE
        ";
        assert_snapshot!(reads(text), @r"
        start {0, 4}
        else {4}
        then {}
        ");
    }
}
