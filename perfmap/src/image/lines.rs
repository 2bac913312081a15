//! Line tables: which instructions come from which line, in DWARF 4.

use gimli::constants::{
    DW_LNE_end_sequence, DW_LNE_set_address, DW_LNS_advance_line, DW_LNS_advance_pc, DW_LNS_copy, DW_LNS_set_column,
    DW_LNS_set_file, DW_LNS_set_prologue_end,
};
use gimli::write::{Result, Writer};

use super::{Output, file_number, write_text};
use crate::region::{LineRow, Source};

const VERSION: u16 = 4;
/// A step of one byte and `LINE_BASE..LINE_BASE + LINE_RANGE` lines is an opcode of its own from `OPCODE_BASE` on, which
/// leaves out none of the standard opcodes. `OPERANDS` says how many operands these have.
const LINE_BASE: i64 = -5;
const LINE_RANGE: i64 = 14;
const OPCODE_BASE: u8 = 13;
const OPERANDS: [u8; OPCODE_BASE as usize - 1] = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];

/// Writes the table of a region of `size` bytes that begins at `start`.
///
/// Debuggers set the breakpoint of a function where they take its prologue to end, and move it on to the next row. So there
/// is a row at `frame_set_up`: the next one might be at an instruction that not every call gets to.
pub(super) fn write_program(
    output: &mut Output,
    source: &Source,
    start: u64,
    size: u32,
    frame_set_up: Option<u32>,
) -> Result<()> {
    let unit = output.len();
    output.write_u32(0)?;
    output.write_u16(VERSION)?;
    let header = output.len();
    output.write_u32(0)?;
    output.write_u8(1)?; // Bytes of the shortest instruction.
    output.write_u8(1)?; // Operations in one.
    output.write_u8(1)?; // Rows are statements.
    output.write_u8(LINE_BASE as u8)?;
    output.write_u8(LINE_RANGE as u8)?;
    output.write_u8(OPCODE_BASE)?;
    output.write(&OPERANDS)?;
    output.write_u8(0)?; // No directories.
    for file in &source.files {
        write_text(output, file)?;
        output.write(&[0; 3])?; // Of no directory, time and length unknown.
    }
    output.write_u8(0)?;
    output.write_u32_at(header, (output.len() - header - 4) as u32)?;

    output.write_u8(0)?;
    output.write_uleb128(9)?;
    output.write_u8(DW_LNE_set_address.0)?;
    output.write_u64(start)?;
    let mut program =
        Program { output, source, at: LineRow { offset: 0, file: Default::default(), line: 1, column: 0 } };
    program.rows(size, frame_set_up)?;
    let output = program.output;
    output.write(&[0, 1, DW_LNE_end_sequence.0])?;
    output.write_u32_at(unit, (output.len() - unit - 4) as u32)
}

struct Program<'a> {
    output: &'a mut Output,
    source: &'a Source,
    /// What the reader's registers hold.
    at: LineRow,
}

impl Program<'_> {
    /// All rows, and the way to the end of the region.
    fn rows(&mut self, size: u32, frame_set_up: Option<u32>) -> Result<()> {
        let mut rows = self.source.rows.iter().filter(|row| row.offset < size).copied().peekable();
        let mut row = LineRow { offset: 0, file: Default::default(), line: self.source.line, column: 0 };
        if let Some(first) = rows.next_if(|first| first.offset == 0) {
            row = first;
        }
        self.row(row)?;
        let mut boundary = frame_set_up.filter(|offset| (1..size).contains(offset));
        loop {
            let next = rows.peek().map_or(size, |next| next.offset);
            if let Some(offset) = boundary.take_if(|offset| *offset <= next) {
                self.output.write_u8(DW_LNS_set_prologue_end.0)?;
                if offset < next {
                    self.row(LineRow { offset, ..row })?;
                }
            }
            match rows.next() {
                Some(next) => {
                    let is_news = (next.file, next.line, next.column) != (row.file, row.line, row.column);
                    // A row for the same place only says that it goes on.
                    if is_news || boundary.is_none() && Some(next.offset) == frame_set_up {
                        self.row(next)?;
                    }
                    row = next;
                }
                None => break,
            }
        }
        let rest = size - self.at.offset;
        self.output.write_u8(DW_LNS_advance_pc.0)?;
        self.output.write_uleb128(rest.into())
    }

    fn row(&mut self, row: LineRow) -> Result<()> {
        if row.file != self.at.file {
            self.output.write_u8(DW_LNS_set_file.0)?;
            self.output.write_uleb128(file_number(self.source, row.file))?;
        }
        if row.column != self.at.column {
            self.output.write_u8(DW_LNS_set_column.0)?;
            self.output.write_uleb128(row.column.into())?;
        }
        let advance = u64::from(row.offset.saturating_sub(self.at.offset));
        let lines = i64::from(row.line) - i64::from(self.at.line);
        match special_opcode(advance, lines) {
            Some(opcode) => self.output.write_u8(opcode)?,
            None => {
                if lines != 0 {
                    self.output.write_u8(DW_LNS_advance_line.0)?;
                    self.output.write_sleb128(lines)?;
                }
                if advance != 0 {
                    self.output.write_u8(DW_LNS_advance_pc.0)?;
                    self.output.write_uleb128(advance)?;
                }
                self.output.write_u8(DW_LNS_copy.0)?;
            }
        }
        self.at = row;
        Ok(())
    }
}

/// The opcode that goes on by so many bytes and lines and adds a row, if there is one.
fn special_opcode(advance: u64, lines: i64) -> Option<u8> {
    let line = lines.checked_sub(LINE_BASE).filter(|line| (0..LINE_RANGE).contains(line))?;
    let opcode = i64::try_from(advance).ok()?.checked_mul(LINE_RANGE)?.checked_add(line + i64::from(OPCODE_BASE))?;
    u8::try_from(opcode).ok()
}
