//! The bytecode's control flow as the builder needs it: blocks in reverse postorder from the entry, exception edges
//! included, and for each loop header the locals its body can change.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::bytecode::decode::Instr;
use crate::bytecode::info::CodeInfo;
use crate::bytecode::opcode::CodeOffset;
use crate::bytecode::opcode::Opcode;

/// A run of instructions `first..last` (indexes into `CodeInfo::instrs`) with one way in.
#[derive(Clone, Debug)]
pub struct BytecodeBlock {
    pub start: CodeOffset,
    pub first: usize,
    pub last: usize,
    pub successors: Vec<CodeOffset>,
    pub handlers: Vec<CodeOffset>,
}

/// What a loop's body does to the locals.
#[derive(Clone, Default, Debug)]
pub struct LoopInfo {
    pub written: HashSet<u32>,
    pub deleted: HashSet<u32>,
    /// The loop can be entered elsewhere than at its header, as when compiled code starts at a loop inside it. What is
    /// known at the header's other ways in then says nothing about its back edges.
    pub irreducible: bool,
}

/// The control-flow graph reachable from one entry.
pub struct Cfg {
    pub blocks: BTreeMap<CodeOffset, BytecodeBlock>,
    /// Block starts, each before everything that only it leads to.
    pub order: Vec<CodeOffset>,
    pub loops: HashMap<CodeOffset, LoopInfo>,
}

impl Cfg {
    pub fn build(code: &CodeInfo, entry: CodeOffset) -> Cfg {
        let mut leaders = BTreeSet::from([entry]);
        let index_of: HashMap<CodeOffset, usize> =
            code.instrs.iter().enumerate().flat_map(|(i, instr)| [(instr.offset, i), (instr.start, i)]).collect();
        for instr in &code.instrs {
            if let Some(target) = instr.jump_target() {
                leaders.insert(target);
                leaders.insert(instr.next);
            } else if !instr.falls_through() {
                leaders.insert(instr.next);
            }
            if let Some(entry) = code.exceptions.lookup(instr.offset) {
                leaders.insert(entry.target);
            }
        }
        let mut blocks = BTreeMap::new();
        let mut order = Vec::new();
        let mut back_edges: HashMap<CodeOffset, Vec<CodeOffset>> = HashMap::new();
        // Depth-first: 1 while on the path, 2 when done. Popping in postorder gives the reverse of `order`.
        let mut color: HashMap<CodeOffset, u8> = HashMap::from([(entry, 1)]);
        blocks.insert(entry, scan_block(code, &leaders, &index_of, entry));
        let mut work = vec![(entry, 0usize)];
        while let Some((start, next)) = work.pop() {
            let block = &blocks[&start];
            let ways: Vec<CodeOffset> = block.handlers.iter().chain(&block.successors).copied().collect();
            let Some(&target) = ways.get(next) else {
                color.insert(start, 2);
                order.push(start);
                continue;
            };
            work.push((start, next + 1));
            match color.get(&target) {
                None => {
                    color.insert(target, 1);
                    blocks.insert(target, scan_block(code, &leaders, &index_of, target));
                    work.push((target, 0));
                }
                Some(1) => back_edges.entry(target).or_default().push(start),
                Some(_) => {}
            }
        }
        order.reverse();
        let loops = find_loops(code, &blocks, &back_edges, entry);
        Cfg { blocks, order, loops }
    }
}

fn scan_block(
    code: &CodeInfo,
    leaders: &BTreeSet<CodeOffset>,
    index_of: &HashMap<CodeOffset, usize>,
    start: CodeOffset,
) -> BytecodeBlock {
    let first = index_of[&start];
    let mut last = first;
    let mut successors = Vec::new();
    let mut handlers = Vec::new();
    loop {
        let instr = &code.instrs[last];
        if let Some(entry) = code.exceptions.lookup(instr.offset)
            && !handlers.contains(&entry.target)
        {
            handlers.push(entry.target);
        }
        last += 1;
        if let Some(target) = instr.jump_target() {
            if instr.falls_through() {
                successors.push(instr.next);
            }
            successors.push(target);
            break;
        }
        if !instr.falls_through() {
            break;
        }
        let Some(next) = code.instrs.get(last) else { break };
        if leaders.contains(&next.start) || leaders.contains(&next.offset) {
            successors.push(next.start);
            break;
        }
    }
    BytecodeBlock { start, first, last, successors, handlers }
}

fn find_loops(
    code: &CodeInfo,
    blocks: &BTreeMap<CodeOffset, BytecodeBlock>,
    back_edges: &HashMap<CodeOffset, Vec<CodeOffset>>,
    entry: CodeOffset,
) -> HashMap<CodeOffset, LoopInfo> {
    let mut predecessors: HashMap<CodeOffset, Vec<CodeOffset>> = HashMap::new();
    for block in blocks.values() {
        for target in block.successors.iter().chain(&block.handlers) {
            predecessors.entry(*target).or_default().push(block.start);
        }
    }
    let mut loops = HashMap::new();
    for (header, sources) in back_edges {
        let mut body = HashSet::from([*header]);
        let mut work = sources.clone();
        while let Some(block) = work.pop() {
            if body.insert(block) {
                work.extend(predecessors.get(&block).into_iter().flatten());
            }
        }
        let around = reachable(blocks, entry, *header);
        let irreducible = sources.iter().any(|source| around.contains(source));
        let mut info = LoopInfo { irreducible, ..LoopInfo::default() };
        for start in body {
            let block = &blocks[&start];
            for instr in &code.instrs[block.first..block.last] {
                local_writes(instr, &mut info);
            }
        }
        loops.insert(*header, info);
    }
    loops
}

/// The blocks that `entry` reaches without going through `avoided`.
fn reachable(
    blocks: &BTreeMap<CodeOffset, BytecodeBlock>,
    entry: CodeOffset,
    avoided: CodeOffset,
) -> HashSet<CodeOffset> {
    let mut seen = HashSet::new();
    let mut work = vec![entry];
    while let Some(start) = work.pop() {
        if start != avoided && seen.insert(start) {
            let block = &blocks[&start];
            work.extend(block.successors.iter().chain(&block.handlers));
        }
    }
    seen
}

fn local_writes(instr: &Instr, info: &mut LoopInfo) {
    match instr.opcode {
        Opcode::StoreFast => {
            info.written.insert(instr.oparg);
        }
        Opcode::StoreFastLoadFast => {
            info.written.insert(instr.oparg >> 4);
        }
        Opcode::StoreFastStoreFast => {
            info.written.extend([instr.oparg >> 4, instr.oparg & 15]);
        }
        Opcode::DeleteFast | Opcode::LoadFastAndClear | Opcode::MakeCell => {
            info.deleted.insert(instr.oparg);
        }
        _ => {}
    }
}
