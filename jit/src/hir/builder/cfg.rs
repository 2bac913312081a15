//! The bytecode's control flow as the builder needs it: blocks in reverse postorder from the entry, exception edges
//! included, and for each loop header the locals its body can change.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::liveness;
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
    /// Locals that are certainly bound at the header, where there is one way to enter the loop: they are read before they are
    /// written, and by an instruction that does not test whether they are bound.
    pub needed: BTreeSet<u32>,
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
            } else if ends_block(instr) {
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
        let mut loops = find_loops(code, &blocks, &back_edges, entry);
        let read = liveness::read_first(code, &blocks);
        for (header, info) in &mut loops {
            if !info.irreducible {
                info.needed = read[header].difference(&info.deleted).copied().collect();
            }
        }
        Cfg { blocks, order, loops }
    }
}

/// Whether machine code never goes on behind the instruction. A generator that was made or has yielded is entered anew.
fn ends_block(instr: &Instr) -> bool {
    !instr.falls_through() || matches!(instr.opcode, Opcode::YieldValue | Opcode::ReturnGenerator)
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
        if ends_block(instr) {
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

/// Notes which locals an instruction writes or unbinds.
pub(super) fn local_writes(instr: &Instr, info: &mut LoopInfo) {
    info.written.extend(stores(instr));
    if let Opcode::DeleteFast | Opcode::LoadFastAndClear | Opcode::MakeCell = instr.opcode {
        info.deleted.insert(instr.oparg);
    }
}

/// The locals that an instruction stores operands to, in the order in which it does.
pub(super) fn stores(instr: &Instr) -> Vec<u32> {
    match instr.opcode {
        Opcode::StoreFast => vec![instr.oparg],
        Opcode::StoreFastLoadFast => vec![instr.oparg >> 4],
        Opcode::StoreFastStoreFast => vec![instr.oparg >> 4, instr.oparg & 15],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::bytecode::assemble::assemble;
    use crate::bytecode::samples;

    /// The graph of `text` from the label `entry`, a line for each block in the builder's order.
    fn graph(text: &str, entry: &str) -> String {
        let assembled = assemble(text);
        describe(&Cfg::build(&assembled.code, assembled.at(entry)), |offset| assembled.label(offset).to_owned())
    }

    fn describe(cfg: &Cfg, name: impl Fn(CodeOffset) -> String) -> String {
        let slots = |slots: &HashSet<u32>| BTreeSet::from_iter(slots.iter().copied());
        let mut text = String::new();
        for start in &cfg.order {
            let block = &cfg.blocks[start];
            text += &name(*start);
            for (arrow, targets) in [(" ->", &block.successors), (" raises ->", &block.handlers)] {
                if !targets.is_empty() {
                    text += arrow;
                    targets.iter().for_each(|target| text += &format!(" {}", name(*target)));
                }
            }
            if let Some(info) = cfg.loops.get(start) {
                let irreducible = if info.irreducible { " irreducible" } else { "" };
                let (written, deleted) = (slots(&info.written), slots(&info.deleted));
                text += &format!(" |{irreducible} loop writes {written:?} deletes {deleted:?}");
            }
            text.push('\n');
        }
        assert!(cfg.loops.keys().all(|header| cfg.order.contains(header)));
        assert_eq!(cfg.order.len(), cfg.blocks.len());
        text
    }

    /// Both arms come before the join, and code that nothing leads to does not come at all.
    #[test]
    fn blocks_come_before_what_only_they_lead_to() {
        let text = "
            start:  LOAD_FAST 0
                    POP_JUMP_IF_FALSE else
            then:   LOAD_FAST 1
                    JUMP_FORWARD join
            dead:   NOP
                    JUMP_FORWARD join
            else:   LOAD_FAST 2
            join:   RETURN_VALUE
        ";
        assert_snapshot!(graph(text, "start"), @r"
        start -> then else
        else -> join
        then -> join
        join
        ");
    }

    #[test]
    fn loops_know_the_locals_they_change() {
        let text = "
            start:  STORE_FAST 9
            head:   FOR_ITER end
            body:   STORE_FAST_LOAD_FAST 18
                    STORE_FAST_STORE_FAST 52
                    STORE_FAST 5
                    DELETE_FAST 6
                    LOAD_FAST_AND_CLEAR 7
                    MAKE_CELL 8
                    LOAD_FAST 10
                    POP_TOP
                    JUMP_BACKWARD head
                    END_FOR
            end:    POP_ITER
                    STORE_FAST 11
                    RETURN_VALUE
        ";
        assert_snapshot!(graph(text, "start"), @r"
        start -> head
        head -> body end | loop writes {1, 3, 4, 5} deletes {6, 7, 8}
        end
        body -> head
        ");
    }

    const NESTED: &str = "
        start:  NOP
        outer:  LOAD_FAST 0
                POP_JUMP_IF_FALSE end
        before: STORE_FAST 1
        inner:  LOAD_FAST 0
                POP_JUMP_IF_FALSE after
        body:   STORE_FAST 2
                JUMP_BACKWARD inner
        after:  STORE_FAST 3
                JUMP_BACKWARD outer
        end:    STORE_FAST 4
                RETURN_VALUE
    ";

    #[test]
    fn inner_loops_belong_to_outer_ones() {
        assert_snapshot!(graph(NESTED, "start"), @r"
        start -> outer
        outer -> before end | loop writes {1, 2, 3} deletes {}
        end
        before -> inner
        inner -> body after | loop writes {2} deletes {}
        after -> outer
        body -> inner
        ");
    }

    /// Entered at the inner loop, the outer one is a way around to the same header.
    #[test]
    fn entered_at_an_inner_loop() {
        assert_snapshot!(graph(NESTED, "inner"), @r"
        inner -> body after | loop writes {1, 2, 3} deletes {}
        after -> outer
        outer -> before end
        end
        before -> inner
        body -> inner
        ");
    }

    /// `continue outer` from an inner loop that the outer loop does not always run: entered there, the outer loop has
    /// two ways in, to its header and to what follows the inner loop.
    const SKIPPED: &str = "
        start:  NOP
        outer:  LOAD_FAST 0
                POP_JUMP_IF_FALSE rest
        inner:  LOAD_FAST 1
                POP_JUMP_IF_FALSE rest
        body:   LOAD_FAST 2
                POP_JUMP_IF_FALSE next
        again:  JUMP_BACKWARD outer
        next:   JUMP_BACKWARD inner
        rest:   STORE_FAST 3
                JUMP_BACKWARD outer
    ";

    #[test]
    fn entered_beside_a_header() {
        assert_snapshot!(graph(SKIPPED, "inner"), @r"
        inner -> body rest | loop writes {3} deletes {}
        body -> again next
        next -> inner
        again -> outer
        outer -> inner rest | irreducible loop writes {3} deletes {}
        rest -> outer
        ");
    }

    #[test]
    fn the_same_loops_from_their_start() {
        assert_snapshot!(graph(SKIPPED, "start"), @r"
        start -> outer
        outer -> inner rest | loop writes {3} deletes {}
        inner -> body rest | loop writes {} deletes {}
        rest -> outer
        body -> again next
        next -> inner
        again -> outer
        ");
    }

    /// Exceptions lead to handlers from wherever in a block they are raised; a handler that goes on with the loop is
    /// part of it.
    #[test]
    fn exceptions_are_edges() {
        let text = "
            start:  NOP
            head:   LOAD_FAST 0
                    POP_JUMP_IF_FALSE end
            body:   STORE_FAST 1
            first:  LOAD_GLOBAL 0
            second: LOAD_GLOBAL 0
            third:  JUMP_BACKWARD head
            catch:  POP_TOP
                    STORE_FAST 2
                    JUMP_BACKWARD head
            fatal:  STORE_FAST 3
                    RERAISE 0
            end:    RETURN_VALUE
            try first second catch
            try second third fatal
        ";
        assert_snapshot!(graph(text, "start"), @r"
        start -> head
        head -> body end | loop writes {1, 2} deletes {}
        end
        body -> head raises -> catch fatal
        fatal
        catch -> head
        ");
    }

    /// What a loop in a handler does is no business of the code that may raise.
    #[test]
    fn entered_in_a_handler() {
        let text = "
            start:  STORE_FAST 0
            try:    LOAD_GLOBAL 0
            done:   RETURN_VALUE
            catch:  NOP
            head:   STORE_FAST 1
                    JUMP_BACKWARD head
            try try done catch
        ";
        assert_snapshot!(graph(text, "head"), @r"
        head -> head | loop writes {1} deletes {}
        ");
    }

    /// A generator goes on from where it waits: it is entered anew behind what it yields, so there is no loop around that.
    const GENERATOR: &str = "
        start:  RETURN_GENERATOR
        first:  POP_TOP
                LOAD_FAST 0
        head:   FOR_ITER end
        body:   STORE_FAST 1
                LOAD_FAST 1
                POP_JUMP_IF_TRUE some
        none:   JUMP_BACKWARD head
        some:   LOAD_FAST 1
                YIELD_VALUE 0
        wait:   RESUME 1
                POP_TOP
                JUMP_BACKWARD head
                END_FOR
        end:    POP_ITER
                RETURN_VALUE
    ";

    #[test]
    fn a_function_that_makes_generators_ends_there() {
        assert_snapshot!(graph(GENERATOR, "start"), @"start");
    }

    #[test]
    fn generators_end_where_they_yield() {
        assert_snapshot!(graph(GENERATOR, "wait"), @r"
        wait -> head
        head -> body end | loop writes {1} deletes {}
        end
        body -> none some
        some
        none -> head
        ");
        assert_snapshot!(graph(GENERATOR, "first"), @r"
        first -> head
        head -> body end | loop writes {1} deletes {}
        end
        body -> none some
        some
        none -> head
        ");
    }

    /// The real code's handler deletes the exception's name, on the way back to the loop and on the way out.
    #[test]
    fn real_code() {
        let code = samples::code();
        let cfg = |entry| describe(&Cfg::build(&code, CodeOffset(entry)), |offset| offset.to_string());
        assert_snapshot!(cfg(0), @r"
        0 -> 7
        7 -> 9 22 | loop writes {2, 3, 4} deletes {4}
        22 raises -> 105
        105 -> 113 115 raises -> 122
        115 raises -> 122
        113 raises -> 122
        122
        9 -> 7 raises -> 69
        69 -> 78 101 raises -> 102
        101 raises -> 102
        78 -> 7 raises -> 102 97
        97 raises -> 102
        102
        ");
        let from_loop = cfg(7);
        assert!(from_loop.starts_with("7 ->"));
        assert_eq!(from_loop.lines().next(), cfg(0).lines().find(|line| line.starts_with("7 ->")));
    }
}
