//! A real code object's tables for the tests: what CPython 3.15 compiled from
//!
//! ```python
//! def sample(items, start=0):  # line 2
//!     total = start
//!     for item in items:
//!         try:
//!             total += item
//!         except TypeError as error:
//!             total = str(
//!                 error)
//!     with open(total) as file:
//!         return file.read()
//! ```

use super::blocks::Blocks;
use super::decode::{Instr, decode};
use super::exceptions::ExceptionTable;
use super::info::CodeInfo;
use super::lines::{LineTable, Location};
use super::opcode::{CodeOffset, Opcode};

const FIRST_LINE: i32 = 2;

#[rustfmt::skip]
const CODE: &[u8] = &[
    128, 0, 0, 0, 83, 1, 111, 2, 83, 0, 70, 0, 0, 0, 68, 12, 0, 0, 111, 3,
    25, 0, 86, 35, 42, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 111, 2, 74, 14,
    0, 0, 9, 0, 28, 0, 91, 5, 0, 0, 0, 0, 0, 0, 0, 0, 85, 2, 50, 1,
    0, 0, 0, 0, 0, 0, 57, 1, 94, 1, 116, 2, 116, 3, 94, 0, 50, 0, 0, 0,
    0, 0, 0, 0, 111, 5, 85, 5, 79, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 50, 0, 0, 0, 0, 0, 0, 0, 116, 3, 116, 2,
    80, 7, 80, 7, 80, 7, 50, 3, 0, 0, 0, 0, 0, 0, 29, 0, 33, 0, 30, 0,
    91, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 99, 23, 0, 0, 26, 0, 111, 4,
    91, 3, 0, 0, 0, 0, 0, 0, 0, 0, 83, 4, 50, 1, 0, 0, 0, 0, 0, 0,
    111, 2, 27, 0, 80, 7, 111, 4, 61, 4, 74, 90, 0, 0, 80, 7, 111, 4, 61, 4,
    104, 1, 104, 0, 57, 3, 27, 0, 104, 1, 30, 0, 41, 0, 37, 0, 0, 0, 0, 0,
    0, 0, 102, 2, 0, 0, 26, 0, 104, 2, 29, 0, 27, 0, 29, 0, 29, 0, 29, 0,
    80, 7, 33, 0, 57, 3, 27, 0, 104, 1,
];

#[rustfmt::skip]
const EXCEPTIONS: &[u8] = &[
    139, 8, 65, 5, 4, 170, 16, 65, 41, 5, 193, 5, 11, 65, 38, 7, 193, 16, 11, 65,
    33, 7, 193, 33, 5, 65, 38, 7, 193, 41, 11, 65, 58, 9,
];

#[rustfmt::skip]
const LINES: &[u8] = &[
    129, 0, 216, 12, 17, 128, 69, 220, 16, 21, 136, 4, 240, 2, 4, 9, 23, 216, 12, 17,
    141, 77, 138, 69, 241, 5, 0, 17, 22, 244, 12, 0, 10, 14, 136, 101, 143, 27, 140, 27,
    152, 4, 216, 15, 19, 143, 121, 137, 121, 139, 123, 247, 3, 0, 10, 21, 138, 27, 248, 244,
    7, 0, 16, 25, 244, 0, 2, 9, 23, 220, 20, 23, 216, 16, 21, 243, 3, 1, 21, 23,
    142, 69, 251, 240, 3, 2, 9, 23, 250, 247, 6, 0, 10, 21, 143, 27, 136, 27, 250,
];

/// What control flow needs to know of it. Locals are, by slot: items, start, total, item, error, file.
pub fn code() -> CodeInfo {
    CodeInfo { instrs: instrs(), exceptions: ExceptionTable::parse(EXCEPTIONS), ..CodeInfo::default() }
}

fn instrs() -> Vec<Instr> {
    let units: Vec<u16> = CODE.chunks(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
    decode(&units, |_| unreachable!("never instrumented")).unwrap()
}

#[test]
fn instructions() {
    let instrs = instrs();
    let text: Vec<String> = instrs[..12].iter().map(ToString::to_string).collect();
    let expected = [
        "   0 RESUME 0",
        "   2 LOAD_FAST 1",
        "   3 STORE_FAST 2",
        "   4 LOAD_FAST 0",
        "   5 GET_ITER 0",
        "   7 FOR_ITER 12",
        "   9 STORE_FAST 3",
        "  10 NOP",
        "  11 LOAD_FAST_BORROW_LOAD_FAST_BORROW 35",
        "  12 BINARY_OP 13",
        "  18 STORE_FAST 2",
        "  19 JUMP_BACKWARD 14",
    ];
    assert_eq!(text, expected);
    assert_eq!(instrs[5].jump_target(), Some(CodeOffset(22)));
    assert_eq!(instrs[11].jump_target(), Some(CodeOffset(7)));
    assert_eq!(instrs.last().map(|last| last.opcode), Some(Opcode::Reraise));
}

#[test]
fn handlers() {
    let table = ExceptionTable::parse(EXCEPTIONS);
    let found: Vec<_> = table
        .entries()
        .iter()
        .map(|entry| (entry.start.bytes(), entry.end.bytes(), entry.target.bytes(), entry.depth, entry.lasti))
        .collect();
    let expected = [
        (22, 38, 138, 2, false),
        (84, 116, 210, 2, true),
        (138, 160, 204, 3, true),
        (160, 182, 194, 3, true),
        (194, 204, 204, 3, true),
        (210, 232, 244, 4, true),
    ];
    assert_eq!(found, expected);
    assert_eq!(table.lookup(CodeOffset(10)), None);
    assert_eq!(table.lookup(CodeOffset(12)).map(|entry| entry.target), Some(CodeOffset(69)));
}

#[test]
fn places() {
    let lines = LineTable::parse(LINES, FIRST_LINE);
    let place = |line, end_line, column, end_column| Location {
        line: Some(line),
        end_line: Some(end_line),
        column: Some(column),
        end_column: Some(end_column),
    };
    assert_eq!(lines.lookup(CodeOffset(0)), place(2, 2, 0, 0));
    assert_eq!(lines.lookup(CodeOffset(10)), place(5, 9, 8, 22));
    assert_eq!(lines.lookup(CodeOffset(12)), place(6, 6, 12, 25));
    assert_eq!(lines.lookup(CodeOffset(69)), Location::default());
    assert_eq!(lines.lookup(CodeOffset(86)), place(8, 9, 20, 22));
    assert_eq!(lines.line(CodeOffset(54)), Some(11));
    assert_eq!(lines.entries().last().map(|entry| entry.end.index()), Some(CODE.len() / 2));
}

#[test]
fn control_flow() {
    let instrs = instrs();
    let blocks = Blocks::build(&instrs, &ExceptionTable::parse(EXCEPTIONS)).unwrap();
    let at = |bytes: u32| blocks.at(CodeOffset(bytes / 2)).unwrap();
    let headers: Vec<u32> =
        blocks.blocks().iter().filter(|block| block.loop_header).map(|block| block.start.bytes()).collect();
    assert_eq!(headers, [14]);
    let handlers: Vec<u32> =
        blocks.blocks().iter().filter(|block| block.is_handler).map(|block| block.start.bytes()).collect();
    assert_eq!(handlers, [138, 194, 204, 210, 244]);
    assert_eq!(blocks.get(at(14)).successors().collect::<Vec<_>>(), [at(44), at(18)]);
    let tried = blocks.get(at(22));
    assert_eq!((tried.end - tried.first, tried.handler_block), (3, Some(at(138))));
    let unreachable: Vec<u32> =
        blocks.blocks().iter().filter(|block| !block.reachable).map(|block| block.start.bytes()).collect();
    assert_eq!(unreachable, [42]);
}
