//! Bytecode written as text, for tests that need control flow of their own.
//!
//! A line is `[label:] OPCODE [argument]`, the argument of a jump being a label. Instructions take the room they take
//! in CPython, caches included. A line `try start end handler` sends exceptions in a range to a handler that starts
//! with an empty operand stack; ranges come in order.

use std::collections::BTreeMap;

use super::decode::Instr;
use super::exceptions::ExceptionTable;
use super::info::CodeInfo;
use super::opcode::{CodeOffset, Opcode};

/// The code and where its labels are.
pub struct Assembled {
    pub code: CodeInfo,
    labels: BTreeMap<String, CodeOffset>,
}

impl Assembled {
    pub fn at(&self, label: &str) -> CodeOffset {
        self.labels[label]
    }

    /// The label at `offset`.
    pub fn label(&self, offset: CodeOffset) -> &str {
        let found = self.labels.iter().find(|(_, at)| **at == offset);
        found.map(|(label, _)| label.as_str()).unwrap_or_else(|| panic!("no label at {offset}"))
    }
}

/// Assembles `text`; panics where it makes no sense.
pub fn assemble(text: &str) -> Assembled {
    let mut labels = BTreeMap::new();
    let mut lines: Vec<(Opcode, &str)> = Vec::new();
    let mut ranges = Vec::new();
    let mut at = 0;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (label, line) = line.split_once(':').map_or((None, line), |(label, rest)| (Some(label), rest));
        if let Some(label) = label {
            labels.insert(label.to_owned(), CodeOffset(at));
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [] => {}
            ["try", start, end, handler] => ranges.push([start, end, handler]),
            [name, ref arg @ ..] => {
                let opcode = Opcode::ALL.iter().find(|opcode| opcode.name() == name).expect("an opcode");
                lines.push((*opcode, arg.first().unwrap_or(&"0")));
                at += 1 + u32::from(opcode.caches());
            }
        }
    }
    let mut instrs: Vec<Instr> = Vec::new();
    for (opcode, arg) in lines {
        let start = instrs.last().map_or(CodeOffset(0), |last| last.next);
        let next = CodeOffset(start.0 + 1 + u32::from(opcode.caches()));
        let oparg = match labels.get(arg) {
            Some(target) if *target < next => next.0 - target.0,
            Some(target) if opcode == Opcode::ForIter => target.0 - next.0 - 1,
            Some(target) => target.0 - next.0,
            None => arg.parse().expect("a number or a label"),
        };
        let cache = vec![0; opcode.caches().into()];
        let instr = Instr { start, offset: start, opcode, raw: opcode, oparg, next, cache };
        assert_eq!(instr.jump_target(), labels.get(arg).copied(), "the target of {instr}");
        instrs.push(instr);
    }
    let table: Vec<u8> = ranges
        .into_iter()
        .flat_map(|range| {
            let [start, end, handler] = range.map(|label| u8::try_from(labels[label].0).expect("short code"));
            assert!(start < 64 && end < 64 && handler < 64, "numbers of one byte");
            [0x80 | start, end - start, handler, 0]
        })
        .collect();
    let exceptions = ExceptionTable::parse(&table);
    Assembled { code: CodeInfo { instrs, exceptions, ..CodeInfo::default() }, labels }
}
