//! The source of machine code, in the terms of native tools: files, lines and columns.

use rjit_perfmap::{FileIndex, LineRow, Source};

use crate::bytecode::info::CodeInfo;
use crate::bytecode::opcode::CodeOffset;

/// The source of `size` bytes of machine code, of which `bytecodes` says what belongs to which instruction of `info`. What
/// belongs to none, such as registers that are saved on the way to the next instruction, comes from where the
/// machine code before it does: whoever goes through it line by line must not be led astray. The prologue comes from the
/// function's first line.
pub fn source(info: &CodeInfo, bytecodes: &[(u32, u32, CodeOffset)], size: u32) -> Source {
    let mut rows = Rows(Vec::new());
    if size > 0 && bytecodes.first().is_none_or(|(start, ..)| *start > 0) {
        rows.begin(0, info.first_line, 0);
    }
    for (start, _, site) in bytecodes {
        let place = info.lines.lookup(*site);
        // Tools count columns from 1.
        rows.begin(*start, place.line.unwrap_or(0), place.column.map_or(0, |column| column + 1));
    }
    Source { files: vec![info.filename.clone()], line: info.first_line, rows: rows.0, inlined: Vec::new() }
}

struct Rows(Vec<LineRow>);

impl Rows {
    fn begin(&mut self, offset: u32, line: u32, column: u32) {
        if self.0.last().is_none_or(|last| (last.line, last.column) != (line, column)) {
            self.0.push(LineRow { offset, file: FileIndex(0), line, column });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytecode::lines::LineTable;

    #[test]
    fn rows_cover_everything_and_equal_neighbours_are_one() {
        // Line 11 columns 4 to 9, twice; line 12 likewise; no place.
        let table = [0x80 | 11 << 3, 4, 9, 0x80 | 10 << 3, 4, 9, 0x80 | 11 << 3, 4, 9, 0x80 | 15 << 3];
        let lines = LineTable::parse(&table, 10);
        let info = CodeInfo { filename: "a.py".into(), first_line: 10, lines, ..CodeInfo::default() };
        let bytecodes = [(8, 12, 0), (12, 20, 1), (24, 30, 2), (30, 31, 3)];
        let source = source(&info, &bytecodes.map(|(start, end, site)| (start, end, CodeOffset(site))), 40);
        assert_eq!((source.files, source.line), (vec!["a.py".to_owned()], 10));
        let rows: Vec<_> = source.rows.iter().map(|row| (row.offset, row.line, row.column)).collect();
        assert_eq!(rows, [(0, 10, 0), (8, 11, 5), (24, 12, 5), (30, 0, 0)]);
    }

    #[test]
    fn without_bytecodes_all_is_the_first_line() {
        let info = CodeInfo { first_line: 7, ..CodeInfo::default() };
        let rows = source(&info, &[], 4).rows;
        assert_eq!(rows, [LineRow { offset: 0, file: FileIndex(0), line: 7, column: 0 }]);
    }
}
